// The package as programs see it: both kinds of modules, several threads, and the end of the process.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";

import * as imported from "record-store";

const require = createRequire(import.meta.url);
const home = path.dirname(require.resolve("record-store"));

test("import and require give the same objects", () => {
  const required = require("record-store");
  assert.deepEqual(Object.keys(imported).sort(), Object.keys(required).sort());
  for (const [name, value] of Object.entries(required)) assert.equal(imported[name], value, name);
  assert.equal(imported.version, require("record-store/package.json").version);
});

test("what is not exported is not reached", () => {
  assert.throws(() => require("record-store/lib/native.js"), { code: "ERR_PACKAGE_PATH_NOT_EXPORTED" });
});

const PROGRAM = `
  const db = await recordStore.open(url);
  const users = await db.space("users", 'syntax = "proto3"; message User { int64 id = 1; }', { primaryKey: { User: "id" } });
  await users.put({ id });
  const found = await users.get(id);
`;

async function run(source, ...flags) {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [...flags, "-e", source], { cwd: home });
  assert.equal(stderr, "");
  return stdout.trim();
}

test("a CommonJS and an ES module program end by themselves, with handles open", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "record-store-"));
  const prefix = `const [url, id] = [${JSON.stringify(folder)}, 1n];`;
  const left = "db.transaction(); users.scan(); console.log(found.id);";
  const commonJs = `const recordStore = require("record-store"); (async () => { ${prefix} ${PROGRAM} ${left} })();`;
  assert.equal(await run(commonJs), "1n");
  const esModule = `import * as recordStore from "record-store"; ${prefix} ${PROGRAM} ${left}`;
  assert.equal(await run(esModule, "--input-type=module"), "1n");
  const exiting = `${esModule} users.put({ id: 2n }); process.exit(0);`;
  assert.equal(await run(exiting, "--input-type=module"), "1n");
  const throwing = `${esModule} throw new Error("mine");`;
  await assert.rejects(run(throwing, "--input-type=module"), /Error: mine/);

  // Nothing of it is locked or lost.
  const db = await imported.open(folder);
  assert.equal(await (await db.space("users")).exists(1), true);
  await db.close();
  await rm(folder, { recursive: true });
});

test("threads share a directory, and end with handles open", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "record-store-"));
  const db = await imported.open(folder);
  await db.space("users", 'syntax = "proto3"; message User { int64 id = 1; }', { primaryKey: { User: "id" } });
  const source = `
    const { parentPort, workerData } = require("node:worker_threads");
    const recordStore = require(workerData.home);
    (async () => {
      const { url, id } = workerData;
      ${PROGRAM}
      parentPort.postMessage(found.id);
    })();
  `;
  const threads = [1n, 2n, 3n].map(
    (id) =>
      new Promise((resolve, reject) => {
        let got;
        const worker = new Worker(source, { eval: true, workerData: { home, url: folder, id } });
        worker.on("message", (message) => (got = message));
        worker.on("error", reject);
        worker.on("exit", (code) => (code === 0 ? resolve(got) : reject(new Error(`exit ${code}`))));
      }),
  );
  assert.deepEqual(await Promise.all(threads), [1n, 2n, 3n]);
  const users = await db.space("users");
  assert.deepEqual((await users.scan().toArray()).map(({ id }) => id), [1n, 2n, 3n]);

  // A thread that is stopped in the middle does no harm to the others.
  const endless = `${source.replace("parentPort.postMessage(found.id);", "parentPort.postMessage(0); for (;;) await users.get(id);")}`;
  const worker = new Worker(endless, { eval: true, workerData: { home, url: folder, id: 4n } });
  await new Promise((resolve) => worker.on("message", resolve));
  await worker.terminate();
  assert.equal(await users.exists(4), true);
  await db.close();
  await rm(folder, { recursive: true });
});
