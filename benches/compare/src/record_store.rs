//! Record-Store on its embedded engine: users in a space, saved and read as a program does it.

use std::path::Path;

use futures_executor::block_on;
use record_store::{Database, Record, RecordSpace, ScanOptions, Schema};

use crate::peer::{Outcome, Peer};
use crate::user::{PROTO, User};

struct Ours(RecordSpace);

/// Opens a database in `folder`.
pub(crate) fn open(folder: &Path) -> Outcome<Box<dyn Peer>> {
    let url = folder.join("database");
    let schema = Schema::builder()
        .proto("user.proto", PROTO)
        .record_type("User", |user| user.primary_key("id"))
        .build()?;
    block_on(async {
        let database = Database::open(url.to_str().ok_or("not UTF-8")?).await?;
        let space = database.space("bench/users").schema(&schema).open().await?;
        Ok(Box::new(Ours(space)) as Box<dyn Peer>)
    })
}

impl Peer for Ours {
    fn save(&mut self, users: &[User]) -> Outcome<()> {
        block_on(self.0.put_all(users.iter().map(Record::from_message)))?;
        Ok(())
    }

    fn get(&mut self, id: i64) -> Outcome<Option<User>> {
        Ok(block_on(self.0.get(id))?.map(|record| record.decode()).transpose()?)
    }

    fn scan(&mut self, first: i64, count: usize) -> Outcome<usize> {
        block_on(async {
            let mut cursor = self.0.scan(ScanOptions::default().from(first).limit(count));
            let mut seen = 0;
            while let Some(record) = cursor.next().await? {
                record.decode::<User>()?;
                seen += 1;
            }
            Ok(seen)
        })
    }
}
