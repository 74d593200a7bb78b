// Values on their way between JavaScript and Rust: any number of them in one buffer.
//
// The twin of this file is `bindings/node/src/packed.rs`, which says why; nobody else knows the form. What does not fit a
// field is found there: here a value is written as what it is.
"use strict";

const { shown } = require("./argument.js");
const { RecordStoreError } = require("./error.js");
const { PrimaryKey, Uuid } = require("./key.js");
const { RecordVersion } = require("./version.js");

const NULL = 0;
const FALSE = 1;
const TRUE = 2;
const NUMBER = 3;
const INT = 4;
const UINT = 5;
const TEXT = 6;
const ASCII = 7;
const BYTES = 8;
const LIST = 9;
const MAP = 10;
const OBJECT = 11;
const RECORD = 12;
const SHAPE = 13;
const VERSION = 14;
const UUID = 15;
const BIG_INT = 16;
const OTHER = 17;
const PRIMARY_KEY = 18;

/** More than a hundred messages in each other, with the lists that hold them: a record may not be deeper. */
const DEPTH_MAX = 250;

/** Text up to this length is copied faster letter by letter. */
const SHORT = 24;

class Writer {
  #buffer = Buffer.allocUnsafe(256);
  #length = 0;

  bytes() {
    return this.#buffer.subarray(0, this.#length);
  }

  /** Writes what another writer has written. */
  packed(bytes) {
    this.#append(bytes);
  }

  /** Begins a list of `count` values. */
  list(count) {
    this.#counted(LIST, count);
  }

  /** Writes any value; what Rust has no use for as what it is called and looks like. */
  value(value, depth = 0) {
    switch (typeof value) {
      case "string":
        if (!value.isWellFormed()) return this.#other("string", "text with half a surrogate pair");
        this.#byte(TEXT);
        return this.#text(value);
      case "number":
        this.#reserve(9);
        this.#buffer[this.#length] = NUMBER;
        this.#length = this.#buffer.writeDoubleLE(value, this.#length + 1);
        return;
      case "bigint":
        return this.#bigint(value);
      case "boolean":
        return this.#byte(value ? TRUE : FALSE);
      case "undefined":
        return this.#byte(NULL);
      case "object":
        return value === null ? this.#byte(NULL) : this.#object(value, depth);
      default:
        return this.#other(typeof value, shown(value));
    }
  }

  #object(value, depth) {
    if (depth > DEPTH_MAX) throw new RecordStoreError("InvalidRecord", "the record is nested too deeply, or holds itself");
    if (Array.isArray(value)) return this.#items(value instanceof PrimaryKey ? PRIMARY_KEY : LIST, value, depth);
    if (value instanceof Uint8Array) return this.#sized(BYTES, value);
    if (value instanceof Map) return this.#entries(MAP, [...value], depth);
    if (value instanceof RecordVersion) return this.#fixed(VERSION, value.toBytes());
    if (value instanceof Uuid) return this.#fixed(UUID, value.toBytes());
    if (typeof value[Symbol.iterator] === "function") return this.#items(LIST, [...value], depth);
    // Dates, promises and the like have no fields of their own: they would pass for empty messages.
    if (Object.prototype.toString.call(value) !== "[object Object]") {
      return this.#other(value.constructor?.name ?? "object", shown(value));
    }
    return this.#entries(OBJECT, Object.entries(value), depth);
  }

  #items(tag, items, depth) {
    this.#counted(tag, items.length);
    for (let at = 0; at < items.length; at++) this.value(items[at], depth + 1);
  }

  #entries(tag, entries, depth) {
    this.#counted(tag, entries.length);
    for (const [key, value] of entries) {
      this.value(key, depth + 1);
      this.value(value, depth + 1);
    }
  }

  #bigint(value) {
    if (BigInt.asIntN(64, value) === value) {
      this.#reserve(9);
      this.#buffer[this.#length] = INT;
      this.#length = this.#buffer.writeBigInt64LE(value, this.#length + 1);
    } else if (BigInt.asUintN(64, value) === value) {
      this.#reserve(9);
      this.#buffer[this.#length] = UINT;
      this.#length = this.#buffer.writeBigUInt64LE(value, this.#length + 1);
    } else {
      this.#other("bigint", shown(value));
    }
  }

  #other(typeName, text) {
    this.#byte(OTHER);
    this.#text(typeName.toWellFormed());
    this.#text(text.toWellFormed());
  }

  #text(text) {
    this.#reserve(4 + 3 * text.length);
    const start = this.#length + 4;
    let length = 0;
    if (text.length <= SHORT) {
      while (length < text.length) {
        const letter = text.charCodeAt(length);
        if (letter > 127) break;
        this.#buffer[start + length++] = letter;
      }
    }
    if (length < text.length) length = this.#buffer.write(text, start);
    this.#buffer.writeUInt32LE(length, this.#length);
    this.#length = start + length;
  }

  #sized(tag, bytes) {
    this.#counted(tag, bytes.length);
    this.#append(bytes);
  }

  #fixed(tag, bytes) {
    this.#byte(tag);
    this.#append(bytes);
  }

  #append(bytes) {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #counted(tag, count) {
    this.#reserve(5);
    this.#buffer[this.#length] = tag;
    this.#length = this.#buffer.writeUInt32LE(count, this.#length + 1);
  }

  #byte(byte) {
    this.#reserve(1);
    this.#buffer[this.#length++] = byte;
  }

  #reserve(count) {
    const wanted = this.#length + count;
    if (wanted <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(wanted, 2 * this.#buffer.length));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}

class Reader {
  /** The name of the message type of the object that was read last. */
  messageName;
  #buffer;
  #view;
  #at = 0;
  #shapes = [];

  constructor(buffer) {
    this.#buffer = buffer;
    this.#view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  }

  /** Begins a list, and says how many values it has. */
  list() {
    this.#at += 1;
    return this.#length();
  }

  value() {
    const tag = this.#buffer[this.#at++];
    switch (tag) {
      case NULL:
        return null;
      case FALSE:
        return false;
      case TRUE:
        return true;
      case NUMBER:
        return this.#view.getFloat64((this.#at += 8) - 8, true);
      case INT:
        return this.#view.getBigInt64((this.#at += 8) - 8, true);
      case UINT:
        return this.#view.getBigUint64((this.#at += 8) - 8, true);
      case TEXT:
        return this.#text("utf8");
      case ASCII:
        return this.#text("latin1");
      case BYTES:
        return new Uint8Array(this.#sized(this.#length()));
      case LIST:
        return this.#items([]);
      case PRIMARY_KEY:
        return this.#items(new PrimaryKey());
      case MAP:
        return this.#map();
      case SHAPE:
        return this.#object(this.#shape());
      case RECORD:
        return this.#object(this.#shapes[this.#length()]);
      case VERSION:
        return new RecordVersion(this.#sized(12));
      case UUID:
        return new Uuid(this.#sized(16));
      case BIG_INT:
        return this.#bigint();
      default:
        throw new RecordStoreError("Internal", `the package and its addon are of different releases: tag ${tag}`);
    }
  }

  #object(shape) {
    const object = {};
    for (const name of shape.fields) {
      const value = this.value();
      // An assignment would set the prototype.
      if (name === "__proto__") {
        Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
      } else {
        object[name] = value;
      }
    }
    this.messageName = shape.name;
    return object;
  }

  #shape() {
    const shape = { name: this.value(), fields: new Array(this.#length()) };
    for (let at = 0; at < shape.fields.length; at++) shape.fields[at] = this.value();
    this.#shapes.push(shape);
    return shape;
  }

  #items(items) {
    const count = this.#length();
    for (let at = 0; at < count; at++) items.push(this.value());
    return items;
  }

  #map() {
    const map = new Map();
    for (let left = this.#length(); left > 0; left--) {
      const key = this.value();
      map.set(key, this.value());
    }
    return map;
  }

  #bigint() {
    const negative = this.#buffer[this.#at++] === 1;
    const magnitude = BigInt(`0x0${this.#sized(this.#length()).toString("hex")}`);
    return negative ? -magnitude : magnitude;
  }

  #text(encoding) {
    const end = this.#length() + this.#at;
    const text = this.#buffer.toString(encoding, this.#at, end);
    this.#at = end;
    return text;
  }

  #sized(length) {
    this.#at += length;
    return this.#buffer.subarray(this.#at - length, this.#at);
  }

  #length() {
    return this.#view.getUint32((this.#at += 4) - 4, true);
  }
}

module.exports = { Reader, Writer };
