//! Writes of exactly the keys and values that Record-Store writes, to the same engine, without a record layer: what a save
//! would take if making the keys and values, and looking for a record to replace, took no time.

use std::path::Path;

use futures_executor::block_on;
use prost::Message;
use record_store::Record;
use record_store::kv::tuple::{Element, Tuple};
use record_store::kv::{Database, MutationType, RangeRequest, Subspace};

use crate::peer::{Outcome, Peer};
use crate::record_store::{BY_AGE, BY_CITY, BY_EMAIL, COUNT_BY_CITY, open_space};
use crate::user::User;
use crate::workload::Workload;

struct Raw {
    database: Database,
    store: Subspace,
    keys: Keys,
    prepared: Vec<Write>,
}

/// Opens the same place as Record-Store's, after a look at whether the writes are the same.
pub(crate) fn open(workload: &Workload, folder: &Path) -> Outcome<Box<dyn Peer>> {
    let raw = Raw::open(workload, folder)?;
    check(workload)?;
    Ok(Box::new(raw))
}

/// One write of a save.
enum Write {
    Set(Vec<u8>, Vec<u8>),
    Atomic(MutationType, Vec<u8>, Vec<u8>),
}

/// Where users and their index entries lie.
struct Keys {
    records: Subspace,
    indexes: Subspace,
    is_indexed: bool,
}

impl Keys {
    fn new(workload: &Workload, store: &Subspace) -> Self {
        Keys {
            records: store.sub(1),
            indexes: store.sub(2),
            is_indexed: workload.indexed,
        }
    }

    /// The bytes of a user are those of field 1 of the union message.
    fn record(&self, id: i64) -> Vec<u8> {
        self.records.pack(&Tuple::from((USER_TYPE, id, 0)))
    }

    fn writes(&self, user: &User, place: u16, writes: &mut Vec<Write>) {
        let union = UnionOfUser {
            user: Some(user.clone()),
        };
        writes.push(Write::Set(self.record(user.id), union.encode_to_vec()));
        // A versionstamp that the commit fills in, behind the one byte of its type.
        let mut version = vec![VERSIONSTAMP];
        version.extend_from_slice(&[0xff; 10]);
        version.extend_from_slice(&place.to_be_bytes());
        version.extend_from_slice(&1_u32.to_le_bytes());
        let key = self.records.pack(&Tuple::from((USER_TYPE, user.id, -1)));
        writes.push(Write::Atomic(MutationType::SetVersionstampedValue, key, version));
        if !self.is_indexed {
            return;
        }
        let columns: [(&str, Element); 3] = [
            (BY_EMAIL, user.email.as_str().into()),
            (BY_CITY, user.city.as_str().into()),
            (BY_AGE, user.age.into()),
        ];
        for (index, column) in columns {
            let key = self.indexes.pack(&Tuple::from((index, column, USER_TYPE, user.id)));
            writes.push(Write::Set(key, Vec::new()));
        }
        let count = self.indexes.pack(&Tuple::from((COUNT_BY_CITY, user.city.as_str())));
        writes.push(Write::Atomic(MutationType::Add, count, 1_i64.to_le_bytes().to_vec()));
    }
}

/// The union message of the schema.
#[derive(Clone, PartialEq, Message)]
struct UnionOfUser {
    #[prost(message, optional, tag = "1")]
    user: Option<User>,
}

impl Raw {
    fn open(workload: &Workload, folder: &Path) -> Outcome<Self> {
        let space = open_space(workload, folder)?;
        Ok(Raw {
            database: space.database().kv().clone(),
            keys: Keys::new(workload, &space.subspace()),
            store: space.subspace(),
            prepared: Vec::new(),
        })
    }
}

impl Peer for Raw {
    fn prepare(&mut self, users: &[User]) {
        self.prepared.clear();
        for (user, place) in users.iter().zip(0..) {
            self.keys.writes(user, place, &mut self.prepared);
        }
    }

    fn save(&mut self, _: &[User]) -> Outcome<()> {
        let transaction = self.database.transaction();
        for write in &self.prepared {
            match write {
                Write::Set(key, value) => transaction.set(key, value),
                Write::Atomic(operation, key, operand) => transaction.atomic_op(*operation, key, operand),
            }
        }
        Ok(block_on(transaction.commit())?)
    }

    fn get(&mut self, id: i64) -> Outcome<Option<User>> {
        let value = block_on(self.database.transaction().get(&self.keys.record(id), false))?;
        value.map(decode).transpose()
    }

    fn scan(&mut self, first: i64, count: usize) -> Outcome<usize> {
        let begin = self.keys.records.pack(&Tuple::from((USER_TYPE, first)));
        // A user has two rows: the version comes before the value.
        let request = RangeRequest::keys(begin, self.keys.records.range().end).limit(i32::try_from(2 * count)?);
        let rows = block_on(self.database.transaction().get_range_all(&request, true))?;
        let mut seen = 0;
        for row in rows.into_iter().skip(1).step_by(2) {
            decode(row.value)?;
            seen += 1;
        }
        Ok(seen)
    }
}

fn decode(value: impl bytes::Buf) -> Outcome<User> {
    Ok(UnionOfUser::decode(value)?.user.ok_or("a stored value holds no user")?)
}

/// Saves a few users with and without the record layer and compares what both leave behind.
fn check(workload: &Workload) -> Outcome<()> {
    let workload = &Workload {
        durable: false,
        ..*workload
    };
    let users: Vec<User> = (1..=3).map(User::numbered).collect();
    let nowhere = Path::new("");
    let ours = open_space(workload, nowhere)?;
    block_on(ours.put_all(users.iter().map(Record::from_message)))?;
    let mut raw = Raw::open(workload, nowhere)?;
    raw.prepare(&users);
    raw.save(&users)?;
    if rows(ours.database().kv(), &ours.subspace())? != rows(&raw.database, &raw.store)? {
        return Err("the raw writes are not those of Record-Store".into());
    }
    Ok(())
}

/// The keys of a store behind its header, without their prefix; the values without the version of the commit.
fn rows(database: &Database, store: &Subspace) -> Outcome<Vec<(Vec<u8>, Vec<u8>)>> {
    let request = RangeRequest::keys(store.sub(1).prefix().to_vec(), store.range().end);
    let mut rows = Vec::new();
    for row in block_on(database.transaction().get_range_all(&request, true))? {
        let mut value = row.value.to_vec();
        if let [VERSIONSTAMP, commit @ .., _, _] = value.as_mut_slice() {
            commit.fill(0);
        }
        rows.push((store.strip(&row.key)?.to_vec(), value));
    }
    Ok(rows)
}

/// The type code of a versionstamp in a tuple.
const VERSIONSTAMP: u8 = 0x33;

/// The number of the type in the union, which its records' keys begin with.
const USER_TYPE: i64 = 1;
