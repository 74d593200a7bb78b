//! The instructions for the life of transactions: names, commits, versions, conflict ranges.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures_executor::block_on;
use record_store_kv::tuple::Element;
use record_store_kv::{ConflictRangeType, Read, Result, RunOptions, Transaction, TransactionOption};

use super::stack::NOT_PRESENT;
use super::{Machine, Stop, Wrong};

/// Transactions by their names.
#[derive(Default)]
pub(super) struct Transactions(Mutex<HashMap<Bytes, Transaction>>);

impl Transactions {
    /// Ends all of them: what waits for them waits no longer.
    pub(super) fn end(&self) {
        self.by_name().clear();
    }

    fn by_name(&self) -> MutexGuard<'_, HashMap<Bytes, Transaction>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Machine {
    /// Runs such an instruction; says if it is one.
    pub(super) fn lifecycle(&mut self, name: &str) -> Result<bool, Stop> {
        match name {
            "NEW_TRANSACTION" => self.fresh_transaction(),
            "USE_TRANSACTION" => {
                self.name = Bytes::from(self.stack.bytes()?);
                let mut transactions = self.transactions.by_name();
                let name = self.name.clone();
                transactions.entry(name).or_insert_with(|| self.new_transaction());
            }
            "COMMIT" => {
                let transaction = self.transaction()?;
                let stamp = transaction.versionstamp();
                let commit = transaction.commit();
                self.stamps.push(stamp);
                self.stack.push_future(nothing(commit));
            }
            "RESET" => self.transaction()?.reset(),
            "CANCEL" => self.transaction()?.cancel(),
            "ON_ERROR" => {
                let code = i32::try_from(self.stack.int()?).map_err(|_| Wrong("no error code"))?;
                let done = self.transaction()?.on_error_code(code);
                self.stack.push_future(nothing(done));
            }
            "GET_READ_VERSION" | "GET_READ_VERSION_SNAPSHOT" => {
                self.last_version = block_on(self.transaction()?.read_version())?;
                self.stack.push(b"GOT_READ_VERSION");
            }
            "SET_READ_VERSION" => self.transaction()?.set_read_version(self.last_version),
            "GET_COMMITTED_VERSION" => {
                self.last_version = self.transaction()?.committed_version();
                self.stack.push(b"GOT_COMMITTED_VERSION");
            }
            "GET_VERSIONSTAMP" => {
                let stamp = self.transaction()?.versionstamp();
                self.stack.push_future(async { Ok(Element::from(&stamp.await?)) });
            }
            "GET_APPROXIMATE_SIZE" => {
                block_on(self.transaction()?.approximate_size())?;
                self.stack.push(b"GOT_APPROXIMATE_SIZE");
            }
            "READ_CONFLICT_RANGE" => self.conflict_range(ConflictRangeType::Read)?,
            "WRITE_CONFLICT_RANGE" => self.conflict_range(ConflictRangeType::Write)?,
            "READ_CONFLICT_KEY" => self.conflict_key(ConflictRangeType::Read)?,
            "WRITE_CONFLICT_KEY" => self.conflict_key(ConflictRangeType::Write)?,
            "DISABLE_WRITE_CONFLICT" => self
                .transaction()?
                .set_option(&TransactionOption::NextWriteNoWriteConflictRange)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The one in use.
    pub(super) fn transaction(&self) -> Result<Transaction, Wrong> {
        let transactions = self.transactions.by_name();
        transactions
            .get(&self.name)
            .cloned()
            .ok_or(Wrong("no transaction is in use"))
    }

    pub(super) fn fresh_transaction(&self) {
        let transaction = self.new_transaction();
        self.transactions.by_name().insert(self.name.clone(), transaction);
    }

    fn new_transaction(&self) -> Transaction {
        match &self.tenant {
            Some(tenant) => tenant.transaction(),
            None => self.database.transaction(),
        }
    }

    /// Runs `work` in a transaction of its own, as often as is necessary.
    pub(super) fn retry<T, Fut>(&self, work: impl Fn(Transaction) -> Fut) -> Result<T>
    where
        Fut: Future<Output = Result<T>>,
    {
        if self.tenant.is_none() {
            let options = RunOptions::default();
            return block_on(self.database.run(&options, |transaction, _| work(transaction)));
        }
        let transaction = self.new_transaction();
        block_on(async {
            loop {
                let done = async {
                    let result = work(transaction.clone()).await?;
                    transaction.commit().await.map(|()| result)
                };
                match done.await {
                    Ok(result) => return Ok(result),
                    Err(error) => transaction.on_error(error).await?,
                }
            }
        })
    }

    fn conflict_range(&mut self, kind: ConflictRangeType) -> Result<(), Stop> {
        let (begin, end) = (self.stack.bytes()?, self.stack.bytes()?);
        self.transaction()?.add_conflict_range(&begin, &end, kind)?;
        self.stack.push(b"SET_CONFLICT_RANGE");
        Ok(())
    }

    fn conflict_key(&mut self, kind: ConflictRangeType) -> Result<(), Stop> {
        let key = self.stack.bytes()?;
        let end = [&key[..], &[0]].concat();
        self.transaction()?.add_conflict_range(&key, &end, kind)?;
        self.stack.push(b"SET_CONFLICT_KEY");
        Ok(())
    }
}

async fn nothing(done: Read<()>) -> Result<Element> {
    done.await?;
    Ok(NOT_PRESENT.into())
}
