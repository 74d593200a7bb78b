// Filters: what must be true of a record, as text or built of fields.
//
// A filter is a tree of lists, as `bindings/node/src/filter.rs` reads it.
"use strict";

const { entries, refuse, shown, text } = require("./argument.js");
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

/** A field of a record, which a filter compares. */
class Field {
  #path;
  #any;

  constructor(path, any = false) {
    this.#path = text(path, "the name of a field");
    this.#any = any;
  }

  /** Equal to a value; `null` asks whether there is none. */
  eq(value) {
    return value === null ? this.isNull() : this.#compare("EQUALS", operand(value));
  }

  /** Not null, and not equal to a value; `null` asks whether there is one. */
  ne(value) {
    return value === null ? this.isNotNull() : this.#compare("NOT_EQUALS", operand(value));
  }

  lt(value) {
    return this.#compare("LESS_THAN", ordered(value));
  }

  le(value) {
    return this.#compare("LESS_THAN_OR_EQUALS", ordered(value));
  }

  gt(value) {
    return this.#compare("GREATER_THAN", ordered(value));
  }

  ge(value) {
    return this.#compare("GREATER_THAN_OR_EQUALS", ordered(value));
  }

  /** From `low` to `high`, both included. */
  between(low, high) {
    return this.ge(low).and(this.le(high));
  }

  /** One of some values, or of those of a parameter. */
  in(values) {
    if (values instanceof Parameter) return this.#compare("IN", operand(values));
    if (typeof values?.[Symbol.iterator] !== "function" || typeof values === "string") {
      refuse("what a field is in", "an array or another iterable of values", values);
    }
    return this.#compare("IN", ["values", [...values]]);
  }

  /** A text or bytes that begin so. */
  startsWith(prefix) {
    return this.#compare("STARTS_WITH", ordered(prefix));
  }

  /** A text in the form of a pattern of SQL: `%` stands for any text and `_` for one character. */
  like(pattern) {
    return this.#compare("LIKE", ["value", text(pattern, "a pattern")]);
  }

  isNull() {
    return this.#compare("IS_NULL", ["none"]);
  }

  isNotNull() {
    return this.#compare("NOT_NULL", ["none"]);
  }

  /** The repeated field has no values. */
  isEmpty() {
    return this.#compare("IS_EMPTY", ["none"]);
  }

  /** The repeated field has values. */
  isNotEmpty() {
    return this.#compare("NOT_EMPTY", ["none"]);
  }

  /** One of the values of a repeated field. With a filter of the messages in the field: it is true of one of them. */
  any(filter) {
    return filter === undefined ? new Field(this.#path, true) : ofTree(["any", this.#path, treeOf(filter)]);
  }

  /** `filter` is true of the message in the field. */
  matches(filter) {
    return ofTree(["matches", this.#path, treeOf(filter)]);
  }

  #compare(kind, with_) {
    return ofTree(["compare", this.#path, this.#any, kind, ...with_]);
  }
}

/** A value that is given when a query runs. */
class Parameter {
  constructor(name) {
    this.name = text(name, "the name of a parameter");
    Object.freeze(this);
  }
}

/** The field `path` of a record; dots lead into the messages in its fields. */
function field(path) {
  return new Field(path);
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

function ordered(value) {
  if (value === null) throw invalidArgument("nothing is less or greater than null, or begins with it");
  return operand(value);
}

/** What a field is compared with. */
function operand(value) {
  if (value instanceof Parameter) return ["parameter", value.name];
  if (value instanceof Field) throw invalidArgument("a field is compared with a value, not with another field");
  if (value === undefined) throw invalidArgument("the value to compare with is missing", { given: shown(value) });
  return ["value", value];
}

module.exports = { Field, Filter, field, packedTree, parameter, toTree };
