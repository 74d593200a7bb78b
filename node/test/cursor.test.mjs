import assert from "node:assert/strict";
import { before, test } from "node:test";

import { fails, onEachBackend, userSchema } from "./support.mjs";

const COUNT = 1500;

onEachBackend("a cursor", (on) => {
  let users;
  before(async () => {
    users = await on.db.space("users", userSchema());
    for (let from = 0; from < COUNT; from += 500) {
      await users.putAll(Array.from({ length: 500 }, (_, at) => ({ id: from + at, name: `user ${from + at}` })));
    }
  });

  test("gives all results in order", async () => {
    let next = 0n;
    for await (const { id } of users.scan()) assert.equal(id, next++);
    assert.equal(next, BigInt(COUNT));
    const last = await users.scan({ reverse: true, limit: 300 }).toArray();
    assert.deepEqual([last.length, last[0].id, last.at(-1).id], [300, 1499n, 1200n]);
  });

  test("gives batches, the last of which is shorter", async () => {
    const cursor = users.scan({ limit: 25 });
    const sizes = [];
    for (;;) {
      const batch = await cursor.nextBatch(10);
      sizes.push(batch.length);
      if (batch.length === 0) break;
    }
    assert.deepEqual(sizes, [10, 10, 5, 0]);
    await fails(() => users.scan().nextBatch(0), "InvalidArgument", { given: "0" }, /the size of a batch/);
    await fails(() => users.scan().nextBatch("10"), "InvalidArgument");
  });

  test("gives batches that are asked for at once one after the other", async () => {
    const cursor = users.scan();
    const batches = await Promise.all([cursor.nextBatch(3), cursor.nextBatch(3), cursor.nextBatch(3)]);
    assert.deepEqual(batches.flat().map(({ id }) => Number(id)), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test("goes on where batches end", async () => {
    const cursor = users.scan({ limit: 5 });
    await cursor.nextBatch(3);
    assert.deepEqual((await cursor.toArray()).map(({ id }) => id), [3n, 4n]);
  });

  test("ends with the iteration, and is iterated over once", async () => {
    const cursor = users.scan();
    for await (const _ of cursor) break;
    assert.deepEqual(await cursor.nextBatch(), []);
    await fails(() => cursor.toArray(), "InvalidArgument", {}, /iterated over once/);

    const failing = users.scan();
    await assert.rejects(async () => {
      for await (const _ of failing) throw new RangeError("mine");
    }, RangeError);
    assert.deepEqual(await failing.nextBatch(), []);

    const disposed = users.scan();
    await disposed[Symbol.asyncDispose]();
    disposed.close();
    assert.deepEqual(await disposed.toArray(), []);
  });

  test("ends with the reason of its signal", async () => {
    const aborting = new AbortController();
    const seen = [];
    const mine = new Error("mine");
    const iterate = async () => {
      for await (const { id } of users.scan({ signal: aborting.signal })) {
        seen.push(id);
        if (id === 10n) aborting.abort(mine);
      }
    };
    await assert.rejects(iterate, (error) => error === mine);
    assert.ok(seen.length < COUNT);
    await assert.rejects(users.scan({ signal: AbortSignal.abort() }).toArray(), { name: "AbortError" });
    await fails(() => users.scan({ signal: {} }), "InvalidArgument", {}, /signal is an AbortSignal/);
  });

  test("in a transaction sees what the transaction wrote, and ends with it", async () => {
    const tx = on.db.transaction();
    await users.put({ id: 99_999 }, { tx });
    const cursor = users.scan({ reverse: true, tx });
    assert.equal((await cursor.nextBatch(1))[0].id, 99_999n);
    tx.cancel();
    await fails(() => cursor.nextBatch(1), "InvalidArgument", {}, /the transaction has ended/);
    assert.equal(await users.exists(99_999), false);
  });
});
