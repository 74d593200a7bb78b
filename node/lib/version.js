// `RecordVersion`: when a record was saved.
"use strict";

const { refuse, shown } = require("./argument.js");
const { invalidArgument } = require("./error.js");

const LENGTH = 12;
const GLOBAL = 10;

/** When a record was saved: versions are ordered over the whole database. */
class RecordVersion {
  #bytes;

  constructor(bytes) {
    if (!(bytes instanceof Uint8Array)) refuse("a record version", "made of a Uint8Array", bytes);
    if (bytes.length !== LENGTH) throw invalidArgument("a record version has 12 bytes", { length: bytes.length });
    this.#bytes = new Uint8Array(bytes);
  }

  /** Whether the transaction of this version has committed. */
  get isComplete() {
    return this.#bytes.subarray(0, GLOBAL).some((byte) => byte !== 0xff);
  }

  /** The commit version of the transaction, FoundationDB's; null before the commit. */
  get commitVersion() {
    return this.isComplete ? this.#view().getBigInt64(0) : null;
  }

  /** The number that orders the records of one transaction. */
  get localVersion() {
    return this.#view().getUint16(GLOBAL);
  }

  /** This version as the commit of its transaction completes it; itself when there is no commit yet, or it is complete. */
  completedBy(versionstamp) {
    if (versionstamp === null || this.isComplete) return this;
    return new RecordVersion(Buffer.concat([versionstamp, this.#bytes.subarray(GLOBAL)]));
  }

  /** Its 12 bytes. */
  toBytes() {
    return new Uint8Array(this.#bytes);
  }

  /** Below, at or above zero, as this version is before, the same as or after `other`: for `Array.prototype.sort`. */
  compareTo(other) {
    if (!(other instanceof RecordVersion)) {
      throw invalidArgument("a record version compares with another one", { given: shown(other) });
    }
    return Buffer.compare(this.#bytes, other.#bytes);
  }

  /** Whether `other` is the same version. */
  equals(other) {
    return other instanceof RecordVersion && this.compareTo(other) === 0;
  }

  toString() {
    return Buffer.from(this.#bytes).toString("hex");
  }

  [Symbol.for("nodejs.util.inspect.custom")]() {
    return `RecordVersion(${this})`;
  }

  #view() {
    return new DataView(this.#bytes.buffer);
  }
}

module.exports = { RecordVersion };
