// What must compile, and what must not.

import {
  field,
  keys,
  open,
  parameter,
  RecordStoreError,
  Schema,
  type AnyRecord,
  type ErrorCode,
  type IndexState,
  type KeyExpression,
  type Page,
  type PrimaryKey,
  type Query,
  type RecordSpace,
  type StoredRecord,
  type Transaction,
} from "record-store";

interface User {
  id: bigint;
  name: string;
  email: string | null;
  tags: string[];
  scores: Map<string, bigint>;
  address: { street: string; city: string } | null;
}

export async function program(): Promise<void> {
  const db = await open("memory:", { root: "apps" });
  await open(new URL("file:///tmp/data"));
  // @ts-expect-error A database is made by `open`.
  new (await import("record-store")).Database();

  const users: RecordSpace<User> = await db.space<User>("users", Schema.fromProto("", { primaryKey: { User: "id" } }));
  const same: RecordSpace<User> = await db.space<User>("users", "", { primaryKey: { User: ["id"] } });
  const any: RecordSpace = await db.space("users");

  const saved: StoredRecord = await users.put({ id: 1, name: "Ada", scores: { chess: 3 }, address: { city: "London" } });
  await users.put({ id: 1n, email: null, tags: new Set(["x"]), scores: new Map([["chess", 3n]]) }, { type: "User" });
  await users.putAll([{ id: 1 }, { id: 2n }]);
  await any.put({ anything: 1 });
  // @ts-expect-error There is no such field.
  await users.put({ id: 1, nmae: "Ada" });
  // @ts-expect-error A name is a string.
  await users.put({ id: 1, name: 1 });
  // @ts-expect-error There is no such field below.
  await users.put({ address: { town: "London" } });
  // @ts-expect-error There is no such option.
  await users.put({ id: 1 }, { txx: undefined });

  const user: User | undefined = await users.get(1);
  const again: User | undefined = await users.get(saved.primaryKey);
  // @ts-expect-error It may be absent.
  user.name;
  // @ts-expect-error A key is not an object.
  await users.get({ id: 1 });
  const one: AnyRecord | undefined = await any.get(["a", 1n, null, new Uint8Array(1)]);

  for await (const each of users.scan({ limit: 3, reverse: true })) each.name satisfies string;
  const batch: User[] = await users.scan().nextBatch(10);
  const [entry] = await users.scanIndex("by_name", { prefix: "Ada" }).toArray();
  if (entry) await users.get(entry.primaryKey);

  const adults: Query<User> = users.query("age >= ? AND city = ?", [18, "Oslo"], { orderBy: "name", limit: 3 });
  for await (const each of adults.where(field("name").in(["Ada"]).or(field("id").ge(1n)))) each.name satisfies string;
  const page: Page<User> = await users.query(field("id").eq(parameter("id")), { id: 1 }).page(10, { after: null });
  const next = await users.query().orderBy(["name"], { reverse: true }).page(10, { after: page.continuation });
  next.results[0]?.name satisfies string | undefined;
  (await adults.explain()) satisfies string;
  // @ts-expect-error Nothing is less than null.
  field("id").lt(null);
  // @ts-expect-error A filter is not a field.
  users.query(field("id"));
  // @ts-expect-error There is no such option.
  users.query("id = 1", [], { order: "id" });

  const result: number = await db.run(async (tx: Transaction) => tx.attempt, { timeoutMs: 1, maxAttempts: 2 });
  const text: string = await db.run(() => "text", { signal: AbortSignal.timeout(1) });

  const states: { [index: string]: IndexState } = await users.indexStates();
  const built = await users.buildIndexes({ progress: (progress) => progress.recordsScanned.toFixed() });
  built.states satisfies { [index: string]: IndexState };

  await users.insert({ id: 1 });
  await users.updateAll([{ id: 1n, name: "Ada" }], { type: "User" });
  // @ts-expect-error Only `put` takes a version.
  await users.insert({ id: 1 }, { version: saved.version });
  await users.deleteWhere(["a"], { type: "User" });
  (await users.countBy(["name", field("id")], ["Ada", 1])) satisfies number;
  users.typeOf({ id: 1n }) satisfies string | undefined;
  const [violation] = await users.uniquenessViolations("by_email", { prefix: "a" }).toArray();
  if (violation) await users.resolveUniqueness("by_email", violation.value, { keep: violation.primaryKey });
  const [key] = await users.scanKeys({ limit: 1 }).toArray();
  key satisfies PrimaryKey | undefined;
  await users.markIndex("by_name", "WRITE_ONLY");
  // @ts-expect-error There is no such state.
  await users.markIndex("by_name", "WRITABLE");
  await users.buildIndexes({ ifReadable: "rebuild", markReadable: false, byIndex: "by_id", stopAfter: 3 });
  const lines: KeyExpression = field("lines").fanOut().nest("article", keys.literal(1n));
  await Schema.fromProto("", {
    primaryKey: { User: keys.concat(keys.recordType(), "id") },
    indexes: [{ name: "by_line", columns: lines, groupBy: field("name"), where: field("id").gt(1) }],
  });
  // @ts-expect-error A filter is no column.
  keys.concat(field("id").eq(1));
  // @ts-expect-error An expression is made of `field` and `keys`.
  new (await import("record-store")).KeyExpression();
  const stamp: Uint8Array | null = db.transaction().versionstamp;

  const error = new RecordStoreError("Fdb", "text", { fdbCode: 1020 });
  const code: ErrorCode = error.code;
  // @ts-expect-error There is no such code.
  error.code === "Fdbb";

  const diff = await users.plan(await Schema.fromProto(""));
  diff.changes.map((change) => change.wayOut?.length);
  void [same, again, one, batch, result, text, states, code, stamp];
  await db.close();
}
