//! [`HighContentionAllocator`]: short prefixes that no two transactions share, with few conflicts between them.
//!
//! Numbers are taken at random from a window. A window is left behind when half of it is taken; windows grow, so that
//! small databases have short prefixes and busy ones few collisions. Transactions that allocate at the same time read
//! the counts as snapshots and conflict only when they pick the same number.
//!
//! **Keys**: (0, start of a window) counts the window's allocations, as 8 bytes, little-endian; (1, number) marks a
//! number of the current window as taken. Keys of earlier windows are cleared.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::env::Env;
use crate::tuple::{Element, Tuple};
use crate::{
    ConflictRangeType, Error, ErrorKind, KeyValue, MutationType, RangeRequest, Result, Subspace, Transaction,
    TransactionOption,
};

#[derive(Clone, Debug)]
pub(super) struct HighContentionAllocator {
    counters: Subspace,
    recent: Subspace,
}

impl HighContentionAllocator {
    pub(super) fn new(subspace: &Subspace) -> Self {
        HighContentionAllocator {
            counters: subspace.sub(0),
            recent: subspace.sub(1),
        }
    }

    /// The packed form of a number that no other call on this subspace returns, ever.
    pub(super) async fn allocate(&self, transaction: &Transaction, env: &Env) -> Result<Vec<u8>> {
        loop {
            let start = self.choose_window(transaction).await?;
            if let Some(number) = self.choose_number(transaction, env, start).await? {
                return Ok(Tuple::from((number,)).pack());
            }
        }
    }

    /// The start of a window that is less than half taken; counts this allocation in it.
    async fn choose_window(&self, transaction: &Transaction) -> Result<i64> {
        let mut start = self.latest_window(transaction).await?;
        let mut advanced = false;
        loop {
            let counter = self.counters.pack(&Tuple::from((start,)));
            let count = {
                let _together = together();
                if advanced {
                    transaction.clear_range(self.counters.prefix(), &counter);
                    let taken = self.recent.pack(&Tuple::from((start,)));
                    transaction.set_option(&TransactionOption::NextWriteNoWriteConflictRange)?;
                    transaction.clear_range(self.recent.prefix(), &taken);
                }
                transaction.atomic_op(MutationType::Add, &counter, &1_i64.to_le_bytes());
                transaction.get(&counter, true)
            };
            let count = match count.await? {
                Some(bytes) => <[u8; 8]>::try_from(&bytes[..])
                    .map(i64::from_le_bytes)
                    .map_err(|_| corrupt(&counter))?,
                None => 0,
            };
            let size = window_size(start);
            if count.saturating_mul(2) < size {
                return Ok(start);
            }
            start = start.checked_add(size).ok_or_else(|| corrupt(&counter))?;
            advanced = true;
        }
    }

    /// A number of the window at `start` that nobody took; none if the window was left behind meanwhile.
    async fn choose_number(&self, transaction: &Transaction, env: &Env, start: i64) -> Result<Option<i64>> {
        loop {
            let candidate = start.saturating_add_unsigned(env.random_below(window_size(start).unsigned_abs()));
            let key = self.recent.pack(&Tuple::from((candidate,)));
            let (latest, taken) = {
                let _together = together();
                let latest = transaction.get_range(&self.latest_counter(), true);
                let taken = transaction.get(&key, false);
                transaction.set_option(&TransactionOption::NextWriteNoWriteConflictRange)?;
                transaction.set(&key, b"");
                (latest, taken)
            };
            let taken = taken.await?;
            if self.window_of(&latest.await?.rows)? > start {
                return Ok(None);
            }
            if taken.is_none() {
                let behind = [&key[..], &[0x00]].concat();
                transaction.add_conflict_range(&key, &behind, ConflictRangeType::Write)?;
                return Ok(Some(candidate));
            }
        }
    }

    async fn latest_window(&self, transaction: &Transaction) -> Result<i64> {
        let batch = transaction.get_range(&self.latest_counter(), true).await?;
        self.window_of(&batch.rows)
    }

    fn latest_counter(&self) -> RangeRequest {
        self.counters.range().request().limit(1).reverse(true)
    }

    fn window_of(&self, rows: &[KeyValue]) -> Result<i64> {
        let Some(row) = rows.first() else {
            return Ok(0);
        };
        let counter = self.counters.unpack(&row.key)?;
        counter
            .first()
            .and_then(Element::as_i64)
            .ok_or_else(|| corrupt(&row.key))
    }
}

/// FoundationDB's sizes: to begin small keeps the keys small, to end large keeps the collisions few.
fn window_size(start: i64) -> i64 {
    match start {
        ..255 => 64,
        255..65_535 => 1_024,
        65_535.. => 8_192,
    }
}

/// Held while calls on a transaction must not be torn apart by another allocation in the same transaction: an option
/// for the next write belongs to the write that follows. One lock serves all, as nothing waits while it is held.
fn together() -> MutexGuard<'static, ()> {
    static TOGETHER: Mutex<()> = Mutex::new(());
    TOGETHER.lock().unwrap_or_else(PoisonError::into_inner)
}

fn corrupt(key: &[u8]) -> Error {
    Error::new(ErrorKind::Corrupt, "the allocator of directory prefixes is damaged").with("key", key.escape_ascii())
}
