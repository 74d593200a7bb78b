// `Field`: a field of a record, as a column of keys and as what filters compare.
"use strict";

const { refuse, shown, text } = require("./argument.js");
const { invalidArgument } = require("./error.js");
const { Parameter, ofTree, treeOf } = require("./filter.js");
const { COLUMNS, ofTree: expressionOf, trees } = require("./key-expression.js");

/** A field of a record: what a filter compares, and a column of a key. */
class Field {
  #path;
  /** How it is a column: which values of a repeated field, and what a missing one stands for. */
  #fan;
  #missing;
  /** Whether a filter asks for one of the values of a repeated field. */
  #any;

  constructor(path, { fan = "one", missing = "null", any = false } = {}) {
    this.#path = text(path, "the name of a field");
    this.#fan = fan;
    this.#missing = missing;
    this.#any = any;
  }

  /** The name of the field, with dots. */
  get name() {
    return this.#path;
  }

  /** As a column of a repeated field: a row for each value. */
  fanOut() {
    return this.#with({ fan: "fan_out" });
  }

  /** As a column of a repeated field: all values as one array. */
  concatenate() {
    return this.#with({ fan: "concatenate" });
  }

  /** As a column of a unique index: records without a value collide, as those with the same value do. */
  uniqueNull() {
    return this.#with({ missing: "unique_null" });
  }

  /** As a column: the field's default where there is no value. */
  notNull() {
    return this.#with({ missing: "not_null" });
  }

  /** As columns: those of the message in this field. */
  nest(...columns) {
    const [, ...own] = this[COLUMNS]();
    return expressionOf(["nest", ...own, trees(columns)]);
  }

  /** As a column grouped by others: what an index of sums keeps for each group. */
  groupBy(...columns) {
    return expressionOf(this[COLUMNS]()).groupBy(...columns);
  }

  /** As a column that is one group. */
  ungrouped() {
    return expressionOf(this[COLUMNS]()).ungrouped();
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
    return filter === undefined ? this.#with({ any: true }) : ofTree(["any", this.#path, treeOf(filter)]);
  }

  /** `filter` is true of the message in the field. */
  matches(filter) {
    return ofTree(["matches", this.#path, treeOf(filter)]);
  }

  [COLUMNS]() {
    if (this.#any) {
      const facts = { field: this.#path };
      throw invalidArgument("any() is for filters: a column has all values, with fanOut() or concatenate()", facts);
    }
    return ["field", this.#path, this.#fan, this.#missing];
  }

  [Symbol.for("nodejs.util.inspect.custom")]() {
    return `field(${JSON.stringify(this.#path)})`;
  }

  #with(more) {
    return new Field(this.#path, { fan: this.#fan, missing: this.#missing, any: this.#any, ...more });
  }

  #compare(kind, with_) {
    return ofTree(["compare", this.#path, this.#any, kind, ...with_]);
  }
}

/** The field `path` of a record; dots lead into the messages in its fields. */
function field(path) {
  return new Field(path);
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

module.exports = { Field, field };
