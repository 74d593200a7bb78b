//! What a transaction asks the cluster to commit.

use record_store_kv::{Error, Result, fdb_code};

use super::emit::Outgoing;
use super::legality::SYSTEM_KEYS_END;
use super::ranges::{RangeSet, intersect};
use super::size;
use super::state::State;
use super::tenant::TenantSpace;
use crate::cluster::Tenure;
use crate::mutation::{CommitRequest, KeyRange};

/// The request with the keys that the database has for those of a tenant. It conflicts with the removal of the tenant, unless
/// the tenant was made after its read version.
fn of_tenant(tenant: &TenantSpace, tenure: &Tenure, request: CommitRequest) -> Result<CommitRequest> {
    let ranges = |ranges: Vec<KeyRange>| {
        ranges
            .iter()
            .map(|range| tenant.range(range))
            .collect::<Result<Vec<_>>>()
    };
    let mut read_conflicts = ranges(request.read_conflicts)?;
    if request
        .read_version
        .is_none_or(|version| tenant.check(tenure, version).is_ok())
    {
        read_conflicts.push(KeyRange::single(&tenant.row()?));
    }
    let mutations = request.mutations.into_iter().map(|mutation| tenant.mutation(mutation));
    Ok(CommitRequest {
        read_conflicts,
        write_conflicts: ranges(request.write_conflicts)?,
        mutations: mutations.collect::<Result<_>>()?,
        ..request
    })
}

impl State {
    /// The request, or `None` if there is nothing to commit. Errors: 1038, 2023, 2101.
    pub(crate) fn commit_request(&mut self) -> Result<Option<CommitRequest>> {
        let mut outgoing = std::mem::take(&mut self.outgoing);
        outgoing.add(&self.writes, &[], SYSTEM_KEYS_END);
        let Outgoing {
            mutations,
            mut conflicts,
            bytes,
        } = outgoing;
        if mutations.is_empty() && conflicts.is_empty() {
            return Ok(None);
        }
        if self.options.read_lock_aware {
            return Err(Error::fdb(fdb_code::TRANSACTION_READ_ONLY));
        }
        let read_conflicts = self.read_conflicts.merged();
        let write_conflicts = conflicts.merged();
        let size = bytes + size::of_ranges(&read_conflicts) + size::of_ranges(&write_conflicts);
        if size > self.options.size_limit {
            return Err(Error::fdb(fdb_code::TRANSACTION_TOO_LARGE));
        }
        self.check_tenant()?;
        let mut request = CommitRequest {
            read_version: self.snapshot.known_version(),
            read_conflicts,
            write_conflicts,
            mutations,
            report_conflicting_keys: self.options.report_conflicting_keys,
            lock_aware: self.options.lock_aware,
        };
        if request.read_version.is_none() && !request.lock_aware && self.snapshot.cluster().is_locked()? {
            return Err(Error::fdb(fdb_code::DATABASE_LOCKED));
        }
        if self.options.report_conflicting_keys {
            self.conflict_report.prepare(&request.read_conflicts);
        }
        if let Some(tenant) = self.snapshot.tenant() {
            request = of_tenant(tenant, &*self.snapshot.cluster().tenure()?, request)?;
        }
        if !self.options.causal_write_risky && !intersect(&request.read_conflicts, &request.write_conflicts) {
            let range = self.self_conflict();
            request.read_conflicts.push(range.clone());
            request.write_conflicts.push(range);
        }
        Ok(Some(request))
    }

    /// A range that no other transaction has: with it, a commit whose outcome is unknown is told apart from its retry.
    fn self_conflict(&self) -> KeyRange {
        let rng = self.snapshot.cluster().env().rng();
        let mut key = b"\xff/SC/".to_vec();
        key.extend_from_slice(&rng.next_u64().to_be_bytes());
        key.extend_from_slice(&rng.next_u64().to_be_bytes());
        KeyRange::single(&key)
    }

    /// The write conflicts so far, as the special key space shows them.
    pub(crate) fn write_conflicts(&self) -> Result<Vec<KeyRange>> {
        let mut conflicts = RangeSet::default();
        if self.options.read_your_writes_disabled {
            conflicts.append(&self.outgoing.conflicts);
        } else {
            for segment in self.writes.segments(&[]).filter(|segment| segment.conflict) {
                conflicts.push(segment.begin, segment.end.unwrap_or(SYSTEM_KEYS_END));
            }
        }
        for key in &self.stamped_keys {
            let version = self.snapshot.known_version().unwrap_or(0);
            let range = super::versionstamp::possible_range(key, version, self.options.max_read_key());
            let (begin, end) = range.map_err(Error::fdb)?;
            conflicts.push(begin.as_slice(), end.as_slice());
        }
        Ok(conflicts.merged())
    }
}
