import assert from "node:assert/strict";
import { before, test } from "node:test";

import { fails, INDEXES, onEachBackend, userSchema } from "./support.mjs";

const [BY_NAME, , BY_EMAIL] = INDEXES;

onEachBackend("an index", (on) => {
  let users;
  before(async () => {
    const plain = await on.db.space("users", userSchema());
    await plain.putAll([1, 2, 3, 4].map((id) => ({ id, name: `user ${id}`, email: id < 4 ? "a@b.c" : "d@e.f" })));
    users = await on.db.space("users", userSchema([BY_NAME, BY_EMAIL]));
  });

  test("that breaks its uniqueness says where, and is mended", async () => {
    await fails(() => users.buildIndexes({ names: "by_email" }), "UniquenessViolation", { index: "by_email" });
    const violations = await users.uniquenessViolations("by_email").toArray();
    assert.deepEqual(violations.map(({ value, primaryKey }) => [value, primaryKey.at(-1)]), [
      [["a@b.c"], 1n],
      [["a@b.c"], 2n],
      [["a@b.c"], 3n],
    ]);
    assert.equal(violations.filter(({ existingPrimaryKey }) => existingPrimaryKey !== null).length > 0, true);
    assert.equal((await users.get(violations[0].primaryKey)).id, 1n);
    assert.deepEqual(await users.uniquenessViolations("by_email", { prefix: "x" }).toArray(), []);

    // Cut into pages, in a transaction.
    const tx = on.db.transaction();
    const first = await users.uniquenessViolations("by_email", { tx, limit: 2 }).page(10);
    const rest = await users.uniquenessViolations("by_email", { tx, after: first.continuation }).page(10);
    assert.deepEqual([first.results.length, rest.results.length], [2, 1]);
    tx.cancel();

    const pending = await users.buildIndexes({ names: "by_email", allowUniquePending: true });
    assert.deepEqual(pending.states, { by_email: "READABLE_UNIQUE_PENDING" });
    assert.equal((await users.scanBy("by_email").toArray()).length, 4);

    await users.resolveUniqueness("by_email", "a@b.c", { keep: violations[1].primaryKey });
    assert.deepEqual((await users.scan().toArray()).map(({ id }) => id), [2n, 4n]);
    assert.deepEqual(await users.uniquenessViolations("by_email").toArray(), []);
    assert.deepEqual((await users.buildIndexes({ names: "by_email" })).states, { by_email: "READABLE" });
  });

  test("is taken out of use, marked and built again", async () => {
    await users.buildIndexes();
    assert.equal(await users.disableIndex("by_name"), true);
    assert.equal(await users.disableIndex("by_name"), false);
    assert.equal(await users.indexState("by_name"), "DISABLED");
    await fails(() => users.scanBy("by_name").toArray(), "IndexNotReadable", { index: "by_name" });
    await fails(() => users.markIndex("by_name", "READABLE"), "IndexNotReadable", { index: "by_name" });
    assert.equal(await users.markIndex("by_name", "WRITE_ONLY"), true);
    await users.put({ id: 9, name: "late" });
    await users.rebuildIndex("by_name");
    assert.equal(await users.indexState("by_name"), "READABLE");
    assert.deepEqual((await users.scanBy("by_name", { limit: 1 }).toArray())[0].name, "late");

    assert.equal(await users.markIndex("by_name", "WRITE_ONLY"), true);
    assert.equal(await users.markIndex("by_name", "READABLE"), true);
    await on.db.run(async (tx) => {
      await users.disableIndex("by_name", { tx });
      assert.equal(await users.indexState("by_name", { tx }), "DISABLED");
      assert.equal(await users.indexState("by_name"), "READABLE");
      tx.cancel();
    }).catch(() => {});
    assert.equal(await users.indexState("by_name"), "READABLE");
  });

  test("is built as the options say", async () => {
    const many = await on.db.space("many", userSchema([BY_NAME]));
    await many.putAll(Array.from({ length: 120 }, (_, id) => ({ id, name: `user ${id}` })));
    await fails(() => many.buildIndexes({ names: "by_name", ifReadable: "error" }), "IndexBuild");
    const again = await many.buildIndexes({ names: "by_name", ifReadable: "rebuild", limit: 50, reverse: true });
    assert.equal(again.recordsScanned, 120);
    await many.disableIndex("by_name");
    await fails(() => many.buildIndexes({ limit: 20, stopAfter: 2 }), "IndexBuild");
    assert.equal(await many.indexState("by_name"), "WRITE_ONLY");
    const last = await many.buildIndexes({ limit: 20, markReadable: false, leaseMs: 0, maxWriteBytes: 1_000_000 });
    assert.equal(last.recordsScanned, 80);
    assert.equal(await many.indexState("by_name"), "WRITE_ONLY");
    await many.buildIndexes({ ifWriteOnly: "mark_readable", maxTransactionMs: 1000 });
    assert.equal(await many.indexState("by_name"), "READABLE");
  });

  test("that is asked wrongly is an error", async () => {
    await fails(() => users.indexState("by_nam"), "MetaData", { did_you_mean: "by_name" });
    await fails(() => users.disableIndex("by_nam"), "MetaData");
    await fails(() => users.rebuildIndex("by_nam"), "MetaData");
    await fails(() => users.uniquenessViolations("by_nam").toArray(), "MetaData");
    await fails(() => users.markIndex("by_name", "writable"), "InvalidArgument", { state: "writable" });
    await fails(() => users.markIndex("by_name", "WRITE_ONLY_WITH_QUEUE"), "Unsupported");
    await fails(() => users.markIndex("by_name"), "InvalidArgument", {}, /the state of an index is a string/);
    await fails(() => users.markIndex("by_name", "DISABLED", { txx: 1 }), "InvalidArgument", { option: "txx" });
    await fails(() => users.resolveUniqueness("by_name"), "InvalidArgument", {}, /a key is/);
    await fails(() => users.resolveUniqueness("by_email", "a@b.c", { keep: {} }), "InvalidArgument");
    await fails(() => users.buildIndexes({ ifReadable: "retry" }), "InvalidArgument", { given: "retry" });
    await fails(() => users.buildIndexes({ markReadable: 1 }), "InvalidArgument", {}, /markReadable is a boolean/);
    await fails(() => users.buildIndexes({ stopAfter: -1 }), "InvalidArgument", {}, /stopAfter is an integer from 0/);
  });
});
