//! A database that the tests have for themselves, as a whole: it is emptied, and has tenants. Not for one that others use, see
//! [`given`](crate::given).

use futures_executor::block_on;
use record_store_kv::{
    Database, Error, RangeRequest, Result, RunOptions, Subspace, Transaction, TransactionOption, fdb_code,
};

/// The special keys that name the tenants of a database.
const MAP: &[u8] = b"\xff\xff/management/tenant/map/";
const MAP_END: &[u8] = b"\xff\xff/management/tenant/map0";

/// Removes everything, tenants too.
///
/// **Errors**: those of the database.
pub fn empty(database: &Database) -> Result<()> {
    let everything = Subspace::default().prefix_range();
    let (begin, end) = (&everything.begin, &everything.end);
    let clear = |transaction: Transaction, _| async move {
        transaction.set_option(&TransactionOption::AccessSystemKeys)?;
        transaction.clear_range(begin, end);
        transaction.clear(b"\xff/metadataVersion");
        Ok::<_, Error>(())
    };
    block_on(database.run(&RunOptions::default(), clear))?;
    for name in tenants(database)? {
        remove_tenant_with_data(database, &name)?;
    }
    Ok(())
}

/// The names of all tenants, in order.
///
/// **Errors**: those of the database.
pub fn tenants(database: &Database) -> Result<Vec<Vec<u8>>> {
    match list(database, &RangeRequest::keys(MAP, MAP_END)) {
        // Before version 630 of the API clients see no special keys, and so make no tenants.
        Err(error) if error.fdb_code() == Some(fdb_code::KEY_OUTSIDE_LEGAL_RANGE) => Ok(Vec::new()),
        names => names,
    }
}

/// The names of the tenants from `begin` to before `end`, no more than `limit` unless that is 0.
///
/// **Errors**: those of the database.
pub fn tenants_between(database: &Database, begin: &[u8], end: &[u8], limit: i32) -> Result<Vec<Vec<u8>>> {
    let request = RangeRequest::keys([MAP, begin].concat(), [MAP, end].concat());
    list(database, &request.limit(limit))
}

fn list(database: &Database, request: &RangeRequest) -> Result<Vec<Vec<u8>>> {
    let read = |transaction: Transaction, _| async move {
        let rows = transaction.get_range_all(request, false).await?;
        let name = |key: &[u8]| key.strip_prefix(MAP).unwrap_or(key).to_vec();
        Ok::<_, Error>(rows.iter().map(|row| name(&row.key)).collect())
    };
    block_on(database.run(&RunOptions::default(), read))
}

/// Makes a tenant, as FoundationDB's bindings do.
///
/// **Errors**: 2132 if it is there; those of the database.
pub fn make_tenant(database: &Database, name: &[u8]) -> Result<()> {
    change(database, name, true)
}

/// Removes a tenant, as FoundationDB's bindings do.
///
/// **Errors**: 2131 if it is not there, 2133 if it holds data; those of the database.
pub fn remove_tenant(database: &Database, name: &[u8]) -> Result<()> {
    change(database, name, false)
}

/// Removes a tenant with what it holds.
///
/// **Errors**: 2131 if it is not there; those of the database.
pub fn remove_tenant_with_data(database: &Database, name: &[u8]) -> Result<()> {
    let rest = database.tenant(name)?.transaction();
    rest.clear_range(b"", b"\xff");
    block_on(rest.commit())?;
    remove_tenant(database, name)
}

fn change(database: &Database, name: &[u8], make: bool) -> Result<()> {
    let key = &[MAP, name].concat()[..];
    let mut was_checked = false;
    let work = |transaction: Transaction, _| {
        let first = !std::mem::replace(&mut was_checked, true);
        async move {
            transaction.set_option(&TransactionOption::SpecialKeySpaceEnableWrites)?;
            if first && transaction.get(key, false).await?.is_some() == make {
                return Err(Error::fdb(match make {
                    true => fdb_code::TENANT_ALREADY_EXISTS,
                    false => fdb_code::TENANT_NOT_FOUND,
                }));
            }
            if make {
                transaction.set(key, b"");
            } else {
                transaction.clear(key);
            }
            Ok(())
        }
    };
    block_on(database.run(&RunOptions::default(), work))
}
