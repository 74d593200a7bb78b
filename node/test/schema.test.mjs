import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";

import { open, Schema } from "record-store";
import { fails, INDEXES, onEachBackend, USERS, userSchema } from "./support.mjs";

const KEY = { primaryKey: { User: "id" } };

test("a schema comes from text, files and descriptors", async () => {
  const files = {
    "user.proto": 'syntax = "proto3"; import "address.proto"; message User { int64 id = 1; Address address = 2; }',
    "address.proto": 'syntax = "proto3"; message Address { string city = 1; }',
  };
  const fromTexts = await Schema.fromProto(files, KEY);
  assert.deepEqual(fromTexts.recordTypes, ["User"]);

  const folder = await mkdtemp(path.join(tmpdir(), "record-store-"));
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text);
  const fromFiles = await Schema.fromFiles(path.join(folder, "user.proto"), { ...KEY, includes: [folder] });
  assert.deepEqual(fromFiles.recordTypes, ["User"]);
  await rm(folder, { recursive: true });

  const set = await fromTexts.descriptorSet();
  assert.equal(Object.getPrototypeOf(set), Uint8Array.prototype);
  assert.deepEqual((await Schema.fromDescriptorSet(set, KEY)).recordTypes, ["User"]);
});

test("what does not compile is an error that says where", async () => {
  await fails(() => Schema.fromProto("message User {", KEY), "Schema");
  await fails(() => Schema.fromProto('syntax = "proto3"; message User { int64 id = 1; }'), "MetaData");
  await fails(() => Schema.fromProto(USERS, { primaryKey: { User: "idd" } }), "InvalidExpression", { did_you_mean: "id" });
  await fails(() => Schema.fromProto(USERS, { primaryKey: { Usr: "id" } }), "MetaData");
  await fails(() => Schema.fromFiles("/nowhere/user.proto", KEY), "Schema");
  await fails(() => Schema.fromDescriptorSet(new Uint8Array([1, 2, 3]), KEY), "Schema");
  const unsigned = 'syntax = "proto3"; message User { int64 id = 1; uint64 n = 2; }';
  await fails(() => Schema.fromProto(unsigned, KEY), "MetaData", { field: "n", type: "uint64" });
});

test("arguments of wrong types are errors that name them", async () => {
  await fails(() => new Schema(USERS), "InvalidArgument", {}, /a schema is made by Schema.fromProto/);
  await fails(() => Schema.fromProto(1, KEY), "InvalidArgument", {}, /the .proto text is a string/);
  await fails(() => Schema.fromProto({ "user.proto": 1 }, KEY), "InvalidArgument", {}, /the text of user.proto is a string/);
  await fails(() => Schema.fromProto(USERS, { primary_key: { User: "id" } }), "InvalidArgument", { option: "primary_key" });
  await fails(() => Schema.fromProto(USERS, { primaryKey: "id" }), "InvalidArgument", {}, /from record types to columns/);
  await fails(() => Schema.fromProto(USERS, { primaryKey: { User: 1 } }), "InvalidArgument", {}, /the primary key of User/);
  await fails(() => Schema.fromProto(USERS, { ...KEY, indexes: "by_name" }), "InvalidArgument", {}, /indexes is an array/);
  await fails(() => Schema.fromProto(USERS, { ...KEY, indexes: [{}] }), "InvalidArgument", {}, /the name of an index/);
  const index = { name: "by_name", column: "name" };
  await fails(() => Schema.fromProto(USERS, { ...KEY, indexes: [index] }), "InvalidArgument", { option: "column" });
  await fails(() => Schema.fromProto(USERS, { ...KEY, evolution: { allow: true } }), "InvalidArgument");
  await fails(() => Schema.fromFiles(1, KEY), "InvalidArgument");
  await fails(() => Schema.fromDescriptorSet("set", KEY), "InvalidArgument");
});

onEachBackend("the schema of a space", (on) => {
  test("is kept, and adds what is new", async () => {
    await on.db.space("users", userSchema());
    const users = await on.db.space("users");
    await users.putAll([{ id: 1, name: "Ada" }, { id: 2, name: "Grace" }]);

    const diff = await users.plan(userSchema(INDEXES.slice(0, 1)));
    assert.equal(diff.allowed, true);
    assert.equal(String(diff), "index by_name added: the index is built over 2 records");
    const [change] = diff.changes;
    assert.deepEqual(
      { ...change },
      {
        subject: "index",
        name: "by_name",
        action: "added",
        part: null,
        before: null,
        after: null,
        cost: "index_build",
        records: 2,
        rule: null,
        wayOut: null,
      },
    );
    await on.db.space("users", userSchema(INDEXES.slice(0, 1)));
    assert.equal((await users.schemaVersions()).length, 2);
    await fails(() => users.plan(USERS), "InvalidArgument", {}, /a schema is a Schema/);
  });

  test("refuses what would make records unreadable", async () => {
    const users = await on.db.space("strict", userSchema());
    await users.put({ id: 1, name: "Ada" });
    const broken = await Schema.fromProto(USERS.replace("string name", "bytes name"), KEY);
    const [change] = (await users.plan(broken)).changes;
    assert.equal(change.cost, "refused");
    assert.equal(change.rule, "the type of a field changed");
    assert.equal(change.wayOut, "keep the field and add one of the new type under a new number");
    await fails(() => on.db.space("strict", broken), "MetaDataEvolution");
    assert.equal((await users.get(1)).name, "Ada");
  });

  test("drops what it is told to drop, and allows what it is told to allow", async () => {
    await on.db.space("dropped", userSchema(INDEXES.slice(0, 2)));
    const dropping = Schema.fromProto(USERS, { ...KEY, dropIndexes: "by_name" });
    const users = await on.db.space("dropped", dropping);
    assert.deepEqual(Object.keys(await users.indexStates()), ["by_city"]);

    const renamed = USERS.replace("string name", "string full_name");
    await fails(async () => on.db.space("dropped", Schema.fromProto(renamed, KEY)), "MetaDataEvolution");
    const allowed = { ...KEY, evolution: { allow_field_renames: true } };
    const people = await on.db.space("dropped", renamed, allowed);
    await people.put({ id: 1, full_name: "Ada" });
    assert.equal((await people.get(1)).full_name, "Ada");
  });
});

test("a space without schema is not made", async () => {
  const db = await open("memory:");
  await fails(() => db.space("users"), "StoreNotFound", { space: "users" });
  assert.deepEqual(await db.spaces(), []);
  await db.close();
});
