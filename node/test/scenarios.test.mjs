// The scenarios of `tests/scenarios`, carried out in JavaScript; see the README there.

import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";

import { open, RecordStoreError, Schema } from "record-store";

import { backends, place } from "./support.mjs";

// `require` finds what is named by NODE_PATH, too.
const { parse } = createRequire(import.meta.url)("smol-toml");

const FOLDER = fileURLToPath(new URL("../../tests/scenarios/", import.meta.url));

/** The words of a step besides what it does and what comes of it. */
const WORDS = {
  open: ["space", "schema", "below"],
  reopen: [],
  put: ["space", "type", "record"],
  put_all: ["space", "type", "records"],
  insert: ["space", "type", "record"],
  update: ["space", "type", "record"],
  get: ["space", "type", "key"],
  exists: ["space", "type", "key"],
  delete: ["space", "type", "key"],
  delete_where: ["space", "type", "key"],
  versions: ["space", "type", "keys"],
  count: ["space", "type", "by", "value"],
  scan: ["space", "type", "prefix", "start", "end", "reverse", "limit"],
  scan_keys: ["space", "type", "prefix", "start", "end", "reverse", "limit"],
  scan_index: ["space", "index", "prefix", "start", "end", "reverse", "limit"],
  scan_by: ["space", "index", "prefix", "start", "end", "reverse", "limit"],
  query: ["space", "type", "where", "parameters", "order_by", "reverse", "limit", "fields", "explain"],
  aggregate: ["space", "index", "group"],
  index_states: ["space"],
  build_indexes: ["space", "allow_unique_pending"],
  mark_index: ["space", "index", "state"],
  rebuild_index: ["space", "index"],
  uniqueness_violations: ["space", "index", "prefix", "start", "end", "reverse", "limit"],
  resolve_uniqueness: ["space", "index", "value", "keep"],
  plan: ["space", "schema"],
  schema_versions: ["space"],
  spaces: ["path"],
  children: ["space"],
  remove_space: ["path"],
  move_space: ["path", "to"],
  transaction: ["steps", "meanwhile", "cancel"],
  run: ["steps", "meanwhile"],
};
const OUTCOMES = ["do", "gives", "pages", "page_size", "error"];

const files = (await readdir(FOLDER)).filter((file) => file.endsWith(".toml")).sort();
assert.ok(files.includes("put_get_delete.toml"));

for (const backend of backends) {
  describe(`the scenarios on ${backend}`, () => {
    for (const file of files) {
      test(file, async () => {
        const scenario = parse(await readFile(path.join(FOLDER, file), "utf8"), { integersAsBigInt: true });
        const { url, remove } = await place(backend);
        const runner = new Runner(scenario, url);
        await runner.open();
        for (const [at, step] of scenario.step.entries()) {
          await runner.judge(step).catch(toldWhere(`step ${at + 1}, ${step.do}`));
        }
        await runner.database.close();
        await remove();
      });
    }
  });
}

/** Adds to an error at which step it was thrown. */
function toldWhere(where) {
  return (error) => {
    throw new Error(`${where}: ${error.message}`, { cause: error });
  };
}

/** A database under test, with the spaces that a scenario has opened. */
class Runner {
  spaces = new Map();
  current = "";

  constructor({ schemas, step }, url) {
    Object.assign(this, { schemas, step, url });
    const texts = Object.values(schemas);
    const indexes = texts.flatMap(({ indexes = [] }) => indexes);
    this.columns = new Map(indexes.map(({ name, columns = [] }) => [name, columns.length]));
    // A field that is left out of an expected record may have the first value of its enum.
    const enums = texts.flatMap(({ proto }) => [...proto.matchAll(/(\w+)\s*=\s*0\s*;/g)].map(([, name]) => name));
    this.defaults = [null, 0, 0n, "", false, [], new Map(), new Uint8Array(), ...enums];
  }

  async open() {
    this.database = await open(this.url);
  }

  /** Whether the step does what it should. */
  async judge(step, tx) {
    const unknown = Object.keys(step).filter((word) => ![...WORDS[step.do], ...OUTCOMES].includes(word));
    assert.deepEqual(unknown, [], "the words of the step");
    if (step.error) {
      const error = await this.do(step, tx).then(
        () => assert.fail(`it should fail with ${step.error.kind}`),
        (error) => error,
      );
      if (!(error instanceof RecordStoreError)) throw error;
      assert.equal(error.code, step.error.kind, error.message);
      for (const word of step.error.says ?? []) {
        assert.ok(error.message.includes(word), `the error does not say ${word}: ${error.message}`);
      }
      return;
    }
    const given = await this.do(step, tx);
    const expected = step.pages ?? step.gives;
    if (expected === undefined) return;
    const types = [];
    this.compare(given, value(expected), types);
    const space = this.spaces.get(step.space ?? this.current);
    for (const [record, type] of types) assert.equal(space.typeOf(record), type);
  }

  /** Compares, and leaves in `types` the records of which a type is expected. */
  compare(given, expected, types) {
    const wrong = () => assert.deepEqual(given, expected);
    if (Array.isArray(given)) {
      if (!Array.isArray(expected) || given.length !== expected.length) wrong();
      given.forEach((one, at) => this.compare(one, expected[at], types));
    } else if (given instanceof Map) {
      const named = expected instanceof Map ? expected : new Map(Object.entries(expected));
      assert.deepEqual([...given.keys()].sort(), [...named.keys()].sort());
      for (const [name, field] of given) this.compare(field, named.get(name), types);
    } else if (isObject(given)) {
      if (!isObject(expected)) wrong();
      const { "@type": type, ...fields } = expected;
      if (type !== undefined) types.push([given, type]);
      for (const name of Object.keys(fields)) assert.ok(name in given, `there is no ${name}`);
      for (const [name, field] of Object.entries(given)) {
        if (name in fields) this.compare(field, fields[name], types);
        else assert.ok(this.isDefault(field), `there is ${name}: ${field}`);
      }
    } else if (typeof given === "bigint" || typeof given === "number") {
      if (typeof expected !== "bigint" && typeof expected !== "number") wrong();
      // A field of 64 bits comes out as a bigint.
      assert.equal(given, typeof given === "bigint" ? BigInt(expected) : Number(expected));
    } else {
      wrong();
    }
  }

  isDefault(field) {
    return this.defaults.some((value) => isDeepStrictEqual(field, value));
  }

  async do(step, tx) {
    const { database } = this;
    switch (step.do) {
      case "open": {
        const made = step.schema && schema(this.schemas[step.schema]);
        const space = step.below
          ? await this.spaces.get(step.below).child(step.space.slice(step.below.length + 1), made)
          : await database.space(step.space, made);
        this.spaces.set(step.space, space);
        this.current = step.space;
        return undefined;
      }
      case "reopen":
        if (this.url === "memory:") return undefined;
        this.spaces.clear();
        await database.close();
        return this.open();
      case "spaces":
        return database.spaces(step.path);
      case "remove_space":
        return database.removeSpace(step.path);
      case "move_space":
        return database.moveSpace(step.path, step.to);
      case "transaction":
        return this.transaction(step);
      case "run":
        return this.run(step);
      default:
        return this.onSpace(step, this.spaces.get(step.space ?? this.current), tx);
    }
  }

  async transaction(step) {
    const tx = this.database.transaction();
    await this.steps(step.steps, tx);
    await this.steps(step.meanwhile);
    if (step.cancel) tx.cancel();
    else await tx.commit();
  }

  /** How often the steps are tried. What happens meanwhile does so in the first attempt. */
  async run(step) {
    let attempts = 0;
    await this.database.run(async (tx) => {
      attempts += 1;
      await this.steps(step.steps, tx);
      if (attempts === 1) await this.steps(step.meanwhile);
    });
    return attempts;
  }

  async steps(steps = [], tx = undefined) {
    for (const [at, inner] of steps.entries()) {
      await this.judge(inner, tx).catch(toldWhere(`step ${at + 1} of the transaction, ${inner.do}`));
    }
  }

  async onSpace(step, space, tx) {
    const { type, index } = step;
    const key = value(step.key ?? []);
    switch (step.do) {
      case "put":
        return void (await space.put(value(step.record), { type, tx }));
      case "put_all":
        return void (await space.putAll(value(step.records), { type, tx }));
      case "insert":
        return void (await space.insert(value(step.record), { type, tx }));
      case "update":
        return void (await space.update(value(step.record), { type, tx }));
      case "get":
        return (await space.get(key, { type, tx })) ?? "nothing";
      case "exists":
        return space.exists(key, { type, tx });
      case "delete":
        return space.delete(key, { type, tx });
      case "delete_where":
        return space.deleteWhere(key, { type, tx });
      case "versions":
        return versions(step, space);
      case "count":
        return step.by ? space.countBy(step.by, value(step.value), { tx }) : space.count({ type, tx });
      case "aggregate":
        return (await space.aggregate(index, value(step.group), { tx })) ?? "nothing";
      case "build_indexes":
        await space.buildIndexes({ allowUniquePending: step.allow_unique_pending });
        return states(space);
      case "index_states":
        return states(space, tx);
      case "mark_index":
        return space.markIndex(index, step.state.toUpperCase(), { tx });
      case "rebuild_index":
        return space.rebuildIndex(index, { tx });
      case "resolve_uniqueness":
        return space.resolveUniqueness(index, value(step.value), { keep: step.keep && value(step.keep), tx });
      case "plan": {
        const { changes } = await space.plan(schema(this.schemas[step.schema]));
        return changes.map(({ subject, name, action, cost }) => [subject, name, action, cost]);
      }
      case "schema_versions":
        return space.schemaVersions();
      case "children":
        return space.children();
      case "query":
        return query(step, space, tx);
      case "scan":
        return pages(step, (options) => space.scan({ ...options, type, tx }));
      case "scan_keys":
        return pages(step, (options) => space.scanKeys({ ...options, type, tx }), (found) => found.slice(1));
      case "uniqueness_violations": {
        const scan = (options) => space.uniquenessViolations(index, { ...options, tx });
        return pages(step, scan, (violation) => [...violation.value, ...violation.primaryKey.slice(1)]);
      }
      case "scan_by":
        return pages(step, (options) => space.scanBy(index, { ...options, tx }));
      case "scan_index": {
        const columns = this.columns.get(index);
        return pages(step, (options) => space.scanIndex(index, { ...options, tx }), (entry) => columnsOf(entry, columns));
      }
      default:
        return assert.fail(`${step.do} is no verb of this runner`);
    }
  }
}

function schema(text) {
  return Schema.fromProto(text.proto, {
    primaryKey: text.primary_key,
    indexes: (text.indexes ?? []).map(({ group_by: groupBy, ...rest }) => ({ ...rest, groupBy: groupBy ?? [] })),
    dropIndexes: text.drop_indexes ?? [],
    dropTypes: text.drop_types ?? [],
  });
}

async function states(space, tx) {
  const found = Object.entries(await space.indexStates({ tx }));
  return Object.fromEntries(found.map(([name, state]) => [name, state.toLowerCase()]));
}

/** The keys in the order of the versions of their records, without those that have none. */
async function versions({ keys, type }, space) {
  const found = await Promise.all(keys.map(async (key) => [await space.version(value(key), { type }), value(key)]));
  const saved = found.filter(([version]) => version !== undefined);
  return saved.sort(([a], [b]) => a.compareTo(b)).map(([, key]) => key);
}

/** The records that a query asks for, or their fields. */
async function query(step, space, tx) {
  const asked = space.query(step.where, value(step.parameters ?? []), {
    type: step.type,
    orderBy: step.order_by,
    reverse: step.reverse,
    limit: step.limit === undefined ? undefined : Number(step.limit),
  });
  const plan = step.explain ? await asked.explain() : "";
  for (const words of step.explain ?? []) assert.ok(plan.includes(words), `the plan does not say ${words}: ${plan}`);
  const shown = (record) => (step.fields ? step.fields.map((name) => record[name]) : record);
  return pages(step, ({ after }) => asked.run({ after, tx }), shown);
}

/** All results of a scan, or pages of them, each from the continuation of the one before. */
async function pages(step, scan, show = (result) => result) {
  const options = { reverse: step.reverse };
  if (step.limit !== undefined) options.limit = Number(step.limit);
  for (const bound of ["prefix", "start", "end"]) if (bound in step) options[bound] = value(step[bound]);
  if (step.page_size === undefined) return (await scan(options).toArray()).map(show);
  const found = [];
  for (let after = undefined; after !== null; ) {
    const page = await scan({ ...options, after }).page(Number(step.page_size));
    if (page.results.length > 0) found.push(page.results.map(show));
    after = page.continuation;
  }
  return found;
}

/** The key of an entry without the key of the record type, which stands behind the columns of the index. */
function columnsOf({ key, primaryKey }, columns) {
  return key.filter((_, at) => at !== columns || primaryKey.length === 0);
}

/** A value of a scenario, with what TOML has no way to say. */
function value(given) {
  if (typeof given === "bigint") return Number.isSafeInteger(Number(given)) ? Number(given) : given;
  if (Array.isArray(given)) return given.map(value);
  if (!isObject(given)) return given;
  if ("@bytes" in given) return new Uint8Array(Buffer.from(given["@bytes"], "hex"));
  if ("@integer" in given) return BigInt(given["@integer"]);
  if ("@null" in given) return null;
  if ("@repeat" in given) return given["@repeat"].repeat(Number(given.times));
  return Object.fromEntries(Object.entries(given).map(([name, field]) => [name, value(field)]));
}

function isObject(given) {
  return typeof given === "object" && given !== null && !(given instanceof Uint8Array) && !Array.isArray(given);
}
