// `Database`: opening by URL, spaces, and running in transactions.
"use strict";

const { fileURLToPath } = require("node:url");
const { callback, count, milliseconds, options, refuse, signal, text } = require("./argument.js");
const { orAbort } = require("./abort.js");
const { RecordStoreError, checked, settle } = require("./error.js");
const native = require("./native.js");
const { toNative } = require("./schema.js");
const { RecordSpace } = require("./space.js");
const { Transaction, attemptOf, end } = require("./transaction.js");

/** Opens the database that `url` names. */
async function open(url, given) {
  const { root } = options(given, "root");
  const location = url instanceof URL && url.protocol === "file:" ? fileURLToPath(url) : text(url, "the URL of a database");
  return new Database(await settle(native.open(location, root === undefined ? undefined : text(root, "root"))));
}

/** An open database. Made by `open`. */
class Database {
  #native;

  constructor(opened) {
    if (!(opened instanceof native.Database)) refuse("a database", "opened by open(url)", opened);
    this.#native = opened;
  }

  /** A short name for messages: `memory:`, or a path. */
  get name() {
    return this.#native.name;
  }

  /** Opens the record space at `path`. */
  async space(path, schema, given) {
    const [name, made] = [text(path, "the path of a space"), await toNative(schema, given)];
    return new RecordSpace(await settle(this.#native.space(name, made)));
  }

  /** The paths of the record spaces below `prefix`, at any depth; all of them without it. */
  async spaces(prefix = "") {
    return settle(this.#native.spaces(text(prefix, "a prefix")));
  }

  /** Removes a record space with its records, its schema and all spaces below it; says whether there was one. */
  async removeSpace(path) {
    return settle(this.#native.removeSpace(text(path, "the path of a space")));
  }

  /** Moves a record space, or a folder of some, with all spaces below it. */
  async moveSpace(source, target) {
    const [from, to] = [text(source, "the path of a space"), text(target, "the new path of a space")];
    await settle(this.#native.moveSpace(from, to));
  }

  /** Runs `body(tx)` in a transaction, commits it and gives what `body` gives; tries again on a conflict. */
  async run(body, given) {
    const said = options(given, "timeoutMs", "maxAttempts", "signal");
    if (callback(body, "the body") === undefined) refuse("the body", "a function", body);
    const [timeoutMs, maxAttempts, stop] = [
      milliseconds(said.timeoutMs, "timeoutMs"),
      count(said.maxAttempts, "maxAttempts", 1),
      signal(said.signal),
    ];
    stop?.throwIfAborted();
    const run = checked(this.#native.run(timeoutMs, maxAttempts));
    let tx, result, thrown;
    try {
      for (;;) {
        const turn = await orAbort(settle(run.next()), stop);
        if (turn === true) return result;
        // What the body threw comes out as it is.
        if (turn === false) throw thrown;
        tx = attemptOf(turn);
        try {
          result = await orAbort(attempt(body, tx), stop);
          run.returned();
        } catch (error) {
          thrown = error;
          run.threw(error instanceof RecordStoreError ? (error.fdbCode ?? undefined) : undefined);
        }
        if (stop?.aborted) throw stop.reason;
      }
    } finally {
      tx?.cancel();
      run.abandon();
    }
  }

  /** A transaction that its user commits. It is tried once: a conflict is an error that is `retryable`. */
  transaction() {
    return new Transaction(checked(this.#native.transaction()));
  }

  /** Closes the database, and with it everything that came from it. A second time does nothing. */
  async close() {
    await settle(this.#native.close());
  }

  async [Symbol.asyncDispose]() {
    await this.close();
  }
}

/** Runs the body of an attempt, and leaves nothing to be done with the transaction afterwards. */
async function attempt(body, tx) {
  try {
    return await body(tx);
  } finally {
    await end(tx);
  }
}

module.exports = { Database, open };
