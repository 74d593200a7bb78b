//! The files of a database directory. Everything on disk goes through [`Files`], so that a test can lend it a disk that
//! fails or forgets; nothing else in the crate opens a file, except [the lock](super::directory).

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use record_store_kv::env::Env;
use redb::backends::FileBackend;

use super::base::BaseFile;

/// A directory.
pub(crate) trait Files: Send + Sync {
    /// Where `name` is, for messages.
    fn path(&self, name: &str) -> PathBuf;
    /// The names in the directory.
    fn list(&self) -> io::Result<Vec<String>>;
    /// The whole of a file.
    fn read(&self, name: &str) -> io::Result<Vec<u8>>;
    /// The first `length` bytes of a file, or all if it has fewer.
    fn read_start(&self, name: &str, length: usize) -> io::Result<Vec<u8>>;
    /// Makes a file with `content`, or replaces its content: after a crash it has the old or the new one, whole.
    fn replace(&self, name: &str, content: &[u8]) -> io::Result<()>;
    /// Makes a file that begins with `content`, both on disk when this returns, to append to.
    fn create(&self, name: &str, content: &[u8]) -> io::Result<Box<dyn AppendFile>>;
    /// Makes a file of `length` zeros, on disk when this returns, for [`Files::begin`].
    fn prepare(&self, name: &str, length: u64) -> io::Result<()>;
    /// Puts `content` at the beginning of a prepared file, on disk when this returns, and appends to it from there on.
    fn begin(&self, name: &str, content: &[u8]) -> io::Result<Box<dyn AppendFile>>;
    /// Opens a file to append to after `length`. What it has behind that is zeros, or else `is_damaged` and is gone from the disk when
    /// this returns.
    fn open(&self, name: &str, length: u64, is_damaged: bool) -> io::Result<Box<dyn AppendFile>>;
    /// Removes a file.
    fn remove(&self, name: &str) -> io::Result<()>;
    /// Opens or makes a redb database.
    fn open_base(&self, name: &str, builder: &redb::Builder) -> Result<redb::Database, redb::DatabaseError>;
}

/// A file that is written from its beginning to its end. Zeros may follow what was written: a sync that need not also make a
/// greater length durable is several times as fast, and does not wait for what else the file system has to write.
pub(crate) trait AppendFile: Send {
    /// Writes after what was written before.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Brings what was written to the disk.
    fn sync(&mut self) -> io::Result<()>;
    /// Takes away the zeros that follow; they may be there again after a crash.
    fn trim(&mut self) -> io::Result<()>;
}

/// A directory of the operating system.
pub(crate) struct SystemFiles {
    directory: PathBuf,
    /// Starts the threads of files that are synced in the background.
    threads: Option<Env>,
}

/// Makes the directory `path` and those above it that are missing; their names are durable when this returns.
pub(crate) fn make_directory(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    // A relative path of one part has the empty path above it, which means the current directory.
    let above = path.parent().filter(|above| !above.as_os_str().is_empty());
    if let Some(above) = above {
        make_directory(above)?;
    }
    match fs::create_dir(path) {
        // Somebody else was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(error) => Err(error),
        Ok(()) => sync_directory(above.unwrap_or(Path::new("."))),
    }
}

/// Makes the names of new and removed files in a directory durable.
fn sync_directory(path: &Path) -> io::Result<()> {
    // Only Unix can open a directory; elsewhere the file system sees to its names itself.
    if cfg!(unix) {
        File::open(path)?.sync_all()
    } else {
        Ok(())
    }
}

impl SystemFiles {
    /// The files in `directory`, which exists.
    pub(crate) fn new(directory: &Path) -> Self {
        SystemFiles {
            directory: directory.to_owned(),
            threads: None,
        }
    }

    /// The same, with what is synced in the background synced on threads of `env`, if there is one.
    pub(crate) fn with_threads(self, env: Option<&Env>) -> Self {
        SystemFiles {
            threads: env.cloned(),
            ..self
        }
    }
}

impl Files for SystemFiles {
    fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    fn list(&self) -> io::Result<Vec<String>> {
        fs::read_dir(&self.directory)?
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect()
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        fs::read(self.path(name))
    }

    fn read_start(&self, name: &str, length: usize) -> io::Result<Vec<u8>> {
        let mut start = Vec::with_capacity(length);
        let most = u64::try_from(length).unwrap_or(u64::MAX);
        File::open(self.path(name))?.take(most).read_to_end(&mut start)?;
        Ok(start)
    }

    fn replace(&self, name: &str, content: &[u8]) -> io::Result<()> {
        let unfinished = self.path(&format!("{name}.new"));
        let mut file = File::create(&unfinished)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&unfinished, self.path(name))?;
        sync_directory(&self.directory)
    }

    fn create(&self, name: &str, content: &[u8]) -> io::Result<Box<dyn AppendFile>> {
        let file = OpenOptions::new().write(true).create_new(true).open(self.path(name))?;
        let mut file = SystemFile {
            file,
            end: 0,
            reserved: 0,
        };
        file.append(content)?;
        file.file.sync_all()?;
        sync_directory(&self.directory)?;
        Ok(Box::new(file))
    }

    fn prepare(&self, name: &str, length: u64) -> io::Result<()> {
        let file = OpenOptions::new().write(true).create_new(true).open(self.path(name))?;
        let mut file = SystemFile {
            file,
            end: 0,
            reserved: 0,
        };
        while file.reserved < length {
            file.reserve(file.reserved + 1)?;
            // A little at a time: others have syncs to wait for, too.
            file.file.sync_data()?;
        }
        file.file.sync_all()?;
        sync_directory(&self.directory)
    }

    fn begin(&self, name: &str, content: &[u8]) -> io::Result<Box<dyn AppendFile>> {
        let file = OpenOptions::new().write(true).open(self.path(name))?;
        let reserved = file.metadata()?.len();
        let mut file = SystemFile { file, end: 0, reserved };
        file.append(content)?;
        file.sync()?;
        Ok(Box::new(file))
    }

    fn open(&self, name: &str, length: u64, is_damaged: bool) -> io::Result<Box<dyn AppendFile>> {
        let mut file = OpenOptions::new().write(true).open(self.path(name))?;
        let mut reserved = file.metadata()?.len();
        if reserved < length || is_damaged {
            file.set_len(length)?;
            file.sync_all()?;
            reserved = length;
        }
        file.seek(SeekFrom::Start(length))?;
        Ok(Box::new(SystemFile {
            file,
            end: length,
            reserved,
        }))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path(name))
    }

    fn open_base(&self, name: &str, builder: &redb::Builder) -> Result<redb::Database, redb::DatabaseError> {
        let path = self.path(name);
        // A name that was there is durable: whoever made it got to the sync, or the log was made after it, with a sync of its
        // own.
        let is_new = !path.exists();
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        let database = builder.create_with_backend(BaseFile::new(FileBackend::new(file)?, self.threads.as_ref())?)?;
        if is_new {
            sync_directory(&self.directory)?;
        }
        Ok(database)
    }
}

struct SystemFile {
    /// Its cursor is at `end`.
    file: File,
    end: u64,
    /// Up to here the file has zeros.
    reserved: u64,
}

impl SystemFile {
    /// Adds zeros until there is room up to `end`.
    fn reserve(&mut self, end: u64) -> io::Result<()> {
        if end > self.reserved {
            self.file.seek(SeekFrom::Start(self.reserved))?;
            while self.reserved < end {
                self.file.write_all(ZEROS)?;
                self.reserved += ZEROS.len() as u64;
            }
            self.file.seek(SeekFrom::Start(self.end))?;
        }
        Ok(())
    }
}

impl AppendFile for SystemFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let end = self.end + u64::try_from(bytes.len()).map_err(io::Error::other)?;
        self.reserve(end)?;
        self.file.write_all(bytes)?;
        self.end = end;
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn trim(&mut self) -> io::Result<()> {
        self.file.set_len(self.end)?;
        self.reserved = self.end;
        Ok(())
    }
}

/// What a file is made longer by.
static ZEROS: &[u8] = &[0; 1 << 20];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_goes_on_after_its_length_whatever_follows() {
        let root = tempfile::tempdir().unwrap();
        let files = SystemFiles::new(root.path());
        for tail in [&b""[..], &[0; 100], b"torn\0"] {
            fs::write(root.path().join("log"), [b"good", tail].concat()).unwrap();
            let mut file = files.open("log", 4, tail == b"torn\0").unwrap();
            file.append(b" and new").unwrap();
            file.sync().unwrap();
            let content = files.read("log").unwrap();
            assert!(content.starts_with(b"good and new"), "{tail:?}");
            assert!(content[12..].iter().all(|byte| *byte == 0), "{tail:?}");
        }
    }
}
