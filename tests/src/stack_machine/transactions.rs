//! The instructions for the life of transactions: names, commits, versions, conflict ranges.

use bytes::Bytes;
use futures_executor::block_on;
use record_store_kv::tuple::Element;
use record_store_kv::{ConflictRangeType, Read, Result, TransactionOption};

use super::stack::NOT_PRESENT;
use super::{Machine, Stop, Wrong};

impl Machine {
    /// Runs such an instruction; says if it is one.
    pub(super) fn lifecycle(&mut self, name: &str) -> Result<bool, Stop> {
        match name {
            "NEW_TRANSACTION" => self.fresh_transaction(),
            "USE_TRANSACTION" => {
                self.name = Bytes::from(self.stack.bytes()?);
                if !self.transactions.contains_key(&self.name) {
                    self.fresh_transaction();
                }
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
