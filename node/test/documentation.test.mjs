// The programs of the README run, as one module.

import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const home = new URL("..", import.meta.url);

test("the README's programs run", async () => {
  const readme = await readFile(new URL("README.md", home), "utf8");
  const programs = [...readme.matchAll(/^```js\n(.*?)^```$/gms)].map(([, program]) => program);
  const source = ['import assert from "node:assert/strict";', ...programs, "await db.close();"].join("\n");
  await promisify(execFile)(process.execPath, ["--input-type=module", "-e", source], { cwd: fileURLToPath(home) });
});
