import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { field, KeyExpression, keys, open, Schema } from "record-store";
import { fails } from "./support.mjs";

const ORDERS = `
syntax = "proto3";
message Order {
  int64 id = 1;
  string shop = 2;
  repeated Line lines = 3;
  repeated string tags = 4;
  optional string code = 5;
  int64 paid = 6;
}
message Line { string article = 1; int64 count = 2; }
`;

/** A whole expression is taken as it is: no key of the record type stands in front of it. */
const KEY = { Order: keys.concat("id") };

const RECORDS = [
  { id: 1, shop: "a", lines: [{ article: "x", count: 2 }, { article: "y", count: 1 }], tags: ["new", "big"], paid: 10 },
  { id: 2, shop: "b", lines: [{ article: "x", count: 5 }], paid: 7 },
];

/** An expression, how it is written as text, and how many columns it has. */
const EXPRESSIONS = [
  [keys.concat("id", field("shop")), "[Field { 'id' None}, Field { 'shop' None}]", 2],
  [field("lines").fanOut().nest("article", "count"), "Field { 'lines' FanOut}/[Field { 'article' None}, Field { 'count' None}]", 2],
  [keys.concat("address.city"), "Field { 'address' None}/Field { 'city' None}", 1],
  [keys.packed("id", "shop"), undefined, 2],
  [keys.empty().groupBy(keys.recordType()), undefined, 1],
  [field("paid").groupBy("shop"), undefined, 2],
  [field("paid").ungrouped(), undefined, 1],
  [keys.concat(field("tags").fanOut()).split(2), undefined, 2],
  [keys.withValue("id", ["shop", "paid"]), undefined, 1],
  [keys.literal(3n), undefined, 1],
  [keys.function("add", "id", "paid"), undefined, 1],
  [keys.version(), undefined, 1],
  [keys.dimensions(["shop", "id", "paid"], 1, 2), undefined, 3],
];

describe("a key expression", () => {
  let db;
  before(async () => {
    db = await open("memory:");
  });
  after(() => db.close());

  for (const [expression, text, columns] of EXPRESSIONS) {
    test(`${expression} has ${columns} columns`, () => {
      assert.ok(expression instanceof KeyExpression);
      assert.equal(expression.columnCount, columns);
      if (text !== undefined) assert.equal(String(expression), text);
    });
  }

  const entriesOf = async (name, indexes) => {
    const orders = await db.space(name, ORDERS, { primaryKey: KEY, indexes });
    await orders.putAll(RECORDS);
    const entries = await orders.scanIndex(indexes[0].name).toArray();
    return entries.map(({ key, value }) => [...key, ...(value.length > 0 ? [value] : [])]);
  };

  test("indexes the values of a repeated field, one by one or together", async () => {
    const fanned = [{ name: "by_line", columns: field("lines").fanOut().nest("article", "count"), on: "Order" }];
    assert.deepEqual(await entriesOf("fanned", fanned), [["x", 2n, 1n], ["x", 5n, 2n], ["y", 1n, 1n]]);
    const together = [{ name: "tags", columns: field("tags").concatenate(), on: "Order" }];
    assert.deepEqual(await entriesOf("together", together), [[[], 2n], [["new", "big"], 1n]]);
  });

  test("puts columns into the values of entries", async () => {
    const covering = [{ name: "shops", columns: keys.withValue("shop", ["paid", "code"]), on: "Order" }];
    assert.deepEqual(await entriesOf("covering", covering), [["a", 1n, [10n, null]], ["b", 2n, [7n, null]]]);
  });

  test("mixes names of fields and expressions", async () => {
    const mixed = [{ name: "mixed", columns: ["shop", keys.literal("c"), keys.function("add", "id", "paid")], on: "Order" }];
    assert.deepEqual(await entriesOf("mixed", mixed), [["a", "c", 11n, 1n], ["b", "c", 9n, 2n]]);
  });

  test("groups by whole expressions", async () => {
    const grouped = [{ name: "paid", type: "sum", columns: field("paid").groupBy("shop"), on: "Order" }];
    assert.deepEqual(await entriesOf("grouped", grouped), [["a", [10n]], ["b", [7n]]]);
  });

  test("says what a missing value stands for", async () => {
    const unique = (columns) => [{ name: "by_code", columns, on: "Order", unique: true }];
    const lax = await db.space("lax", ORDERS, { primaryKey: { Order: "id" }, indexes: unique("code") });
    await lax.putAll(RECORDS);
    const strict = { primaryKey: { Order: "id" }, indexes: unique(field("code").uniqueNull()) };
    await fails(async () => (await db.space("strict", ORDERS, strict)).putAll(RECORDS), "UniquenessViolation");
    const filled = await db.space("filled", ORDERS, {
      primaryKey: KEY,
      indexes: [{ name: "by_code", columns: field("code").notNull(), on: "Order" }],
    });
    await filled.put({ id: 1 });
    assert.deepEqual((await filled.scanIndex("by_code").toArray())[0].key, ["", 1n]);
  });

  test("is a primary key, and the order of a query", async () => {
    const primaryKey = { Order: keys.concat(field("shop"), "id") };
    const orders = await db.space("keyed", ORDERS, { primaryKey });
    await orders.putAll(RECORDS);
    assert.equal((await orders.get(["b", 2])).paid, 7n);
    const found = await orders.query().orderBy(field("paid")).toArray();
    assert.deepEqual(found.map(({ id }) => id), [2n, 1n]);
  });

  test("that is none is an error", async () => {
    const index = (columns) => Schema.fromProto(ORDERS, { primaryKey: { Order: "id" }, indexes: [{ name: "i", columns }] });
    await fails(() => keys.concat(1), "InvalidArgument", { given: "1" }, /a column is the name of a field/);
    await fails(() => keys.function("shuffle", "id"), "InvalidExpression");
    await fails(() => keys.function(1), "InvalidArgument", {}, /the name of a function is a string/);
    await fails(() => keys.literal({}), "InvalidArgument", {}, /a column of a key/);
    await fails(() => keys.literal(2n ** 64n), "InvalidArgument");
    await fails(() => keys.concat("id").split(0), "InvalidArgument", {}, /the size of a row is an integer from 1/);
    await fails(() => keys.dimensions("id", -1, 1), "InvalidArgument", {}, /prefix is an integer from 0/);
    await fails(() => new KeyExpression(["empty"]), "InvalidArgument", {}, /made of field/);
    await fails(() => field("tags").any().fanOut().nest("x"), "InvalidArgument", { field: "tags" }, /any\(\) is for filters/);
    await fails(() => index(field("id").eq(1)), "InvalidArgument", {}, /columns of the index i/);
    await fails(() => index([{}]), "InvalidArgument", {}, /columns of the index i/);
    await fails(() => db.space("wrong", index(field("idd"))), "InvalidExpression");
  });
});
