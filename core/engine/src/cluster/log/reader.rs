//! Reads the log at a start: what the base does not have yet, and where to go on.
//!
//! A crash may leave the last write torn. Nobody was told that it succeeded, so it is cut off. Damage that lies before a
//! record which was known to be on disk is another matter: acknowledged commits are gone, and the database says so.

use std::sync::Arc;

use record_store_kv::{Error, ErrorKind, Result};

use super::record;
use super::segment::{self, SegmentHeader};
use super::{LogEnd, OldSegments};
use crate::cluster::change::Change;
use crate::cluster::files::Files;

/// What the log had to say.
pub(crate) struct ReadLog {
    /// The changes of each group above the base's version, in order.
    pub(crate) groups: Vec<(i64, Vec<Change>)>,
    /// Where to go on.
    pub(crate) end: LogEnd,
    /// The segments before the last.
    pub(crate) old_segments: Arc<OldSegments>,
}

/// Reads the log in `files`, of which the base has everything up to version `applied`.
///
/// Errors: `Io`; `Corrupt` with file and offset.
pub(crate) fn read(files: &dyn Files, applied: i64) -> Result<ReadLog> {
    let sequences = needed_segments(files, applied)?;
    let mut log = ReadLog {
        groups: Vec::new(),
        end: LogEnd {
            segment: None,
            version: applied,
            lease: applied,
        },
        old_segments: Arc::default(),
    };
    let mut reader = Reader {
        files,
        applied,
        last_version: None,
    };
    for (i, sequence) in sequences.iter().enumerate() {
        let is_last = i + 1 == sequences.len();
        let expected = log.end.segment.map_or(*sequence, |(before, _)| before + 1);
        if *sequence != expected {
            return Err(corrupt(
                files,
                &segment::name(expected),
                0,
                "a segment of the log is missing",
            ));
        }
        reader.read_segment(&mut log, *sequence, is_last)?;
    }
    if log.end.segment.is_none() && applied > 0 {
        return Err(corrupt(files, "log-*", 0, "the base has data, but there is no log"));
    }
    Ok(log)
}

/// The numbers of the segments that say something which the base lacks, and of the last one. Those before are removed: a cut
/// of the log that a crash undid.
fn needed_segments(files: &dyn Files, applied: i64) -> Result<Vec<u64>> {
    let mut sequences: Vec<u64> = files
        .list()?
        .iter()
        .filter_map(|name| segment::sequence_of(name))
        .collect();
    sequences.sort_unstable();
    let mut needed = 0;
    for (i, sequence) in sequences.iter().enumerate() {
        let start = files.read_start(&segment::name(*sequence), segment::HEADER)?;
        if SegmentHeader::split(&start).is_some_and(|(header, _)| header.previous <= applied) {
            needed = i;
        }
    }
    for sequence in sequences.drain(..needed) {
        files.remove(&segment::name(sequence))?;
    }
    Ok(sequences)
}

struct Reader<'a> {
    files: &'a dyn Files,
    applied: i64,
    /// The version of the last record of the segments so far.
    last_version: Option<i64>,
}

impl Reader<'_> {
    fn read_segment(&mut self, log: &mut ReadLog, sequence: u64, is_last: bool) -> Result<()> {
        let name = segment::name(sequence);
        let bytes = self
            .files
            .read(&name)
            .map_err(|error| Error::from(error).with("file", &name))?;
        let Some((header, mut rest)) = SegmentHeader::split(&bytes) else {
            let version = self.last_version.unwrap_or(self.applied);
            if !is_last || has_synced_record(&bytes, version) {
                return Err(corrupt(self.files, &name, 0, "the header of a log segment is damaged"));
            }
            // The crash came while the segment was begun; the one before is whole.
            self.files.remove(&name)?;
            return Ok(());
        };
        match self.last_version {
            _ if header.sequence != sequence => {
                return Err(corrupt(
                    self.files,
                    &name,
                    0,
                    "a log segment has another segment's name",
                ));
            }
            Some(version) if header.previous != version => {
                return Err(corrupt(
                    self.files,
                    &name,
                    0,
                    "a log segment does not follow the one before",
                ));
            }
            None if header.previous > self.applied => {
                return Err(corrupt(
                    self.files,
                    &name,
                    0,
                    "the log begins after the end of the base",
                ));
            }
            _ => {}
        }
        let mut version = header.previous;
        log.end.lease = log.end.lease.max(header.lease);
        while !rest.is_empty() {
            let offset = bytes.len() - rest.len();
            let Some((record, after)) = record::split(rest).filter(|(record, _)| record.stamp.version > version) else {
                if !is_last || has_synced_record(rest, version) {
                    return Err(corrupt(self.files, &name, offset, "a log record is damaged"));
                }
                break;
            };
            version = record.stamp.version;
            log.end.lease = log.end.lease.max(record.stamp.lease);
            if version > self.applied {
                let changes = record.changes();
                let changes =
                    changes.ok_or_else(|| corrupt(self.files, &name, offset, "a log record makes no sense"))?;
                log.groups.push((version, changes));
            }
            rest = after;
        }
        if let Some((before, _)) = log.end.segment {
            log.old_segments.0.lock().push_back((before, header.previous));
        }
        self.last_version = Some(version);
        log.end.version = version;
        log.end.segment = Some((sequence, bytes.len() - rest.len()));
        Ok(())
    }
}

/// Whether somewhere in `damaged` there is a whole record that was written when one above `version` was known to be on disk.
fn has_synced_record(damaged: &[u8], version: i64) -> bool {
    let mut rest = damaged;
    while rest.len() >= record::HEADER {
        if record::split(rest).is_some_and(|(record, _)| record.stamp.synced > version) {
            return true;
        }
        rest = rest.split_first().map_or(&[], |(_, rest)| rest);
    }
    false
}

fn corrupt(files: &dyn Files, name: &str, offset: usize, message: &'static str) -> Error {
    Error::new(ErrorKind::Corrupt, message)
        .with_fdb_code(record_store_kv::fdb_code::FILE_CORRUPT)
        .with("file", files.path(name).display())
        .with("offset", offset)
}
