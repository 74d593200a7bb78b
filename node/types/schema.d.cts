// Schemas: record types with their keys, indexes, and what a schema would change.

import type { Field, Filter } from "./query.d.cts";
import type { AnyRecord } from "./values.d.cts";

/** .proto text, or several files of it by the names by which they import each other. */
export type ProtoText = string | { readonly [file: string]: string };

/** A column of a key or an index: the name of a field, such as `"id"` or `"address.city"`, a `Field`, or a key expression. */
export type KeyPart = string | Field | KeyExpression;

/** A column, or several. */
export type Columns = KeyPart | readonly KeyPart[];

/** What a schema says beside its messages. */
export interface SchemaOptions {
  /** The columns of the primary key, by record type. Types whose keys the .proto files name by themselves may be left out. */
  primaryKey?: { readonly [recordType: string]: Columns };
  /** The indexes. Those that a space has and a schema leaves out stay. */
  indexes?: readonly IndexDefinition[];
  /** The indexes that the schema takes from a space. */
  dropIndexes?: string | readonly string[];
  /** The record types that the schema takes from a space. */
  dropTypes?: string | readonly string[];
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
  /**
   * The fields that are indexed; a dot leads into a message, and the elements of a repeated field are indexed one by one. It may be
   * a whole key expression, made of `field` and `keys`.
   */
  columns?: Columns;
  /** The record types; without it all are indexed. */
  on?: string | readonly string[];
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

/** Which columns of a record make a key, where the names of fields are not enough: made of `field` and the functions of `keys`. */
export class KeyExpression {
  private constructor();
  private readonly tree: unknown;
  /** How many columns it has. */
  readonly columnCount: number;
  /** The columns of this expression, grouped by others: what an index of sums keeps for each group. */
  groupBy(...columns: KeyPart[]): KeyExpression;
  /** The columns of this expression, as one group. */
  ungrouped(): KeyExpression;
  /** The rows of this one-column expression, dealt into rows of `size` columns. */
  split(size: number): KeyExpression;
  /** The expression as text. */
  toString(): string;
}

/**
 * The functions that make key expressions, for the columns of an index or a primary key:
 * `field("lines").fanOut().nest(keys.concat("article", "count"))`, `keys.empty().groupBy(keys.recordType())`.
 */
export const keys: {
  /** The columns of all of these, one after the other. */
  concat(...columns: KeyPart[]): KeyExpression;
  /** Each of these packed into one column, an array. */
  packed(...columns: KeyPart[]): KeyExpression;
  /** No columns: what a count index counts, before it is grouped. */
  empty(): KeyExpression;
  /** The version of the record. */
  version(): KeyExpression;
  /** The key of the record's type, which keeps the records of a type, or their entries, together. */
  recordType(): KeyExpression;
  /** A constant. */
  literal(value: null | boolean | number | bigint | string | Uint8Array): KeyExpression;
  /** The function `name` of these columns. */
  function(name: string, ...columns: KeyPart[]): KeyExpression;
  /** The columns of `key` as the key of each entry and those of `value` as its value, from which they can be read. */
  withValue(key: Columns, value: Columns): KeyExpression;
  /** These columns, of which `dimensions` after the first `prefix` are dimensions of space. */
  dimensions(columns: Columns, prefix: number, dimensions: number): KeyExpression;
};

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
