// Errors: one class, whose `code` says what a program can do about it.
"use strict";

const { errorCodes } = require("./error-codes.js");
const { Failure } = require("./native.js");

/** Anything that Record-Store throws. The message is for people; a program looks at `code` and the other properties. */
class RecordStoreError extends Error {
  constructor(code, message, facts = {}) {
    super(message, "cause" in facts ? { cause: facts.cause } : undefined);
    this.code = code;
    this.fdbCode = facts.fdbCode ?? null;
    this.retryable = facts.retryable ?? false;
    this.maybeCommitted = facts.maybeCommitted ?? false;
    this.context = facts.context ?? {};
  }
}
Object.defineProperty(RecordStoreError.prototype, "name", {
  value: "RecordStoreError",
  configurable: true,
  writable: true,
});

/** An error for an argument that the call does not take. */
function invalidArgument(message, context) {
  const facts = Object.entries(context ?? {}).map(([name, value], at) => `${at === 0 ? ";" : ","} ${name}: ${value}`);
  return new RecordStoreError("InvalidArgument", message + facts.join(""), { context });
}

/** What a call of the addon gave, or an error thrown with the stack of whoever calls. */
function checked(result) {
  if (result instanceof Failure) throw toError(result);
  return result;
}

/** What a promise of the addon gives. */
async function settle(pending) {
  return checked(await pending);
}

function toError(failure) {
  const { code, message, fdbCode, retryable, maybeCommitted } = failure;
  const facts = { fdbCode, retryable, maybeCommitted, context: Object.fromEntries(failure.context) };
  const causes = failure.causes.filter((cause) => cause !== message);
  if (causes.length > 0) {
    facts.cause = causes.reduceRight((cause, text) => new Error(text, cause && { cause }), undefined);
  }
  return new RecordStoreError(code, message, facts);
}

module.exports = { RecordStoreError, checked, errorCodes, invalidArgument, settle };
