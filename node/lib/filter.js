// Filters: what must be true of a record, as text or built of fields.
//
// A filter is a tree of lists, as `bindings/node/src/filter.rs` reads it.
"use strict";

const { entries, refuse, text } = require("./argument.js");
const { checked, invalidArgument } = require("./error.js");
const native = require("./native.js");
const { Writer } = require("./packed.js");

/** What only this file can make a filter with. */
const TREE = Symbol("tree");

/** The tree of a filter. */
let treeOf;
/** A filter of a tree. */
let ofTree;

/** What must be true of a record: comparisons of `field`, joined by `and`, `or` and `not`, or text. */
class Filter {
  #tree;

  static {
    treeOf = (filter) => (filter instanceof Filter ? filter.#tree : refuse("a filter", "made of field(...)", filter));
    ofTree = (tree) => new Filter(TREE, tree);
  }

  constructor(made, tree) {
    if (made !== TREE) throw invalidArgument("a filter is made of field(...), or by Filter.parse(text)");
    this.#tree = tree;
  }

  /** Reads a filter from text in the manner of SQL, with the values of its `?`, or of its `:name`. */
  static parse(source, values) {
    const filter = ofTree(toTree(text(source, "the text of a filter"), values));
    filter.toString();
    return filter;
  }

  /** Both this and the others are true. */
  and(...others) {
    return ofTree(["and", [this, ...others].map(treeOf)]);
  }

  /** This or one of the others is true. */
  or(...others) {
    return ofTree(["or", [this, ...others].map(treeOf)]);
  }

  /** This is false. */
  not() {
    return ofTree(["not", this.#tree]);
  }

  /** The filter as text. */
  toString() {
    return checked(native.filterText(packedTree(this.#tree)));
  }

  [Symbol.for("nodejs.util.inspect.custom")]() {
    return `Filter(${this})`;
  }
}

/** A value that is given when a query runs. */
class Parameter {
  constructor(name) {
    this.name = text(name, "the name of a parameter");
    Object.freeze(this);
  }
}

/** The parameter `:name` of a filter. */
function parameter(name) {
  return new Parameter(name);
}

/** The tree of what a query is asked with: a filter or text, and the values of its parameters. */
function toTree(filter, values) {
  const tree = typeof filter === "string" ? ["text", filter] : treeOf(filter);
  if (values === undefined && typeof filter !== "string") return tree;
  const [positional, named] = Array.isArray(values)
    ? [values, []]
    : [[], entries(values, "the values of parameters", "an array, or an object by their names")];
  return ["bound", tree, positional, named.flat()];
}

function packedTree(tree) {
  const writer = new Writer();
  writer.value(tree);
  return writer.bytes();
}

module.exports = { Filter, Parameter, ofTree, packedTree, parameter, toTree, treeOf };
