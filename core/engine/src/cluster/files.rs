//! The files of a database directory. Everything on disk goes through [`Files`], so that a test can lend it a disk that
//! fails or forgets; nothing else in the crate opens a file, except [the lock](super::directory).

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

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
    /// Cuts a file to `length`, on disk when this returns, to append to.
    fn open(&self, name: &str, length: u64) -> io::Result<Box<dyn AppendFile>>;
    /// Removes a file.
    fn remove(&self, name: &str) -> io::Result<()>;
    /// Opens or makes a redb database.
    fn open_base(&self, name: &str, builder: &redb::Builder) -> Result<redb::Database, redb::DatabaseError>;
}

/// A file that only grows.
pub(crate) trait AppendFile: Send {
    /// Writes at the end.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Brings what was written to the disk.
    fn sync(&mut self) -> io::Result<()>;
}

/// A directory of the operating system.
pub(crate) struct SystemFiles {
    directory: PathBuf,
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
        let mut file = OpenOptions::new().append(true).create_new(true).open(self.path(name))?;
        file.write_all(content)?;
        file.sync_all()?;
        sync_directory(&self.directory)?;
        Ok(Box::new(SystemFile(file)))
    }

    fn open(&self, name: &str, length: u64) -> io::Result<Box<dyn AppendFile>> {
        let file = OpenOptions::new().append(true).open(self.path(name))?;
        file.set_len(length)?;
        file.sync_all()?;
        Ok(Box::new(SystemFile(file)))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path(name))
    }

    fn open_base(&self, name: &str, builder: &redb::Builder) -> Result<redb::Database, redb::DatabaseError> {
        let database = builder.create(self.path(name))?;
        sync_directory(&self.directory)?;
        Ok(database)
    }
}

struct SystemFile(File);

impl AppendFile for SystemFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.sync_data()
    }
}
