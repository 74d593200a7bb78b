// `Query`: which records of a space are wanted, and in which order.
"use strict";

const { count, flag, options, text, texts } = require("./argument.js");
const { toTree } = require("./filter.js");
const { packedColumns } = require("./key-expression.js");
const { Writer } = require("./packed.js");

/** Which records of a space are wanted, built step by step. Each method gives a new query; iterating runs it. */
class Query {
  #asked;
  #of;

  /** `of` has what runs a packed query, `run` and `explain`. */
  constructor(of, asked = { types: [], filters: [] }) {
    this.#of = of;
    this.#asked = asked;
  }

  /** The query that a space is asked with. */
  static of(space, filter, values, given) {
    const { type, orderBy, reverse, limit, skip, using } = options(given, "type", "orderBy", "reverse", "limit", "skip", "using");
    let query = new Query(space, { types: type === undefined ? [] : [text(type, "type")], filters: [] });
    if (filter !== undefined) query = query.where(filter, values);
    if (orderBy !== undefined) query = query.orderBy(orderBy, { reverse });
    else if (flag(reverse, "reverse")) query = query.#with({ reverse });
    if (limit !== undefined) query = query.limit(limit);
    if (skip !== undefined) query = query.skip(skip);
    return using === undefined ? query : query.using(...texts(using, "using"));
  }

  /** Only records of which this is true too: a `Filter`, or text with the values of its `?` or `:name`. */
  where(filter, values) {
    return this.#with({ filters: [...this.#asked.filters, toTree(filter, values)] });
  }

  /** In the order of these columns. An index that has it is scanned, or else the records are sorted in memory. */
  orderBy(columns, given) {
    const { reverse } = options(given, "reverse");
    return this.#with({ columns: packedColumns(columns, "the order"), reverse: flag(reverse, "reverse") });
  }

  /** The most records to give. */
  limit(records) {
    return this.#with({ limit: count(records, "limit") });
  }

  /** How many records to leave out first. */
  skip(records) {
    return this.#with({ skip: count(records, "skip") });
  }

  /** Only these indexes may answer. */
  using(...indexes) {
    return this.#with({ indexes: indexes.map((index) => text(index, "the name of an index")) });
  }

  /** How the records would be found: the plan, and what each of its steps reads. */
  async explain() {
    return this.#of.explain(this.#packed());
  }

  /** The records, as a cursor. */
  run(given) {
    return this.#of.run(this.#packed(), given);
  }

  /** All records, as an array. */
  async toArray(given) {
    return this.run(given).toArray();
  }

  /** The first `size` records, or those behind the page whose `continuation` is given as `after`. */
  async page(size, given) {
    const cursor = this.run(given);
    try {
      return await cursor.page(size);
    } finally {
      cursor.close();
    }
  }

  [Symbol.asyncIterator]() {
    return this.run()[Symbol.asyncIterator]();
  }

  #with(more) {
    return new Query(this.#of, { ...this.#asked, ...more });
  }

  #packed() {
    const { types, filters, columns, reverse = false, limit, skip, indexes } = this.#asked;
    const writer = new Writer();
    const optional = (given, write) => {
      writer.value(given !== undefined);
      if (given !== undefined) write(given);
    };
    writer.value(types);
    writer.value(filters);
    optional(columns, (packed) => writer.packed(packed));
    writer.value(reverse);
    writer.value(limit);
    writer.value(skip);
    optional(indexes, (names) => writer.value(names));
    return writer.bytes();
  }
}

module.exports = { Query };
