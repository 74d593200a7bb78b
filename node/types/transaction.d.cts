// Transactions.

/**
 * One transaction: all that it reads is of one moment, and all that it writes takes effect at once, or not at all.
 *
 * Give it to the methods of record spaces as `tx`. Calls on it follow one another in the order in which they are made.
 */
export class Transaction {
  private constructor();
  /** The number of this attempt, from 1. */
  readonly attempt: number;
  /** Whether an earlier attempt may have committed: what this one writes may be there already. */
  readonly maybeCommitted: boolean;
  /** The 10 bytes that order this transaction among all others; null before it has committed, and if it saved no versions of records. */
  readonly versionstamp: Uint8Array | null;
  /** Commits a transaction of `Database.transaction`. Nothing can be done with it afterwards. */
  commit(): Promise<void>;
  /** Gives up. Nothing of the transaction takes effect; a second time does nothing. */
  cancel(): void;
  /** Gives up what was not committed. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** How `Database.run` tries. */
export interface RunOptions {
  /** No new attempt starts after so many milliseconds: 30,000 if it is not said; `Infinity` sets no limit. */
  timeoutMs?: number;
  /** The most attempts. */
  maxAttempts?: number;
  /** Gives up, with the reason of the signal. An abort during the commit may come too late. */
  signal?: AbortSignal;
}

/** In which transaction a call is made; without one, it is a transaction of its own, tried again where that is right. */
export interface InTransaction {
  tx?: Transaction;
}
