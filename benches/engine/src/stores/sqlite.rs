//! SQLite: a table of keys and values ordered by key; a write-ahead log, synced at every commit (`synchronous = FULL`).

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, OptionalExtension, params};

use crate::load::Put;
use crate::store::{Outcome, Store};

/// One connection, for which clients queue: they would queue for its file otherwise, and less fairly.
struct Sqlite(Mutex<Connection>);

/// Opens a database in `folder`.
pub(crate) fn open(folder: &Path, cache_bytes: usize, sync: bool) -> Outcome<Box<dyn Store>> {
    let connection = Connection::open(folder.join("raw.sqlite"))?;
    let synchronous = if sync { "FULL" } else { "OFF" };
    connection.execute_batch(&format!(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = {synchronous};
         PRAGMA cache_size = -{};
         CREATE TABLE IF NOT EXISTS rows (key BLOB PRIMARY KEY, value BLOB) WITHOUT ROWID;",
        cache_bytes >> 10
    ))?;
    Ok(Box::new(Sqlite(Mutex::new(connection))))
}

impl Store for Sqlite {
    fn commit(&self, puts: &[Put]) -> Outcome<()> {
        let mut connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = connection.transaction()?;
        {
            let mut insert = transaction.prepare_cached("INSERT OR REPLACE INTO rows VALUES (?, ?)")?;
            for (key, value) in puts {
                insert.execute(params![key, value])?;
            }
        }
        Ok(transaction.commit()?)
    }

    fn get(&self, keys: &[Vec<u8>]) -> Outcome<usize> {
        let mut connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = connection.transaction()?;
        let mut select = transaction.prepare_cached("SELECT value FROM rows WHERE key = ?")?;
        let mut bytes = 0;
        for key in keys {
            let value: Option<Vec<u8>> = select.query_row([key], |row| row.get(0)).optional()?;
            bytes += value.map_or(0, |value| value.len());
        }
        Ok(bytes)
    }

    fn range(&self, begin: &[u8], count: usize) -> Outcome<usize> {
        let connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut select =
            connection.prepare_cached("SELECT key, value FROM rows WHERE key >= ? ORDER BY key LIMIT ?")?;
        let rows = select.query_map(params![begin, i64::try_from(count)?], |row| {
            Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, Vec<u8>>(1)?))
        })?;
        Ok(rows.collect::<rusqlite::Result<Vec<_>>>()?.len())
    }

    fn clear(&self) -> Outcome<()> {
        let connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        connection.execute("DELETE FROM rows", [])?;
        Ok(())
    }
}
