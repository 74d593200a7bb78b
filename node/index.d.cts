// The types of the package. `index.d.mts` is the same for `import`.

import type { ErrorCode } from "./error-code.d.cts";

export type { ErrorCode };

/** The version of the package. */
export const version: string;

/** The names of all kinds of errors. */
export const errorCodes: readonly ErrorCode[];

/**
 * Opens the database that `url` names: `memory:` is a new one in this process; a path, or `file:` and a path, is the embedded
 * database in that directory, made if it is not there; `fdb:` and the path of a cluster file is a FoundationDB cluster.
 *
 * All record spaces lie below the directory `root`, if it is given.
 */
export function open(url: string | URL, options?: { root?: string }): Promise<Database>;

/** An open database. Made by `open`. */
export class Database {
  private constructor();
  /** A short name for messages: `memory:`, or a path. */
  readonly name: string;
  /**
   * Opens the record space at `path`, a name or names between slashes.
   *
   * With a schema, or with .proto text and its options, the space is created if it is not there, and what the schema adds to the
   * stored one is added. Without, the space has the schema that is stored.
   */
  space<R extends object = AnyRecord>(path: string, schema?: Schema<R> | PromiseLike<Schema<R>>): Promise<RecordSpace<R>>;
  space<R extends object = AnyRecord>(path: string, proto: ProtoText, options?: SchemaOptions): Promise<RecordSpace<R>>;
  /** The paths of the record spaces below `prefix`, at any depth; all of them without it. */
  spaces(prefix?: string): Promise<string[]>;
  /** Removes a record space with its records, its schema and all spaces below it; says whether there was one. */
  removeSpace(path: string): Promise<boolean>;
  /**
   * Moves a record space, or a folder of some, with all spaces below it. Nothing is copied, and spaces that are open stay so.
   */
  moveSpace(source: string, target: string): Promise<void>;
  /**
   * Runs `body(tx)` in a transaction, commits it and gives what `body` gives.
   *
   * On a conflict it is tried again, so `body` must have no effects but through the transaction. What `body` throws comes out as
   * it is: the very same object.
   */
  run<T>(body: (tx: Transaction) => T | PromiseLike<T>, options?: RunOptions): Promise<T>;
  /**
   * A transaction that its user commits: `await tx.commit()`, or `tx.cancel()`.
   *
   * It is tried once: a conflict is an error that is `retryable`.
   */
  transaction(): Transaction;
  /** Closes the database, and with it everything that came from it. A second time does nothing. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** How `Database.run` tries. */
export interface RunOptions {
  /** No new attempt starts after so many milliseconds: 30,000 if it is not said; `Infinity` sets no limit. */
  timeoutMs?: number;
  /** The most attempts. */
  maxAttempts?: number;
  /** Gives up, with the reason of the signal. An abort during the commit may come too late. */
  signal?: AbortSignal;
}

/**
 * One transaction: all that it reads is of one moment, and all that it writes takes effect at once, or not at all.
 *
 * Give it to the methods of record spaces as `tx`. Calls on it follow one another in the order in which they are made.
 */
export class Transaction {
  private constructor();
  /** The number of this attempt, from 1. */
  readonly attempt: number;
  /** Whether an earlier attempt may have committed: what this one writes may be there already. */
  readonly maybeCommitted: boolean;
  /** Commits a transaction of `Database.transaction`. Nothing can be done with it afterwards. */
  commit(): Promise<void>;
  /** Gives up. Nothing of the transaction takes effect; a second time does nothing. */
  cancel(): void;
  /** Gives up what was not committed. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** .proto text, or several files of it by the names by which they import each other. */
export type ProtoText = string | { readonly [file: string]: string };

/** A column of a key or an index, such as `"id"` or `"address.city"`, or several. */
export type Columns = string | readonly string[];

/** What a schema says beside its messages. */
export interface SchemaOptions {
  /** The columns of the primary key, by record type. Types whose keys the .proto files name by themselves may be left out. */
  primaryKey?: { readonly [recordType: string]: Columns };
  /** The indexes. Those that a space has and a schema leaves out stay. */
  indexes?: readonly IndexDefinition[];
  /** The indexes that the schema takes from a space. */
  dropIndexes?: Columns;
  /** The record types that the schema takes from a space. */
  dropTypes?: Columns;
  /** The changes that the schema allows, such as `{ allow_field_renames: true }`. */
  evolution?: { readonly [Switch in EvolutionSwitch]?: boolean };
}

/** A change of a schema that is refused, or allowed, unless it is said otherwise. */
export type EvolutionSwitch =
  | "allow_no_version_change"
  | "allow_no_since_version"
  | "allow_field_renames"
  | "allow_deprecated_field_renames"
  | "allow_undeprecating_fields"
  | "allow_index_rebuilds"
  | "allow_missing_former_index_names"
  | "allow_older_former_index_added_versions"
  | "allow_unsplit_to_split"
  | "disallow_type_renames";

/** What a schema says of an index. */
export interface IndexDefinition {
  name: string;
  /** The fields that are indexed; a dot leads into a message, and the elements of a repeated field are indexed one by one. */
  columns?: Columns;
  /** The record types; without it all are indexed. */
  on?: Columns;
  /**
   * `value`, which it is if it is not said, `version`, `count`, `count_not_null`, `count_updates`, `sum`, `min_ever`, `max_ever`
   * or another type of the record layer.
   */
  type?: string;
  /** The columns of the groups, in an index that keeps something for each group. */
  groupBy?: Columns;
  /** Columns that stand in the entries too, so that they can be read without the record. */
  covering?: Columns;
  unique?: boolean;
  /** Only records of which this is true are indexed. */
  where?: Filter | string;
  options?: { readonly [option: string]: string };
}

/** Which types of records there are, and which columns are their primary keys. Types are protobuf messages. */
export class Schema<R extends object = AnyRecord> {
  private constructor();
  private readonly record: R;
  /** Compiles .proto text, or several files of it by the names by which they import each other. */
  static fromProto<R extends object = AnyRecord>(source: ProtoText, options?: SchemaOptions): Promise<Schema<R>>;
  /** Compiles .proto files. Their imports are looked for under `includes`, or beside the files without it. */
  static fromFiles<R extends object = AnyRecord>(
    files: string | readonly string[],
    options?: SchemaOptions & { includes?: string | readonly string[] },
  ): Promise<Schema<R>>;
  /** Takes compiled files: the bytes of a `FileDescriptorSet`, as `protoc --include_imports --descriptor_set_out` writes it. */
  static fromDescriptorSet<R extends object = AnyRecord>(
    descriptorSet: Uint8Array,
    options?: SchemaOptions,
  ): Promise<Schema<R>>;
  /** The names of the record types. */
  readonly recordTypes: string[];
  /** The compiled files: the bytes of a `FileDescriptorSet`. */
  descriptorSet(): Promise<Uint8Array>;
}

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
   * The version of the record; null if it was saved without one. That of a record saved in a transaction of your own is not
   * complete: read it after the commit.
   */
  version: RecordVersion | null;
}

/** An entry of an index. `space.get(entry.primaryKey)` is its record. */
export interface IndexEntry {
  /** The columns of the index, then those of the primary key that are not among them; the group in an index of groups. */
  key: KeyColumn[];
  /** The covered columns, or the aggregate of a group. */
  value: KeyColumn[];
  /** The primary key of the record; empty in an index of groups. */
  primaryKey: PrimaryKey;
}

/** The state of an index. */
export type IndexState = "READABLE" | "WRITE_ONLY" | "DISABLED" | "READABLE_UNIQUE_PENDING" | "WRITE_ONLY_WITH_QUEUE";

/** In which transaction a call is made; without one, it is a transaction of its own, tried again where that is right. */
export interface InTransaction {
  tx?: Transaction;
}

/** Which record type is meant, in a space of several. */
export interface OfType extends InTransaction {
  type?: string;
}

/** How far a query or a scan goes, and where it goes on. */
export interface RunQueryOptions extends InTransaction {
  /** The `continuation` of a page of the same query or scan, which this one goes on with; null begins at the beginning. */
  after?: Uint8Array | null;
  /** The most key-value pairs to read. */
  maxRows?: number;
  /** The most bytes of keys and values to read. */
  maxBytes?: number;
  /** The most milliseconds. */
  maxMs?: number;
  /** In a transaction: reads without conflicts with those who write. */
  snapshot?: boolean;
  /** Ends the iteration, with the reason of the signal. */
  signal?: AbortSignal;
}

/**
 * What a scan gives: what begins with `prefix`, or what is from `start`, which belongs to it, to `end`, which does not. They are
 * the first columns of the primary key, or of the index.
 */
export interface ScanOptions extends RunQueryOptions {
  prefix?: Key;
  start?: Key;
  end?: Key;
  /** From the end to the beginning. */
  reverse?: boolean;
  /** The most results. */
  limit?: number;
  /** How many results to leave out first. */
  skip?: number;
}

/** A query, said at once. */
export interface QueryOptions {
  /** Only records of this type. */
  type?: string;
  /** The columns that order the records. */
  orderBy?: Columns;
  /** In the opposite order. */
  reverse?: boolean;
  /** The most records to give. */
  limit?: number;
  /** How many records to leave out first. */
  skip?: number;
  /** Only these indexes may answer. */
  using?: Columns;
}

/** The records of one schema under a path such as `prod/users`. Made by `Database.space`. */
export class RecordSpace<R extends object = AnyRecord> {
  private constructor();
  /** The path of the space. */
  readonly path: string;
  /**
   * Saves a record over the one with its key, if there is one.
   *
   * A record of a space with several record types needs its `type`, unless the very object came out of a space. With `version` the
   * record is saved as of that time, otherwise as of the commit.
   */
  put(record: RecordInput<R>, options?: OfType & { version?: RecordVersion }): Promise<StoredRecord>;
  /**
   * Saves records, all or none, in one transaction.
   *
   * A transaction takes 10 MB and five seconds: for more records, call several times.
   */
  putAll(records: Iterable<RecordInput<R>>, options?: OfType): Promise<StoredRecord[]>;
  /** The record with this key, or undefined. */
  get(key: Key, options?: OfType): Promise<R | undefined>;
  /** Deletes the record with this key; says whether there was one. */
  delete(key: Key, options?: OfType): Promise<boolean>;
  /** Whether there is a record with this key. */
  exists(key: Key, options?: OfType): Promise<boolean>;
  /** The version of the record with this key; undefined if there is no such record, or it has none. */
  version(key: Key, options?: OfType): Promise<RecordVersion | undefined>;
  /**
   * The records in the order of their primary keys.
   *
   * Without `tx`, the scan may take any time: it reads in batches, each of one moment.
   */
  scan(options?: ScanOptions & { type?: string }): Cursor<R>;
  /** The entries of an index in its order. */
  scanIndex(name: string, options?: ScanOptions): Cursor<IndexEntry>;
  /** The records in the order of an index. A record comes as often as it has entries in the range. */
  scanBy(name: string, options?: ScanOptions): Cursor<R>;
  /**
   * The records of which a filter is true; all without it.
   *
   * The filter is built of `field`, or text in the manner of SQL with the values of its `?` (an array) or `:name` (an object):
   * `users.query("age >= 18 AND city = ?", ["Oslo"])`. An index answers where one can; `explain` says how.
   */
  query(filter?: Filter | string, values?: ParameterValues, options?: QueryOptions): Query<R>;
  /**
   * The count, sum, or least or greatest value that an index keeps for the groups whose first columns are `group`, as an array; of
   * all groups without. Undefined if there is nothing to have a least or greatest value.
   */
  aggregate(name: string, group?: Key, options?: InTransaction): Promise<KeyColumn[] | undefined>;
  /**
   * How many records there are, by the count indexes of the schema, or by its record count key.
   *
   * It does not conflict with those who save.
   */
  count(options?: InTransaction): Promise<number>;
  /** The states of all indexes by their names. */
  indexStates(options?: InTransaction): Promise<{ [index: string]: IndexState }>;
  /**
   * Builds all indexes that are not readable, or those that are named, in many transactions, while others use the space. A build
   * that was stopped goes on.
   */
  buildIndexes(options?: IndexBuildOptions): Promise<IndexBuildSummary>;
  /** Opens the record space at `path` below this one; otherwise as `Database.space`. */
  child<C extends object = AnyRecord>(path: string, schema?: Schema<C> | PromiseLike<Schema<C>>): Promise<RecordSpace<C>>;
  child<C extends object = AnyRecord>(path: string, proto: ProtoText, options?: SchemaOptions): Promise<RecordSpace<C>>;
  /** The paths of the record spaces below this one, at any depth. */
  children(): Promise<string[]>;
  /** What would change if the space got this schema, and what that costs. It changes nothing. */
  plan(schema: Schema<never> | Schema | PromiseLike<Schema>): Promise<SchemaDiff>;
  /** The versions of the schemas that the space had, from the oldest to the current one. */
  schemaVersions(): Promise<number[]>;
}

/** Which records of a space are wanted, built step by step. Each method gives a new query; iterating runs it. */
export class Query<R> implements AsyncIterable<R> {
  private constructor();
  /** Only records of which this is true too. */
  where(filter: Filter | string, values?: ParameterValues): Query<R>;
  /** In the order of these columns. An index that has it is scanned, or else the records are sorted in memory. */
  orderBy(columns: Columns, options?: { reverse?: boolean }): Query<R>;
  /** The most records to give. */
  limit(records: number): Query<R>;
  /** How many records to leave out first. */
  skip(records: number): Query<R>;
  /** Only these indexes may answer. */
  using(...indexes: string[]): Query<R>;
  /** How the records would be found: the plan, and what each of its steps reads. */
  explain(): Promise<string>;
  /** The records, as a cursor. */
  run(options?: RunQueryOptions): Cursor<R>;
  /** All records, as an array. */
  toArray(options?: RunQueryOptions): Promise<R[]>;
  /** The first `size` records, or those behind the page whose `continuation` is given as `after`. */
  page(size: number, options?: RunQueryOptions): Promise<Page<R>>;
  [Symbol.asyncIterator](): AsyncGenerator<R, void, undefined>;
}

/** Some results of a scan or a query, and where the next page begins. */
export interface Page<T> {
  results: T[];
  /** Where the next page begins, for the `after` of the same scan, here or in another process; null if nothing follows. */
  continuation: Uint8Array | null;
  /** Why there are fewer results than were asked for; null if there are not. */
  noNextReason:
    | "SOURCE_EXHAUSTED"
    | "RETURN_LIMIT_REACHED"
    | "TIME_LIMIT_REACHED"
    | "BYTE_LIMIT_REACHED"
    | "SCAN_LIMIT_REACHED"
    | null;
}

/** The values of parameters: those of `?` in their order, or those of `:name` by their names. An array stands for a list. */
export type ParameterValues = readonly ParameterValue[] | { readonly [name: string]: ParameterValue };
export type ParameterValue = Column | readonly Column[];

/** The field `path` of a record, for filters; dots lead into the messages in its fields: `field("address.city").eq("Oslo")`. */
export function field(path: string): Field;

/** The parameter `:name` of a filter. */
export function parameter(name: string): Parameter;

/** A value that is given when a query runs. */
export interface Parameter {
  readonly name: string;
}

/** A field of a record, which a filter compares. What is compared with an absent value is neither true nor false, as in SQL. */
export class Field {
  private constructor();
  private readonly path: string;
  /** Equal to a value; `null` asks whether there is none. */
  eq(value: Column | Parameter): Filter;
  /** Not null, and not equal to a value; `null` asks whether there is one. */
  ne(value: Column | Parameter): Filter;
  lt(value: NonNullable<Column> | Parameter): Filter;
  le(value: NonNullable<Column> | Parameter): Filter;
  gt(value: NonNullable<Column> | Parameter): Filter;
  ge(value: NonNullable<Column> | Parameter): Filter;
  /** From `low` to `high`, both included. */
  between(low: NonNullable<Column> | Parameter, high: NonNullable<Column> | Parameter): Filter;
  /** One of some values, or of those of a parameter. */
  in(values: Iterable<Column> | Parameter): Filter;
  /** A text or bytes that begin so. */
  startsWith(prefix: string | Uint8Array | Parameter): Filter;
  /** A text in the form of a pattern of SQL: `%` stands for any text and `_` for one character. */
  like(pattern: string): Filter;
  isNull(): Filter;
  isNotNull(): Filter;
  /** The repeated field has no values. */
  isEmpty(): Filter;
  /** The repeated field has values. */
  isNotEmpty(): Filter;
  /** One of the values of a repeated field: `field("tags").any().eq("new")`. */
  any(): Field;
  /** `filter` is true of one of the messages in the repeated field. */
  any(filter: Filter): Filter;
  /** `filter` is true of the message in the field. */
  matches(filter: Filter): Filter;
}

/** What must be true of a record: comparisons of `field`, joined by `and`, `or` and `not`, or text. */
export class Filter {
  private constructor();
  private readonly tree: unknown;
  /** Reads a filter from text in the manner of SQL, with the values of its `?` or `:name`. */
  static parse(text: string, values?: ParameterValues): Filter;
  /** Both this and the others are true. */
  and(...others: Filter[]): Filter;
  /** This or one of the others is true. */
  or(...others: Filter[]): Filter;
  /** This is false. */
  not(): Filter;
  /** The filter as text. */
  toString(): string;
}

/** The results of a scan, to be iterated over once with `for await`. */
export class Cursor<T> implements AsyncIterable<T> {
  private constructor();
  /** The next `size` results, where another scan goes on behind them, and why there are fewer if there are. */
  page(size: number): Promise<Page<T>>;
  /** The next `max` results, 256 if it is not said; fewer at the end, none after it. */
  nextBatch(max?: number): Promise<T[]>;
  /** All results that are left, as an array. */
  toArray(): Promise<T[]>;
  /** Leaves the results that are left, and frees what the scan holds. The end of an iteration does so too. */
  close(): void;
  [Symbol.asyncIterator](): AsyncGenerator<T, void, undefined>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** How indexes are built. */
export interface IndexBuildOptions {
  /** The indexes to build; without it all that are not readable. */
  names?: string | readonly string[];
  /** Called after each transaction; what it throws stops the build and comes out as it is. */
  progress?: (progress: IndexBuildProgress) => unknown;
  /** The most records a second. */
  recordsPerSecond?: number;
  /** The most records of one transaction. */
  limit?: number;
  /** The most milliseconds of the build. */
  timeMaxMs?: number;
  /** For how many milliseconds the sign of life of another builder counts. */
  leaseMs?: number;
  /** Stops the build, with the reason of the signal. */
  signal?: AbortSignal;
}

/** How far a build is. */
export interface IndexBuildProgress {
  /** The indexes that are being built together. */
  indexes: string[];
  /** How many records this build and those that it goes on with have seen. */
  recordsScanned: number;
  /** How many records there were when it began, if the space counts them. */
  recordsTotal: number | null;
  /** How many ranges of primary keys are left; up to a thousand are counted. */
  rangesLeft: number;
}

/** What a build has done. */
export interface IndexBuildSummary {
  /** How many records it has seen. */
  recordsScanned: number;
  /** In how many transactions. */
  transactions: number;
  /** The states of the indexes that it was to build, by their names. */
  states: { [index: string]: IndexState };
}

/** What a schema would change in a space. As text it has a line for each change. */
export interface SchemaDiff {
  /** Whether no change is refused. */
  allowed: boolean;
  /** The changes: properties, record types with their fields, indexes. */
  changes: SchemaChange[];
  toString(): string;
}

/** One thing that a schema has otherwise than the space. */
export interface SchemaChange {
  /** What kind of thing it is. */
  subject: "record type" | "message" | "field" | "enum value" | "index" | "former index" | "property";
  /** Its name; the old one when it was renamed. */
  name: string;
  /** What happened to it. */
  action: "added" | "removed" | "renamed" | "changed" | "contradicts";
  /** Which part of it changed. */
  part: string | null;
  /** What the part was. */
  before: string | null;
  /** What the part is now, or the new name. */
  after: string | null;
  /** What that costs. */
  cost: "nothing" | "index_build" | "index_clear" | "refused";
  /** Over how many records an index is built, or at least how many. */
  records: number | null;
  /** The rule for which it is refused. */
  rule: string | null;
  /** What to do instead of what is refused. */
  wayOut: string | null;
  toString(): string;
}

/** Anything that Record-Store throws. The message is for people; a program looks at `code` and the other properties. */
export class RecordStoreError extends Error {
  constructor(
    code: ErrorCode,
    message: string,
    facts?: {
      fdbCode?: number | null;
      retryable?: boolean;
      maybeCommitted?: boolean;
      context?: { [fact: string]: string };
      cause?: unknown;
    },
  );
  /** The stable name of the kind, the same in every language. */
  readonly code: ErrorCode;
  /** FoundationDB's error code, if there is one. */
  readonly fdbCode: number | null;
  /** Whether the transaction may be tried again; `Database.run` does so by itself. */
  readonly retryable: boolean;
  /** Whether the commit may have happened nevertheless. */
  readonly maybeCommitted: boolean;
  /** The facts: which index, which field, which key. */
  readonly context: { readonly [fact: string]: string };
}
