//! The database as of a transaction's read version, which is fetched when something first needs it.

use std::cell::{Cell, OnceCell};
use std::sync::Arc;

use bytes::Bytes;
use record_store_kv::{Error, KeyValue, Read, Result, fdb_code};

use super::merge::REPLY_BYTES;
use super::tenant::{self, TenantSpace};
use crate::buggify::{ClientBuggify, Section};
use crate::cluster::{Cluster, ScanLimits, Tenure, sampled_size};
use crate::key::key_after;

/// The database at one version.
pub(crate) struct Snapshot {
    cluster: Arc<Cluster>,
    /// The tenure of the version, which ends early if another process wants the database.
    tenure: OnceCell<Arc<Tenure>>,
    /// Whose keys are read, if not those of the whole database.
    tenant: Option<Arc<TenantSpace>>,
    /// Whether the tenant is known to be there at this version.
    tenant_checked: Cell<bool>,
    version: Cell<Option<i64>>,
    /// What makes up failures of reads.
    buggify: Option<ClientBuggify>,
    /// Whether a lock of the database stands in the way of reading.
    lock_aware: Cell<bool>,
    /// Set for a version given by hand: it may lie in the future.
    unconfirmed: Cell<bool>,
    /// The arrival of such a version, when a read needs to wait for it.
    arrival: Cell<Option<Read<()>>>,
}

impl Snapshot {
    /// The database at a version yet to be fetched.
    pub(crate) fn new(cluster: Arc<Cluster>, tenant: Option<Arc<TenantSpace>>) -> Self {
        Snapshot {
            cluster,
            tenure: OnceCell::new(),
            tenant,
            tenant_checked: Cell::new(false),
            version: Cell::new(None),
            buggify: None,
            lock_aware: Cell::new(false),
            unconfirmed: Cell::new(false),
            arrival: Cell::new(None),
        }
    }

    /// The same version once more.
    pub(crate) fn again(&self) -> Self {
        let mut snapshot = Snapshot::new(self.cluster.clone(), self.tenant.clone());
        snapshot.tenure = self.tenure.clone();
        snapshot.version.set(self.version.get());
        snapshot.lock_aware.set(self.lock_aware.get());
        snapshot.buggify.clone_from(&self.buggify);
        snapshot
    }

    /// Reads fail as `buggify` says.
    pub(crate) fn set_buggify(&mut self, buggify: Option<ClientBuggify>) {
        self.buggify = buggify;
    }

    /// Before a client asks the database something: a failure that is made up.
    pub(crate) fn check_buggify(&self, section: Section) -> Result<()> {
        let failure = |buggify: &ClientBuggify| buggify.failure(section, self.cluster.env());
        match self.buggify.as_ref().and_then(failure) {
            Some(code) => Err(Error::fdb(code)),
            None => Ok(()),
        }
    }

    /// The cluster.
    pub(crate) fn cluster(&self) -> &Arc<Cluster> {
        &self.cluster
    }

    /// The tenant whose keys are read.
    pub(crate) fn tenant(&self) -> Option<&Arc<TenantSpace>> {
        self.tenant.as_ref()
    }

    /// The version, if it is known already.
    pub(crate) fn known_version(&self) -> Option<i64> {
        self.version.get()
    }

    /// Whether a locked database may be read.
    pub(crate) fn set_lock_aware(&self, lock_aware: bool) {
        self.lock_aware.set(lock_aware);
    }

    /// The version, fetched if need be. Errors: 1038 when the database is locked.
    pub(crate) fn version(&self) -> Result<i64> {
        if let Some(version) = self.version.get() {
            return Ok(version);
        }
        let tenure = self.tenure()?;
        if !self.lock_aware.get() && tenure.is_locked() {
            return Err(Error::fdb(fdb_code::DATABASE_LOCKED));
        }
        let version = tenure.read_version();
        self.version.set(Some(version));
        Ok(version)
    }

    fn tenure(&self) -> Result<&Tenure> {
        if let Some(tenure) = self.tenure.get() {
            return Ok(tenure);
        }
        let tenure = self.cluster.begin()?;
        Ok(self.tenure.get_or_init(|| tenure))
    }

    /// Reads no more: other processes need not wait for it.
    pub(crate) fn leave(&mut self) {
        self.tenure.take();
    }

    /// Reads at `version` instead of the latest.
    pub(crate) fn set_version(&self, version: i64) {
        self.version.set(Some(version));
        self.unconfirmed.set(true);
    }

    /// Back to a version yet to be fetched.
    pub(crate) fn reset(&mut self) {
        self.leave();
        self.tenant_checked.set(false);
        self.version.set(None);
        self.unconfirmed.set(false);
        self.arrival.set(None);
    }

    /// Whether the last failed read waits for its version.
    pub(crate) fn is_waiting(&self) -> bool {
        let arrival = self.arrival.take();
        let waiting = arrival.is_some();
        self.arrival.set(arrival);
        waiting
    }

    /// What the last failed read waits for, if it failed because its version lies in the future.
    pub(crate) fn take_arrival(&self) -> Option<Read<()>> {
        self.arrival.take()
    }

    /// Reads one key.
    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<Bytes>> {
        let (tenure, version) = self.readable()?;
        match &self.tenant {
            None => tenure.get(key, version),
            Some(tenant) => tenure.get(&tenant.key(key)?, version),
        }
    }

    /// Appends the rows of `[begin, end)` to `out` until a limit is reached; true if it was.
    pub(crate) fn scan(
        &self,
        begin: &[u8],
        end: &[u8],
        reverse: bool,
        limits: ScanLimits,
        out: &mut Vec<KeyValue>,
    ) -> Result<bool> {
        let (tenure, version) = self.readable()?;
        let Some(tenant) = &self.tenant else {
            return tenure.scan(begin, end, reverse, version, limits, out);
        };
        // What stands before a tenant's keys does not count.
        let (mut begin, mut end, mut left) = (tenant.key(begin)?, tenant.key(end)?, limits);
        loop {
            let before = out.len();
            let limited = tenure.scan(&begin, &end, reverse, version, left, out)?;
            for row in out.iter_mut().skip(before) {
                row.key = tenant::strip(&row.key);
                left.take(row.key.len() + row.value.len());
            }
            match out.get(before..).and_then(<[KeyValue]>::last) {
                Some(last) if limited && left.rows > 0 && left.bytes > 0 => {
                    let last = tenant.key(&last.key)?;
                    if reverse {
                        end = last;
                    } else {
                        begin = key_after(&last).to_vec();
                    }
                }
                _ => return Ok(limited),
            }
        }
    }

    /// The rows of `[begin, end)` in the [sample](sampled_size), in order, at the latest version and whether or not the database is
    /// locked: their keys, and the bytes for which they stand.
    pub(crate) fn sample(&self, begin: &[u8], end: &[u8]) -> Result<Vec<(Bytes, i64)>> {
        let latest = Snapshot::new(self.cluster.clone(), self.tenant.clone());
        latest.set_lock_aware(true);
        let (tenure, version) = latest.readable()?;
        let (mut begin, end) = match &self.tenant {
            None => (begin.to_vec(), end.to_vec()),
            Some(tenant) => (tenant.key(begin)?, tenant.key(end)?),
        };
        let limits = ScanLimits {
            rows: usize::MAX,
            bytes: REPLY_BYTES,
        };
        let mut sample = Vec::new();
        let mut rows = Vec::new();
        loop {
            let more = tenure.scan_sample((&begin, &end), version, limits, &mut rows)?;
            match rows.last() {
                Some(last) if more => begin = key_after(&last.key).to_vec(),
                _ => begin.clone_from(&end),
            }
            sample.extend(rows.drain(..).filter_map(|row| {
                let size = sampled_size(&row.key, row.value.len())?;
                let key = if self.tenant.is_some() {
                    tenant::strip(&row.key)
                } else {
                    row.key
                };
                // Few of the rows are kept, and their keys must not hold on to the memory of the others.
                Some((Bytes::copy_from_slice(&key), size))
            }));
            if begin >= end {
                return Ok(sample);
            }
        }
    }

    /// Where to read, and at which version.
    fn readable(&self) -> Result<(&Tenure, i64)> {
        let version = self.version()?;
        let tenure = self.tenure()?;
        if self.unconfirmed.get() {
            match tenure.wait_for_version(version).try_ready() {
                Ok(arrived) => arrived?,
                Err(arrival) => {
                    self.arrival.set(Some(arrival));
                    return Err(Error::fdb(fdb_code::FUTURE_VERSION));
                }
            }
            self.unconfirmed.set(false);
        }
        if let Some(tenant) = self.tenant.as_ref().filter(|_| !self.tenant_checked.get()) {
            tenant.check(tenure, version)?;
            self.tenant_checked.set(true);
        }
        Ok((tenure, version))
    }
}
