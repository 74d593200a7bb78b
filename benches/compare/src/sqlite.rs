//! SQLite: columns in a table, as its users have them; on disk with a write-ahead log and a sync at every commit
//! (`synchronous = FULL`).
//!
//! It keeps no counts: it counts a city when it is asked to, by the index.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::peer::{Outcome, Peer};
use crate::question::{Question, RANGE};
use crate::user::User;
use crate::workload::Workload;

struct Sqlite(Connection);

/// Opens a database in `folder`, or in memory.
pub(crate) fn open(workload: &Workload, folder: &Path) -> Outcome<Box<dyn Peer>> {
    let connection = if workload.durable {
        Connection::open(folder.join("users.sqlite"))?
    } else {
        Connection::open_in_memory()?
    };
    connection.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA cache_size = -262144;
         CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, email TEXT, age INTEGER, city TEXT, about TEXT);",
    )?;
    if workload.indexed {
        connection.execute_batch(
            "CREATE INDEX by_email ON users (email);
             CREATE INDEX by_city ON users (city);
             CREATE INDEX by_age ON users (age);",
        )?;
    }
    Ok(Box::new(Sqlite(connection)))
}

fn user(row: &Row<'_>) -> rusqlite::Result<User> {
    Ok(User {
        id: row.get(0)?,
        name: row.get(1)?,
        email: row.get(2)?,
        age: row.get(3)?,
        city: row.get(4)?,
        about: row.get(5)?,
    })
}

impl Peer for Sqlite {
    fn save(&mut self, users: &[User]) -> Outcome<()> {
        let transaction = self.0.transaction()?;
        {
            let mut insert = transaction.prepare_cached("INSERT OR REPLACE INTO users VALUES (?, ?, ?, ?, ?, ?)")?;
            for user in users {
                insert.execute(params![user.id, user.name, user.email, user.age, user.city, user.about])?;
            }
        }
        Ok(transaction.commit()?)
    }

    fn get(&mut self, id: i64) -> Outcome<Option<User>> {
        let mut select = self.0.prepare_cached("SELECT * FROM users WHERE id = ?")?;
        Ok(select.query_row([id], user).optional()?)
    }

    fn scan(&mut self, first: i64, count: usize) -> Outcome<usize> {
        let mut select = self
            .0
            .prepare_cached("SELECT * FROM users WHERE id >= ? ORDER BY id LIMIT ?")?;
        let rows = select.query_map(params![first, i64::try_from(count)?], user)?;
        let mut seen = 0;
        for row in rows {
            row?;
            seen += 1;
        }
        Ok(seen)
    }

    fn ask(&mut self, question: &Question, id: i64) -> Outcome<usize> {
        let asked = User::numbered(id);
        match question {
            Question::Point => self.users("SELECT * FROM users WHERE email = ?", [asked.email]),
            Question::RangeWithFetch => self.users(
                "SELECT * FROM users WHERE age >= ? ORDER BY age LIMIT ?",
                params![asked.age, i64::try_from(RANGE)?],
            ),
            Question::CoveringRange => {
                let mut select = self.0.prepare_cached("SELECT id FROM users WHERE city = ?")?;
                let ids = select.query_map([asked.city], |row| row.get::<_, i64>(0))?;
                Ok(ids.collect::<rusqlite::Result<Vec<_>>>()?.len())
            }
            Question::OrOfTwo => self.users(
                "SELECT * FROM users WHERE email = ? OR email = ?",
                [asked.email, User::numbered(id / 2).email],
            ),
            Question::SortWithoutIndex => self.users("SELECT * FROM users WHERE city = ? ORDER BY name", [asked.city]),
        }
    }
}

impl Sqlite {
    fn users(&self, select: &str, parameters: impl rusqlite::Params) -> Outcome<usize> {
        let mut select = self.0.prepare_cached(select)?;
        let users = select.query_map(parameters, user)?;
        Ok(users.collect::<rusqlite::Result<Vec<_>>>()?.len())
    }
}
