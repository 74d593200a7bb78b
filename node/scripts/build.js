// `npm run build`: compiles the addon and puts it where `lib/native.js` looks for it. `--debug` compiles it quickly, with checks;
// `--without-fdb` leaves FoundationDB clusters out, and with them the need for libclang.
"use strict";

const { execFileSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");

const home = path.dirname(__dirname);
const profile = process.argv.includes("--debug") ? [] : ["--release"];
const features = process.argv.includes("--without-fdb") ? [] : ["--features", "fdb"];

function build() {
  try {
    return execFileSync(
      "cargo",
      ["build", ...profile, ...features, "--package", "record-store-node", "--message-format", "json-render-diagnostics"],
      { cwd: path.dirname(home), encoding: "utf8", stdio: ["ignore", "pipe", "inherit"], maxBuffer: 64 << 20 },
    );
  } catch (error) {
    if (features.length > 0) {
      console.error(
        "If libclang was not found: install it (libclang-dev, or the Python package libclang) and name its folder in LIBCLANG_PATH,\n" +
          "or build without FoundationDB clusters: npm run build -- --without-fdb",
      );
    }
    throw error;
  }
}

const built = build();
const messages = built.trim().split("\n").map((line) => JSON.parse(line));
const addon = messages
  .filter((message) => message.reason === "compiler-artifact" && message.target.name === "record_store_node")
  .flatMap((message) => message.filenames)
  .find((file) => /\.(so|dylib|dll)$/.test(file));

const target = path.join(home, "native", "record-store.node");
fs.mkdirSync(path.dirname(target), { recursive: true });
// Not over a file that a running program has open.
fs.rmSync(target, { force: true });
fs.copyFileSync(addon, target);
console.log(path.relative(process.cwd(), target));
