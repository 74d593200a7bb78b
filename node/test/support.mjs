// What the tests share: databases on both backends, a schema, and a look at errors.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe } from "node:test";

import { open, RecordStoreError, Schema } from "record-store";

export const USERS = `
syntax = "proto3";
message User {
  int64 id = 1;
  string name = 2;
  optional string email = 3;
  Address address = 4;
  repeated string tags = 5;
}
message Address { string street = 1; string city = 2; }
`;

export const INDEXES = [
  { name: "by_name", columns: "name", on: "User" },
  { name: "by_city", columns: "address.city", on: "User" },
  { name: "by_email", columns: "email", on: "User", unique: true },
  { name: "users", type: "count", on: "User" },
  { name: "users_by_city", type: "count", groupBy: "address.city", on: "User" },
];

/** A user as it comes out. */
export function user(id, rest = {}) {
  return { id: BigInt(id), name: "", email: null, address: null, tags: [], ...rest };
}

export function userSchema(indexes = []) {
  return Schema.fromProto(USERS, { primaryKey: { User: "id" }, indexes });
}

/** The database that whoever runs the tests gives them; it may be a cluster that others use too. */
const given = process.env.RECORD_STORE_TEST_URL;

/** What the tests run on. */
export const backends = ["memory:", "a path", ...(given ? ["the given database"] : [])];

let roots = 0;

/** Where a test's own database is on one of the backends, and a function that removes it. */
export async function place(backend) {
  if (backend === "memory:") return { url: backend, remove: async () => {} };
  if (backend === "a path") {
    const folder = await mkdtemp(path.join(tmpdir(), "record-store-"));
    return { url: path.join(folder, "data"), remove: () => rm(folder, { recursive: true }) };
  }
  const root = `record-store-tests/node-${process.pid}-${roots++}`;
  const url = `${given}${given.includes("?") ? "&" : "?"}root=${root}`;
  const remove = async () => {
    const database = await open(url);
    // From the leaves: a space is removed with those below it.
    for (const space of (await database.spaces()).reverse()) await database.removeSpace(space);
    await database.close();
  };
  return { url, remove };
}

/** Describes something on each backend; `suite(on)` finds the open database as `on.db`. */
export function onEachBackend(name, suite) {
  for (const backend of backends) {
    describe(`${name} on ${backend}`, () => {
      const on = {};
      before(async () => {
        Object.assign(on, await place(backend));
        on.db = await open(on.url);
      });
      after(async () => {
        await on.db.close();
        await on.remove();
      });
      suite(on);
    });
  }
}

/** Expects an error of this kind, with these facts and words. */
export async function fails(call, code, facts = {}, words = /./) {
  const error = await Promise.resolve()
    .then(call)
    .then(
      (value) => assert.fail(`it should have failed with ${code}, but gave ${String(value)}`),
      (thrown) => thrown,
    );
  assert.ok(error instanceof RecordStoreError, error.stack);
  assert.equal(error.code, code, error.message);
  for (const [name, value] of Object.entries(facts)) assert.equal(error.context[name], value, error.message);
  assert.match(error.message, words);
  return error;
}
