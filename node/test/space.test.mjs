import assert from "node:assert/strict";
import { before, test } from "node:test";

import { open, PrimaryKey, RecordVersion } from "record-store";
import { fails, onEachBackend, user, userSchema } from "./support.mjs";

const SHOP = `
syntax = "proto3";
message Customer { int64 id = 1; string name = 2; }
message Purchase { int64 customer_id = 1; int32 number = 2; string item = 3; }
`;

onEachBackend("a space", (on) => {
  let users;
  before(async () => {
    users = await on.db.space("users", userSchema());
  });

  test("puts, gets and deletes", async () => {
    const saved = await users.put({ id: 999, name: "Ada", address: { city: "London" }, tags: ["mathematics"] });
    assert.equal(saved.type, "User");
    assert.ok(saved.primaryKey instanceof PrimaryKey);
    const ada = user(999, { name: "Ada", address: { street: "", city: "London" }, tags: ["mathematics"] });
    for (const key of [999, 999n, [999], saved.primaryKey]) assert.deepEqual(await users.get(key), ada);
    assert.equal(await users.get(1), undefined);
    assert.equal(await users.exists(999), true);
    assert.equal(await users.delete(999), true);
    assert.equal(await users.delete(999), false);
    assert.equal(await users.exists(999), false);
  });

  test("puts all or none", async () => {
    const saved = await users.putAll(new Set([{ id: 1 }, { id: 2 }]));
    assert.equal(saved.length, 2);
    assert.deepEqual(await users.putAll([]), []);
    await fails(() => users.putAll([{ id: 3 }, { id: "four" }]), "InvalidRecord", { field: "User.id" });
    assert.equal(await users.exists(3), false);
    await fails(() => users.putAll(1), "InvalidArgument", {}, /records is an array/);
    await fails(() => users.putAll("users"), "InvalidArgument");
  });

  test("knows when records were saved", async () => {
    const [first, second] = await users.putAll([{ id: 1000 }, { id: 1001 }]);
    const later = await users.put({ id: 1002 });
    assert.ok(first.version.isComplete && first.version.compareTo(second.version) < 0);
    assert.ok(second.version.compareTo(later.version) < 0);
    assert.equal(second.version.localVersion, first.version.localVersion + 1);
    assert.equal(second.version.commitVersion, first.version.commitVersion);
    assert.ok((await users.version(1001)).equals(second.version));
    assert.equal(await users.version(55), undefined);

    const given = new RecordVersion(first.version.toBytes());
    await users.put({ id: 1003 }, { version: given });
    assert.ok((await users.version(1003)).equals(first.version));
    await fails(() => new RecordVersion(new Uint8Array(3)), "InvalidArgument", { length: 3 });
    await fails(() => users.put({ id: 1 }, { version: "now" }), "InvalidArgument", {}, /version is a RecordVersion/);
  });

  test("has records of several types", async () => {
    const shop = await on.db.space("shop", SHOP, {
      primaryKey: { Customer: "id", Purchase: ["customer_id", "number"] },
    });
    await shop.put({ id: 1, name: "Ada" }, { type: "Customer" });
    await shop.putAll([{ customer_id: 1, number: 7, item: "engine" }], { type: "Purchase" });
    assert.equal((await shop.get(1, { type: "Customer" })).name, "Ada");
    assert.equal((await shop.get([1, 7], { type: "Purchase" })).item, "engine");
    assert.deepEqual(await shop.scan({ type: "Purchase" }).toArray(), [{ customer_id: 1n, number: 7, item: "engine" }]);

    // A record that came out keeps its type; another object of the same look does not.
    const [customer, purchase] = await shop.scan().toArray();
    customer.name = "Countess";
    purchase.item = "loom";
    await shop.putAll([customer, purchase]);
    assert.equal((await shop.get(1, { type: "Customer" })).name, "Countess");
    assert.equal((await shop.get([1, 7], { type: "Purchase" })).item, "loom");
    await fails(() => shop.put({ ...customer }), "InvalidArgument");
    await fails(() => shop.put(customer, { type: "Customre" }), "MetaData", { did_you_mean: "Customer" });
    await fails(() => shop.get(1), "InvalidArgument");
    await fails(() => shop.get(1, { type: 1 }), "InvalidArgument", {}, /type is a string/);
  });

  test("refuses keys that do not fit", async () => {
    await fails(() => users.get("one"), "InvalidArgument", { field: "id", expected: "an integer", value: '"one"' });
    await fails(() => users.get(1.5), "InvalidArgument", { field: "id" });
    await fails(() => users.get([1, 2]), "InvalidArgument");
    await fails(() => users.get(undefined), "InvalidArgument", { given: "undefined" }, /a key is a column/);
    await fails(() => users.get({ id: 1 }), "InvalidArgument", { given: "Object" });
    await fails(() => users.get([[1]]), "InvalidArgument", { type: "Array" });
    await fails(() => users.get(() => 1), "InvalidArgument", { type: "function" });
    await fails(() => users.get(2n ** 63n), "InvalidArgument", { given: "9223372036854775808n" });
    await fails(() => users.get(2n ** 70n), "InvalidArgument");
    await fails(() => users.delete(Symbol("x")), "InvalidArgument", { given: "Symbol(x)" });
    await fails(() => users.get(1, { tx: {} }), "InvalidArgument", {}, /tx is a Transaction/);
    await fails(() => users.get(1, { transaction: 1 }), "InvalidArgument", { option: "transaction", known: "type, tx" });
  });
});

test("many calls at once do not wait for each other", async () => {
  const db = await open("memory:");
  const users = await db.space("users", userSchema());
  await Promise.all(Array.from({ length: 200 }, (_, id) => users.put({ id })));
  const found = await Promise.all(Array.from({ length: 200 }, (_, id) => users.get(id)));
  assert.deepEqual(
    found.map((each) => each.id),
    Array.from({ length: 200 }, (_, id) => BigInt(id)),
  );
  await db.close();
});
