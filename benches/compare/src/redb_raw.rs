//! The storage library used raw: encoded users under their number, no records, no transactions of ours.

use std::path::Path;

use prost::Message;
use redb::{Database, ReadableDatabase, TableDefinition};

use crate::peer::{Outcome, Peer};
use crate::user::User;
use crate::workload::Workload;

const USERS: TableDefinition<'static, i64, &[u8]> = TableDefinition::new("users");

/// As much as the engine and SQLite have.
const CACHE_BYTES: usize = 256 << 20;

struct Raw(Database);

/// Opens a database in `folder`.
pub(crate) fn open(_: &Workload, folder: &Path) -> Outcome<Box<dyn Peer>> {
    let database = Database::builder()
        .set_cache_size(CACHE_BYTES)
        .create(folder.join("users.redb"))?;
    let write = database.begin_write()?;
    write.open_table(USERS)?;
    write.commit()?;
    Ok(Box::new(Raw(database)))
}

impl Peer for Raw {
    fn save(&mut self, users: &[User]) -> Outcome<()> {
        let write = self.0.begin_write()?;
        {
            let mut table = write.open_table(USERS)?;
            for user in users {
                table.insert(user.id, user.encode_to_vec().as_slice())?;
            }
        }
        Ok(write.commit()?)
    }

    fn get(&mut self, id: i64) -> Outcome<Option<User>> {
        let table = self.0.begin_read()?.open_table(USERS)?;
        Ok(table.get(id)?.map(|bytes| User::decode(bytes.value())).transpose()?)
    }

    fn scan(&mut self, first: i64, count: usize) -> Outcome<usize> {
        let table = self.0.begin_read()?.open_table(USERS)?;
        let mut seen = 0;
        for row in table.range(first..)?.take(count) {
            User::decode(row?.1.value())?;
            seen += 1;
        }
        Ok(seen)
    }
}
