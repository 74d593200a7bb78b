import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { open } from "record-store";
import { fails, user, userSchema } from "./support.mjs";

const KINDS = `
syntax = "proto2";
enum Color { RED = 1; GREEN = 2; }
message Child { optional int32 n = 1; optional Child child = 2; }
message Kinds {
  required int64 id = 1;
  optional double double = 2;
  optional float float = 3;
  optional int32 int32 = 4;
  optional int64 int64 = 5;
  optional sint32 sint32 = 8;
  optional sint64 sint64 = 9;
  optional sfixed32 sfixed32 = 12;
  optional sfixed64 sfixed64 = 13;
  optional bool bool = 14;
  optional string string = 15;
  optional bytes bytes = 16;
  optional Color color = 17;
  optional Child child = 18;
  repeated int64 list = 19;
  repeated Child children = 20;
  map<string, int64> names = 21;
  map<int64, Child> numbers = 22;
  map<bool, string> truths = 23;
  oneof choice { string left = 24; int32 right = 25; }
  optional string __proto__ = 26;
}
`;

// Java's record layer has no unsigned fields, and so has ours: see schema.test.mjs.
const MAX = { int32: 2 ** 31 - 1, int64: 2n ** 63n - 1n };
const MIN = { int32: -(2 ** 31), int64: -(2n ** 63n) };

/** A field, what goes in, and what comes out where that is another value. */
const ROUND_TRIPS = [
  ["double", 1.5],
  ["double", -0],
  ["double", NaN],
  ["double", -Infinity],
  ["double", 2 ** 60],
  ["float", 0.25],
  ["float", 0.1, Math.fround(0.1)],
  ["float", Infinity],
  ...["int32", "sint32", "sfixed32"].flatMap((kind) => [
    [kind, MAX.int32],
    [kind, MIN.int32],
    [kind, 7n, 7],
  ]),
  ...["int64", "sint64", "sfixed64"].flatMap((kind) => [
    [kind, MAX.int64],
    [kind, MIN.int64],
    [kind, Number.MAX_SAFE_INTEGER, BigInt(Number.MAX_SAFE_INTEGER)],
    [kind, -1, -1n],
  ]),
  ["bool", true],
  ["bool", false],
  ["string", ""],
  ["string", "a longer text, of ASCII letters alone"],
  ["string", "žluťoučký 馬 🐎"],
  ["string", "\0"],
  ["bytes", new Uint8Array([0, 255])],
  ["bytes", Buffer.from([1, 2]), new Uint8Array([1, 2])],
  ["color", "GREEN"],
  ["color", 1, "RED"],
  ["child", { n: 3, child: null }],
  ["child", { n: 1, child: { n: 2 } }, { n: 1, child: { n: 2, child: null } }],
  ["list", [1n, 2n]],
  ["list", new Set([1, 2n]), [1n, 2n]],
  ["list", new Int32Array([4, 5]), [4n, 5n]],
  ["children", [{}, { n: 1 }], [{ n: null, child: null }, { n: 1, child: null }]],
  ["names", new Map([["a", 1n], ["b", 2n]])],
  ["names", { b: 2, a: 1 }, new Map([["a", 1n], ["b", 2n]])],
  ["numbers", new Map([[2, { n: 1 }]]), new Map([[2n, { n: 1, child: null }]])],
  ["truths", new Map([[false, "no"], [true, "yes"]])],
  ["left", "l"],
  ["right", 0],
];

/** A field, what does not fit it, where that is, what was expected, and how the value and its type are shown. */
const MISFITS = [
  ["double", "1", "Kinds.double", /^a number$/, '"1"', "string"],
  ["double", 1n, "Kinds.double", /^a number$/, "1n", "bigint"],
  ["float", 1e300, "Kinds.float", /float of 32 bits/, undefined, "number"],
  ["int32", 2 ** 31, "Kinds.int32", /integer of 32 bits/, "2147483648", "number"],
  ["int32", 1.5, "Kinds.int32", /integer of 32 bits/, "1.5", "number"],
  ["int32", NaN, "Kinds.int32", /integer of 32 bits/, "NaN", "number"],
  ["int32", true, "Kinds.int32", /integer of 32 bits/, "true", "boolean"],
  ["int64", 2 ** 53, "Kinds.int64", /a number that is a safe integer/, "9007199254740992", "number"],
  ["int64", 2n ** 63n, "Kinds.int64", /integer of 64 bits/, "9223372036854775808n", "bigint"],
  ["int64", 2n ** 80n, "Kinds.int64", /integer of 64 bits/, "1208925819614629174706176n", "bigint"],
  ["int64", "1", "Kinds.int64", /integer of 64 bits/, '"1"', "string"],
  ["int64", 2n ** 64n - 1n, "Kinds.int64", /integer of 64 bits/, "18446744073709551615n", "bigint"],
  ["bool", 1, "Kinds.bool", /^a boolean$/, "1", "number"],
  ["string", 1, "Kinds.string", /^a string$/, "1", "number"],
  ["string", "\ud800", "Kinds.string", /^a string$/, "text with half a surrogate pair", "string"],
  ["string", new Date(0), "Kinds.string", /^a string$/, "1970-01-01T00:00:00.000Z", "Date"],
  ["bytes", "x", "Kinds.bytes", /^a Uint8Array$/, '"x"', "string"],
  ["bytes", [1], "Kinds.bytes", /^a Uint8Array$/, "Array(1)", "Array"],
  ["color", "BLUE", "Kinds.color", /name or number of the enum Color/, '"BLUE"', "string"],
  ["child", new Date(0), "Kinds.child", /an object with the fields of Child/, "1970-01-01T00:00:00.000Z", "Date"],
  ["child", [], "Kinds.child", /an object with the fields of Child/, "Array(0)", "Array"],
  ["child", { child: { n: "x" } }, "Kinds.child.child.n", /integer of 32 bits/, '"x"', "string"],
  ["list", 1, "Kinds.list", /^an array$/, "1", "number"],
  ["list", "12", "Kinds.list", /^an array$/, '"12"', "string"],
  ["list", [1, null], "Kinds.list[1]", /integer of 64 bits/, "null", "null"],
  ["children", [{ n: 1 }, { n: [] }], "Kinds.children[1].n", /integer of 32 bits/, "Array(0)", "Array"],
  ["names", [["a", 1]], "Kinds.names", /^a Map or an object$/, "Array(1)", "Array"],
  ["names", { a: "x" }, 'Kinds.names["a"]', /integer of 64 bits/, '"x"', "string"],
  ["names", new Map([[1, 1]]), "Kinds.names[1]", /^a string$/, "1", "number"],
  ["numbers", { 1: {} }, "Kinds.numbers", /^a Map$/, "Object", "Object"],
  ["numbers", new Map([[1n, { n: "x" }]]), "Kinds.numbers[1n].n", /integer of 32 bits/, '"x"', "string"],
  ["string", () => 1, "Kinds.string", /^a string$/, undefined, "function"],
  ["string", Symbol("s"), "Kinds.string", /^a string$/, "Symbol(s)", "symbol"],
];

describe("a record", () => {
  let db, kinds, users;
  before(async () => {
    db = await open("memory:");
    kinds = await db.space("kinds", KINDS, { primaryKey: { Kinds: "id" } });
    users = await db.space("users", userSchema());
  });
  after(() => db.close());

  for (const [field, given, expected = given] of ROUND_TRIPS) {
    test(`keeps ${field} ${typeof given} ${String(given)}`, async () => {
      await kinds.put({ id: 1, [field]: given });
      const found = await kinds.get(1);
      assert.deepStrictEqual(found[field], expected);
      if (expected instanceof Uint8Array) assert.equal(Object.getPrototypeOf(found[field]), Uint8Array.prototype);
    });
  }

  for (const [field, given, place, expected, value, type] of MISFITS) {
    test(`refuses ${place} ${typeof given} ${value}`, async () => {
      const facts = value === undefined ? { field: place, type } : { field: place, type, value };
      const error = await fails(() => kinds.put({ id: 1, [field]: given }), "InvalidRecord", facts);
      assert.match(error.context.expected, expected);
    });
  }

  test("comes out with every field, null where it is absent", async () => {
    await kinds.put({ id: 2n });
    const { id, list, children, names, numbers, truths, ...rest } = await kinds.get(2);
    assert.equal(id, 2n);
    assert.deepEqual([list, children, names, numbers, truths], [[], [], new Map(), new Map(), new Map()]);
    assert.deepEqual(new Set(Object.values(rest)), new Set([null]));
    assert.equal(Object.keys(rest).length, 16);
  });

  test("takes null, undefined and a missing field for the same", async () => {
    await users.put({ id: 1, name: null, email: undefined });
    assert.deepEqual(await users.get(1), user(1));
  });

  test("may be an object of a class, or have no prototype", async () => {
    class Person {
      id = 3;
      name = "Ada";
      get shouted() {
        return this.name.toUpperCase();
      }
    }
    await users.put(new Person());
    await users.put(Object.assign(Object.create(null), { id: 4 }));
    assert.deepEqual([(await users.get(3)).name, (await users.get(4)).id], ["Ada", 4n]);
  });

  test("has a field called __proto__ as any other", async () => {
    await kinds.put(JSON.parse('{"id": 5, "__proto__": "text"}'));
    const found = await kinds.get(5);
    assert.equal(Object.getPrototypeOf(found), Object.prototype);
    assert.equal(Object.getOwnPropertyDescriptor(found, "__proto__").value, "text");
  });

  test("names the near field for one that is not there", async () => {
    await fails(() => users.put({ id: 1, nmae: "Ada" }), "InvalidRecord", { field: "nmae", did_you_mean: "name" });
    await fails(() => users.put({ address: { town: "x" } }), "InvalidRecord", { message: "Address", known: "street, city" });
  });

  test("has one value of a oneof", async () => {
    const facts = { oneof: "choice", field: "Kinds.right", other_field: "left" };
    await fails(() => kinds.put({ id: 1, left: "l", right: 1 }), "InvalidRecord", facts);
  });

  test("has its required fields", async () => {
    await fails(() => kinds.put({}), "InvalidRecord");
  });

  test("is an object", async () => {
    for (const record of [undefined, null, 1, "text", [], new Map(), () => 1, new Date(0)]) {
      await fails(() => users.put(record), "InvalidRecord", { field: "User" }, /an object with the fields of User/);
    }
  });

  test("is not nested too deeply, and does not hold itself", async () => {
    const nested = (depth) => (depth === 0 ? {} : { child: nested(depth - 1) });
    await kinds.put({ id: 1, child: nested(90) });
    await fails(() => kinds.put({ id: 1, child: nested(150) }), "InvalidRecord", {}, /nested too deeply/);
    const itself = {};
    itself.child = itself;
    await fails(() => kinds.put({ id: 1, child: itself }), "InvalidRecord", {}, /nested too deeply/);
  });

  test("lets out what its own getter throws", async () => {
    const mine = new Error("mine");
    const record = {
      get id() {
        throw mine;
      },
    };
    await assert.rejects(users.put(record), (error) => error === mine);
  });

  test("may be larger than a buffer", async () => {
    const name = "žluť".repeat(50_000);
    await users.put({ id: 6, name, tags: Array.from({ length: 1000 }, (_, n) => `tag ${n}`) });
    const found = await users.get(6);
    assert.equal(found.name, name);
    assert.equal(found.tags[999], "tag 999");
  });
});
