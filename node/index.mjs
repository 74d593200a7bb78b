// The package, for `import`: the very same objects that `require` gives, so that a program may use both.
import recordStore from "./index.cjs";

export const {
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
} = recordStore;
