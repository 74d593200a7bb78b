// `npm run build`: compiles the addon and puts it where `lib/native.js` looks for it.
"use strict";

const { execFileSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");

const package = path.dirname(__dirname);
const profile = process.argv.includes("--debug") ? [] : ["--release"];
const built = execFileSync(
  "cargo",
  ["build", ...profile, "--package", "record-store-node", "--message-format", "json-render-diagnostics"],
  { cwd: path.dirname(package), encoding: "utf8", stdio: ["ignore", "pipe", "inherit"], maxBuffer: 64 << 20 },
);
const messages = built.trim().split("\n").map((line) => JSON.parse(line));
const addon = messages
  .filter((message) => message.reason === "compiler-artifact" && message.target.name === "record_store_node")
  .flatMap((message) => message.filenames)
  .find((file) => /\.(so|dylib|dll)$/.test(file));

const target = path.join(package, "native", "record-store.node");
fs.mkdirSync(path.dirname(target), { recursive: true });
// Not over a file that a running program has open.
fs.rmSync(target, { force: true });
fs.copyFileSync(addon, target);
console.log(path.relative(process.cwd(), target));
