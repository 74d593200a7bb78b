// The package, for `require`. `index.mjs` gives the very same objects to `import`.
"use strict";

const { Cursor } = require("./lib/cursor.js");
const { Database, open } = require("./lib/database.js");
const { RecordStoreError, errorCodes } = require("./lib/error.js");
const { Field, field } = require("./lib/field.js");
const { Filter, parameter } = require("./lib/filter.js");
const { PrimaryKey, Uuid } = require("./lib/key.js");
const { KeyExpression, keys } = require("./lib/key-expression.js");
const { Query } = require("./lib/query.js");
const { Schema } = require("./lib/schema.js");
const { RecordSpace } = require("./lib/space.js");
const { Transaction } = require("./lib/transaction.js");
const { RecordVersion } = require("./lib/version.js");
const { version } = require("./package.json");

module.exports = {
  Cursor,
  Database,
  Field,
  Filter,
  KeyExpression,
  PrimaryKey,
  Query,
  RecordSpace,
  RecordStoreError,
  RecordVersion,
  Schema,
  Transaction,
  Uuid,
  errorCodes,
  field,
  keys,
  open,
  parameter,
  version,
};
