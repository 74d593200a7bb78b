import assert from "node:assert/strict";
import { before, test } from "node:test";

import { Uuid } from "record-store";
import { fails, INDEXES, onEachBackend, userSchema } from "./support.mjs";

const PEOPLE = [
  { id: 1, name: "Ada", email: "ada@example.org", address: { city: "London" } },
  { id: 2, name: "Blaise", address: { city: "Paris" } },
  { id: 3, name: "Carl", address: { city: "Paris" } },
  { id: 4, name: "Dorothy" },
];

onEachBackend("an index", (on) => {
  let users;
  before(async () => {
    users = await on.db.space("users", userSchema(INDEXES));
    await users.putAll(PEOPLE);
  });

  const names = async (options) => (await users.scanBy("by_name", options).toArray()).map((found) => found.name);

  test("gives the records in its order, within bounds", async () => {
    assert.deepEqual(await names(), ["Ada", "Blaise", "Carl", "Dorothy"]);
    assert.deepEqual(await names({ reverse: true, limit: 2 }), ["Dorothy", "Carl"]);
    assert.deepEqual(await names({ prefix: "Carl" }), ["Carl"]);
    assert.deepEqual(await names({ start: "Blaise", end: ["Dorothy"] }), ["Blaise", "Carl"]);
    assert.deepEqual(await names({ limit: 0 }), []);
    const cities = await users.scanBy("by_city", { prefix: "Paris" }).toArray();
    assert.deepEqual(cities.map((found) => found.id), [2n, 3n]);
    const nowhere = await users.scanBy("by_city", { prefix: [null] }).toArray();
    assert.deepEqual(nowhere.map((found) => found.id), [4n]);
  });

  test("gives its entries, which lead to the records", async () => {
    const [entry] = await users.scanIndex("by_name", { prefix: "Ada" }).toArray();
    assert.deepEqual([entry.key[0], entry.value], ["Ada", []]);
    assert.equal((await users.get(entry.primaryKey)).id, 1n);
    const groups = await users.scanIndex("users_by_city").toArray();
    assert.deepEqual(groups.map(({ key, value }) => [key, value]), [[[null], [1n]], [["London"], [1n]], [["Paris"], [2n]]]);
  });

  test("counts records and groups", async () => {
    assert.equal(await users.count(), 4);
    assert.deepEqual(await users.aggregate("users_by_city", "Paris"), [2n]);
    assert.deepEqual(await users.aggregate("users_by_city"), [4n]);
    assert.deepEqual(await users.aggregate("users_by_city", ["Rome"]), [0n]);
    await on.db.run(async (tx) => {
      await users.put({ id: 5, address: { city: "Paris" } }, { tx });
      assert.deepEqual(await users.aggregate("users_by_city", "Paris", { tx }), [3n]);
      tx.cancel();
    }).catch(() => {});
    assert.deepEqual(await users.aggregate("users_by_city", "Paris"), [2n]);
  });

  test("that is unique refuses a second value", async () => {
    await fails(() => users.put({ id: 9, email: "ada@example.org" }), "UniquenessViolation", { index: "by_email" });
    assert.equal(await users.exists(9), false);
  });

  test("that does not exist, or is asked wrongly, is an error", async () => {
    await fails(() => users.scanBy("by_nam").toArray(), "MetaData", { index: "by_nam", did_you_mean: "by_name" });
    await fails(() => users.scanIndex("by_name", { prefix: 1 }).toArray(), "InvalidArgument", { index: "by_name" });
    await fails(() => users.scanIndex("by_name", { prefix: "a", start: "b" }).toArray(), "InvalidArgument");
    await fails(() => users.scanBy("users").toArray(), "Unsupported", { index: "users" });
    await fails(() => users.aggregate("by_name"), "Unsupported");
    await fails(() => users.aggregate(), "InvalidArgument", {}, /the name of an index is a string/);
    await fails(() => users.scanBy(), "InvalidArgument", {}, /the name of an index is a string/);
    await fails(() => users.scanBy("by_name", { from: "a" }), "InvalidArgument", { option: "from" });
    await fails(() => users.scan({ limit: -1 }), "InvalidArgument", { given: "-1" }, /limit is an integer from 0/);
    await fails(() => users.scan({ limit: 1.5 }), "InvalidArgument");
    await fails(() => users.scan({ reverse: 1 }), "InvalidArgument", {}, /reverse is a boolean/);
  });

  test("is built in many transactions, with progress", async () => {
    const plain = await on.db.space("built", userSchema());
    await plain.putAll(Array.from({ length: 250 }, (_, id) => ({ id, name: `user ${id}` })));
    const indexed = await on.db.space("built", userSchema(INDEXES.slice(0, 2)));
    assert.deepEqual(await indexed.indexStates(), { by_city: "DISABLED", by_name: "DISABLED" });
    await fails(() => indexed.scanBy("by_name").toArray(), "IndexNotReadable", { index: "by_name" });

    // What progress throws stops the build and comes out as it is; the next build goes on.
    const mine = new Error("mine");
    const throwing = () => {
      throw mine;
    };
    await assert.rejects(indexed.buildIndexes({ limit: 50, progress: throwing }), (error) => error === mine);
    const aborting = new AbortController();
    const progress = () => aborting.abort(mine);
    await assert.rejects(indexed.buildIndexes({ limit: 50, progress, signal: aborting.signal }), (error) => error === mine);
    assert.deepEqual(await indexed.indexStates(), { by_city: "WRITE_ONLY", by_name: "WRITE_ONLY" });

    const told = [];
    const built = await indexed.buildIndexes({ limit: 50, leaseMs: 0, progress: (each) => told.push(each) });
    assert.deepEqual(built.states, { by_city: "READABLE", by_name: "READABLE" });
    assert.ok(built.transactions > 0 && told.length > 0);
    assert.deepEqual(told[0].indexes.sort(), ["by_city", "by_name"]);
    assert.equal(told.at(-1).recordsScanned, 250);
    assert.deepEqual(await indexed.indexStates(), built.states);
    assert.equal((await indexed.scanBy("by_name").toArray()).length, 250);
    assert.equal((await indexed.buildIndexes({ names: "by_name" })).recordsScanned, 0);

    await fails(() => indexed.buildIndexes({ names: ["by_nam"] }), "MetaData", { did_you_mean: "by_name" });
    await fails(() => indexed.buildIndexes({ limit: 0 }), "InvalidArgument", { option: "limit" });
    await fails(() => indexed.buildIndexes({ leaseMs: NaN }), "InvalidArgument", {}, /leaseMs is a number of milliseconds/);
    await fails(() => indexed.buildIndexes({ progress: 1 }), "InvalidArgument", {}, /progress is a function/);
    await fails(() => indexed.buildIndexes("by_name"), "InvalidArgument");
  });
});

test("a UUID is made of text or bytes", async () => {
  const text = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";
  assert.equal(String(new Uuid(new Uuid(text).toBytes())), text);
  await fails(() => new Uuid("6ba7"), "InvalidArgument");
  await fails(() => new Uuid(new Uint8Array(3)), "InvalidArgument");
});
