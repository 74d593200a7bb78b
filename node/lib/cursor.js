// `Cursor`: the results of a scan.
"use strict";

const { count, refuse } = require("./argument.js");
const { orAbort } = require("./abort.js");
const { invalidArgument, settle } = require("./error.js");
const { Reader } = require("./packed.js");
const { inTransaction } = require("./transaction.js");

/** How many results one call of the addon fetches. */
const BATCH_RESULTS = 256;

/** The results of a scan, to be iterated over once with `for await`. */
class Cursor {
  #native;
  #tx;
  #signal;
  #read;
  #iterated = false;
  #ended = false;
  #end = { continuation: null, noNextReason: null };
  #last = Promise.resolve();

  /** `read` reads a result from a `Reader`. */
  constructor(native, { tx, signal, read }) {
    this.#native = native;
    this.#tx = tx;
    this.#signal = signal;
    this.#read = read;
  }

  /** The next `max` results; fewer at the end, none after it. */
  async nextBatch(max = BATCH_RESULTS) {
    return (await this.page(max)).results;
  }

  /** The next `size` results, where another scan goes on behind them, and why there are fewer if there are. */
  page(size) {
    const turn = this.#last.then(() => this.#fetch(size));
    this.#last = turn.then(nothing, nothing);
    return turn;
  }

  /** All results that are left, as an array. */
  async toArray() {
    const all = [];
    for await (const result of this) all.push(result);
    return all;
  }

  /** Leaves the results that are left, and frees what the scan holds. A second time does nothing. */
  close() {
    this.#ended = true;
    this.#native.close();
  }

  [Symbol.asyncIterator]() {
    if (this.#iterated) throw invalidArgument("the results of a scan are iterated over once: scan again");
    this.#iterated = true;
    return this.#results();
  }

  async [Symbol.asyncDispose]() {
    this.close();
  }

  async *#results() {
    try {
      for (;;) {
        const batch = await this.nextBatch();
        if (batch.length === 0) return;
        for (const result of batch) yield result;
      }
    } finally {
      this.close();
    }
  }

  async #fetch(size) {
    const wanted = count(size, "the size of a batch", 1) ?? refuse("the size of a batch", "an integer from 1", size);
    this.#signal?.throwIfAborted();
    if (this.#ended) return { results: [], ...this.#end };
    const fetching = inTransaction(this.#tx, () => settle(this.#native.nextBatch(wanted)));
    const reader = new Reader(await orAbort(fetching, this.#signal));
    const results = new Array(reader.list());
    for (let at = 0; at < results.length; at++) results[at] = this.#read(reader);
    const end = { continuation: reader.value(), noNextReason: reader.value() };
    if (results.length < wanted) {
      this.#end = end;
      this.close();
    }
    return { results, ...end };
  }
}

function nothing() {}

module.exports = { Cursor };
