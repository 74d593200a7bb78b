// The first program: open a database, put records, read them, change one in a transaction.
//
//     node examples/node/quickstart.mjs [database]
//
// Without an argument the database lives in memory; `data` would be a durable one in that directory.

import { open, Schema } from "record-store";

const PROTO = `
syntax = "proto3";
package demo;

message User {
  int64 id = 1;
  string name = 2;
  optional string email = 3;
  Address address = 4;
  repeated string tags = 5;
}

message Address {
  string street = 1;
  string city = 2;
}
`;

const db = await open(process.argv[2] ?? "memory:");
try {
  const users = await db.space("quickstart/users", Schema.fromProto(PROTO, { primaryKey: { User: "id" } }));

  await users.put({ id: 999, name: "Ada", address: { city: "London" }, tags: ["mathematics"] });
  await users.putAll(Array.from({ length: 10 }, (_, at) => ({ id: at + 1, name: `user ${at + 1}` })));

  console.log("get(999):", await users.get(999));
  console.log("get(1000):", await users.get(1000));
  for await (const user of users.scan({ reverse: true, limit: 3 })) console.log("one of the last three:", user.name);

  // On a conflict it runs again.
  const attempt = await db.run(async (tx) => {
    const ada = await users.get(999, { tx });
    if (ada === undefined) throw new Error("there is no user 999");
    await users.put({ ...ada, address: { city: "Paris" } }, { tx });
    return tx.attempt;
  });
  console.log("moved in attempt", attempt);
  console.log("Ada lives in", (await users.get(999)).address.city);

  await users.put({ id: 5, nmae: "Grace" }).catch((error) => console.log(`${error.code}: ${error.message}`));

  console.log("deleted:", await users.delete(999), "- still there:", await users.exists(999));
} finally {
  await db.close();
}
