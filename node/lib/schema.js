// `Schema`: which records there are and what their keys are.
"use strict";

const { entries, flag, options, refuse, text, texts } = require("./argument.js");
const { settle } = require("./error.js");
const { packedTree, toTree } = require("./filter.js");
const { packedColumns } = require("./key-expression.js");
const native = require("./native.js");

/** What may be said beside the messages of a schema. */
const OPTIONS = ["primaryKey", "indexes", "dropIndexes", "dropTypes", "evolution"];

/** The addon's schema behind a `Schema`. */
let nativeOf;

/** Which types of records there are, and which columns are their primary keys. Types are protobuf messages. */
class Schema {
  #native;

  static {
    nativeOf = (schema) => schema.#native;
  }

  constructor(made) {
    if (!(made instanceof native.Schema)) {
      refuse("a schema", "made by Schema.fromProto, Schema.fromFiles or Schema.fromDescriptorSet", made);
    }
    this.#native = made;
  }

  /** Compiles .proto text, or several files of it by the names by which they import each other. */
  static async fromProto(source, given) {
    const rest = schemaOptions(options(given, ...OPTIONS));
    const files = typeof source === "string" ? [["schema.proto", source]] : entries(source, "the .proto text", "a string, or an object of file names and strings");
    for (const [name, content] of files) text(content, `the text of ${name}`);
    return new Schema(await settle(native.schemaFromProto(files, rest)));
  }

  /** Compiles .proto files. Their imports are looked for under `includes`, or beside the files without it. */
  static async fromFiles(files, given) {
    const { includes = [], ...rest } = options(given, "includes", ...OPTIONS);
    const [names, folders] = [texts(files, "files"), texts(includes, "includes")];
    return new Schema(await settle(native.schemaFromFiles(names, folders, schemaOptions(rest))));
  }

  /** Takes compiled files: the bytes of a `FileDescriptorSet`, as `protoc --include_imports --descriptor_set_out` writes it. */
  static async fromDescriptorSet(descriptorSet, given) {
    const rest = schemaOptions(options(given, ...OPTIONS));
    if (!(descriptorSet instanceof Uint8Array)) refuse("the descriptor set", "a Uint8Array", descriptorSet);
    return new Schema(await settle(native.schemaFromDescriptorSet(descriptorSet, rest)));
  }

  /** The names of the record types. */
  get recordTypes() {
    return this.#native.recordTypes;
  }

  /** The compiled files: the bytes of a `FileDescriptorSet`. */
  async descriptorSet() {
    return new Uint8Array(await settle(this.#native.descriptorSet()));
  }
}

/** The addon's schema for what a space is opened with: a `Schema` or the promise of one, or .proto text and its options. */
async function toNative(given, rest) {
  const schema = await given;
  if (schema instanceof Schema) {
    options(rest);
    return nativeOf(schema);
  }
  if (schema === undefined) {
    options(rest);
    return undefined;
  }
  if (typeof schema === "string" || (schema !== null && Object.getPrototypeOf(schema) === Object.prototype)) {
    return nativeOf(await Schema.fromProto(schema, rest));
  }
  return refuse("a schema", "a Schema, or .proto text", schema);
}

function schemaOptions({ primaryKey, indexes = [], dropIndexes = [], dropTypes = [], evolution }) {
  const keys = entries(primaryKey, "primaryKey", 'an object from record types to columns, such as { User: "id" }');
  const switches = entries(evolution, "evolution", "an object from switches to booleans");
  return {
    primaryKeys: keys.map(([recordType, columns]) => ({
      recordType,
      columns: packedColumns(columns, `the primary key of ${recordType}`),
    })),
    indexes: Array.isArray(indexes) ? indexes.map(index) : refuse("indexes", "an array", indexes),
    dropIndexes: texts(dropIndexes, "dropIndexes"),
    dropTypes: texts(dropTypes, "dropTypes"),
    evolution: switches.map(([name, on]) => ({ name, on: flag(on, name) })),
  };
}

function index(given) {
  const said = options(given, "name", "columns", "on", "type", "groupBy", "covering", "unique", "where", "options");
  const name = text(said.name, "the name of an index");
  const columns = (of, given) => packedColumns(given, `${of} of the index ${name}`);
  const optional = (of) => (isNone(said[of]) ? undefined : columns(of, said[of]));
  return {
    name,
    kind: text(said.type ?? "value", `the type of the index ${name}`),
    columns: columns("columns", said.columns ?? []),
    on: texts(said.on ?? [], `on of the index ${name}`),
    groupBy: optional("groupBy"),
    covering: optional("covering"),
    unique: flag(said.unique, `unique of the index ${name}`),
    condition: said.where === undefined ? undefined : packedTree(toTree(said.where)),
    options: entries(said.options, "the options of an index", "an object of strings").map(([option, value]) => [
      option,
      text(value, `the option ${option} of the index ${name}`),
    ]),
  };
}

/** Whether no columns are said. */
function isNone(columns) {
  return columns === undefined || (Array.isArray(columns) && columns.length === 0);
}

module.exports = { Schema, nativeOf, toNative };
