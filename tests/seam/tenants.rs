//! Tenants: made, used and removed as FoundationDB's are. A database without tenants, as clusters are by default, refuses them.

use std::process;

use futures_executor::block_on;
use record_store_kv::{Database, KeySelector, MutationType, RangeRequest, Tenant, TransactionOption, fdb_code};
use record_store_tests::{given, whole};

use super::code;

/// A database with tenants of one test.
struct Fixture {
    database: Database,
    test: &'static str,
}

impl Fixture {
    /// Nothing if the database takes no tenants.
    fn new(test: &'static str, names: &[&str]) -> Option<Self> {
        let database = given::whole().unwrap();
        let fixture = Fixture { database, test };
        for name in names {
            match whole::make_tenant(&fixture.database, &fixture.name(name)) {
                Err(error) if error.fdb_code() == Some(fdb_code::TENANTS_DISABLED) => return None,
                made => made.unwrap(),
            }
        }
        Some(fixture)
    }

    /// A name that no other test and no other process has.
    fn name(&self, name: &str) -> Vec<u8> {
        format!("record-store-tests-{}-{}-{name}", process::id(), self.test).into_bytes()
    }

    fn tenant(&self, name: &str) -> Tenant {
        self.database.tenant(&self.name(name)).unwrap()
    }

    fn remove(&self, name: &str) -> record_store_kv::Result<()> {
        whole::remove_tenant(&self.database, &self.name(name))
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        let (begin, end) = (self.name(""), self.name("\u{7f}"));
        for name in whole::tenants_between(&self.database, &begin, &end, 0).unwrap_or_default() {
            if let Err(error) = whole::remove_tenant_with_data(&self.database, &name) {
                eprintln!("tenant {} is left behind: {error}", name.escape_ascii());
            }
        }
    }
}

#[test]
fn tenants_have_keys_of_their_own() {
    let Some(fixture) = Fixture::new("keys", &["one", "two"]) else {
        return;
    };
    let (one, two) = (fixture.tenant("one"), fixture.tenant("two"));
    let write = one.transaction();
    write.set(b"a", b"1");
    write.atomic_op(MutationType::SetVersionstampedKey, b"k..........\x01\0\0\0", b"stamped");
    block_on(write.commit()).unwrap();

    assert_eq!(block_on(two.transaction().get(b"a", false)).unwrap(), None);
    let read = one.transaction();
    let rows = block_on(read.get_range_all(&RangeRequest::keys("", "\u{7f}"), false)).unwrap();
    assert_eq!(rows.iter().map(|row| row.key.len()).collect::<Vec<_>>(), [1, 11]);
    let end = block_on(read.get_key(&KeySelector::first_greater_than("z"), false)).unwrap();
    assert_eq!(&end[..], b"\xff");
    let raw = [&block_on(one.id()).unwrap().to_be_bytes()[..], b"a"].concat();
    let found = block_on(fixture.database.transaction().get(&raw, false)).unwrap();
    assert_eq!(found.as_deref(), Some(&b"1"[..]));
}

#[test]
fn tenants_are_removed_when_they_are_empty_and_their_numbers_never_come_back() {
    let Some(fixture) = Fixture::new("removal", &["one"]) else {
        return;
    };
    let one = fixture.tenant("one");
    let transaction = one.transaction();
    transaction.set(b"a", b"");
    block_on(transaction.commit()).unwrap();
    assert_eq!(code(fixture.remove("one")), Some(fdb_code::TENANT_NOT_EMPTY));

    let late = one.transaction();
    assert_eq!(block_on(late.get(b"b", false)).unwrap(), None);
    late.set(b"b", b"");
    let clear = one.transaction();
    clear.clear_range(b"", b"\xff");
    block_on(clear.commit()).unwrap();
    fixture.remove("one").unwrap();
    assert_eq!(code(block_on(late.commit())), Some(fdb_code::TENANT_NOT_FOUND));
    assert_eq!(code(fixture.remove("one")), Some(fdb_code::TENANT_NOT_FOUND));

    let before = block_on(one.id());
    whole::make_tenant(&fixture.database, &fixture.name("one")).unwrap();
    assert_eq!(
        code(whole::make_tenant(&fixture.database, &fixture.name("one"))),
        Some(fdb_code::TENANT_ALREADY_EXISTS)
    );
    let again = block_on(fixture.tenant("one").id()).unwrap();
    assert!(before.is_ok_and(|before| again > before));
}

#[test]
fn a_transaction_of_a_tenant_leaves_the_rest_alone() {
    let Some(fixture) = Fixture::new("rest", &["one"]) else {
        return;
    };
    let transaction = fixture.tenant("one").transaction();
    let special = b"\xff\xff/management/db_locked";
    assert_eq!(
        code(block_on(transaction.get(special, false))),
        Some(fdb_code::ILLEGAL_TENANT_ACCESS)
    );
    transaction.set_option(&TransactionOption::AccessSystemKeys).unwrap();
    assert_eq!(
        code(block_on(transaction.get(b"a", false))),
        Some(fdb_code::INVALID_OPTION)
    );
    let unknown = fixture.tenant("nobody");
    assert_eq!(code(block_on(unknown.id())), Some(fdb_code::TENANT_NOT_FOUND));
    assert_eq!(
        code(block_on(unknown.transaction().get(b"a", false))),
        Some(fdb_code::TENANT_NOT_FOUND)
    );
}
