// The package, for `import`: the very same objects that `require` gives, so that a program may use both.
import recordStore from "./index.cjs";

export const {
  Cursor,
  Database,
  PrimaryKey,
  RecordSpace,
  RecordStoreError,
  RecordVersion,
  Schema,
  Transaction,
  Uuid,
  errorCodes,
  open,
  version,
} = recordStore;
