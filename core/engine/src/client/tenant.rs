//! [`TenantSpace`]: the key space of a tenant within the database, and the rows that say which tenants there are.
//!
//! A tenant's keys lie behind its number, eight bytes big-endian, as in FoundationDB. The rows under `\xff/tenant/` are
//! this engine's own: FoundationDB keeps more in them, in a format of its servers.

use std::sync::Arc;

use bytes::Bytes;
use record_store_kv::{Error, Read, Result, TenantBackend, TransactionBackend, fdb_code};

use super::EngineTransaction;
use super::database::Handle;
use super::legality::METADATA_VERSION_KEY;
use crate::atomic::AtomicOp;
use crate::cluster::{Cluster, Tenure};
use crate::key::{Key, key_after};
use crate::mutation::{KeyRange, Mutation};

/// Before a tenant's number: its name.
pub(crate) const MAP: &[u8] = b"\xff/tenant/map/";
/// Before a tenant's name: its number.
pub(crate) const NAMES: &[u8] = b"\xff/tenant/nameIndex/";
/// Before a tenant's number: the group that it belongs to.
pub(crate) const GROUPS: &[u8] = b"\xff/tenant/group/";
/// The number that was given last.
pub(crate) const LAST_ID: &[u8] = b"\xff/tenant/lastId";

/// What a transaction of a tenant knows of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TenantSpace {
    /// The number; `None` if there was no such tenant when the handle was made.
    id: Option<i64>,
}

impl TenantSpace {
    /// The tenant called `name` in `cluster`, as it is now.
    pub(crate) fn find(cluster: &Cluster, name: &[u8]) -> Result<Self> {
        let row = cluster.get_latest(&[NAMES, name].concat())?;
        Ok(TenantSpace {
            id: row.and_then(|id| read_id(&id)),
        })
    }

    /// The number. Errors: 2131.
    pub(crate) fn id(&self) -> Result<i64> {
        self.id.ok_or_else(|| Error::fdb(fdb_code::TENANT_NOT_FOUND))
    }

    /// Fails with 2131 unless the tenant is there at `version`.
    pub(crate) fn check(&self, tenure: &Tenure, version: i64) -> Result<()> {
        match tenure.get(&row(MAP, self.id()?), version)? {
            Some(_) => Ok(()),
            None => Err(Error::fdb(fdb_code::TENANT_NOT_FOUND)),
        }
    }

    /// The row that exists as long as the tenant does.
    pub(crate) fn row(&self) -> Result<Vec<u8>> {
        Ok(row(MAP, self.id()?))
    }

    /// A key of the tenant as the database has it.
    pub(crate) fn key(&self, key: &[u8]) -> Result<Vec<u8>> {
        if key == METADATA_VERSION_KEY {
            return Ok(key.to_vec());
        }
        Ok([&self.id()?.to_be_bytes()[..], key].concat())
    }

    /// A range of the tenant as the database has it.
    pub(crate) fn range(&self, range: &KeyRange) -> Result<KeyRange> {
        if *range.begin == *METADATA_VERSION_KEY {
            return Ok(range.clone());
        }
        Ok(KeyRange::new(&self.key(&range.begin)?, &self.key(&range.end)?))
    }

    /// A change of the tenant as the database makes it.
    pub(crate) fn mutation(&self, mutation: Mutation) -> Result<Mutation> {
        Ok(match mutation {
            Mutation::Set { key, value } => Mutation::Set {
                key: Key::new(&self.key(&key)?),
                value,
            },
            Mutation::ClearRange(range) => Mutation::ClearRange(self.range(&range)?),
            Mutation::Atomic { op, key, operand } => {
                let mut prefixed = self.key(&key)?;
                if op == AtomicOp::SetVersionstampedKey {
                    shift_stamp(&mut prefixed);
                }
                Mutation::Atomic {
                    op,
                    key: Key::new(&prefixed),
                    operand,
                }
            }
        })
    }
}

/// How many bytes stand before a tenant's keys.
pub(crate) const PREFIX_BYTES: usize = 8;

/// The row of a tenant under one of the prefixes above.
pub(crate) fn row(prefix: &[u8], id: i64) -> Vec<u8> {
    [prefix, &id.to_be_bytes()].concat()
}

/// The rows under [`MAP`] of the tenants that have keys from `begin` to `end`.
pub(crate) fn rows_within(begin: &[u8], end: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let prefix = |key: &[u8]| key.get(..PREFIX_BYTES).map(<[u8]>::to_vec);
    let from = prefix(begin).unwrap_or_else(|| begin.to_vec());
    let to = match prefix(end) {
        Some(prefix) if prefix.len() < end.len() => key_after(&prefix).to_vec(),
        _ => end.to_vec(),
    };
    ([MAP, &from].concat(), [MAP, &to].concat())
}

/// A tenant's number as rows have it.
pub(crate) fn read_id(bytes: &[u8]) -> Option<i64> {
    bytes.try_into().ok().map(i64::from_be_bytes)
}

/// The position of the stamp, in the last four bytes, for a key that has got a prefix.
fn shift_stamp(key: &mut [u8]) {
    if let Some(suffix) = key.last_chunk_mut::<4>() {
        let prefix = i32::try_from(PREFIX_BYTES).unwrap_or_default();
        *suffix = i32::from_le_bytes(*suffix).saturating_add(prefix).to_le_bytes();
    }
}

/// A tenant as a backend.
pub(crate) struct EngineTenant {
    handle: Arc<Handle>,
    space: Arc<TenantSpace>,
}

impl EngineTenant {
    /// The tenant called `name`.
    pub(crate) fn new(handle: Arc<Handle>, name: &[u8]) -> Result<Self> {
        let space = Arc::new(TenantSpace::find(handle.cluster(), name)?);
        Ok(EngineTenant { handle, space })
    }
}

impl TenantBackend for EngineTenant {
    fn create_transaction(&self) -> Arc<dyn TransactionBackend> {
        EngineTransaction::new(self.handle.clone(), Some(self.space.clone()))
    }

    fn id(&self) -> Read<i64> {
        Read::ready(self.space.id())
    }
}

/// The keys of a tenant's rows without its prefix.
pub(crate) fn strip(key: &Bytes) -> Bytes {
    key.slice(PREFIX_BYTES.min(key.len())..)
}
