import assert from "node:assert/strict";
import { before, describe, test } from "node:test";

import { field, Filter, open, parameter } from "record-store";
import { fails, onEachBackend } from "./support.mjs";

const PEOPLE = `
syntax = "proto3";
message Person {
  int64 id = 1;
  string name = 2;
  int32 age = 3;
  optional string email = 4;
  Address address = 5;
  repeated string tags = 6;
  repeated Line lines = 7;
}
message Address { string city = 1; string zip = 2; }
message Line { int64 article = 1; int32 count = 2; }
`;

const INDEXES = [
  { name: "by_city", columns: ["address.city", "age"], on: "Person" },
  { name: "by_tag", columns: "tags", on: "Person" },
];

const CITIES = ["Oslo", "Bergen", "Rome"];

// From 1: a zero of a field without presence is no value.
const IDS = Array.from({ length: 60 }, (_, at) => at + 1);

onEachBackend("a query", (on) => {
  let people;
  before(async () => {
    people = await on.db.space("people", PEOPLE, { primaryKey: { Person: "id" }, indexes: INDEXES });
    await people.putAll(
      IDS.map((id) => ({
        id,
        name: `name ${id}`,
        age: id,
        email: id % 2 === 0 ? `${id}@example.org` : null,
        address: { city: CITIES[id % 3], zip: `0${id}` },
        tags: id % 10 === 0 ? ["round", "new"] : id % 5 === 0 ? ["half"] : [],
        lines: id === 7 ? [{ article: 7, count: 1 }, { article: 8, count: 3 }] : [],
      })),
    );
  });

  const ids = async (query) => (await query.toArray()).map(({ id }) => Number(id));
  const where = (condition) => IDS.filter(condition);

  test("asks with text and the values of its parameters", async () => {
    const expected = where((id) => id >= 18 && id % 3 === 0);
    assert.deepEqual(await ids(people.query("age >= 18 AND address.city = ?", ["Oslo"])), expected);
    assert.deepEqual(await ids(people.query("age >= :age AND address.city = :city", { age: 18n, city: "Oslo" })), expected);
    assert.deepEqual(await ids(people.query("age IN (1, 2)")), [1, 2]);
    assert.deepEqual(await ids(people.query("age = ANY(:ages)", { ages: [3, 4] })), [3, 4]);
    assert.equal((await ids(people.query())).length, 60);
  });

  test("asks with fields and their comparisons", async () => {
    const [age, city] = [field("age"), field("address.city")];
    // [filter, which]
    const cases = [
      [age.ge(18).and(city.eq("Oslo")), (id) => id >= 18 && id % 3 === 0],
      [age.lt(3).or(age.gt(57)), (id) => id < 3 || id > 57],
      [age.le(3).not(), (id) => id > 3],
      [age.ne(5).and(age.between(4, 6)), (id) => id === 4 || id === 6],
      [city.in(["Bergen", "Rome"]).and(age.in(new Set([1, 2, 3]))), (id) => id === 1 || id === 2],
      [field("name").startsWith("name 5"), (id) => id === 5 || (id >= 50 && id < 60)],
      [field("name").like("%7"), (id) => id % 10 === 7],
      [field("email").isNull(), (id) => id % 2 === 1],
      [field("email").eq(null).not(), (id) => id % 2 === 0],
      [field("email").ne(null), (id) => id % 2 === 0],
      [field("tags").any().eq("round"), (id) => id % 10 === 0],
      [field("tags").isEmpty().not().and(field("tags").isNotEmpty()), (id) => id % 5 === 0],
      [field("lines").any(field("article").eq(8).and(field("count").gt(1))), (id) => id === 7],
      [field("address").matches(field("zip").eq("09")), (id) => id === 9],
    ];
    for (const [filter, which] of cases) {
      assert.deepEqual((await ids(people.query(filter))).sort((a, b) => a - b), where(which), String(filter));
    }
    const withParameters = field("age").lt(parameter("age")).and(field("address.city").in(parameter("cities")));
    assert.deepEqual(await ids(people.query(withParameters, { age: 5, cities: ["Rome"] })), [2]);
  });

  test("is built step by step, and each step is a query of its own", async () => {
    const grownUp = people.query("age >= 50");
    const inOslo = grownUp.where(field("address.city").eq("Oslo"));
    assert.deepEqual(await ids(inOslo), [51, 54, 57, 60]);
    assert.equal((await ids(grownUp)).length, 11);
    assert.deepEqual(await ids(inOslo.orderBy("age", { reverse: true }).limit(2)), [60, 57]);
    assert.deepEqual(await ids(inOslo.orderBy(["address.city", "age"]).skip(1)), [54, 57, 60]);
    const said = { orderBy: "name", reverse: true, limit: 2, skip: 1, type: "Person" };
    assert.deepEqual(await ids(people.query("age < 5", [], said)), [3, 2]);
    let seen = 0;
    for await (const { age } of inOslo) {
      assert.ok(age >= 50);
      seen += 1;
    }
    assert.equal(seen, 4);
  });

  test("says how its records are found", async () => {
    assert.match(await people.query("address.city = ?", ["Oslo"]).explain(), /^ISCAN\(by_city/);
    assert.match(await people.query("name = 'name 1'").explain(), /SCAN\(/);
    assert.doesNotMatch(await people.query("address.city = ?", ["Oslo"]).using().explain(), /by_city/);
  });

  test("is paged, in pages that others go on with", async () => {
    for (const query of [people.query("address.city = 'Oslo'"), people.query().orderBy("name"), people.query("any(tags) = 'new' OR age < 9")]) {
      const whole = await ids(query);
      const paged = [];
      let after = null;
      do {
        const page = await query.page(4, { after });
        paged.push(...page.results.map(({ id }) => Number(id)));
        after = page.continuation;
        if (after === null) assert.equal(page.noNextReason, "SOURCE_EXHAUSTED");
      } while (after !== null);
      assert.deepEqual(paged, whole);
    }
    const { continuation } = await people.query("age > 1").page(2);
    assert.equal(Object.getPrototypeOf(continuation), Uint8Array.prototype);
    await fails(() => people.query("address.city = 'Rome'").page(2, { after: continuation }), "InvalidContinuation");
    const damaged = continuation.map((byte, at) => (at === 12 ? byte ^ 1 : byte));
    await fails(() => people.query("age > 1").page(2, { after: damaged }), "InvalidContinuation");
    await fails(() => people.query("age > 1").page(2, { after: "x" }), "InvalidArgument", {}, /after is the continuation/);
  });

  test("stops at its limits, and says why", async () => {
    const page = await people.query("age >= 0").page(60, { maxRows: 10 });
    assert.equal(page.noNextReason, "SCAN_LIMIT_REACHED");
    assert.ok(page.results.length > 0 && page.results.length < 60);
    const rest = await people.query("age >= 0").page(60, { after: page.continuation });
    assert.equal(page.results.length + rest.results.length, 60);
    const limited = await people.query("age >= 0").limit(3).page(60);
    assert.deepEqual([limited.results.length, limited.noNextReason], [3, "RETURN_LIMIT_REACHED"]);
  });

  test("in a transaction sees what the transaction wrote", async () => {
    const tx = on.db.transaction();
    await people.put({ id: 100, age: 100 }, { tx });
    assert.equal((await people.query("age >= 100").run({ tx }).toArray()).length, 1);
    assert.equal((await people.query("age >= 100").toArray({ tx })).length, 1);
    assert.equal((await people.query("age >= 100").toArray()).length, 0);
    tx.cancel();
    await fails(() => people.query("age >= 100").toArray({ tx }), "InvalidArgument", {}, /the transaction has ended/);
  });

  test("that does not fit is an error", async () => {
    await fails(() => ids(people.query("agee > 1")), "InvalidQuery", { field: "agee", did_you_mean: "age" });
    await fails(() => ids(people.query(field("address.town").eq("x"))), "InvalidQuery", { field: "town" });
    await fails(() => ids(people.query("age = 'x'")), "InvalidQuery", { field: "age" });
    const broken = await fails(() => ids(people.query("age >= 1 AND")), "InvalidQuery");
    assert.ok("column" in broken.context, broken.message);
    await fails(() => ids(people.query("age = ?")), "InvalidQuery", {}, /has no value/);
    await fails(() => ids(people.query("age = ?", [1, 2])), "InvalidQuery");
    await fails(() => ids(people.query("age = :age", { agee: 1 })), "InvalidQuery", { parameter: "age" });
    await fails(() => ids(people.query("age = 1").using("by_citty")), "MetaData");
    await fails(() => ids(people.query("age = 1").orderBy("agee")), "InvalidExpression");
    await fails(() => people.query(1), "InvalidArgument", { given: "1" }, /a filter is made of field/);
    await fails(() => people.query("age = ?", 1), "InvalidArgument", {}, /the values of parameters/);
    await fails(() => people.query("age = 1", [], { order: "age" }), "InvalidArgument", { option: "order" });
    await fails(() => people.query().limit(-1), "InvalidArgument", { given: "-1" });
    await fails(() => people.query().orderBy(1), "InvalidArgument");
    await fails(() => people.query().run({ limit: 1 }), "InvalidArgument", { option: "limit" });
    await fails(() => ids(people.query(field("age").eq({}))), "InvalidArgument", { given: "Object" });
  });
});

describe("a filter", () => {
  test("is shown as text, which reads as the same filter", () => {
    const filter = field("age").ge(18).and(field("name").ne("Ada"));
    assert.equal(String(filter), "age >= 18 AND name <> 'Ada'");
    assert.equal(String(Filter.parse("age >= ? AND name <> ?", [18, "Ada"])), String(filter));
    assert.equal(String(field("age").lt(parameter("age"))), "age < :age");
  });

  test("is made of fields, or read", async () => {
    await fails(() => new Filter("age > 1"), "InvalidArgument", {}, /made of field/);
    await fails(() => Filter.parse("age >"), "InvalidQuery");
    await fails(() => Filter.parse(1), "InvalidArgument");
    await fails(() => field(), "InvalidArgument", {}, /the name of a field is a string/);
    await fails(() => field("age").eq(), "InvalidArgument", {}, /the value to compare with is missing/);
    await fails(() => field("age").lt(null), "InvalidArgument", {}, /nothing is less or greater than null/);
    await fails(() => field("age").eq(field("id")), "InvalidArgument", {}, /not with another field/);
    await fails(() => field("age").in("abc"), "InvalidArgument", {}, /an array or another iterable/);
    await fails(() => field("age").eq(1).and("age < 3"), "InvalidArgument", {}, /made of field/);
    await fails(() => field("name").like(1), "InvalidArgument");
    await fails(() => parameter(1), "InvalidArgument");
  });

  test("says which records an index has", async () => {
    const db = await open("memory:");
    for (const [name, where] of [["built", field("age").ge(18)], ["text", "age >= 18"]]) {
      const indexes = [{ name: "adults", columns: "name", on: "Person", where }];
      const people = await db.space(name, PEOPLE, { primaryKey: { Person: "id" }, indexes });
      await people.putAll([{ id: 1, age: 17 }, { id: 2, age: 18 }]);
      assert.deepEqual((await people.scanBy("adults").toArray()).map(({ id }) => id), [2n]);
    }
    const indexes = [{ name: "adults", columns: "name", on: "Person", where: 1 }];
    await fails(() => db.space("bad", PEOPLE, { primaryKey: { Person: "id" }, indexes }), "InvalidArgument");
    await db.close();
  });
});

test("scans are paged and bounded as queries are", async () => {
  const db = await open("memory:");
  const people = await db.space("people", PEOPLE, { primaryKey: { Person: "id" }, indexes: INDEXES });
  await people.putAll(Array.from({ length: 20 }, (_, id) => ({ id, address: { city: CITIES[id % 3] } })));
  const ids = (page) => page.results.map(({ id }) => Number(id));
  const first = await people.scan().page(3);
  assert.deepEqual([ids(first), first.noNextReason], [[0, 1, 2], null]);
  assert.deepEqual(ids(await people.scan({ after: first.continuation }).page(3)), [3, 4, 5]);
  assert.deepEqual(ids(await people.scan({ start: 5, end: 8 }).page(9)), [5, 6, 7]);
  assert.deepEqual(ids(await people.scan({ prefix: 5, type: "Person" }).page(9)), [5]);
  assert.deepEqual(ids(await people.scan({ skip: 18 }).page(9)), [18, 19]);
  const byIndex = await people.scanBy("by_city", { prefix: "Oslo" }).page(2);
  assert.deepEqual(ids(byIndex), [0, 3]);
  assert.deepEqual(ids(await people.scanBy("by_city", { prefix: "Oslo", after: byIndex.continuation }).page(2)), [6, 9]);
  const entries = await people.scanIndex("by_city").page(2);
  assert.equal((await people.scanIndex("by_city", { after: entries.continuation }).toArray()).length, 18);
  assert.equal((await people.scan({ maxRows: 2 }).page(20)).noNextReason, "SCAN_LIMIT_REACHED");
  await fails(() => people.scan({ after: 1 }), "InvalidArgument");
  await fails(() => people.scan({ maxMs: -1 }), "InvalidArgument", {}, /maxMs/);
  await db.close();
});
