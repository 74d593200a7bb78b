//! Reads the log at a start: what the base does not have yet, and where to go on.
//!
//! After the last record of a segment there are zeros, or what a crash has left of a write that nobody was told of; either
//! is cut off. If a later segment, or a record after the damage, knows of a record that is not there, it is another matter:
//! acknowledged commits are gone, and the database says so.

use std::sync::Arc;

use record_store_kv::{Error, ErrorKind, Result};

use super::record::{self, Record};
use super::segment::{self, SegmentHeader};
use super::{LogEnd, OldSegments, SegmentEnd};
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
    let mut sequences = needed_segments(files, applied)?;
    remove_unbegun(files, &mut sequences)?;
    let mut log = ReadLog {
        groups: Vec::new(),
        end: LogEnd {
            segment: None,
            version: applied,
            lease: applied,
        },
        old_segments: Arc::default(),
    };
    let reader = Reader { files, applied };
    for (i, sequence) in sequences.iter().enumerate() {
        let expected = log.end.segment.map_or(*sequence, |before| before.sequence + 1);
        if *sequence != expected {
            let name = segment::name(expected);
            return Err(corrupt(files, &name, 0, "a segment of the log is missing"));
        }
        let is_last = i + 1 == sequences.len();
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

/// Removes the last segment if it was made ahead and not begun, or if the crash came while it was begun: the one before is the
/// last then.
fn remove_unbegun(files: &dyn Files, sequences: &mut Vec<u64>) -> Result<()> {
    let Some(name) = sequences.last().copied().map(segment::name) else {
        return Ok(());
    };
    let start = files.read_start(&name, segment::HEADER)?;
    if SegmentHeader::split(&start).is_some() {
        return Ok(());
    }
    // Records come after a whole header has been synced.
    let bytes = read_segment_file(files, &name)?;
    if bytes.iter().skip(segment::HEADER).any(|byte| *byte != 0) {
        return Err(damaged_header(files, &name));
    }
    files.remove(&name)?;
    sequences.pop();
    Ok(())
}

fn read_segment_file(files: &dyn Files, name: &str) -> Result<Vec<u8>> {
    let read = files.read(name);
    read.map_err(|error| Error::from(error).with("file", name))
}

fn damaged_header(files: &dyn Files, name: &str) -> Error {
    corrupt(files, name, 0, "the header of a log segment is damaged")
}

struct Reader<'a> {
    files: &'a dyn Files,
    applied: i64,
}

impl Reader<'_> {
    fn read_segment(&self, log: &mut ReadLog, sequence: u64, is_last: bool) -> Result<()> {
        let name = segment::name(sequence);
        let bytes = read_segment_file(self.files, &name)?;
        let (header, records) = SegmentHeader::split(&bytes)
            .filter(|(header, _)| header.sequence == sequence)
            .ok_or_else(|| damaged_header(self.files, &name))?;
        self.check_follows(log, &name, &header)?;
        log.end.lease = log.end.lease.max(header.lease);
        log.end.version = header.previous;
        let mut rest = records;
        while let Some((record, after)) = next_record(header.salt, rest, log.end.version) {
            log.end.version = record.stamp.version;
            log.end.lease = log.end.lease.max(record.stamp.lease);
            if record.stamp.version > self.applied && !record.is_mark() {
                let offset = bytes.len() - rest.len();
                let changes = record.changes();
                let changes =
                    changes.ok_or_else(|| corrupt(self.files, &name, offset, "a log record makes no sense"))?;
                log.groups.push((record.stamp.version, changes));
            }
            rest = after;
        }
        let end = bytes.len() - rest.len();
        let is_damaged = !has_zeros_only(rest);
        if is_last && is_damaged && has_synced_record(header.salt, rest, log.end.version) {
            return Err(corrupt(self.files, &name, end, "a log record is damaged"));
        }
        if let Some(before) = log.end.segment {
            log.old_segments.0.lock().push_back((before.sequence, header.previous));
        }
        log.end.segment = Some(SegmentEnd {
            sequence,
            length: end,
            salt: header.salt,
            is_damaged,
        });
        Ok(())
    }

    /// Whether a segment goes on where the one before ended, or the base.
    fn check_follows(&self, log: &ReadLog, name: &str, header: &SegmentHeader) -> Result<()> {
        match log.end.segment {
            Some(before) if header.previous != log.end.version => Err(corrupt(
                self.files,
                &segment::name(before.sequence),
                before.length,
                "a log record is damaged",
            )),
            None if header.previous > self.applied => {
                Err(corrupt(self.files, name, 0, "the log begins after the end of the base"))
            }
            _ => Ok(()),
        }
    }
}

/// The record at the beginning of `bytes`, if there is a whole one that comes after `version`, or marks that as synced.
fn next_record(salt: u64, bytes: &[u8], version: i64) -> Option<(Record<'_>, &[u8])> {
    record::split(salt, bytes)
        .filter(|(record, _)| record.stamp.version > version || record.is_mark() && record.stamp.version == version)
}

/// Whether there is nothing but zeros, of which there are many.
fn has_zeros_only(bytes: &[u8]) -> bool {
    let (words, rest) = bytes.as_chunks::<64>();
    words.iter().all(|word| *word == [0; 64]) && rest.iter().all(|byte| *byte == 0)
}

/// Whether somewhere in `damaged` there is a whole record that was written when one above `version` was known to be on disk.
fn has_synced_record(salt: u64, damaged: &[u8], version: i64) -> bool {
    let mut rest = damaged;
    while rest.len() >= record::HEADER {
        if record::split(salt, rest).is_some_and(|(record, _)| record.stamp.synced > version) {
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
