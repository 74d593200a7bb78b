//! The instructions of tenants.

use futures_executor::block_on;
use record_store_kv::tuple::{Element, Tuple};

use super::stack::NOT_PRESENT;
use super::{Machine, Stop, Wrong};
use crate::whole;

impl Machine {
    pub(super) fn of_tenants(&mut self, name: &str) -> Result<(), Stop> {
        match name {
            "CREATE" => {
                whole::make_tenant(&self.database, &self.stack.bytes()?)?;
                self.stack.push(NOT_PRESENT);
            }
            "DELETE" => {
                whole::remove_tenant(&self.database, &self.stack.bytes()?)?;
                self.stack.push(NOT_PRESENT);
            }
            "SET_ACTIVE" => self.tenant = Some(self.database.tenant(&self.stack.bytes()?)?),
            "CLEAR_ACTIVE" => self.tenant = None,
            "LIST" => {
                let (begin, end) = (self.stack.bytes()?, self.stack.bytes()?);
                let limit = i32::try_from(self.stack.int()?).map_err(|_| Wrong("no limit"))?;
                let names = whole::tenants_between(&self.database, &begin, &end, limit)?;
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
