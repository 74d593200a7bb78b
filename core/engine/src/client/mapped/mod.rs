//! Mapped ranges: range reads whose rows lead to second reads, as FoundationDB's client and storage servers execute them.
//!
//! They read the database alone. That this does not differ from what the transaction has written is checked afterwards: where a read
//! touched own writes it fails with 2039. Neither do they fill what is known of the database, nor does the commit wait for them or
//! fail with them.

mod call;
mod elements;
mod mapper;
mod reply;
#[cfg(test)]
mod tests;

use bytes::Bytes;
use record_store_kv::{Error, KeyValue, MappedKeyValue, MappedRangeBatch, RangeRequest, Result, fdb_code};

use self::mapper::Mapper;
use super::range::{RangeFound, RangeRead};
use super::read::Selector;
use super::request::{self, Limits};
use super::state::State;
use super::write_map::SegmentKind;
use super::{conflicts, size, tenant};
use crate::cluster::ScanLimits;
use crate::key::key_after;

impl State {
    /// Reads a batch of a mapped range. Errors: those of [`Transaction::get_mapped_range`](record_store_kv::Transaction::get_mapped_range)
    /// but 2000, and those of the database. None of them fails the commit.
    pub(crate) fn get_mapped_range(
        &mut self,
        (request, read): (&RangeRequest, &RangeRead),
        mapper: &[u8],
        snapshot: bool,
    ) -> Result<MappedRangeBatch> {
        let max_key = self.options.max_read_key();
        if request.begin.key > max_key || request.end.key > max_key {
            return Err(Error::fdb(fdb_code::KEY_OUTSIDE_LEGAL_RANGE));
        }
        if read.is_inverted() {
            return Ok(MappedRangeBatch::default());
        }
        if snapshot || self.options.read_your_writes_disabled {
            return Err(Error::fdb(fdb_code::UNSUPPORTED_OPERATION));
        }
        let (batch, found) = self.read_mapped(read, mapper)?;
        let (begin, end) = conflicts::of_range(read, &found, max_key);
        self.add_unmodified_conflict(&begin, &end)?;
        for row in &batch.rows {
            let last = row.rows.last().filter(|_| row.more);
            let end = last.map_or_else(|| row.end.clone(), |last| key_after(&last.key));
            self.add_unmodified_conflict(&row.begin, &end)?;
        }
        Ok(batch)
    }

    /// The batch, and the outermost rows of the range itself.
    fn read_mapped(&self, read: &RangeRead, mapper: &[u8]) -> Result<(MappedRangeBatch, RangeFound)> {
        let mut found = RangeFound::default();
        let mut read = read.clone();
        if read.reverse && read.end.offset > 1 {
            let end = request::find(&self.snapshot, &read.end, self.native_end())?.into_key(self.native_end());
            read.end = Selector::first_from(end.min(Bytes::from_static(self.options.max_read_key())));
        }
        let (mut begin, mut end) = read.ends(self.native_view(), &mut found)?;
        let mut batch = MappedRangeBatch::default();
        if begin >= end {
            return Ok((batch, RangeFound::default()));
        }
        self.check_outside_tenants(&begin, &end)?;
        let mapper = Mapper::new(mapper)?;
        let mut limits = Limits::new(read.limits.rows, read.limits.bytes);
        loop {
            let reply = reply::ask(&self.snapshot, (&begin, &end), &mapper, limits.of_reply(), read.reverse)?;
            for row in &reply.rows {
                limits.take_bytes(row.key.len() + row.value.len());
            }
            batch.rows.extend(reply.rows);
            let last = batch.rows.last().filter(|_| reply.more);
            match last {
                Some(last) if !limits.is_reached() && !limits.may_end() => {
                    if read.reverse {
                        end = last.key.clone();
                    } else {
                        begin = key_after(&last.key);
                    }
                }
                _ => {
                    batch.more = limits.is_reached() || reply.more;
                    break;
                }
            }
        }
        let outermost = [batch.rows.first(), batch.rows.last()];
        let key = |row: &MappedKeyValue| KeyValue {
            key: row.key.clone(),
            value: Bytes::new(),
        };
        found.rows = outermost.into_iter().flatten().map(key).collect();
        found.more = batch.more;
        found.forget_far_end(read.reverse);
        Ok((batch, found))
    }

    /// Fails with 2130 if the database itself is read, and a part of it that belongs to a tenant.
    fn check_outside_tenants(&self, begin: &[u8], end: &[u8]) -> Result<()> {
        if self.snapshot.tenant().is_some() {
            return Ok(());
        }
        let (from, to) = tenant::rows_within(begin, end);
        let limits = ScanLimits {
            rows: 1,
            bytes: usize::MAX,
        };
        let mut tenants = Vec::new();
        self.snapshot.scan(&from, &to, false, limits, &mut tenants)?;
        if tenants.is_empty() {
            Ok(())
        } else {
            Err(Error::fdb(fdb_code::TENANT_NAME_REQUIRED))
        }
    }

    /// Adds a read conflict on a range that must hold no own writes. Errors: 2039 if it does; what comes before them conflicts nevertheless.
    fn add_unmodified_conflict(&mut self, begin: &[u8], end: &[u8]) -> Result<()> {
        let whole = size::of_range(begin, end);
        for segment in self
            .writes
            .segments(begin)
            .take_while(|segment| segment.begins_before(end))
        {
            if !matches!(segment.kind, SegmentKind::Unmodified) {
                return Err(Error::fdb(fdb_code::GET_MAPPED_RANGE_READS_YOUR_WRITES));
            }
            let (from, to) = (segment.begin.max(begin), segment.end.map_or(end, |to| to.min(end)));
            if from < to {
                self.read_conflicts.push(from, to);
                self.approximate_size += whole;
            }
        }
        Ok(())
    }
}
