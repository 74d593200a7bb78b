// `Cursor`: the results of a scan.
"use strict";

const { count } = require("./argument.js");
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
  #last = Promise.resolve();

  /** `read` reads a result from a `Reader`. */
  constructor(native, { tx, signal, read }) {
    this.#native = native;
    this.#tx = tx;
    this.#signal = signal;
    this.#read = read;
  }

  /** The next `max` results; fewer at the end, none after it. */
  nextBatch(max = BATCH_RESULTS) {
    const turn = this.#last.then(() => this.#fetch(max));
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

  async #fetch(max) {
    const wanted = count(max, "the size of a batch", 1);
    this.#signal?.throwIfAborted();
    if (this.#ended) return [];
    const fetching = inTransaction(this.#tx, () => settle(this.#native.nextBatch(wanted)));
    const reader = new Reader(await orAbort(fetching, this.#signal));
    const batch = new Array(reader.list());
    for (let at = 0; at < batch.length; at++) batch[at] = this.#read(reader);
    if (batch.length < wanted) this.close();
    return batch;
  }
}

function nothing() {}

module.exports = { Cursor };
