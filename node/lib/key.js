// What keys are made of that JavaScript has no type for.
"use strict";

const { invalidArgument } = require("./error.js");

/** A whole primary key, as it comes from a space; `get`, `delete` and `exists` take it as it is. */
class PrimaryKey extends Array {
  // What `map` and the like make of a key is an ordinary array.
  static get [Symbol.species]() {
    return Array;
  }
}

/** A UUID, where a key has one as a column. */
class Uuid {
  #bytes;

  /** From its 16 bytes, or from text such as `"6ba7b810-9dad-11d1-80b4-00c04fd430c8"`. */
  constructor(value) {
    if (value instanceof Uint8Array && value.length === 16) {
      this.#bytes = new Uint8Array(value);
    } else if (typeof value === "string" && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value)) {
      this.#bytes = new Uint8Array(Buffer.from(value.replaceAll("-", ""), "hex"));
    } else {
      throw invalidArgument("a UUID is made of 16 bytes, or of text with its five groups of hexadecimal digits");
    }
  }

  /** Its 16 bytes. */
  toBytes() {
    return new Uint8Array(this.#bytes);
  }

  toString() {
    const hex = Buffer.from(this.#bytes).toString("hex");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  }

  [Symbol.for("nodejs.util.inspect.custom")]() {
    return `Uuid(${this})`;
  }
}

module.exports = { PrimaryKey, Uuid };
