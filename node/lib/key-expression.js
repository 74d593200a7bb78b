// Key expressions: which columns of a record make a key, where the names of fields are not enough.
//
// An expression is a tree of lists, as `bindings/node/src/key_expression.rs` reads it.
"use strict";

const { count, refuse, text } = require("./argument.js");
const { checked, invalidArgument } = require("./error.js");
const native = require("./native.js");
const { Writer } = require("./packed.js");

/** The method of what is a column or several: gives the tree of it. */
const COLUMNS = Symbol("columns");

/** What only this file can make an expression with. */
const TREE = Symbol("tree");

/** An expression of a tree. */
let ofTree;

/** Which columns of a record make a key: made of `field` and the functions of `keys`. */
class KeyExpression {
  #tree;

  static {
    ofTree = (tree) => new KeyExpression(TREE, tree);
  }

  constructor(made, tree) {
    if (made !== TREE) throw invalidArgument("a key expression is made of field(...), or by the functions of keys");
    this.#tree = tree;
  }

  /** How many columns it has. */
  get columnCount() {
    return this.#facts().columnCount;
  }

  /** The columns of this expression, grouped by others: what an index of sums keeps for each group. */
  groupBy(...columns) {
    return ofTree(["group_by", this.#tree, trees(columns)]);
  }

  /** The columns of this expression, as one group. */
  ungrouped() {
    return ofTree(["ungrouped", this.#tree]);
  }

  /** The rows of this one-column expression, dealt into rows of `size` columns. */
  split(size) {
    return ofTree(["split", this.#tree, number(size, "the size of a row", 1)]);
  }

  /** The expression as text. */
  toString() {
    return this.#facts().text;
  }

  [Symbol.for("nodejs.util.inspect.custom")]() {
    return `KeyExpression(${this})`;
  }

  [COLUMNS]() {
    return this.#tree;
  }

  #facts() {
    return checked(native.keyExpressionFacts(packed(this.#tree)));
  }
}

/** The functions that make key expressions. */
const keys = Object.freeze({
  /** The columns of all of these, one after the other. */
  concat: (...columns) => made(["concat", trees(columns)]),
  /** Each of these packed into one column, an array. */
  packed: (...columns) => made(["packed", trees(columns)]),
  /** No columns: what a count index counts, before it is grouped. */
  empty: () => made(["empty"]),
  /** The version of the record. */
  version: () => made(["version"]),
  /** The key of the record's type, which keeps the records of a type, or their entries, together. */
  recordType: () => made(["record_type"]),
  /** A constant. */
  literal: (value) => made(["literal", value]),
  /** The function `name` of these columns. */
  function: (name, ...columns) => made(["function", text(name, "the name of a function"), trees(columns)]),
  /** The columns of `key` as the key of each entry and those of `value` as its value. */
  withValue: (key, value) => made(["with_value", trees(several(key)), trees(several(value))]),
  /** These columns, of which `dimensions` after the first `prefix` are dimensions of space. */
  dimensions: (columns, prefix, dimensions) =>
    made(["dimensions", trees(several(columns)), number(prefix, "prefix", 0), number(dimensions, "dimensions", 1)]),
});

/** An expression that the core takes: what it refuses is an error now. */
function made(tree) {
  checked(native.keyExpressionFacts(packed(tree)));
  return ofTree(tree);
}

/** The tree of a column: the name of a field, or what is a column by itself. */
function treeOf(column) {
  if (typeof column === "string") return ["field", column, "one", "null"];
  const columns = column?.[COLUMNS];
  if (columns === undefined) refuse("a column", "the name of a field, field(name) or a KeyExpression", column);
  return columns.call(column);
}

function trees(columns) {
  return columns.map(treeOf);
}

function several(columns) {
  return Array.isArray(columns) ? columns : [columns];
}

/** Packs a key: the name of a column or several names, or with others among them a whole expression. */
function packedColumns(columns, name) {
  const all = several(columns);
  if (all.every((column) => typeof column === "string")) return packed(["names", all]);
  for (const column of all) {
    if (typeof column !== "string" && column?.[COLUMNS] === undefined) {
      refuse(name, "the name of a column, field(name), a KeyExpression or an array of them", column);
    }
  }
  return packed(["whole", all.length === 1 ? treeOf(all[0]) : ["concat", trees(all)]]);
}

/** Packs columns as the list of an expression, where names are names of fields. */
function packedExpressions(columns) {
  return packed(trees(several(columns)));
}

function number(value, name, least) {
  return count(value, name, least) ?? refuse(name, `an integer from ${least}`, value);
}

function packed(tree) {
  const writer = new Writer();
  writer.value(tree);
  return writer.bytes();
}

module.exports = { COLUMNS, KeyExpression, keys, ofTree, packedColumns, packedExpressions, trees };
