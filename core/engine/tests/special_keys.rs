//! The special key space: what clients and tools read and write under `\xff\xff`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use futures_executor::block_on;
use record_store_engine::{Engine, EngineOptions, Location};
use record_store_kv::{Database, RangeRequest, Result, Transaction, TransactionOption};

fn special(name: &str) -> Vec<u8> {
    [b"\xff\xff/", name.as_bytes()].concat()
}

fn memory() -> Database {
    Engine::open(Location::Memory, EngineOptions::default()).unwrap()
}

fn get(transaction: &Transaction, name: &str) -> Result<Option<String>> {
    let value = block_on(transaction.get(&special(name), false))?;
    Ok(value.map(|value| String::from_utf8_lossy(&value).into_owned()))
}

fn keys(transaction: &Transaction, begin: &str, end: &str) -> Result<Vec<String>> {
    let request = RangeRequest::keys(special(begin), special(end));
    let batch = block_on(transaction.get_range(&request, false))?;
    let name = |key: &[u8]| String::from_utf8_lossy(&key[3..]).into_owned();
    Ok(batch.rows.iter().map(|row| name(&row.key)).collect())
}

fn code<T>(result: Result<T>) -> Option<i32> {
    result.err().and_then(|error| error.fdb_code())
}

#[test]
fn what_tools_look_up_is_there() {
    let transaction = memory().transaction();
    let status = get(&transaction, "status/json").unwrap().unwrap();
    assert!(
        status.contains(r#""database_status":{"available":true,"healthy":true}"#),
        "{status}"
    );
    assert_eq!(
        get(&transaction, "cluster_file_path").unwrap().as_deref(),
        Some("memory:")
    );
    assert!(
        get(&transaction, "connection_string")
            .unwrap()
            .unwrap()
            .ends_with("@127.0.0.1:4500")
    );
    assert_eq!(get(&transaction, "management/db_locked").unwrap(), None);
    let cases: [(&str, &str, &[&str]); 4] = [
        ("tracing/", "tracing0", &["tracing/token", "tracing/transaction_id"]),
        (
            "configuration/coordinators/",
            "configuration/coordinators0",
            &[
                "configuration/coordinators/cluster_description",
                "configuration/coordinators/processes",
            ],
        ),
        ("worker_interfaces/", "worker_interfaces0", &[]),
        (
            "management/",
            "management0",
            &["management/auto_coordinators", "management/data_distribution/mode"],
        ),
    ];
    for (begin, end, expected) in cases {
        assert_eq!(keys(&transaction, begin, end).unwrap(), expected, "{begin}");
    }
    let trace = get(&transaction, "tracing/transaction_id").unwrap().unwrap();
    assert_eq!(trace.len(), 32);
}

#[test]
fn reads_stay_within_a_module() {
    let transaction = memory().transaction();
    assert_eq!(code(get(&transaction, "nope")), Some(2113));
    assert_eq!(code(keys(&transaction, "nope", "nopf")), Some(2113));
    assert_eq!(code(keys(&transaction, "tracing/", "transaction/z")), Some(2112));
    assert_eq!(code(keys(&transaction, "a", "b")), Some(2112));
    transaction
        .set_option(&TransactionOption::SpecialKeySpaceRelaxed)
        .unwrap();
    assert_eq!(get(&transaction, "nope").unwrap(), None);
    assert_eq!(keys(&transaction, "tracing/", "transaction/z").unwrap().len(), 2);
}

#[test]
fn writes_need_an_option_and_a_module_that_takes_them() {
    let database = memory();
    let failure = |enabled: bool, write: &dyn Fn(&Transaction)| {
        let transaction = database.transaction();
        if enabled {
            transaction
                .set_option(&TransactionOption::SpecialKeySpaceEnableWrites)
                .unwrap();
        }
        write(&transaction);
        code(block_on(transaction.commit()))
    };
    let option = special("management/options/excluded/force");
    assert_eq!(failure(false, &|transaction| transaction.set(&option, b"")), Some(2114));
    assert_eq!(failure(true, &|transaction| transaction.set(&option, b"")), None);
    assert_eq!(
        failure(true, &|transaction| transaction.set(&special("connection_string"), b"")),
        Some(2115)
    );
    let across = |transaction: &Transaction| transaction.clear_range(&special("configuration/"), &special("tracing/z"));
    assert_eq!(failure(true, &across), Some(2116));
}

#[test]
fn what_one_process_does_not_have_is_refused_and_says_so() {
    let transaction = memory().transaction();
    transaction
        .set_option(&TransactionOption::SpecialKeySpaceEnableWrites)
        .unwrap();
    transaction.set(&special("management/excluded/10.0.0.1"), b"");
    assert_eq!(code(block_on(transaction.commit())), Some(2117));
    let message = get(&transaction, "error_message").unwrap().unwrap();
    assert!(message.contains("excluded"), "{message}");
}

#[test]
fn the_database_is_locked_and_unlocked() {
    let database = memory();
    let manage = |write: &dyn Fn(&Transaction)| {
        let transaction = database.transaction();
        transaction
            .set_option(&TransactionOption::SpecialKeySpaceEnableWrites)
            .unwrap();
        transaction.set_option(&TransactionOption::LockAware).unwrap();
        write(&transaction);
        block_on(transaction.commit())
    };
    let lock = special("management/db_locked");
    manage(&|transaction| transaction.set(&lock, b"")).unwrap();
    assert_eq!(code(block_on(database.transaction().get(b"a", false))), Some(1038));
    let aware = database.transaction();
    aware.set_option(&TransactionOption::LockAware).unwrap();
    assert_eq!(
        get(&aware, "management/db_locked").unwrap().map(|id| id.len()),
        Some(32)
    );
    manage(&|transaction| transaction.clear(&lock)).unwrap();
    assert_eq!(block_on(database.transaction().get(b"a", false)).unwrap(), None);
}

#[test]
fn clients_find_the_shards() {
    let transaction = memory().transaction();
    transaction.set_option(&TransactionOption::ReadSystemKeys).unwrap();
    let shards = RangeRequest::keys(&b"\xff/keyServers/"[..], &b"\xff/keyServers0"[..]);
    let batch = block_on(transaction.get_range(&shards, true)).unwrap();
    assert_eq!(
        batch.rows.iter().map(|row| &row.key[..]).collect::<Vec<_>>(),
        [b"\xff/keyServers/"]
    );
    let coordinators = block_on(transaction.get(b"\xff/coordinators", true)).unwrap();
    assert!(coordinators.is_some());
}
