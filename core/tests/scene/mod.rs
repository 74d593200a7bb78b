//! What the tests of the record store begin with: a database in memory, and meta-data of users and orders.

use record_store::kv::Subspace;
use record_store::{
    Database, ErrorKind, Record, RecordContext, RecordMetaData, RecordStore, Result, Schema, StoreOptions, Tuple,
};
use record_store_tests::given::fresh;

const PROTO: &str = r#"
    syntax = "proto2";
    message User { required int64 id = 1; optional string name = 2; optional bytes photo = 3; }
    message Order { required int64 id = 1; optional int64 user = 2; }
"#;

/// A database with the meta-data of users and orders.
pub(crate) struct Scene {
    pub(crate) database: Database,
    pub(crate) metadata: RecordMetaData,
    pub(crate) subspace: Subspace,
}

impl Scene {
    pub(crate) fn new() -> Result<Self> {
        let schema = Schema::builder()
            .proto("shop.proto", PROTO)
            .record_type("User", |t| t.primary_key("id"))
            .record_type("Order", |t| t.primary_key("id"))
            .build()?;
        Ok(Scene {
            database: fresh()?,
            metadata: schema.merge_into(None)?,
            subspace: Subspace::from(("shop",)),
        })
    }

    pub(crate) async fn open(&self, context: &RecordContext, options: &StoreOptions) -> Result<RecordStore> {
        RecordStore::open(context, self.subspace.clone(), &self.metadata, options).await
    }

    /// Runs one transaction on the store.
    pub(crate) async fn run<T, Fut: Future<Output = Result<T>>>(&self, body: impl Fn(RecordStore) -> Fut) -> Result<T> {
        let body = &body;
        self.database
            .run(|context| async move { body(self.open(&context, &StoreOptions::default()).await?).await })
            .await
    }
}

pub(crate) fn user(id: i64, name: &str) -> Record {
    Record::from_json("User", format!(r#"{{"id": {id}, "name": "{name}"}}"#))
}

/// The primary key of a record: the number of its type in the union, and its id.
pub(crate) fn key(record_type: i64, id: i64) -> Tuple {
    Tuple::from((record_type, id))
}

pub(crate) const USER: i64 = 1;

pub(crate) fn kind<T: std::fmt::Debug>(result: Result<T>) -> ErrorKind {
    result.expect_err("it is refused").kind()
}
