//! What a run leaves in the database.

use futures_executor::block_on;
use record_store_kv::{Database, Result, Subspace, Transaction, TransactionVersion};

use super::mask;
use crate::whole;

/// A key with its value.
pub type Row = (Vec<u8>, Vec<u8>);

/// Where tenants keep what they have: behind their numbers, which begin with a zero. Nothing else that programs write is there.
const TENANTS_END: &[u8] = b"\x01";

/// All rows of the database, those of tenants behind their names, with the stamps of commits masked.
pub(super) fn read(database: &Database, stamps: &[TransactionVersion]) -> Result<Vec<Row>> {
    let masked = |bytes: &[u8]| mask::stamps(bytes, stamps);
    let mut all: Vec<Row> = rows(&database.transaction())?
        .into_iter()
        .filter(|(key, _)| &key[..] >= TENANTS_END)
        .map(|(key, value)| (masked(&key), masked(&value)))
        .collect();
    for name in whole::tenants(database)? {
        for (key, value) in rows(&database.tenant(&name)?.transaction())? {
            let place = [b"tenant ", &name[..], b" ", &masked(&key)].concat();
            all.push((place, masked(&value)));
        }
        all.push(([b"tenant ", &name[..]].concat(), Vec::new()));
    }
    Ok(all)
}

fn rows(transaction: &Transaction) -> Result<Vec<Row>> {
    let everything = Subspace::default().prefix_range().request();
    let rows = block_on(transaction.get_range_all(&everything, false))?;
    Ok(rows
        .into_iter()
        .map(|row| (row.key.to_vec(), row.value.to_vec()))
        .collect())
}
