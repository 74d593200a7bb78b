import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

import { Database, open } from "record-store";
import { fails, onEachBackend, user, userSchema } from "./support.mjs";

onEachBackend("a database", (on) => {
  test("lists, moves and removes its spaces", async () => {
    for (const name of ["prod/users", "prod/shop", "test/users"]) await on.db.space(name, userSchema());
    assert.deepEqual(await on.db.spaces(), ["prod/shop", "prod/users", "test/users"]);
    assert.deepEqual(await on.db.spaces("prod"), ["prod/shop", "prod/users"]);

    const users = await on.db.space("prod/users");
    await on.db.moveSpace("prod", "old");
    assert.deepEqual(await on.db.spaces(), ["old/shop", "old/users", "test/users"]);
    await users.put({ id: 1 });
    assert.equal(await (await on.db.space("old/users")).exists(1), true);

    assert.equal(await on.db.removeSpace("old/users"), true);
    assert.equal(await on.db.removeSpace("old/users"), false);
    await fails(() => users.get(1), "StoreNotFound", { space: "prod/users" });
    await fails(() => on.db.space("old/users"), "StoreNotFound");
    await fails(() => on.db.moveSpace("nowhere", "somewhere"), "StoreNotFound");
  });

  test("has spaces below spaces", async () => {
    const users = await on.db.space("parent", userSchema());
    const archive = await users.child("archive", userSchema());
    assert.equal(archive.path, "parent/archive");
    assert.deepEqual(await users.children(), ["parent/archive"]);
  });

  test("is one database for two connections, if it is in a directory", async () => {
    const other = await open(on.url);
    const [one, two] = [await on.db.space("shared", userSchema()), await other.space("shared", userSchema())];
    await one.put({ id: 7, name: "Grace" });
    assert.deepEqual(await two.get(7), on.url === "memory:" ? undefined : user(7, { name: "Grace" }));
    await other.close();
    assert.equal(await one.exists(7), true);
  });
});

test("two databases in memory have nothing in common", async () => {
  const [one, two] = [await open("memory:"), await open("memory:")];
  await one.space("users", userSchema());
  assert.deepEqual(await two.spaces(), []);
  await Promise.all([one.close(), two.close()]);
});

test("a directory keeps what was written", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "record-store-"));
  for (const url of [path.join(folder, "data"), `file:${path.join(folder, "data")}`, pathToFileURL(path.join(folder, "data"))]) {
    const db = await open(url);
    const users = await db.space("users", userSchema());
    const count = (await users.scan().toArray()).length;
    await users.put({ id: count });
    await db.close();
  }
  const db = await open(path.join(folder, "data"));
  assert.equal((await (await db.space("users")).scan().toArray()).length, 3);
  await db.close();
  await rm(folder, { recursive: true });
});

test("all spaces lie below the root", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "record-store-"));
  const [rooted, whole] = [await open(folder, { root: "apps/one" }), await open(folder)];
  await rooted.space("users", userSchema());
  assert.deepEqual([await rooted.spaces(), await whole.spaces()], [["users"], ["apps/one/users"]]);
  await Promise.all([rooted.close(), whole.close()]);
  await rm(folder, { recursive: true });
});

test("a database that cannot be opened is an error", async () => {
  await fails(() => open("mysql://localhost"), "InvalidArgument", { url: "mysql://localhost" });
  await fails(() => open("memory:x"), "InvalidArgument", { url: "memory:x" });
  await fails(() => open(""), "InvalidArgument");
  await fails(() => open("fdb:?library=/no/such/libfdb_c.so"), "Unsupported");
  await fails(() => open("memory:", { root: "a//b" }), "InvalidArgument");
  const folder = await mkdtemp(path.join(tmpdir(), "record-store-"));
  await writeFile(path.join(folder, "letter.txt"), "not a database");
  await fails(() => open(folder), "NotADatabase");
  await rm(folder, { recursive: true });
});

test("arguments of wrong types are errors that name them", async () => {
  await fails(() => open(), "InvalidArgument", { given: "undefined" }, /the URL of a database is a string/);
  await fails(() => open(new URL("http://localhost")), "InvalidArgument");
  await fails(() => open("memory:", { root: 1 }), "InvalidArgument", { given: "1" }, /root is a string/);
  await fails(() => open("memory:", { rot: "x" }), "InvalidArgument", { option: "rot", known: "root" });
  await fails(() => open("memory:", "root"), "InvalidArgument", {}, /options of a call are an object/);
  await fails(() => new Database("memory:"), "InvalidArgument", {}, /opened by open/);
  const db = await open("memory:");
  await fails(() => db.space(1, userSchema()), "InvalidArgument", {}, /the path of a space is a string/);
  await fails(() => db.space("a//b", userSchema()), "InvalidArgument");
  await fails(() => db.space("users", 1), "InvalidArgument", {}, /a schema is a Schema, or .proto text/);
  await fails(() => db.space("users", userSchema(), { primaryKey: { User: "id" } }), "InvalidArgument");
  await fails(() => db.run(), "InvalidArgument", {}, /the body is a function/);
  await fails(() => db.run(() => 1, { timeoutMs: "1" }), "InvalidArgument", {}, /timeoutMs/);
  await fails(() => db.run(() => 1, { timeoutMs: -1 }), "InvalidArgument", {}, /timeoutMs/);
  await fails(() => db.run(() => 1, { maxAttempts: 0 }), "InvalidArgument", {}, /maxAttempts/);
  await fails(() => db.run(() => 1, { signal: "now" }), "InvalidArgument", {}, /AbortSignal/);
  await db.close();
});

test("closing a database closes all that came from it", async () => {
  const db = await open("memory:");
  const users = await db.space("users", userSchema());
  await users.putAll(Array.from({ length: 600 }, (_, id) => ({ id })));
  const [cursor, tx] = [users.scan(), db.transaction()];
  await cursor.nextBatch(10);
  await db.close();
  await db.close();
  for (const call of [
    () => db.space("users"),
    () => db.spaces(),
    () => db.run(() => 1),
    () => db.transaction(),
    () => users.get(1),
    () => users.put({ id: 1 }),
    () => users.plan(userSchema()),
    () => users.buildIndexes(),
    () => cursor.nextBatch(),
    () => users.scan().toArray(),
  ]) {
    await fails(call, "InvalidArgument", {}, /the database is closed/);
  }
  await fails(() => users.put({ id: 1 }, { tx }), "InvalidArgument");
});

test("a database is an async disposable", async () => {
  const db = await open("memory:");
  await db[Symbol.asyncDispose]();
  await fails(() => db.spaces(), "InvalidArgument", {}, /the database is closed/);
});

test("a simulated database keeps what it acknowledged", async () => {
  for (let seed = 0; seed < 5; seed += 1) {
    const db = await open(`sim:?seed=${seed}&power_losses=0.2`);
    const users = await db.space("users", userSchema());
    for (let id = 0; id < 10; id += 1) await users.put({ id, name: `user ${id}` });
    const found = [];
    for await (const user of users.scan()) found.push(Number(user.id));
    assert.deepEqual(found, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], `seed ${seed}`);
    await db.close();
  }
  await fails(() => open("sim:?conflicts=2"), "InvalidArgument", { fault: "conflicts" });
});
