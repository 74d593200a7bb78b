// Goes on, in JavaScript, with the cities that the Rust program `cities` loaded into a directory.
//
//     node examples/node/cities.mjs DATABASE
//
// `cargo xtask demo` runs both. City data: GeoNames (geonames.org), CC BY 4.0.

import { field, open } from "record-store";

const ATTRIBUTION = "City data: GeoNames (geonames.org), CC BY 4.0";
const SPACE = "demo/cities";

// GeoNames' numbers.
const [PARIS, TOKYO, NAIROBI, NOWHERE] = [2_988_507, 1_850_147, 184_745, -1];

async function main(directory) {
  console.log(ATTRIBUTION);
  const db = await timed("open the same directory", () => open(directory));
  try {
    // No schema: the space has the one that the Rust program stored.
    const cities = await db.space(SPACE);
    await read(cities);
    await scan(cities);
    await query(cities);
    await update(db, cities);
    await deleteAndPutAgain(db, cities);
    await aMistake(cities);
  } finally {
    await db.close();
  }
}

async function read(cities) {
  for (const number of [PARIS, TOKYO, NAIROBI]) {
    const city = await timed(`get ${number}`, () => get(cities, number));
    const { latitude, longitude } = city.location;
    console.log(`    ${city.name} (${city.country}): ${grouped(city.population)} people at ${latitude}, ${longitude}`);
  }
  console.log(`    ${NOWHERE} is ${await cities.get(NOWHERE)}`);

  const numbers = (await cities.scan({ limit: 10_000 }).toArray()).map((city) => city.id);
  await timed("get one by one", async () => {
    for (const number of numbers) await cities.get(number);
  }, numbers.length);
  await timed("get, a hundred at a time", async () => {
    for (let at = 0; at < numbers.length; at += 100) {
      await Promise.all(numbers.slice(at, at + 100).map((number) => cities.get(number)));
    }
  }, numbers.length);
}

async function scan(cities) {
  const people = new Map();
  let count = 0;
  const started = performance.now();
  for await (const city of cities.scan()) {
    people.set(city.country, (people.get(city.country) ?? 0n) + city.population);
    count += 1;
  }
  report("scan all cities", performance.now() - started, count);
  const largest = [...people].sort(([, one], [, other]) => Number(other - one)).slice(0, 3);
  const shown = largest.map(([country, number]) => `${country} ${grouped(Math.round(Number(number) / 1e6))} million`);
  console.log("    most people in cities:", shown.join(", "));
}

async function query(cities) {
  const largest = cities.query("country = ? AND population >= ?", ["FR", 300_000]).orderBy("population", { reverse: true }).limit(10);
  console.log("    " + (await largest.explain()).trimEnd().replaceAll("\n", "\n    "));
  const found = await timed("query by country and population", () => largest.toArray());
  console.log("   ", found.map((city) => city.name).join(", "));

  // Pages go on where others stopped, here or in another process.
  const capitals = cities.query(field("feature_code").eq("PPLC"));
  let [pages, after] = [[], null];
  await timed("page through the capitals", async () => {
    do {
      const page = await capitals.page(50, { after });
      pages.push(page.results.length);
      after = page.continuation;
    } while (after !== null);
  });
  console.log(`    pages of ${pages.join(", ")}`);
}

async function update(db, cities) {
  // Adds people to a city; on a conflict it runs again, so nobody is lost.
  const grow = (number, people) =>
    db.run(async (tx) => {
      const city = await get(cities, number, tx);
      city.population += people;
      await cities.put(city, { tx });
      return city.population;
    });

  const grown = await timed(
    "add 1,000 people to each of three cities, a transaction each, on disk",
    () => Promise.all([PARIS, TOKYO, NAIROBI].map((number) => grow(number, 1_000n))),
    3,
  );
  console.log("    now", grown.map(grouped).join(", "));
  for (const number of [PARIS, TOKYO, NAIROBI]) await grow(number, -1_000n);

  const some = await cities.scan({ limit: 1_000 }).toArray();
  await timed("save cities again, in one transaction", () => cities.putAll(some), some.length);
}

async function deleteAndPutAgain(db, cities) {
  const paris = await get(cities, PARIS);
  await timed("delete Paris and put it again in one transaction", () =>
    db.run(async (tx) => {
      await cities.delete(PARIS, { tx });
      const [inside, outside] = [await cities.exists(PARIS, { tx }), await cities.exists(PARIS)];
      console.log(`    inside, Paris is there: ${inside}; others still see it: ${outside}`);
      await cities.put(paris, { tx });
    }),
  );
  console.log(`    afterwards it is as before: ${(await get(cities, PARIS)).population === paris.population}`);
}

async function aMistake(cities) {
  const mistake = cities.put({ id: PARIS, name: "Paris", populaton: 1 });
  await mistake.catch((error) => console.log(`    a mistake: ${error.code}: ${error.message}`));
}

/** The city of this number, which must be there. */
async function get(cities, number, tx) {
  const city = await cities.get(number, { tx });
  if (city === undefined) throw new Error(`there is no city ${number}: load the cities first, see cargo xtask demo`);
  return city;
}

async function timed(what, work, count = 1) {
  const started = performance.now();
  const result = await work();
  report(what, performance.now() - started, count);
  return result;
}

function report(what, milliseconds, count) {
  const each = count > 1 ? ` (${grouped(count)}: ${((milliseconds / count) * 1e3).toFixed(1)} µs each)` : "";
  console.log(`${milliseconds.toFixed(3).padStart(10)} ms  ${what}${each}`);
}

function grouped(number) {
  return number.toLocaleString("en-US");
}

if (process.argv.length !== 3) {
  console.error("usage: node cities.mjs DATABASE");
  process.exit(1);
}
await main(process.argv[2]);
