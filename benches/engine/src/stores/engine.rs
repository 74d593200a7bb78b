//! The embedded engine, through the transactions that the record layer uses.

use std::path::Path;
use std::time::Duration;

use futures_executor::block_on;
use record_store_engine::{Durability, Engine, EngineOptions, Location};
use record_store_kv::{Database, RangeRequest};

use crate::load::{self, Put};
use crate::store::{Outcome, Store};

struct Ours(Database);

/// Opens a database in `folder`.
pub(crate) fn open(folder: &Path, cache_bytes: usize, sync: bool) -> Outcome<Box<dyn Store>> {
    let options = EngineOptions {
        durability: if sync { Durability::Sync } else { Durability::None },
        cache_bytes,
        ..EngineOptions::default()
    };
    let location = Location::Path(folder.join("engine"));
    Ok(Box::new(Ours(Engine::open(location, options)?)))
}

impl Store for Ours {
    fn commit(&self, puts: &[Put]) -> Outcome<()> {
        let transaction = self.0.transaction();
        for (key, value) in puts {
            transaction.set(key, value);
        }
        Ok(block_on(transaction.commit())?)
    }

    fn get(&self, keys: &[Vec<u8>]) -> Outcome<usize> {
        let transaction = self.0.transaction();
        let mut bytes = 0;
        for key in keys {
            bytes += block_on(transaction.get(key, false))?.map_or(0, |value| value.len());
        }
        Ok(bytes)
    }

    fn range(&self, begin: &[u8], count: usize) -> Outcome<usize> {
        let request = RangeRequest::keys(begin.to_vec(), load::bounds().1).limit(i32::try_from(count)?);
        Ok(block_on(self.0.transaction().get_range_all(&request, false))?.len())
    }

    fn clear(&self) -> Outcome<()> {
        let (begin, end) = load::bounds();
        let transaction = self.0.transaction();
        transaction.clear_range(&begin, &end);
        Ok(block_on(transaction.commit())?)
    }

    #[allow(clippy::disallowed_methods, reason = "a benchmark measures time")]
    fn rest(&self) {
        // Changes stay in the window for five seconds and then wait ten more for a batch to grow.
        std::thread::sleep(Duration::from_secs(25));
    }
}
