// Queries with their filters, and what scans and queries give.

import type { Columns, KeyExpression, KeyPart } from "./schema.d.cts";
import type { InTransaction } from "./transaction.d.cts";
import type { Column } from "./values.d.cts";

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
  using?: string | readonly string[];
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

/** The field `path` of a record; dots lead into the messages in its fields: `field("address.city").eq("Oslo")`. */
export function field(path: string): Field;

/** The parameter `:name` of a filter. */
export function parameter(name: string): Parameter;

/** A value that is given when a query runs. */
export interface Parameter {
  readonly name: string;
}

/**
 * A field of a record: a column of a key, and what a filter compares. What is compared with an absent value is neither true nor
 * false, as in SQL.
 */
export class Field {
  private constructor();
  private readonly path: string;
  /** The name of the field, with dots. */
  readonly name: string;
  /** As a column of a repeated field: a row for each value. */
  fanOut(): Field;
  /** As a column of a repeated field: all values as one array. */
  concatenate(): Field;
  /** As a column of a unique index: records without a value collide, as those with the same value do. */
  uniqueNull(): Field;
  /** As a column: the field's default where there is no value. */
  notNull(): Field;
  /** As columns: those of the message in this field. */
  nest(...columns: KeyPart[]): KeyExpression;
  /** As a column grouped by others: what an index of sums keeps for each group. */
  groupBy(...columns: KeyPart[]): KeyExpression;
  /** As a column that is one group. */
  ungrouped(): KeyExpression;
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
