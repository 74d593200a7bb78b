//! Record spaces beside each other and over time: trees of them, schemas that evolve, handles that are behind.

mod counting;
mod evolution;
#[path = "../forward/mod.rs"]
mod forward;
mod handles;
mod java;
mod plan;
mod sources;
mod tree;

use record_store::kv::RangeRequest;
use record_store::{Database, Error, ErrorKind, Record, Result, Schema};

const USERS: &str = "syntax = 'proto3'; message User { int64 id = 1; string name = 2; }";
const USERS_AND_ORDERS: &str = "syntax = 'proto3';
    message User { int64 id = 1; string name = 2; string city = 3; }
    message Order { int64 id = 1; string user = 2; }";

fn users() -> Result<Schema> {
    Schema::builder()
        .proto("shop.proto", USERS)
        .record_type("User", |t| t.primary_key("id"))
        .build()
}

fn users_and_orders() -> Result<Schema> {
    Schema::builder()
        .proto("shop.proto", USERS_AND_ORDERS)
        .record_type("User", |t| t.primary_key("id"))
        .record_type("Order", |t| t.primary_key("id"))
        .build()
}

fn user(id: i64) -> Record {
    Record::from_json("User", format!(r#"{{"id": {id}, "name": "u{id}"}}"#))
}

fn order(id: i64) -> Record {
    Record::from_json("Order", format!(r#"{{"id": {id}, "user": "u{id}"}}"#))
}

fn refused<T>(result: Result<T>) -> Error {
    match result {
        Ok(_) => panic!("it is not refused"),
        Err(error) => error,
    }
}

fn kind<T>(result: Result<T>) -> ErrorKind {
    refused(result).kind()
}

/// Every key and value of the database.
async fn contents(db: &Database) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
    let context = db.transaction();
    let mut request = RangeRequest::keys(&b""[..], &b"\xff"[..]);
    let mut rows = Vec::new();
    loop {
        let batch = context.transaction().get_range(&request, true).await?;
        rows.extend(batch.rows.iter().map(|row| (row.key.to_vec(), row.value.to_vec())));
        match request.after(&batch) {
            Some(next) => request = next,
            None => return Ok(rows),
        }
    }
}
