// `RecordSpace`: the records of one schema under a path.
"use strict";

const { callback, count, flag, milliseconds, options, refuse, signal, text, texts } = require("./argument.js");
const { Cursor } = require("./cursor.js");
const { checked, settle } = require("./error.js");
const { follow } = require("./index-build.js");
const { Reader, Writer } = require("./packed.js");
const { Query } = require("./query.js");
const { Schema, nativeOf, toNative } = require("./schema.js");
const { inTransaction, withNative } = require("./transaction.js");
const { RecordVersion } = require("./version.js");

const RUN_OPTIONS = ["after", "maxRows", "maxBytes", "maxMs", "snapshot", "tx", "signal"];
const SCAN_OPTIONS = ["reverse", "limit", "skip", ...RUN_OPTIONS];
const BOUNDS = ["prefix", "start", "end"];

/** The types of the records that came out of spaces with several. */
const typesOfRecords = new WeakMap();

/** The records of one schema under a path such as `prod/users`. Made by `Database.space`. */
class RecordSpace {
  #native;
  #severalTypes;

  constructor(native) {
    this.#native = native;
    this.#severalTypes = native.recordTypes.length > 1;
  }

  /** The path of the space. */
  get path() {
    return this.#native.path;
  }

  /** Saves a record over the one with its key, if there is one. */
  async put(record, given) {
    const { type, version, tx } = options(given, "type", "version", "tx");
    if (version !== undefined && !(version instanceof RecordVersion)) refuse("version", "a RecordVersion", version);
    const [saved] = await this.#save([record], type, version?.toBytes(), tx);
    return saved;
  }

  /** Saves records, all or none, in one transaction. */
  async putAll(records, given) {
    const { type, tx } = options(given, "type", "tx");
    if (typeof records?.[Symbol.iterator] !== "function" || typeof records === "string") {
      refuse("records", "an array or another iterable of records", records);
    }
    return this.#save([...records], type, undefined, tx);
  }

  /** The record with this key, or undefined. */
  async get(key, given) {
    const [packed, type, tx] = keyed(key, given);
    const found = await inTransaction(tx, (native) => settle(this.#native.get(packed, type, native)));
    return this.#record(new Reader(found)) ?? undefined;
  }

  /** Deletes the record with this key; says whether there was one. */
  async delete(key, given) {
    const [packed, type, tx] = keyed(key, given);
    return inTransaction(tx, (native) => settle(this.#native.delete(packed, type, native)));
  }

  /** Whether there is a record with this key. */
  async exists(key, given) {
    const [packed, type, tx] = keyed(key, given);
    return inTransaction(tx, (native) => settle(this.#native.exists(packed, type, native)));
  }

  /** The version of the record with this key; undefined if there is no such record, or it has none. */
  async version(key, given) {
    const [packed, type, tx] = keyed(key, given);
    const found = await inTransaction(tx, (native) => settle(this.#native.version(packed, type, native)));
    return new Reader(found).value() ?? undefined;
  }

  /** The records in the order of their primary keys. */
  scan(given) {
    const { type, prefix, start, end, ...rest } = options(given, "type", ...BOUNDS, ...SCAN_OPTIONS);
    const [recordType, bounds] = [type === undefined ? undefined : text(type, "type"), packedBounds(prefix, start, end)];
    return this.#cursor(rest, (...how) => this.#native.scan(recordType, bounds, ...how), this.#record);
  }

  /** The entries of an index in its order. */
  scanIndex(name, given) {
    const { prefix, start, end, ...rest } = options(given, ...BOUNDS, ...SCAN_OPTIONS);
    const [index, bounds] = [text(name, "the name of an index"), packedBounds(prefix, start, end)];
    return this.#cursor(rest, (...how) => this.#native.scanIndex(index, bounds, ...how), entry);
  }

  /** The records in the order of an index. A record comes as often as it has entries in the range. */
  scanBy(name, given) {
    const { prefix, start, end, ...rest } = options(given, ...BOUNDS, ...SCAN_OPTIONS);
    const [index, bounds] = [text(name, "the name of an index"), packedBounds(prefix, start, end)];
    return this.#cursor(rest, (...how) => this.#native.scanBy(index, bounds, ...how), this.#record);
  }

  /** The records of which a filter is true: a `Filter`, or text with the values of its `?` or `:name`; all without it. */
  query(filter, values, given) {
    return Query.of(this.#queries, filter, values, given);
  }

  /** What an index keeps for the groups whose first columns are `group`, as an array; undefined if there is nothing. */
  async aggregate(name, group = [], given) {
    const { tx } = options(given, "tx");
    const [index, key] = [text(name, "the name of an index"), packedKey(group)];
    const value = await inTransaction(tx, (native) => settle(this.#native.aggregate(index, key, native)));
    return new Reader(value).value() ?? undefined;
  }

  /** How many records there are, by the count indexes of the schema, or by its record count key. */
  async count(given) {
    const { tx } = options(given, "tx");
    return inTransaction(tx, (native) => settle(this.#native.count(native)));
  }

  /** The states of all indexes by their names. */
  async indexStates(given) {
    const { tx } = options(given, "tx");
    return Object.fromEntries(await inTransaction(tx, (native) => settle(this.#native.indexStates(native))));
  }

  /** Builds all indexes that are not readable, or those that are named, in many transactions. */
  async buildIndexes(given) {
    const said = options(given, "names", "progress", "recordsPerSecond", "limit", "timeMaxMs", "leaseMs", "signal");
    const [progress, stop] = [callback(said.progress, "progress"), signal(said.signal)];
    stop?.throwIfAborted();
    const build = this.#native.buildIndexes(texts(said.names ?? [], "names"), {
      limit: count(said.limit, "limit"),
      recordsPerSecond: count(said.recordsPerSecond, "recordsPerSecond"),
      timeMaxMs: milliseconds(said.timeMaxMs, "timeMaxMs"),
      leaseMs: milliseconds(said.leaseMs, "leaseMs"),
    });
    return follow(checked(build), progress, stop);
  }

  /** Opens the record space at `path` below this one; otherwise as `Database.space`. */
  async child(path, schema, given) {
    const [name, made] = [text(path, "the path of a space"), await toNative(schema, given)];
    return new RecordSpace(await settle(this.#native.child(name, made)));
  }

  /** The paths of the record spaces below this one, at any depth. */
  async children() {
    return settle(this.#native.children());
  }

  /** What would change if the space got this schema, and what that costs. It changes nothing. */
  async plan(schema) {
    const made = await schema;
    if (!(made instanceof Schema)) refuse("a schema", "a Schema", made);
    const diff = await settle(this.#native.plan(nativeOf(made)));
    const changes = diff.changes.map((change) => withText(change));
    return withText({ allowed: diff.allowed, changes, text: diff.text });
  }

  /** The versions of the schemas that the space had, from the oldest to the current one. */
  async schemaVersions() {
    return settle(this.#native.schemaVersions());
  }

  async #save(records, type, version, tx) {
    const told = type === undefined ? undefined : text(type, "type");
    const writer = new Writer();
    writer.list(records.length);
    for (const record of records) {
      writer.value(told ?? (isObject(record) ? typesOfRecords.get(record) : undefined));
      writer.value(record);
    }
    const packed = writer.bytes();
    const saved = await inTransaction(tx, (native) => settle(this.#native.put(packed, version, native)));
    return new Reader(saved).value().map(([recordType, primaryKey, saving]) => ({
      type: recordType,
      primaryKey,
      version: saving,
    }));
  }

  #cursor(given, open, read) {
    const { tx, signal: stop } = given;
    const asked = scanArguments(given);
    const native = withNative(tx, (transaction) => open(asked, transaction));
    return new Cursor(native, { tx, signal: signal(stop), read });
  }

  /** What runs queries of this space. */
  #queries = {
    run: (packed, given) =>
      this.#cursor(options(given, ...RUN_OPTIONS), (...how) => this.#native.query(packed, ...how), this.#record),
    explain: (packed) => settle(this.#native.explain(packed)),
  };

  #record = (reader) => {
    const record = reader.value();
    if (this.#severalTypes && record !== null) typesOfRecords.set(record, reader.messageName);
    return record;
  };
}

/** How far a scan goes and where it goes on, as the addon wants to be told. */
function scanArguments(given) {
  const { after } = given;
  if (after !== undefined && after !== null && !(after instanceof Uint8Array)) {
    refuse("after", "the continuation of another scan", after);
  }
  return {
    reverse: flag(given.reverse, "reverse"),
    limit: count(given.limit, "limit"),
    skip: count(given.skip, "skip"),
    after: after ? Buffer.from(after) : undefined,
    maxRows: count(given.maxRows, "maxRows"),
    maxBytes: count(given.maxBytes, "maxBytes"),
    maxMs: milliseconds(given.maxMs, "maxMs"),
    snapshot: flag(given.snapshot, "snapshot"),
  };
}

/** An entry of an index from what the addon writes of it. */
function entry(reader) {
  const [key, value, primaryKey] = reader.value();
  return { key, value, primaryKey };
}

/** The arguments of a call that is about the record with a key. */
function keyed(key, given) {
  const { type, tx } = options(given, "type", "tx");
  return [packedKey(key), type === undefined ? undefined : text(type, "type"), tx];
}

function packedKey(key) {
  if (key === undefined) refuse("a key", "a column, or an array of columns", key);
  const writer = new Writer();
  writer.value(key);
  return writer.bytes();
}

function packedBounds(...bounds) {
  const writer = new Writer();
  bounds.forEach((bound) => writer.value(bound));
  return writer.bytes();
}

function isObject(value) {
  return typeof value === "object" && value !== null;
}

/** What is shown as `text`, which is no property of its own. */
function withText({ text: line, ...rest }) {
  return Object.defineProperty(rest, "toString", { value: () => line });
}

module.exports = { RecordSpace };
