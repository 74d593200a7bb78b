// The types of the package. `index.d.mts` is the same for `import`.

import type { ErrorCode } from "./error-code.d.cts";
import type { ProtoText, Schema, SchemaOptions } from "./types/schema.d.cts";
import type { RecordSpace } from "./types/space.d.cts";
import type { RunOptions, Transaction } from "./types/transaction.d.cts";
import type { AnyRecord } from "./types/values.d.cts";

export type { ErrorCode };
export * from "./types/query.cjs";
export * from "./types/schema.cjs";
export * from "./types/space.cjs";
export * from "./types/transaction.cjs";
export * from "./types/values.cjs";

/** The version of the package. */
export const version: string;

/** The names of all kinds of errors. */
export const errorCodes: readonly ErrorCode[];

/**
 * Opens the database that `url` names: `memory:` is a new one in this process; a path, or `file:` and a path, is the embedded
 * database in that directory, made if it is not there; `fdb:` and the path of a cluster file is a FoundationDB cluster.
 *
 * All record spaces lie below the directory `root`, if it is given.
 */
export function open(url: string | URL, options?: { root?: string }): Promise<Database>;

/** An open database. Made by `open`. */
export class Database {
  private constructor();
  /** A short name for messages: `memory:`, or a path. */
  readonly name: string;
  /**
   * Opens the record space at `path`, a name or names between slashes.
   *
   * With a schema, or with .proto text and its options, the space is created if it is not there, and what the schema adds to the
   * stored one is added. Without, the space has the schema that is stored.
   */
  space<R extends object = AnyRecord>(path: string, schema?: Schema<R> | PromiseLike<Schema<R>>): Promise<RecordSpace<R>>;
  space<R extends object = AnyRecord>(path: string, proto: ProtoText, options?: SchemaOptions): Promise<RecordSpace<R>>;
  /** The paths of the record spaces below `prefix`, at any depth; all of them without it. */
  spaces(prefix?: string): Promise<string[]>;
  /** Removes a record space with its records, its schema and all spaces below it; says whether there was one. */
  removeSpace(path: string): Promise<boolean>;
  /**
   * Moves a record space, or a folder of some, with all spaces below it. Nothing is copied, and spaces that are open stay so.
   */
  moveSpace(source: string, target: string): Promise<void>;
  /**
   * Runs `body(tx)` in a transaction, commits it and gives what `body` gives.
   *
   * On a conflict it is tried again, so `body` must have no effects but through the transaction. What `body` throws comes out as
   * it is: the very same object.
   */
  run<T>(body: (tx: Transaction) => T | PromiseLike<T>, options?: RunOptions): Promise<T>;
  /**
   * A transaction that its user commits: `await tx.commit()`, or `tx.cancel()`.
   *
   * It is tried once: a conflict is an error that is `retryable`.
   */
  transaction(): Transaction;
  /** Closes the database, and with it everything that came from it. A second time does nothing. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Anything that Record-Store throws. The message is for people; a program looks at `code` and the other properties. */
export class RecordStoreError extends Error {
  constructor(
    code: ErrorCode,
    message: string,
    facts?: {
      fdbCode?: number | null;
      retryable?: boolean;
      maybeCommitted?: boolean;
      context?: { [fact: string]: string };
      cause?: unknown;
    },
  );
  /** The stable name of the kind, the same in every language. */
  readonly code: ErrorCode;
  /** FoundationDB's error code, if there is one. */
  readonly fdbCode: number | null;
  /** Whether the transaction may be tried again; `Database.run` does so by itself. */
  readonly retryable: boolean;
  /** Whether the commit may have happened nevertheless. */
  readonly maybeCommitted: boolean;
  /** The facts: which index, which field, which key. */
  readonly context: { readonly [fact: string]: string };
}
