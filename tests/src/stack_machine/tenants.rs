//! The instructions of tenants, and what their bindings do with special keys.

use futures_executor::block_on;
use record_store_kv::tuple::{Element, Tuple};
use record_store_kv::{Database, Error, RangeRequest, Result, RunOptions, Transaction, TransactionOption, fdb_code};

use super::stack::NOT_PRESENT;
use super::{Machine, Stop, Wrong};

/// The special keys that name the tenants of a database.
const MAP: &[u8] = b"\xff\xff/management/tenant/map/";
const MAP_END: &[u8] = b"\xff\xff/management/tenant/map0";

impl Machine {
    pub(super) fn of_tenants(&mut self, name: &str) -> Result<(), Stop> {
        match name {
            "CREATE" | "DELETE" => {
                let tenant = self.stack.bytes()?;
                change(&self.database, &tenant, name == "CREATE")?;
                self.stack.push(NOT_PRESENT);
            }
            "SET_ACTIVE" => self.tenant = Some(self.database.tenant(&self.stack.bytes()?)?),
            "CLEAR_ACTIVE" => self.tenant = None,
            "LIST" => {
                let (begin, end) = (self.stack.bytes()?, self.stack.bytes()?);
                let limit = i32::try_from(self.stack.int()?).map_err(|_| Wrong("no limit"))?;
                let request = RangeRequest::keys([MAP, &begin].concat(), [MAP, &end].concat()).limit(limit);
                let names = list(&self.database, &request)?;
                let names: Tuple = names.into_iter().map(Element::from).collect();
                self.stack.push(names.pack());
            }
            "GET_ID" => match &self.tenant {
                Some(tenant) => {
                    block_on(tenant.id())?;
                    self.stack.push(b"GOT_TENANT_ID");
                }
                None => self.stack.push(b"NO_ACTIVE_TENANT"),
            },
            _ => return Err(Wrong("no such instruction").into()),
        }
        Ok(())
    }
}

/// Makes or removes a tenant, as FoundationDB's bindings do: what is there already is an error, and what is not there.
pub(super) fn change(database: &Database, name: &[u8], make: bool) -> Result<()> {
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

/// The names of all tenants, in order.
pub(super) fn names(database: &Database) -> Result<Vec<Vec<u8>>> {
    match list(database, &RangeRequest::keys(MAP, MAP_END)) {
        // Before version 630 of the API clients see no special keys, and so make no tenants.
        Err(error) if error.fdb_code() == Some(fdb_code::KEY_OUTSIDE_LEGAL_RANGE) => Ok(Vec::new()),
        names => names,
    }
}

fn list(database: &Database, request: &RangeRequest) -> Result<Vec<Vec<u8>>> {
    let read = |transaction: Transaction, _| async move {
        let rows = transaction.get_range_all(request, false).await?;
        let name = |key: &[u8]| key.strip_prefix(MAP).unwrap_or(key).to_vec();
        Ok::<_, Error>(rows.iter().map(|row| name(&row.key)).collect())
    };
    block_on(database.run(&RunOptions::default(), read))
}
