// The package, for `import`: the very same objects that `require` gives, so that a program may use both.
import recordStore from "./index.cjs";

export const {
  Cursor,
  Database,
  Field,
  Filter,
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
  open,
  parameter,
  version,
} = recordStore;
