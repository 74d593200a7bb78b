//! A disk that loses its power: after a number of operations everything fails, and what was not synced is there after the
//! restart in part, in any part. A write may be torn anywhere.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use parking_lot::Mutex;
use redb::StorageBackend;

use super::rng::SplitMix;
use super::trouble::{self, Failure, Trouble};
use crate::cluster::files::{AppendFile, Files};

/// A directory on such a disk. Clones are the same one.
#[derive(Clone)]
pub(crate) struct SimulatedDisk(Arc<State>);

struct State {
    rng: SplitMix,
    files: Mutex<BTreeMap<String, SimulatedFile>>,
    /// How many more operations succeed.
    operations: AtomicI64,
    trouble: Trouble,
}

#[derive(Clone, Default)]
struct SimulatedFile {
    /// What a read gives.
    content: Vec<u8>,
    /// What is certain to survive.
    synced: Vec<u8>,
    /// What was done since the last sync.
    unsynced: Vec<Change>,
    /// Removed, which nobody synced: the file may come back.
    removed: bool,
}

#[derive(Clone)]
enum Change {
    Write(usize, Vec<u8>),
    Length(usize),
}

impl SimulatedDisk {
    /// An empty disk whose chances come from `seed` and whose power fails after `operations`.
    #[cfg(test)]
    pub(crate) fn new(seed: u64, operations: i64) -> Self {
        SimulatedDisk::with_trouble(seed, operations, Trouble::default())
    }

    /// The same, with single operations that go wrong.
    pub(super) fn with_trouble(seed: u64, operations: i64, trouble: Trouble) -> Self {
        SimulatedDisk(Arc::new(State {
            rng: SplitMix::new(seed),
            files: Mutex::default(),
            operations: AtomicI64::new(operations),
            trouble,
        }))
    }

    /// The disk after the power has come back, for so many operations more. If it had not failed, but an operation has, nothing may be
    /// lost.
    pub(crate) fn restart(&self, operations: i64) -> Self {
        let rng = &self.0.rng;
        let mut files = self.0.files.lock().clone();
        if self.power_has_failed() || rng.below(2) == 0 {
            files.retain(|_, file| !file.removed || rng.below(2) == 0);
            for file in files.values_mut() {
                let content = std::mem::take(file).survive(rng);
                (file.content, file.synced) = (content.clone(), content);
            }
        }
        SimulatedDisk(Arc::new(State {
            rng: SplitMix::new(rng.below(u64::MAX)),
            files: Mutex::new(files),
            operations: AtomicI64::new(operations),
            trouble: self.0.trouble.afresh(),
        }))
    }

    /// Changes a bit of a file whose name begins with `prefix`; says which.
    #[cfg(test)]
    pub(crate) fn damage(&self, prefix: &str) -> String {
        let mut files = self.0.files.lock();
        let mut damaged: Vec<_> = files
            .iter_mut()
            .filter(|(name, file)| name.starts_with(prefix) && !file.content.is_empty() && !file.removed)
            .collect();
        let (name, file) = damaged.swap_remove(self.0.rng.index(damaged.len()));
        let offset = self.0.rng.index(file.content.len());
        file.content[offset] ^= 1 << self.0.rng.below(8);
        format!("byte {offset} of {name}")
    }

    /// Ends the power after so many operations more.
    pub(crate) fn fail_after(&self, operations: i64) {
        self.0.operations.store(operations, Ordering::Relaxed);
    }

    /// Whether the power is gone, or an operation has failed: the database has to start again.
    pub(crate) fn has_failed(&self) -> bool {
        self.power_has_failed() || self.0.trouble.has_failed()
    }

    /// What goes wrong with single operations.
    pub(crate) fn trouble(&self) -> &Trouble {
        &self.0.trouble
    }

    fn power_has_failed(&self) -> bool {
        self.0.operations.load(Ordering::Relaxed) <= 0
    }

    /// Does something to a file, unless the power is gone.
    fn with<T>(&self, name: &str, operation: impl FnOnce(&mut SimulatedFile) -> T) -> io::Result<T> {
        let failure = self.0.trouble.begin(&self.0.rng);
        if let Some(Failure::Before | Failure::Halfway) = failure {
            return Err(trouble::error());
        }
        self.finish(name, failure, operation)
    }

    /// Writes to a file, of which a part may be done when it fails.
    fn write(&self, name: &str, bytes: &[u8], write: impl FnOnce(&mut SimulatedFile, &[u8])) -> io::Result<()> {
        let failure = self.0.trouble.begin(&self.0.rng);
        let done = match failure {
            Some(Failure::Before) => return Err(trouble::error()),
            Some(Failure::Halfway) => self.0.rng.index(bytes.len() + 1),
            Some(Failure::After) | None => bytes.len(),
        };
        self.finish(name, failure, |file| write(file, &bytes[..done]))
    }

    fn finish<T>(
        &self,
        name: &str,
        failure: Option<Failure>,
        operation: impl FnOnce(&mut SimulatedFile) -> T,
    ) -> io::Result<T> {
        let mut files = self.0.files.lock();
        let file = files.get_mut(name).filter(|file| !file.removed);
        let file = file.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        let result = operation(file);
        // The last operation is done but nobody learns of it.
        self.power()?;
        failure.map_or(Ok(result), |_| Err(trouble::error()))
    }

    fn make(&self, name: &str, content: &[u8]) -> io::Result<()> {
        self.power()?;
        let file = SimulatedFile {
            content: content.to_vec(),
            synced: content.to_vec(),
            ..SimulatedFile::default()
        };
        self.0.files.lock().insert(name.to_owned(), file);
        self.power()
    }

    fn power(&self) -> io::Result<()> {
        if self.0.operations.fetch_sub(1, Ordering::Relaxed) > 0 {
            Ok(())
        } else {
            Err(io::Error::other("the power is gone"))
        }
    }
}

impl SimulatedFile {
    fn write(&mut self, offset: usize, bytes: &[u8]) {
        write(&mut self.content, offset, bytes);
        self.unsynced.push(Change::Write(offset, bytes.to_vec()));
    }

    fn set_length(&mut self, length: usize) {
        self.content.resize(length, 0);
        self.unsynced.push(Change::Length(length));
    }

    /// What is there after a loss of power.
    fn survive(self, rng: &SplitMix) -> Vec<u8> {
        let mut content = self.synced;
        for change in self.unsynced {
            match change {
                _ if rng.below(2) == 0 => {}
                Change::Length(length) => content.resize(length, 0),
                Change::Write(offset, bytes) => {
                    let torn = rng.index(1 + bytes.len());
                    let length = if rng.below(2) == 0 { torn } else { bytes.len() };
                    write(&mut content, offset, &bytes[..length]);
                }
            }
        }
        content
    }

    fn sync(&mut self) {
        self.synced.clone_from(&self.content);
        self.unsynced.clear();
    }
}

fn write(content: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    content.resize(content.len().max(offset + bytes.len()), 0);
    content[offset..offset + bytes.len()].copy_from_slice(bytes);
}

impl Files for SimulatedDisk {
    fn path(&self, name: &str) -> PathBuf {
        PathBuf::from("simulated").join(name)
    }

    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self
            .0
            .files
            .lock()
            .iter()
            .filter(|(_, file)| !file.removed)
            .map(|(name, _)| name.clone())
            .collect())
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        self.with(name, |file| file.content.clone())
    }

    fn read_start(&self, name: &str, length: usize) -> io::Result<Vec<u8>> {
        self.with(name, |file| file.content[..length.min(file.content.len())].to_vec())
    }

    fn replace(&self, name: &str, content: &[u8]) -> io::Result<()> {
        self.make(name, content)
    }

    fn create(&self, name: &str, content: &[u8]) -> io::Result<Box<dyn AppendFile>> {
        // The name may be on disk with any part of the content, or not at all, until this returns.
        if self.power().is_err() {
            let length = self.0.rng.index(content.len() + 1);
            return self
                .make(name, &content[..length])
                .and(Err(io::Error::other("the power is gone")));
        }
        self.make(name, content)?;
        Ok(Box::new(SimulatedAppend {
            disk: self.clone(),
            name: name.to_owned(),
            end: content.len(),
        }))
    }

    fn prepare(&self, name: &str, length: u64) -> io::Result<()> {
        let length = place(length)?;
        // The name may be on disk with some of the zeros until this returns.
        if self.power().is_err() {
            let some = self.0.rng.index(length + 1);
            return self
                .make(name, &vec![0; some])
                .and(Err(io::Error::other("the power is gone")));
        }
        self.make(name, &vec![0; length])
    }

    fn begin(&self, name: &str, content: &[u8]) -> io::Result<Box<dyn AppendFile>> {
        self.with(name, |file| file.write(0, content))?;
        self.power()?;
        self.with(name, SimulatedFile::sync)?;
        Ok(Box::new(SimulatedAppend {
            disk: self.clone(),
            name: name.to_owned(),
            end: content.len(),
        }))
    }

    fn open(&self, name: &str, length: u64) -> io::Result<Box<dyn AppendFile>> {
        let end = place(length)?;
        let is_clean = self.with(name, |file| {
            file.content
                .get(end..)
                .is_some_and(|rest| rest.iter().all(|byte| *byte == 0))
        })?;
        if !is_clean {
            self.with(name, |file| file.set_length(end))?;
            self.with(name, SimulatedFile::sync)?;
        }
        Ok(Box::new(SimulatedAppend {
            disk: self.clone(),
            name: name.to_owned(),
            end,
        }))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.with(name, |file| file.removed = true)
    }

    fn open_base(&self, name: &str, builder: &redb::Builder) -> Result<redb::Database, redb::DatabaseError> {
        self.0.files.lock().entry(name.to_owned()).or_default();
        builder.create_with_backend(SimulatedStorage {
            disk: self.clone(),
            name: name.to_owned(),
        })
    }
}

struct SimulatedAppend {
    disk: SimulatedDisk,
    name: String,
    /// The end of what was written; zeros follow.
    end: usize,
}

impl AppendFile for SimulatedAppend {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let begin = self.end;
        self.end += bytes.len();
        let reserved = self.end.next_multiple_of(RESERVED);
        self.disk.write(&self.name, bytes, |file, bytes| {
            if file.content.len() < begin + bytes.len() {
                file.set_length(reserved);
            }
            file.write(begin, bytes);
        })
    }

    fn sync(&mut self) -> io::Result<()> {
        self.disk.power()?;
        self.disk.with(&self.name, SimulatedFile::sync)
    }

    fn trim(&mut self) -> io::Result<()> {
        self.disk.with(&self.name, |file| file.set_length(self.end))
    }
}

struct SimulatedStorage {
    disk: SimulatedDisk,
    name: String,
}

impl std::fmt::Debug for SimulatedStorage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)
    }
}

impl StorageBackend for SimulatedStorage {
    fn len(&self) -> io::Result<u64> {
        self.disk.with(&self.name, |file| file.content.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let begin = place(offset)?;
        self.disk.with(&self.name, |file| {
            let bytes = file
                .content
                .get(begin..begin + out.len())
                .ok_or(io::ErrorKind::UnexpectedEof)?;
            out.copy_from_slice(bytes);
            Ok(())
        })?
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        let length = place(length)?;
        self.disk.with(&self.name, |file| file.set_length(length))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.disk.power()?;
        self.disk.with(&self.name, SimulatedFile::sync)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let offset = place(offset)?;
        self.disk.write(&self.name, data, |file, data| file.write(offset, data))
    }
}

/// A place in a file, which lies in memory.
fn place(offset: u64) -> io::Result<usize> {
    usize::try_from(offset).map_err(io::Error::other)
}

/// How far ahead a file has zeros.
const RESERVED: usize = 1_000;
