import assert from "node:assert/strict";
import { before, beforeEach, test } from "node:test";

import { keys, open, RecordVersion, Schema } from "record-store";
import { fails, onEachBackend, user, userSchema } from "./support.mjs";

onEachBackend("records", (on) => {
  let users;
  before(async () => {
    users = await on.db.space("users", userSchema());
  });
  beforeEach(() => users.deleteAll());

  test("are inserted where there is none, and updated where there is one", async () => {
    await fails(() => users.update({ id: 1 }), "RecordNotFound");
    const saved = await users.insert({ id: 1, name: "Ada" });
    assert.deepEqual([saved.type, saved.primaryKey.at(-1)], ["User", 1n]);
    await fails(() => users.insert({ id: 1 }), "RecordAlreadyExists");
    await users.update({ id: 1, name: "Grace" });
    assert.deepEqual(await users.get(1), user(1, { name: "Grace" }));

    await fails(() => users.insertAll([{ id: 2 }, { id: 1 }]), "RecordAlreadyExists");
    await fails(() => users.updateAll([{ id: 1, name: "x" }, { id: 2 }]), "RecordNotFound");
    assert.deepEqual(await users.scan().toArray(), [user(1, { name: "Grace" })]);
    assert.equal((await users.insertAll(new Set([{ id: 2 }, { id: 3 }]))).length, 2);
    await users.updateAll([{ id: 2, name: "y" }]);

    const tx = on.db.transaction();
    await users.insert({ id: 4 }, { tx });
    await fails(() => users.insert({ id: 4 }, { tx }), "RecordAlreadyExists");
    tx.cancel();
    assert.equal(await users.exists(4), false);
  });

  test("have keys, which are scanned without them", async () => {
    await users.putAll([{ id: 1 }, { id: 2, name: "x".repeat(250_000) }, { id: 3 }]);
    const found = await users.scanKeys().toArray();
    assert.deepEqual(found.map((key) => key.at(-1)), [1n, 2n, 3n]);
    assert.equal((await users.get(found[2])).id, 3n);
    const pages = [];
    for (let after; after !== null; ) {
      const page = await users.scanKeys({ reverse: true, after }).page(2);
      pages.push(page.results.map((key) => key.at(-1)));
      after = page.continuation;
    }
    assert.deepEqual(pages, [[3n, 2n], [1n]]);
    const { continuation } = await users.scanKeys().page(1);
    await fails(() => users.scan({ after: continuation }).toArray(), "InvalidContinuation");
    const bounded = await users.scanKeys({ start: 2, limit: 1, type: "User" }).toArray();
    assert.deepEqual(bounded, [found[1]]);
    await fails(() => users.scanKeys({ limit: -1 }), "InvalidArgument", { given: "-1" });
  });
});

const ORDERS = `
syntax = "proto3";
message Order { string shop = 1; int64 id = 2; }
message Refund { string shop = 1; int64 id = 2; }
`;

onEachBackend("a space of two types", (on) => {
  let orders;
  before(async () => {
    const schema = Schema.fromProto(ORDERS, {
      primaryKey: { Order: ["shop", "id"], Refund: ["shop", "id"] },
      indexes: [
        { name: "by_type", type: "count", columns: keys.empty().groupBy(keys.recordType()) },
        { name: "by_shop", type: "count", groupBy: "shop" },
      ],
    });
    orders = await on.db.space("orders", schema);
  });
  beforeEach(async () => {
    await orders.deleteAll();
    await orders.putAll([{ shop: "a", id: 1 }, { shop: "b", id: 1 }, { shop: "b", id: 2 }], { type: "Order" });
    await orders.put({ shop: "a", id: 1 }, { type: "Refund" });
  });

  test("tells the types of its records", async () => {
    const types = (await orders.scan().toArray()).map((record) => orders.typeOf(record));
    assert.deepEqual(types, ["Order", "Order", "Order", "Refund"]);
    assert.equal(orders.typeOf(await orders.get(["a", 1], { type: "Refund" })), "Refund");
    const [found] = await orders.query("shop = 'a'", [], { type: "Order" }).toArray();
    assert.equal(orders.typeOf(found), "Order");
    assert.equal(orders.typeOf({}), undefined);
    await fails(() => orders.typeOf("a"), "InvalidArgument", {}, /a record is an object/);
    const single = await on.db.space("single", userSchema());
    await single.put({ id: 1 });
    assert.equal(single.typeOf(await single.get(1)), "User");
  });

  test("counts by type and by the columns of a key", async () => {
    assert.equal(await orders.count(), 4);
    assert.equal(await orders.count({ type: "Order" }), 3);
    assert.equal(await orders.countBy("shop", "b"), 2);
    assert.equal(await orders.countBy(["shop"], ["x"]), 0);
    await on.db.run(async (tx) => {
      await orders.put({ shop: "b", id: 3 }, { type: "Order", tx });
      assert.equal(await orders.countBy("shop", "b", { tx }), 3);
      assert.equal(await orders.count({ type: "Order", tx }), 4);
      tx.cancel();
    }).catch(() => {});
    await fails(() => orders.countBy("id", 1), "Unsupported");
    await fails(() => orders.countBy("shop", ["a", 1]), "InvalidArgument", { columns: "2", expected: "1" });
    await fails(() => orders.countBy("shop"), "InvalidArgument", {}, /a key is/);
    await fails(() => orders.countBy(1, 1), "InvalidArgument", {}, /a column is/);
    await fails(() => orders.count({ type: "Ordr" }), "MetaData");
    await fails(() => orders.count({ type: 1 }), "InvalidArgument", {}, /type is a string/);
  });

  test("deletes ranges where their entries stand together", async () => {
    // The counts by shop of both types stand together.
    await fails(() => orders.deleteWhere([], { type: "Order" }), "Unsupported", { index: "by_shop" });
    const plain = await on.db.space("plain", ORDERS, { primaryKey: { Order: ["shop", "id"], Refund: ["shop", "id"] } });
    await plain.putAll([{ shop: "a", id: 1 }, { shop: "b", id: 1 }, { shop: "b", id: 2 }], { type: "Order" });
    await plain.put({ shop: "b", id: 1 }, { type: "Refund" });
    const left = async () => (await plain.scan().toArray()).map((record) => [plain.typeOf(record), record.shop]);
    await plain.deleteWhere("b", { type: "Order" });
    assert.deepEqual(await left(), [["Order", "a"], ["Refund", "b"]]);
    const tx = on.db.transaction();
    await plain.deleteWhere("a", { type: "Order", tx });
    assert.equal(await plain.exists(["a", 1], { type: "Order", tx }), false);
    tx.cancel();
    await plain.deleteWhere([], { type: "Refund" });
    assert.deepEqual(await left(), [["Order", "a"]]);
    await fails(() => plain.deleteWhere({}), "InvalidArgument");
    await fails(() => plain.deleteWhere("a", { type: "Ordr" }), "MetaData");
  });
});

test("a version is completed by the commit of its transaction", async () => {
  const db = await open("memory:");
  const users = await db.space("users", userSchema());
  const tx = db.transaction();
  const saved = await users.put({ id: 1 }, { tx });
  assert.deepEqual([tx.versionstamp, saved.version.isComplete], [null, false]);
  await tx.commit();
  assert.equal(tx.versionstamp.length, 10);
  assert.ok(saved.version.equals(await users.version(1)));

  const [within, stamp] = await db.run(async (tx) => [await users.put({ id: 2 }, { tx }), tx]);
  assert.ok(within.version.equals(await users.version(2)));
  assert.equal(stamp.versionstamp.length, 10);

  const reading = db.transaction();
  await users.get(1, { tx: reading });
  await reading.commit();
  assert.equal(reading.versionstamp, null);

  await fails(() => users.put({ id: 1 }, { version: new RecordVersion(new Uint8Array(3)) }), "InvalidArgument");
  await fails(() => users.put({ id: 1 }, { version: "1" }), "InvalidArgument", {}, /version is a RecordVersion/);
  await db.close();
});

test("handles of other databases, and closed ones, are errors", async () => {
  const [here, there] = [await open("memory:"), await open("memory:")];
  const users = await here.space("users", userSchema());
  const tx = there.transaction();
  const calls = [
    () => users.insert({ id: 1 }, { tx }),
    () => users.update({ id: 1 }, { tx }),
    () => users.deleteWhere([], { tx }),
    () => users.deleteAll({ tx }),
    () => users.count({ tx }),
    () => users.indexStates({ tx }),
    () => users.scanKeys({ tx }).toArray(),
    () => users.query().toArray({ tx }),
  ];
  for (const call of calls) await fails(call, "InvalidArgument", {}, /of another database/);
  await fails(() => users.insert({ id: 1 }, { tx: 1 }), "InvalidArgument", {}, /tx is a Transaction/);
  await there.close();
  for (const call of calls) await fails(call, "InvalidArgument");
  await here.close();
  for (const call of [() => users.insert({ id: 1 }), () => users.deleteAll(), () => users.count(), () => users.scanKeys().toArray()]) {
    await fails(call, "InvalidArgument", {}, /the database is closed/);
  }
});
