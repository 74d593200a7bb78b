// `RecordSpace`: the records of one schema under a path.
"use strict";

const { count, flag, milliseconds, options, refuse, signal, text } = require("./argument.js");
const { Cursor } = require("./cursor.js");
const { checked, settle } = require("./error.js");
const { buildArguments, follow } = require("./index-build.js");
const { packedExpressions } = require("./key-expression.js");
const { Reader, Writer } = require("./packed.js");
const { Query } = require("./query.js");
const { Schema, nativeOf, toNative } = require("./schema.js");
const { inTransaction, withNative } = require("./transaction.js");
const { RecordVersion } = require("./version.js");

const RUN_OPTIONS = ["after", "maxRows", "maxBytes", "maxMs", "snapshot", "tx", "signal"];
const SCAN_OPTIONS = ["reverse", "limit", "skip", ...RUN_OPTIONS];
const BOUNDS = ["prefix", "start", "end"];

/** The types of the records that came out of spaces, but for the only type of a space. */
const typesOfRecords = new WeakMap();

/** The records of one schema under a path such as `prod/users`. Made by `Database.space`. */
class RecordSpace {
  #native;
  /** The record type of a space that had one when it was opened. */
  #onlyType;

  constructor(native) {
    this.#native = native;
    const types = native.recordTypes;
    if (types.length === 1) [this.#onlyType] = types;
  }

  /** The path of the space. */
  get path() {
    return this.#native.path;
  }

  /** Saves a record over the one with its key, if there is one. */
  async put(record, given) {
    const { type, version, tx } = options(given, "type", "version", "tx");
    if (version !== undefined && !(version instanceof RecordVersion)) refuse("version", "a RecordVersion", version);
    return this.#saveOne("put", record, type, version?.toBytes(), tx);
  }

  /** Saves a new record. One with its key is an error: `RecordAlreadyExists`. */
  async insert(record, given) {
    const { type, tx } = options(given, "type", "tx");
    return this.#saveOne("insert", record, type, undefined, tx);
  }

  /** Saves a record over the one of its key and type. If there is none, it is an error: `RecordNotFound`. */
  async update(record, given) {
    const { type, tx } = options(given, "type", "tx");
    return this.#saveOne("update", record, type, undefined, tx);
  }

  /** Saves records, all or none, in one transaction. */
  async putAll(records, given) {
    return this.#saveAll("put", records, given);
  }

  /** Saves new records, all or none, as `putAll`. */
  async insertAll(records, given) {
    return this.#saveAll("insert", records, given);
  }

  /** Saves records over those of their keys and types, all or none, as `putAll`. */
  async updateAll(records, given) {
    return this.#saveAll("update", records, given);
  }

  /** As which record type `put` saves this object when it is not told: as what it came out of a space, or the only one. */
  typeOf(record) {
    if (!isObject(record)) refuse("a record", "an object", record);
    return typesOfRecords.get(record) ?? this.#onlyType;
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

  /** Deletes all records whose primary keys begin with these columns, or all of a type, without reading them. */
  async deleteWhere(prefix = [], given) {
    const [packed, type, tx] = keyed(prefix, given);
    await inTransaction(tx, (native) => settle(this.#native.deleteWhere(packed, type, native)));
  }

  /** Deletes all records. The schema stays. */
  async deleteAll(given) {
    const { tx } = options(given, "tx");
    await inTransaction(tx, (native) => settle(this.#native.deleteAll(native)));
  }

  /** The records in the order of their primary keys. */
  scan(given) {
    return this.#scanOfType(given, (...asked) => this.#native.scan(...asked), this.#record);
  }

  /** The primary keys of the records, in their order, without the records. */
  scanKeys(given) {
    return this.#scanOfType(given, (...asked) => this.#native.scanKeys(...asked), (reader) => reader.value());
  }

  /** The entries of an index in its order. */
  scanIndex(name, given) {
    return this.#scanOfIndex(name, given, (...asked) => this.#native.scanIndex(...asked), entry);
  }

  /** The records in the order of an index. A record comes as often as it has entries in the range. */
  scanBy(name, given) {
    return this.#scanOfIndex(name, given, (...asked) => this.#native.scanBy(...asked), this.#record);
  }

  /** What breaks the uniqueness of an index that is being built, or is not yet unique, by value and primary key. */
  uniquenessViolations(name, given) {
    return this.#scanOfIndex(name, given, (...asked) => this.#native.uniquenessViolations(...asked), violation);
  }

  /** Deletes the records that have this value in a unique index, but for the one whose key is `keep`, if it is said. */
  async resolveUniqueness(name, value, given) {
    const { keep, tx } = options(given, "keep", "tx");
    const [index, packed] = [text(name, "the name of an index"), packedKey(value)];
    const kept = keep === undefined ? undefined : packedKey(keep);
    await inTransaction(tx, (native) => settle(this.#native.resolveUniqueness(index, packed, kept, native)));
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

  /** How many records there are, or how many of a type, by the count indexes of the schema, or by its record count key. */
  async count(given) {
    const { type, tx } = options(given, "type", "tx");
    const recordType = type === undefined ? undefined : text(type, "type");
    return inTransaction(tx, (native) => settle(this.#native.count(recordType, native)));
  }

  /** How many records have this value of a key, by the record count key of the schema or a count index over all types. */
  async countBy(key, value, given) {
    const { tx } = options(given, "tx");
    const [counted, packed] = [packedExpressions(key), packedKey(value)];
    return inTransaction(tx, (native) => settle(this.#native.countBy(counted, packed, native)));
  }

  /** The states of all indexes by their names. */
  async indexStates(given) {
    const { tx } = options(given, "tx");
    return Object.fromEntries(await inTransaction(tx, (native) => settle(this.#native.indexStates(native))));
  }

  /** The state of an index. */
  async indexState(name, given) {
    const [index, { tx }] = [text(name, "the name of an index"), options(given, "tx")];
    return inTransaction(tx, (native) => settle(this.#native.indexState(index, native)));
  }

  /** Puts an index into a state; says whether that changed anything. */
  async markIndex(name, state, given) {
    const { tx } = options(given, "tx");
    const [index, wanted] = [text(name, "the name of an index"), text(state, "the state of an index")];
    return inTransaction(tx, (native) => settle(this.#native.markIndex(index, wanted, native)));
  }

  /** Takes an index out of use and clears its entries: it costs nothing until it is built again. */
  async disableIndex(name, given) {
    return this.markIndex(name, "DISABLED", given);
  }

  /** Builds an index again, in one transaction: for spaces of few records. `buildIndexes` does it in many. */
  async rebuildIndex(name, given) {
    const [index, { tx }] = [text(name, "the name of an index"), options(given, "tx")];
    await inTransaction(tx, (native) => settle(this.#native.rebuildIndex(index, native)));
  }

  /** Builds all indexes that are not readable, or those that are named, in many transactions. */
  async buildIndexes(given) {
    const { names, progress, stop, how } = buildArguments(given);
    stop?.throwIfAborted();
    return follow(checked(this.#native.buildIndexes(names, how)), progress, stop);
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

  async #saveOne(how, record, type, version, tx) {
    const [saved] = await this.#save(how, [record], type, version, tx);
    return saved;
  }

  async #saveAll(how, records, given) {
    const { type, tx } = options(given, "type", "tx");
    if (typeof records?.[Symbol.iterator] !== "function" || typeof records === "string") {
      refuse("records", "an array or another iterable of records", records);
    }
    return this.#save(how, [...records], type, undefined, tx);
  }

  async #save(how, records, type, version, tx) {
    const told = type === undefined ? undefined : text(type, "type");
    const writer = new Writer();
    writer.list(records.length);
    for (const record of records) {
      writer.value(told ?? (isObject(record) ? typesOfRecords.get(record) : undefined));
      writer.value(record);
    }
    const packed = writer.bytes();
    const saved = await inTransaction(tx, (native) => settle(this.#native.save(how, packed, version, native)));
    return new Reader(saved).value().map((columns) => stored(...columns, tx));
  }

  #scanOfType(given, scan, read) {
    const { type, prefix, start, end, ...rest } = options(given, "type", ...BOUNDS, ...SCAN_OPTIONS);
    const [recordType, bounds] = [type === undefined ? undefined : text(type, "type"), packedBounds(prefix, start, end)];
    return this.#cursor(rest, (...how) => scan(recordType, bounds, ...how), read);
  }

  #scanOfIndex(name, given, scan, read) {
    const { prefix, start, end, ...rest } = options(given, ...BOUNDS, ...SCAN_OPTIONS);
    const [index, bounds] = [text(name, "the name of an index"), packedBounds(prefix, start, end)];
    return this.#cursor(rest, (...how) => scan(index, bounds, ...how), read);
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
    if (record !== null && reader.messageName !== this.#onlyType) typesOfRecords.set(record, reader.messageName);
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

/** What breaks the uniqueness of an index, from what the addon writes of it. */
function violation(reader) {
  const [value, primaryKey, existingPrimaryKey] = reader.value();
  return { value, primaryKey, existingPrimaryKey };
}

/** What was saved. The version of what was saved in a transaction of the caller's own is complete once that has committed. */
function stored(type, primaryKey, version, tx) {
  if (tx === undefined || version === null) return { type, primaryKey, version };
  return {
    type,
    primaryKey,
    get version() {
      return version.completedBy(tx.versionstamp);
    },
  };
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
