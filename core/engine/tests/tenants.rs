//! Tenants: made, used and removed as FoundationDB's are.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use futures_executor::block_on;
use record_store_engine::{Engine, EngineOptions, Location};
use record_store_kv::tuple::Tuple;
use record_store_kv::{Database, RangeRequest, Result, Transaction, TransactionOption};

const MAP: &str = "management/tenant/map/";

fn special(name: &str) -> Vec<u8> {
    [b"\xff\xff/", name.as_bytes()].concat()
}

fn memory() -> Database {
    Engine::open(Location::Memory, EngineOptions::default()).unwrap()
}

/// Commits what `write` writes to special keys.
fn manage(database: &Database, write: impl FnOnce(&Transaction)) -> Result<()> {
    let transaction = database.transaction();
    transaction.set_option(&TransactionOption::SpecialKeySpaceEnableWrites)?;
    write(&transaction);
    block_on(transaction.commit())
}

fn make(database: &Database, names: &[&str]) -> Result<()> {
    manage(database, |transaction| {
        for name in names {
            transaction.set(&special(&format!("{MAP}{name}")), b"");
        }
    })
}

fn remove(database: &Database, name: &str) -> Result<()> {
    manage(database, |transaction| {
        transaction.clear(&special(&format!("{MAP}{name}")))
    })
}

fn names(database: &Database) -> Vec<String> {
    let request = RangeRequest::keys(special(MAP), special("management/tenant/map0"));
    let batch = block_on(database.transaction().get_range(&request, false)).unwrap();
    let prefix = special(MAP).len();
    let name = |key: &[u8]| String::from_utf8_lossy(&key[prefix..]).into_owned();
    batch.rows.iter().map(|row| name(&row.key)).collect()
}

fn code<T>(result: Result<T>) -> Option<i32> {
    result.err().and_then(|error| error.fdb_code())
}

#[test]
fn tenants_are_listed_renamed_and_grouped() {
    let database = memory();
    make(&database, &["b", "a"]).unwrap();
    assert_eq!(names(&database), ["a", "b"]);
    manage(&database, |transaction| {
        transaction.set(&special("management/tenant/rename/a"), b"c")
    })
    .unwrap();
    assert_eq!(names(&database), ["b", "c"]);
    let group = |name: &str, setting: &str| {
        let tuple = Tuple::new().with(name).with(setting).pack();
        [special("management/tenant/configure/"), tuple].concat()
    };
    type Case<'a> = (&'a str, Vec<u8>, &'a [u8], Option<i32>);
    let cases: [Case<'_>; 9] = [
        (
            "a name that no tenant may have",
            special("management/tenant/map/\u{7f}"),
            b"",
            None,
        ),
        (
            "a tenant that is there already",
            special("management/tenant/map/b"),
            b"",
            None,
        ),
        (
            "an unknown tenant",
            special("management/tenant/rename/zzz"),
            b"d",
            Some(2131),
        ),
        (
            "a name that is taken",
            special("management/tenant/rename/b"),
            b"c",
            Some(2132),
        ),
        ("a group", group("b", "tenant_group"), b"g", None),
        (
            "a group that no tenant may have",
            group("b", "tenant_group"),
            b"\xff",
            Some(2139),
        ),
        ("a group for nobody", group("zzz", "tenant_group"), b"g", Some(2131)),
        ("an unknown setting", group("b", "colour"), b"g", Some(2140)),
        (
            "no tuple",
            special("management/tenant/configure/b/tenant_group"),
            b"g",
            Some(2117),
        ),
    ];
    for (what, key, value, expected) in cases {
        assert_eq!(
            code(manage(&database, |transaction| transaction.set(&key, value))),
            expected,
            "{what}"
        );
    }
    let row = block_on(database.transaction().get(&special(&format!("{MAP}b")), false))
        .unwrap()
        .unwrap();
    let row = String::from_utf8(row.to_vec()).unwrap();
    assert!(
        row.contains(r#""tenant_group":{"base64":"Zw==","printable":"g"}"#),
        "{row}"
    );
}

#[test]
fn tenants_outlive_the_process_that_made_them() {
    let directory = tempfile::tempdir().unwrap();
    let open = || Engine::open(Location::Path(directory.path().join("db")), EngineOptions::default()).unwrap();
    let id = {
        let database = open();
        make(&database, &["one"]).unwrap();
        block_on(database.tenant(b"one").unwrap().id()).unwrap()
    };
    assert_eq!(block_on(open().tenant(b"one").unwrap().id()).unwrap(), id);
}

#[test]
fn a_watch_ends_with_its_tenant() {
    let database = memory();
    make(&database, &["one"]).unwrap();
    let transaction = database.tenant(b"one").unwrap().transaction();
    let watch = transaction.watch(b"a");
    block_on(transaction.commit()).unwrap();
    manage(&database, |transaction| {
        transaction.set(&special("management/tenant/rename/one"), b"two")
    })
    .unwrap();
    remove(&database, "two").unwrap();
    assert_eq!(code(block_on(watch)), Some(2142));
}
