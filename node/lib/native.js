// The addon: everything that calls the core. Nothing outside this folder sees it.
"use strict";

const path = require("node:path");

// A build that lies elsewhere is named by the environment.
const file = process.env.RECORD_STORE_ADDON ?? path.join(__dirname, "..", "native", "record-store.node");

function load() {
  const addon = { exports: {} };
  try {
    process.dlopen(addon, file);
  } catch (cause) {
    throw new Error(
      `the addon of record-store could not be loaded from ${file}: run "npm run build" in the package, which needs Rust`,
      { cause },
    );
  }
  return addon.exports;
}

module.exports = load();
