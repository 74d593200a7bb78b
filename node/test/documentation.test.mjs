// The programs of the pages run, those of a page as one module.

import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const home = new URL("..", import.meta.url);

for (const page of ["README.md", "../README.md"]) {
  test(`the programs of ${page} run`, async () => {
    const text = await readFile(new URL(page, home), "utf8");
    const programs = [...text.matchAll(/^```js\n(.*?)^```$/gms)].map(([, program]) => program);
    const source = ['import assert from "node:assert/strict";', ...programs, "await db.close();"].join("\n");
    await promisify(execFile)(process.execPath, ["--input-type=module", "-e", source], { cwd: fileURLToPath(home) });
  });
}
