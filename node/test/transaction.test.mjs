import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { open, RecordStoreError, Transaction } from "record-store";
import { fails, onEachBackend, user, userSchema } from "./support.mjs";

onEachBackend("run", (on) => {
  let users;
  beforeEach(async () => {
    users = await on.db.space("users", userSchema());
    await users.put({ id: 1, name: "Ada" });
  });

  test("commits what the body did, and gives what it gives", async () => {
    const result = await on.db.run(async (tx) => {
      assert.ok(tx instanceof Transaction);
      assert.deepEqual([tx.attempt, tx.maybeCommitted], [1, false]);
      await users.put({ id: 2 }, { tx });
      assert.equal(await users.exists(2, { tx }), true);
      assert.equal(await users.exists(2), false);
      return "result";
    });
    assert.equal(result, "result");
    assert.equal(await users.exists(2), true);
    assert.equal(await on.db.run(() => 7), 7);
    await users.delete(2);
  });

  test("lets out what the body throws as it is, and writes nothing", async () => {
    for (const mine of [new RangeError("mine"), "text", undefined, null, { some: "object" }]) {
      const run = on.db.run(async (tx) => {
        await users.put({ id: 3 }, { tx });
        throw mine;
      });
      const thrown = await run.then(() => assert.fail(), (error) => error);
      assert.equal(thrown, mine);
      assert.equal(await users.exists(3), false);
    }
    await assert.rejects(on.db.run(() => { throw new SyntaxError("at once"); }), SyntaxError);
  });

  test("tries again on a conflict", async () => {
    const attempts = [];
    await on.db.run(async (tx) => {
      attempts.push(tx.attempt);
      const ada = await users.get(1, { tx });
      if (attempts.length < 3) await users.put({ id: 1, name: "somebody was faster" });
      await users.put({ ...ada, name: `${ada.name}!` }, { tx });
    });
    assert.deepEqual(attempts, [1, 2, 3]);
    assert.equal((await users.get(1)).name, "somebody was faster!");
  });

  test("loses no update of many at once", async () => {
    const counter = await on.db.space("counter", 'syntax = "proto3"; message Counter { string id = 1; int64 n = 2; }', {
      primaryKey: { Counter: "id" },
    });
    await counter.put({ id: "visits" });
    const add = async (tx) => {
      const visits = await counter.get("visits", { tx });
      await counter.put({ ...visits, n: visits.n + 1n }, { tx });
    };
    await Promise.all(Array.from({ length: 10 }, () => on.db.run(add)));
    assert.equal((await counter.get("visits")).n, 10n);
  });

  test("gives up after the last attempt with the error of the conflict", async () => {
    const conflicting = async (tx) => {
      await users.get(1, { tx });
      await users.put({ id: 1 });
      await users.put({ id: 1 }, { tx });
    };
    for (const limit of [{ maxAttempts: 2 }, { timeoutMs: 0 }]) {
      const error = await fails(() => on.db.run(conflicting, limit), "Fdb");
      assert.deepEqual([error.fdbCode, error.retryable, error.maybeCommitted], [1020, true, false]);
    }
  });

  test("tries again what the body throws with a retryable code, be it its own", async () => {
    let attempts = 0;
    await on.db.run(() => {
      attempts += 1;
      if (attempts < 3) throw new RecordStoreError("Fdb", "mine", { fdbCode: 1020 });
    });
    assert.equal(attempts, 3);
  });

  test("does the calls of a transaction in their order, awaited or not", async () => {
    const found = await on.db.run(async (tx) => {
      const puts = [1, 2, 3].map((n) => users.put({ id: 5, name: `name ${n}` }, { tx }));
      const read = users.get(5, { tx });
      await Promise.all(puts);
      users.put({ id: 6 }, { tx });
      return (await read).name;
    });
    assert.equal(found, "name 3");
    assert.deepEqual(await users.get(6), user(6));
  });

  test("ends its transaction with the body", async () => {
    let kept;
    await on.db.run((tx) => void (kept = tx));
    await fails(() => users.get(1, { tx: kept }), "InvalidArgument", {}, /the transaction has ended/);
    await fails(() => users.put({ id: 1 }, { tx: kept }), "InvalidArgument", {}, /the transaction has ended/);
    await fails(() => users.scan({ tx: kept }).toArray(), "InvalidArgument", {}, /the transaction has ended/);
    await fails(() => on.db.run((tx) => tx.commit()), "InvalidArgument", {}, /Database.run commits/);
  });

  test("is aborted by its signal, with the signal's reason", async () => {
    const aborting = new AbortController();
    const mine = new Error("mine");
    let tx;
    const run = on.db.run(
      async (given) => {
        tx = given;
        await users.put({ id: 8 }, { tx });
        aborting.abort(mine);
        await sleep(500);
      },
      { signal: aborting.signal },
    );
    assert.equal(await run.then(() => assert.fail(), (error) => error), mine);
    await fails(() => users.get(1, { tx }), "InvalidArgument", {}, /the transaction has ended/);
    assert.equal(await users.exists(8), false);

    let called = false;
    const before = on.db.run(() => (called = true), { signal: AbortSignal.abort() });
    await assert.rejects(before, { name: "AbortError" });
    assert.equal(called, false);
    await assert.rejects(on.db.run(() => sleep(500), { signal: AbortSignal.timeout(20) }), { name: "TimeoutError" });
    assert.equal(await on.db.run(() => 1, { signal: new AbortController().signal }), 1);
  });
});

onEachBackend("a transaction of its user", (on) => {
  let users;
  beforeEach(async () => {
    users = await on.db.space("users", userSchema());
    await users.put({ id: 1, name: "Ada" });
  });

  test("commits, or gives up", async () => {
    const tx = on.db.transaction();
    await users.put({ id: 2 }, { tx });
    assert.equal(await users.exists(2), false);
    await tx.commit();
    assert.equal(await users.exists(2), true);
    await fails(() => tx.commit(), "InvalidArgument", {}, /the transaction has ended/);
    await fails(() => users.get(1, { tx }), "InvalidArgument", {}, /the transaction has ended/);

    const given = on.db.transaction();
    await users.put({ id: 3 }, { tx: given });
    given.cancel();
    given.cancel();
    await fails(() => given.commit(), "InvalidArgument", {}, /the transaction has ended/);
    assert.equal(await users.exists(3), false);

    const disposed = on.db.transaction();
    await users.put({ id: 4 }, { tx: disposed });
    await disposed[Symbol.asyncDispose]();
    assert.equal(await users.exists(4), false);
  });

  test("commits what was called before, awaited or not", async () => {
    const tx = on.db.transaction();
    users.put({ id: 5 }, { tx });
    await tx.commit();
    assert.equal(await users.exists(5), true);
  });

  test("has a conflict, which is retryable", async () => {
    const tx = on.db.transaction();
    await users.get(1, { tx });
    await users.put({ id: 1, name: "Grace" });
    await users.put({ id: 1 }, { tx });
    const error = await fails(() => tx.commit(), "Fdb");
    assert.deepEqual([error.fdbCode, error.retryable, error.maybeCommitted], [1020, true, false]);
  });

  test("reads at one moment", async () => {
    const tx = on.db.transaction();
    assert.equal((await users.get(1, { tx })).name, "Ada");
    await users.put({ id: 1, name: "Grace" });
    assert.equal((await users.get(1, { tx })).name, "Ada");
    await tx.commit();
  });

  test("gives versions that are complete after the commit", async () => {
    const tx = on.db.transaction();
    const saved = await users.put({ id: 6 }, { tx });
    assert.deepEqual([saved.version.isComplete, saved.version.commitVersion], [false, null]);
    await tx.commit();
    const version = await users.version(6);
    assert.ok(version.isComplete);
    assert.equal(version.localVersion, saved.version.localVersion);
  });

  test("is of one database", async () => {
    const other = await open("memory:");
    const tx = other.transaction();
    await fails(() => users.get(1, { tx }), "InvalidArgument", {}, /another database/);
    await other.close();
  });
});
