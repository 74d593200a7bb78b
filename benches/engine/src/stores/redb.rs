//! The storage library that the engine uses as its base, raw.

use std::path::Path;

use redb::{Database, Durability, ReadableDatabase, TableDefinition};

use crate::load::Put;
use crate::store::{Outcome, Store};

const ROWS: TableDefinition<'static, &'static [u8], &'static [u8]> = TableDefinition::new("rows");

struct Raw {
    database: Database,
    durability: Durability,
}

/// Opens a database in `folder`.
pub(crate) fn open(folder: &Path, cache_bytes: usize, sync: bool) -> Outcome<Box<dyn Store>> {
    let database = Database::builder()
        .set_cache_size(cache_bytes)
        .create(folder.join("raw.redb"))?;
    let write = database.begin_write()?;
    write.open_table(ROWS)?;
    write.commit()?;
    let durability = if sync { Durability::Immediate } else { Durability::None };
    Ok(Box::new(Raw { database, durability }))
}

impl Store for Raw {
    fn commit(&self, puts: &[Put]) -> Outcome<()> {
        let mut write = self.database.begin_write()?;
        write.set_durability(self.durability)?;
        {
            let mut table = write.open_table(ROWS)?;
            for (key, value) in puts {
                table.insert(&key[..], &value[..])?;
            }
        }
        Ok(write.commit()?)
    }

    fn get(&self, keys: &[Vec<u8>]) -> Outcome<usize> {
        let table = self.database.begin_read()?.open_table(ROWS)?;
        let mut bytes = 0;
        for key in keys {
            bytes += table.get(&key[..])?.map_or(0, |value| value.value().to_vec().len());
        }
        Ok(bytes)
    }

    fn range(&self, begin: &[u8], count: usize) -> Outcome<usize> {
        let table = self.database.begin_read()?.open_table(ROWS)?;
        let mut rows = Vec::new();
        for row in table.range(begin..)?.take(count) {
            let (key, value) = row?;
            rows.push((key.value().to_vec(), value.value().to_vec()));
        }
        Ok(rows.len())
    }

    fn clear(&self) -> Outcome<()> {
        let write = self.database.begin_write()?;
        write.delete_table(ROWS)?;
        write.open_table(ROWS)?;
        Ok(write.commit()?)
    }
}
