// One page of the largest cities of a country, which goes on where a page in any language has stopped.
//
//     node examples/node/relay.mjs DATABASE COUNTRY COUNT [CONTINUATION]
//
// It prints the plan, the cities, and the continuation in hexadecimal digits, or `end`; see examples/src/bin/relay.rs.

import { open } from "record-store";

async function main(database, country, count, continuation) {
  const db = await open(database);
  try {
    const cities = await db.space("demo/cities");
    const query = cities.query("country = ?", [country]).orderBy("population", { reverse: true });
    console.log("plan", (await query.explain()).split("\n")[0]);
    const after = continuation === undefined ? null : Buffer.from(continuation, "hex");
    const page = await query.page(Number(count), { after });
    for (const city of page.results) console.log("city", String(city.id), String(city.population), city.name);
    console.log("continuation", page.continuation === null ? "end" : Buffer.from(page.continuation).toString("hex"));
  } finally {
    await db.close();
  }
}

const given = process.argv.slice(2);
if (given.length < 3 || given.length > 4) {
  console.error("usage: node relay.mjs DATABASE COUNTRY COUNT [CONTINUATION]");
  process.exitCode = 2;
} else {
  await main(...given);
}
