// `Transaction`: one attempt of `Database.run`, or one of `Database.transaction`.
"use strict";

const { refuse } = require("./argument.js");
const { invalidArgument, settle } = require("./error.js");

/** Calls `call` with the addon's transaction behind `tx`, after the calls before it; without `tx`, at once with none. */
let inTransaction;
/** Calls `call` at once with the addon's transaction behind `tx`, or with none. */
let withNative;
/** Waits for the calls that a body has made and not awaited, then leaves nothing to be done with its transaction. */
let end;
/** A transaction that `Database.run` commits. */
let attemptOf;

/** One transaction: all that it reads is of one moment, and all that it writes takes effect at once, or not at all. */
class Transaction {
  #native;
  #byRun = false;
  #last = Promise.resolve();

  static {
    withNative = (tx, call) => {
      if (tx === undefined) return call(undefined);
      if (!(tx instanceof Transaction)) return refuse("tx", "a Transaction", tx);
      return call(tx.#native);
    };
    inTransaction = (tx, call) =>
      withNative(tx, (native) => (native === undefined ? call(native) : tx.#follow(() => call(native))));
    end = async (tx) => {
      let last;
      do {
        last = tx.#last;
        await last;
      } while (last !== tx.#last);
      tx.#native.end();
    };
    attemptOf = (native) => {
      const tx = new Transaction(native);
      tx.#byRun = true;
      return tx;
    };
  }

  constructor(native) {
    this.#native = native;
  }

  /** The number of this attempt, from 1. */
  get attempt() {
    return this.#native.attempt;
  }

  /** Whether an earlier attempt may have committed: what this one writes may be there already. */
  get maybeCommitted() {
    return this.#native.maybeCommitted;
  }

  /** The 10 bytes that order this transaction among all others; null before it has committed, and if it saved no versions. */
  get versionstamp() {
    const stamp = this.#native.versionstamp;
    return stamp ? new Uint8Array(stamp) : null;
  }

  /** Commits a transaction of `Database.transaction`. Nothing can be done with it afterwards. */
  async commit() {
    if (this.#byRun) {
      throw invalidArgument("Database.run commits its transaction after the body: return to commit, throw to give up");
    }
    return this.#follow(() => settle(this.#native.commit()));
  }

  /** Gives up. Nothing of the transaction takes effect; a second time does nothing. */
  cancel() {
    this.#native.cancel();
  }

  /** Gives up what was not committed. */
  async [Symbol.asyncDispose]() {
    this.cancel();
  }

  #follow(call) {
    const turn = this.#last.then(call);
    this.#last = turn.then(nothing, nothing);
    return turn;
  }
}

function nothing() {}

module.exports = { Transaction, attemptOf, end, inTransaction, withNative };
