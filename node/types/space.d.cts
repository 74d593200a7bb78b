// Record spaces: records, scans, counts, indexes.

import type { Cursor, Filter, ParameterValues, Query, QueryOptions, RunQueryOptions } from "./query.d.cts";
import type { Columns, ProtoText, Schema, SchemaDiff, SchemaOptions } from "./schema.d.cts";
import type { InTransaction } from "./transaction.d.cts";
import type { AnyRecord, Key, KeyColumn, PrimaryKey, RecordInput, RecordVersion, StoredRecord } from "./values.d.cts";

/** Which record type is meant, in a space of several. */
export interface OfType extends InTransaction {
  type?: string;
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
  /** Saves a new record; otherwise as `put`. One with its key is an error: `RecordAlreadyExists`. */
  insert(record: RecordInput<R>, options?: OfType): Promise<StoredRecord>;
  /** Saves a record over the one of its key and type; otherwise as `put`. If there is none, it is an error: `RecordNotFound`. */
  update(record: RecordInput<R>, options?: OfType): Promise<StoredRecord>;
  /**
   * Saves records, all or none, in one transaction.
   *
   * A transaction takes 10 MB and five seconds: for more records, call several times.
   */
  putAll(records: Iterable<RecordInput<R>>, options?: OfType): Promise<StoredRecord[]>;
  /** Saves new records, all or none, as `putAll`. One of a key that is there is an error: `RecordAlreadyExists`. */
  insertAll(records: Iterable<RecordInput<R>>, options?: OfType): Promise<StoredRecord[]>;
  /** Saves records over those of their keys and types, all or none, as `putAll`. A missing one is an error: `RecordNotFound`. */
  updateAll(records: Iterable<RecordInput<R>>, options?: OfType): Promise<StoredRecord[]>;
  /**
   * As which record type `put` saves this object when it is not told: as what it came out of a space, or the only one of the space.
   * Undefined if `put` needs its `type`.
   */
  typeOf(record: RecordInput<R>): string | undefined;
  /** The record with this key, or undefined. */
  get(key: Key, options?: OfType): Promise<R | undefined>;
  /** Deletes the record with this key; says whether there was one. */
  delete(key: Key, options?: OfType): Promise<boolean>;
  /**
   * Deletes all records whose primary keys begin with these columns, or all of a `type`, without reading them.
   *
   * That is refused where the entries of these records do not stand together in each index: delete them one by one then.
   */
  deleteWhere(prefix: Key, options?: OfType): Promise<void>;
  /** Deletes all records. The schema stays. */
  deleteAll(options?: InTransaction): Promise<void>;
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
  /** The primary keys of the records, in their order, without the records. */
  scanKeys(options?: ScanOptions & { type?: string }): Cursor<PrimaryKey>;
  /** The entries of an index in its order. */
  scanIndex(name: string, options?: ScanOptions): Cursor<IndexEntry>;
  /** The records in the order of an index. A record comes as often as it has entries in the range. */
  scanBy(name: string, options?: ScanOptions): Cursor<R>;
  /** What breaks the uniqueness of an index that is being built, or is not yet unique, by value and primary key. */
  uniquenessViolations(name: string, options?: ScanOptions): Cursor<UniquenessViolation>;
  /** Deletes the records that have this value in a unique index, but for the one whose key is `keep`, if it is said. */
  resolveUniqueness(name: string, value: Key, options?: InTransaction & { keep?: Key }): Promise<void>;
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
   * How many records there are, or how many of a `type`, by the count indexes of the schema, or by its record count key.
   *
   * It does not conflict with those who save.
   */
  count(options?: OfType): Promise<number>;
  /**
   * How many records have this value of a key: by the record count key of the schema if that begins with the key, otherwise by a
   * count index over all record types that does: `orders.countBy(["shop"], "Oslo")`. It does not conflict with those who save.
   */
  countBy(key: Columns, value: Key, options?: InTransaction): Promise<number>;
  /** The states of all indexes by their names. */
  indexStates(options?: InTransaction): Promise<{ [index: string]: IndexState }>;
  /** The state of an index. */
  indexState(name: string, options?: InTransaction): Promise<IndexState>;
  /**
   * Puts an index into a state; says whether that changed anything. `DISABLED` clears its entries, `WRITE_ONLY` keeps what it has;
   * `READABLE` and `READABLE_UNIQUE_PENDING` are refused for an index that does not have all records.
   */
  markIndex(name: string, state: IndexState, options?: InTransaction): Promise<boolean>;
  /** Takes an index out of use and clears its entries: it costs nothing until it is built again. Says whether that changed anything. */
  disableIndex(name: string, options?: InTransaction): Promise<boolean>;
  /** Builds an index again, in one transaction: for spaces of few records. `buildIndexes` does it in many. */
  rebuildIndex(name: string, options?: InTransaction): Promise<void>;
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
  plan(schema: Schema<R> | Schema | PromiseLike<Schema<R> | Schema>): Promise<SchemaDiff>;
  /** The versions of the schemas that the space had, from the oldest to the current one. */
  schemaVersions(): Promise<number[]>;
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

/** A record with a value that a unique index may have once. `space.resolveUniqueness(index, value, { keep: primaryKey })` mends it. */
export interface UniquenessViolation {
  /** The columns of the index. */
  value: KeyColumn[];
  /** The primary key of a record with the value. */
  primaryKey: PrimaryKey;
  /** The primary key of another record with the value, if it was noted down. */
  existingPrimaryKey: PrimaryKey | null;
}

/** The state of an index. */
export type IndexState = "READABLE" | "WRITE_ONLY" | "DISABLED" | "READABLE_UNIQUE_PENDING" | "WRITE_ONLY_WITH_QUEUE";

/** How indexes are built. */
export interface IndexBuildOptions {
  /** The indexes to build; without it all that are not readable. */
  names?: string | readonly string[];
  /**
   * What becomes of an index that is disabled, that is write-only (a build was stopped), or readable: `rebuild` begins at the
   * beginning, `continue` does what is left to do, `mark_readable` only makes it readable if it has all records, `error` refuses.
   */
  ifDisabled?: IndexingAction;
  ifWriteOnly?: IndexingAction;
  ifReadable?: IndexingAction;
  /** Whether the index is made readable when it has all records; it is, if it is not said. */
  markReadable?: boolean;
  /** Whether a unique index becomes readable though records have the same value; `uniquenessViolations` lists them. */
  allowUniquePending?: boolean;
  /** A value index over the same record type that has an entry for each record: the build reads these instead of all records. */
  byIndex?: string;
  /** From the greatest primary key downwards. */
  reverse?: boolean;
  /** Called after each transaction; what it throws stops the build and comes out as it is. */
  progress?: (progress: IndexBuildProgress) => unknown;
  /** The most records a second. */
  recordsPerSecond?: number;
  /** The most records of one transaction. */
  limit?: number;
  /** The most bytes that one transaction writes. */
  maxWriteBytes?: number;
  /** The most milliseconds of one transaction. */
  maxTransactionMs?: number;
  /** The build stops, with an error, after so many transactions, to go on another time. */
  stopAfter?: number;
  /** The build stops, with an error, after so many milliseconds. */
  timeMaxMs?: number;
  /** For how many milliseconds the sign of life of another builder counts. */
  leaseMs?: number;
  /** Stops the build, with the reason of the signal. */
  signal?: AbortSignal;
}

/** What becomes of an index that a build finds. */
export type IndexingAction = "error" | "rebuild" | "continue" | "mark_readable";

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
