//! The log: every commit group as a checksummed record, appended and synced before anybody sees the group.
//!
//! The log is a row of segment files; a new one begins when the last has grown large, and old ones go when the base has all
//! that is in them. [`record`] and [`segment`] say what the bytes are; [`LogReader`](reader) reads them at a start.

mod ahead;
pub(crate) mod reader;
pub(crate) mod record;
mod segment;

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use parking_lot::Mutex;
use record_store_kv::env::Env;

use self::ahead::Ahead;
pub(crate) use self::ahead::{Helper, Job};
use self::segment::SegmentHeader;
use super::change::Change;
use super::files::{AppendFile, Files};

/// The end of the log, to append to.
pub(crate) struct Log {
    files: Arc<dyn Files>,
    old_segments: Arc<OldSegments>,
    ahead: Ahead,
    env: Env,
    /// Whether each record is synced, or only the end of each segment.
    sync: bool,
    /// How long a segment grows before the next one begins.
    segment_size: usize,
    sequence: u64,
    file: Box<dyn AppendFile>,
    length: usize,
    /// Of the segment's checksums.
    salt: u64,
    /// The version of the last record, of the last synced one, and the lease of the last one.
    version: i64,
    synced: i64,
    lease: i64,
    /// Whether the last record is a mark, or needs none.
    is_marked: bool,
    buffer: Vec<u8>,
}

/// Where a log goes on.
pub(crate) struct LogEnd {
    /// The last segment; `None` to begin the first one.
    pub(crate) segment: Option<SegmentEnd>,
    /// The version of the last record.
    pub(crate) version: i64,
    /// The highest lease of any record.
    pub(crate) lease: i64,
}

/// A segment to go on with.
#[derive(Clone, Copy)]
pub(crate) struct SegmentEnd {
    pub(crate) sequence: u64,
    /// How much of it is good.
    pub(crate) length: usize,
    pub(crate) salt: u64,
    /// Whether anything but zeros follows.
    pub(crate) is_damaged: bool,
}

impl Log {
    /// Goes on at `end`, whose segments before the last are `old_segments`; `sync` and `segment_size` as in the fields.
    pub(crate) fn open(
        files: Arc<dyn Files>,
        old_segments: Arc<OldSegments>,
        end: LogEnd,
        (sync, segment_size): (bool, usize),
        env: Env,
    ) -> io::Result<Self> {
        let (segment, file) = match end.segment {
            Some(segment) => {
                let mut file = files.open(
                    &segment::name(segment.sequence),
                    to_u64(segment.length),
                    segment.is_damaged,
                )?;
                // What was read need not be on disk: whoever wrote it may have synced nothing, and then have ended. The records to come
                // say that it is.
                file.sync()?;
                (segment, file)
            }
            None => begin_segment(&*files, FIRST_SEGMENT, end.version, end.lease, &env, false)?,
        };
        Ok(Log {
            ahead: Ahead::new(files.clone()),
            files,
            old_segments,
            env,
            sync,
            segment_size,
            sequence: segment.sequence,
            file,
            length: segment.length,
            salt: segment.salt,
            version: end.version,
            synced: end.version,
            lease: end.lease,
            is_marked: true,
            buffer: Vec::new(),
        })
    }

    /// Leaves work that no commit should wait for to `helper`.
    pub(crate) fn leave_to(&mut self, helper: Helper) {
        self.ahead.leave_to(helper);
    }

    /// Appends a record; when this returns it is as durable as the database's durability asks for.
    pub(crate) fn append(&mut self, version: i64, changes: &[Change]) -> io::Result<()> {
        self.make_room()?;
        self.write(version, changes)?;
        if self.sync {
            self.file.sync()?;
            self.synced = version;
        }
        Ok(())
    }

    /// Appends a record with a new lease; when this returns it is on disk, whatever the durability. Commits may be lost if
    /// somebody asked for that, but no version is ever given out twice.
    pub(crate) fn append_synced(&mut self, version: i64, lease: i64, changes: &[Change]) -> io::Result<()> {
        self.lease = lease;
        self.make_room()?;
        self.write(version, changes)?;
        self.file.sync()?;
        self.synced = version;
        Ok(())
    }

    /// Says after the last record that it is on disk, if it is: should it be damaged later, nobody can take it for a write that tore.
    /// That costs a write and no sync, and is worth it when no other record is about to say the same.
    pub(crate) fn mark(&mut self) -> io::Result<()> {
        if self.synced == self.version && !self.is_marked {
            self.write(self.version, &[])?;
            self.is_marked = true;
        }
        Ok(())
    }

    /// Closes the log. What was made ahead of its time goes, so that the next start does not have to read it; that it does not
    /// succeed does no harm.
    pub(crate) fn close(mut self) {
        if self.ahead.take() {
            let _ = self.files.remove(&segment::name(self.sequence + 1));
        }
        let _ = self.mark();
        let _ = self.file.trim();
    }

    /// Begins the next segment if this one has grown large.
    fn make_room(&mut self) -> io::Result<()> {
        if self.length >= self.segment_size {
            self.begin_segment()?;
        }
        Ok(())
    }

    fn write(&mut self, version: i64, changes: &[Change]) -> io::Result<()> {
        self.buffer.clear();
        let stamp = record::Stamp {
            version,
            lease: self.lease,
            synced: self.synced,
        };
        record::encode(&mut self.buffer, self.salt, stamp, changes)?;
        self.file.append(&self.buffer)?;
        self.length += self.buffer.len();
        if self.length >= self.segment_size / 2 {
            self.ahead
                .ask(self.sequence + 1, to_u64(self.segment_size + self.segment_size / 16));
        }
        self.version = version;
        self.is_marked = false;
        self.buffer.shrink_to(BUFFER_KEPT);
        Ok(())
    }

    fn begin_segment(&mut self) -> io::Result<()> {
        // What a segment says is whole and on disk before there is a next one: damage in it is damage, not a torn write.
        self.file.sync()?;
        self.synced = self.version;
        let is_made = self.ahead.take();
        let sequence = self.sequence + 1;
        let (segment, file) = begin_segment(&*self.files, sequence, self.version, self.lease, &self.env, is_made)?;
        self.old_segments.0.lock().push_back((self.sequence, self.version));
        self.file = file;
        self.sequence = segment.sequence;
        self.length = segment.length;
        self.salt = segment.salt;
        Ok(())
    }
}

/// Makes the file of a segment, unless it is made, with its header.
fn begin_segment(
    files: &dyn Files,
    sequence: u64,
    previous: i64,
    lease: i64,
    env: &Env,
    is_made: bool,
) -> io::Result<(SegmentEnd, Box<dyn AppendFile>)> {
    let salt = env.rng().next_u64();
    let header = SegmentHeader {
        sequence,
        previous,
        lease,
        salt,
    }
    .encode();
    let name = segment::name(sequence);
    let file = if is_made {
        files.begin(&name, &header)?
    } else {
        files.create(&name, &header)?
    };
    let length = header.len();
    let segment = SegmentEnd {
        sequence,
        length,
        salt,
        is_damaged: false,
    };
    Ok((segment, file))
}

/// The segments before the last: number and version of the last record.
#[derive(Default)]
pub(crate) struct OldSegments(Mutex<VecDeque<(u64, i64)>>);

impl OldSegments {
    /// Removes the segments whose records are all at or below `version`: the base has them on disk.
    pub(crate) fn cut(&self, files: &dyn Files, version: i64) -> io::Result<()> {
        loop {
            let mut segments = self.0.lock();
            let Some((sequence, _)) = segments.front().copied().filter(|(_, last)| *last <= version) else {
                return Ok(());
            };
            segments.pop_front();
            drop(segments);
            files.remove(&segment::name(sequence))?;
        }
    }
}

fn to_u64(length: usize) -> u64 {
    u64::try_from(length).expect("no machine has more than 2^64 bytes")
}

const FIRST_SEGMENT: u64 = 1;
/// How much of the buffer is kept between two records.
const BUFFER_KEPT: usize = 4 << 20;
