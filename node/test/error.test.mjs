import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";

import { errorCodes, open, RecordStoreError } from "record-store";
import { fails, userSchema } from "./support.mjs";

test("the codes are the kinds of the core", () => {
  const native = createRequire(import.meta.url)("../lib/native.js");
  assert.deepEqual([...errorCodes], native.errorKinds());
  assert.ok(Object.isFrozen(errorCodes));
});

test("an error is an Error with a code and the facts", async () => {
  const db = await open("memory:");
  const users = await db.space("users", userSchema());
  const error = await fails(() => users.put({ id: "one" }), "InvalidRecord");
  assert.ok(error instanceof Error);
  assert.equal(error.name, "RecordStoreError");
  assert.equal(String(error), `RecordStoreError: ${error.message}`);
  assert.deepEqual([error.fdbCode, error.retryable, error.maybeCommitted], [null, false, false]);
  assert.deepEqual(error.context, {
    field: "User.id",
    expected: "an integer of 64 bits: a bigint, or a number that is a safe integer",
    value: '"one"',
    type: "string",
  });
  assert.match(error.stack, /error\.test\.mjs/);
  assert.deepEqual(JSON.parse(JSON.stringify(error)).code, "InvalidRecord");
  await db.close();
});

test("an error has its cause", async () => {
  const error = await fails(() => open("/proc/nowhere/data"), "Io");
  assert.ok(error.cause instanceof Error);
  assert.match(error.message, /No such file or directory|Permission denied/);
});

test("a program makes errors of its own", () => {
  const cause = new Error("cause");
  const error = new RecordStoreError("RecordNotFound", "no such user", { context: { id: "1" }, cause });
  assert.deepEqual([error.code, error.message, error.context.id, error.cause], ["RecordNotFound", "no such user", "1", cause]);
  assert.deepEqual([error.fdbCode, error.retryable, error.maybeCommitted], [null, false, false]);
});
