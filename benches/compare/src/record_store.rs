//! Record-Store on its embedded engine: users in a space, saved and read as a program does it.

use std::path::Path;

use futures_executor::block_on;
use record_store::key_expression::{Grouping, field};
use record_store::metadata::index_type;
use record_store::query::Parameters;
use record_store::{Database, Index, Record, RecordSpace, ScanOptions, Schema};

use crate::peer::{Outcome, Peer};
use crate::question::{Question, RANGE};
use crate::user::{PROTO, User};
use crate::workload::Workload;

struct Ours(RecordSpace);

/// Opens a space in a database in `folder`, or in memory.
pub(crate) fn open(workload: &Workload, folder: &Path) -> Outcome<Box<dyn Peer>> {
    Ok(Box::new(Ours(open_space(workload, folder)?)))
}

/// The space of the users.
pub(crate) fn open_space(workload: &Workload, folder: &Path) -> Outcome<RecordSpace> {
    let path = folder.join("database");
    let url = if workload.durable {
        path.to_str().ok_or("not UTF-8")?
    } else {
        "memory:"
    };
    let mut schema = Schema::builder()
        .proto("user.proto", PROTO)
        .record_type("User", |user| user.primary_key("id"));
    if workload.indexed {
        let count = Index::new(COUNT_BY_CITY, Grouping::new(field("city").into(), 0)).with_kind(index_type::COUNT);
        schema = schema
            .index((BY_EMAIL, "email"))
            .index((BY_CITY, "city"))
            .index((BY_AGE, "age"))
            .index(count);
    }
    let schema = schema.build()?;
    block_on(async {
        let database = Database::open(url).await?;
        Ok(database.space("bench/users").schema(&schema).open().await?)
    })
}

/// The indexes, where there are some.
pub(crate) const BY_EMAIL: &str = "by_email";
pub(crate) const BY_CITY: &str = "by_city";
pub(crate) const BY_AGE: &str = "by_age";
pub(crate) const COUNT_BY_CITY: &str = "count_by_city";

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

    fn ask(&mut self, question: &Question, id: i64) -> Outcome<usize> {
        let users = &self.0;
        let asked = User::numbered(id);
        let query = match question {
            Question::Point => users
                .query("email = ?")
                .parameters(Parameters::positional([asked.email])),
            Question::RangeWithFetch => users
                .query("age >= ?")
                .parameters(Parameters::positional([i64::from(asked.age)]))
                .order_by("age")
                .limit(RANGE),
            Question::CoveringRange => users
                .query("city = ?")
                .parameters(Parameters::positional([asked.city]))
                .required_results(["id"]),
            Question::OrOfTwo => {
                let emails = [asked.email, User::numbered(id / 2).email];
                users
                    .query("email = ? OR email = ?")
                    .parameters(Parameters::positional(emails))
            }
            Question::SortWithoutIndex => users
                .query("city = ?")
                .parameters(Parameters::positional([asked.city]))
                .order_by("name"),
        };
        let mut rows = 0;
        block_on(async {
            let mut cursor = query.execute();
            while let Some(user) = cursor.next().await? {
                user.decode::<User>()?;
                rows += 1;
            }
            Ok(rows)
        })
    }
}
