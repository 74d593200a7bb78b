// The types as a CommonJS program sees them.

import recordStore = require("record-store");

export async function program(): Promise<recordStore.Database> {
  const db: recordStore.Database = await recordStore.open("memory:");
  const codes: readonly recordStore.ErrorCode[] = recordStore.errorCodes;
  void codes;
  return db;
}
