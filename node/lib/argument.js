// Arguments of calls: what JavaScript lets through and the addon cannot take is an error that names the argument.
"use strict";

const { inspect } = require("node:util");
const { invalidArgument } = require("./error.js");

/** A value as an error message shows it. */
function shown(value) {
  const text = inspect(value, { depth: 0, breakLength: Infinity, maxStringLength: 80, maxArrayLength: 3 });
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

function refuse(name, expected, value) {
  throw invalidArgument(`${name} is ${expected}`, { given: shown(value) });
}

/** The options of a call. A name that it does not know is an error, so that a slip of the pen does not go unnoticed. */
function options(given, ...known) {
  if (given === undefined || given === null) return {};
  if (typeof given !== "object" || Array.isArray(given)) {
    throw invalidArgument("the options of a call are an object", { given: shown(given) });
  }
  for (const name of Object.keys(given)) {
    if (!known.includes(name)) throw invalidArgument("the call has no such option", { option: name, known: known.join(", ") });
  }
  return given;
}

function text(value, name) {
  return typeof value === "string" ? value : refuse(name, "a string", value);
}

function texts(value, name) {
  if (typeof value === "string") return [value];
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value;
  return refuse(name, "a string or an array of strings", value);
}

function flag(value, name) {
  if (value === undefined) return false;
  return typeof value === "boolean" ? value : refuse(name, "a boolean", value);
}

/** A number of things, or undefined. */
function count(value, name, least = 0) {
  if (value === undefined) return undefined;
  const fits = Number.isInteger(value) && value >= least && value < 2 ** 32;
  return fits ? value : refuse(name, `an integer from ${least}`, value);
}

/** A time in milliseconds, or undefined. */
function milliseconds(value, name) {
  if (value === undefined || (typeof value === "number" && value >= 0)) return value;
  return refuse(name, "a number of milliseconds, from 0", value);
}

function callback(value, name) {
  if (value === undefined || typeof value === "function") return value;
  return refuse(name, "a function", value);
}

function signal(value) {
  if (value === undefined || value instanceof AbortSignal) return value;
  return refuse("signal", "an AbortSignal", value);
}

/** The entries of a plain object. */
function entries(value, name, expected) {
  if (value === undefined) return [];
  if (value === null || typeof value !== "object" || Array.isArray(value)) return refuse(name, expected, value);
  return Object.entries(value);
}

module.exports = { callback, count, entries, flag, milliseconds, options, refuse, shown, signal, text, texts };
