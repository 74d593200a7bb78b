// Records, keys and versions.

/**
 * A record of a type that TypeScript does not know.
 *
 * A record that comes out has every field: `null` where it is absent, its default where protobuf does not tell absence. Integers
 * of 64 bits are bigints, those of 32 bits numbers; bytes are a `Uint8Array`, enums their names, maps a `Map`.
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type AnyRecord = { [field: string]: any };

/** What may be given for a record: fields may be left out, and bigints may be numbers that are safe integers. */
export type RecordInput<R> = string extends keyof R ? object : { readonly [F in keyof R]?: FieldInput<R[F]> };

type FieldInput<T> = T extends bigint
  ? bigint | number
  : T extends string | number | boolean | Uint8Array | null
    ? T | null | undefined
    : T extends ReadonlyMap<infer K, infer V>
      ? ReadonlyMap<FieldInput<K>, FieldInput<V>> | (K extends string ? { readonly [key: string]: FieldInput<V> } : never)
      : T extends readonly (infer I)[]
        ? Iterable<FieldInput<I>>
        : T extends object
          ? RecordInput<T> | null | undefined
          : T;

/** A column of a key. An integer may be a number or a bigint; those that come out are bigints. */
export type Column = null | boolean | number | bigint | string | Uint8Array | Uuid | RecordVersion;

/** A key: a column, an array of columns, or a whole primary key as it came from a space. */
export type Key = Column | readonly Column[] | PrimaryKey;

/** A column that comes out of a key or an index. */
export type KeyColumn = null | boolean | number | bigint | string | Uint8Array | Uuid | RecordVersion | KeyColumn[];

/** A whole primary key, as it comes from a space; `get`, `delete` and `exists` take it as it is. */
export class PrimaryKey extends Array<KeyColumn> {}

/** A UUID, where a key has one as a column. */
export class Uuid {
  /** From its 16 bytes, or from text such as `"6ba7b810-9dad-11d1-80b4-00c04fd430c8"`. */
  constructor(value: Uint8Array | string);
  toBytes(): Uint8Array;
  toString(): string;
}

/** When a record was saved: versions are ordered over the whole database. */
export class RecordVersion {
  /** From its 12 bytes. */
  constructor(bytes: Uint8Array);
  /** Whether the transaction of this version has committed. */
  readonly isComplete: boolean;
  /** The commit version of the transaction, FoundationDB's; null before the commit. */
  readonly commitVersion: bigint | null;
  /** The number that orders the records of one transaction. */
  readonly localVersion: number;
  toBytes(): Uint8Array;
  /** This version as the commit of its transaction completes it; itself without a commit, or if it is complete. */
  completedBy(versionstamp: Uint8Array | null): RecordVersion;
  /** Below, at or above zero, as this version is before, the same as or after `other`. */
  compareTo(other: RecordVersion): number;
  equals(other: unknown): boolean;
  toString(): string;
}

/** What `put` has saved. */
export interface StoredRecord {
  /** The name of the record's type. */
  type: string;
  /** The whole primary key, which `get`, `delete` and `exists` take as it is. */
  primaryKey: PrimaryKey;
  /**
   * The version of the record; null if it was saved without one. That of a record saved in a transaction of your own is complete
   * once the transaction has committed.
   */
  readonly version: RecordVersion | null;
}
