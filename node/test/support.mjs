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

/** Describes something on a database in memory and on one in a directory; `suite(on)` finds the open one as `on.db`. */
export function onBothBackends(name, suite) {
  for (const backend of ["memory:", "a path"]) {
    describe(`${name} on ${backend}`, () => {
      const on = {};
      before(async () => {
        on.folder = await mkdtemp(path.join(tmpdir(), "record-store-"));
        on.url = backend === "memory:" ? backend : path.join(on.folder, "data");
        on.db = await open(on.url);
      });
      after(async () => {
        await on.db.close();
        await rm(on.folder, { recursive: true });
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
