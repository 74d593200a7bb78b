//! A database directory: whether it is one of ours, in which format, and who holds it.
//!
//! ```text
//! FORMAT            "record-store engine" and the number of the format, as text
//! LOCK              locked by the process that has the database; says which one
//! NEXT              locked by the process that gets the database next
//! base.redb         the base
//! log-…             the log
//! ```
//!
//! Whoever wants the database waits for NEXT and then, holding it, for LOCK. The process that has the database sees by NEXT that
//! it is wanted, and whoever comes back for it stands behind those that wait.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use record_store_kv::env::Env;
use record_store_kv::{Error, ErrorKind, Result, fdb_code};

use super::files::{self, Files, SystemFiles};

/// Makes `path` a database directory if it is missing or empty, checks its format and locks it, waiting at most `wait`.
///
/// Errors: `NotADatabase`, `NewerFormat`, `Locked`, `Io`.
pub(crate) fn open(path: &Path, env: &Env, wait: Duration) -> Result<(SystemFiles, DirectoryLock)> {
    let named = |error: io::Error| Error::from(error).with("path", path.display());
    if path.exists() && !path.is_dir() {
        return Err(not_a_database(path, "the path is not a directory"));
    }
    files::make_directory(path).map_err(named)?;
    let files = SystemFiles::new(path);
    // Before anything is written: a directory of somebody else stays as it is.
    check_ours(&files, path)?;
    let lock = DirectoryLock::acquire(path, env, wait)?;
    match read_format(&files, path)? {
        Some(FORMAT) => {}
        Some(newer) if newer > FORMAT => {
            return Err(Error::new(
                ErrorKind::NewerFormat,
                "a newer release wrote this database; upgrade this program",
            )
            .with("path", path.display())
            .with("format", newer)
            .with("newest format known", FORMAT));
        }
        // None yet, or an older one, whose files are read as they are.
        _ => files
            .replace(FORMAT_FILE, format!("{FORMAT_NAME}\nformat {FORMAT}\n").as_bytes())
            .map_err(named)?,
    }
    Ok((files, lock))
}

/// Locks the database directory `path` once more, as [`open`] does, and never makes one: it was there.
///
/// Errors: `NotADatabase` if it is not there any more, `NewerFormat`, `Locked`, `Io`.
pub(crate) fn open_again(path: &Path, env: &Env, wait: Duration) -> Result<(SystemFiles, DirectoryLock)> {
    if !path.join(FORMAT_FILE).exists() {
        return Err(not_a_database(path, "the database that was here has been removed"));
    }
    open(path, env, wait)
}

/// What the files of the log look like from outside. It is another picture once a process has had the database.
pub(crate) fn picture(path: &Path) -> io::Result<Picture> {
    let mut picture = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with(LOG_PREFIX) {
            let metadata = entry.metadata()?;
            picture.push((name, metadata.len(), metadata.modified()?));
        }
    }
    picture.sort();
    Ok(picture)
}

/// Name, length and time of the last change of each file of the log.
pub(crate) type Picture = Vec<(String, u64, SystemTime)>;

fn check_ours(files: &SystemFiles, path: &Path) -> Result<()> {
    let names = files
        .list()
        .map_err(|error| Error::from(error).with("path", path.display()))?;
    let unfinished = [LOCK_FILE, NEXT_FILE, "FORMAT.new"];
    if names.iter().any(|name| name == FORMAT_FILE) || names.iter().all(|name| unfinished.contains(&name.as_str())) {
        return Ok(());
    }
    Err(not_a_database(
        path,
        "the directory is not empty and has no file FORMAT of ours",
    ))
}

fn read_format(files: &SystemFiles, path: &Path) -> Result<Option<u32>> {
    let content = match files.read(FORMAT_FILE) {
        Ok(content) => content,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::from(error).with("path", path.display())),
    };
    let content = String::from_utf8_lossy(&content);
    let mut lines = content.lines();
    let number = (lines.next() == Some(FORMAT_NAME))
        .then(|| lines.next()?.strip_prefix("format ")?.parse().ok())
        .flatten();
    number
        .map(Some)
        .ok_or_else(|| not_a_database(path, "its file FORMAT is not one of ours"))
}

fn not_a_database(path: &Path, why: &'static str) -> Error {
    Error::new(
        ErrorKind::NotADatabase,
        "there is something else at the path; choose another one",
    )
    .with("path", path.display())
    .with("reason", why)
}

/// The right to a directory; ends when it is dropped, or with the process.
pub(crate) struct DirectoryLock {
    lock: LockFile,
    next: LockFile,
}

impl DirectoryLock {
    fn acquire(path: &Path, env: &Env, wait: Duration) -> Result<Self> {
        let mut lock = LockFile::open(path.join(LOCK_FILE))?;
        let next = LockFile::open(path.join(NEXT_FILE))?;
        let started = env.clock().monotonic();
        let waited = || env.clock().monotonic().saturating_sub(started);
        for file in [&next, &lock] {
            while !file.try_lock()? {
                let waited = waited();
                if waited >= wait {
                    return Err(locked(path));
                }
                // Who has waited for longer asks more often, and so gets it first.
                let poll = if waited < PATIENCE { FIRST_POLL } else { POLL };
                pollster::block_on(env.clock().sleep(poll.min(wait - waited)));
            }
        }
        lock.sign()?;
        next.unlock();
        Ok(DirectoryLock { lock, next })
    }

    /// Whether another process waits for the directory.
    pub(crate) fn is_wanted(&self) -> Result<bool> {
        let is_free = self.next.try_lock()?;
        if is_free {
            self.next.unlock();
        }
        Ok(!is_free)
    }
}

impl Drop for DirectoryLock {
    fn drop(&mut self) {
        // A child process that was forked has the open file, too, and would keep it locked.
        self.lock.unlock();
    }
}

/// A file of which only the lock matters. The operating system's lock belongs to the open file.
struct LockFile {
    file: File,
    path: PathBuf,
}

impl LockFile {
    fn open(path: PathBuf) -> Result<Self> {
        let mut options = OpenOptions::new();
        let opened = options.read(true).write(true).create(true).truncate(false).open(&path);
        match opened {
            Ok(file) => Ok(LockFile { file, path }),
            Err(error) => Err(Error::from(error).with("file", path.display())),
        }
    }

    fn try_lock(&self) -> Result<bool> {
        match self.file.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(self.failed(error)),
        }
    }

    fn unlock(&self) {
        // What fails here is done when the file is closed.
        let _ = self.file.unlock();
    }

    /// Says who has it, for whoever is refused; the lock holds without it.
    fn sign(&mut self) -> Result<()> {
        // As long for every process: a file that is cut off waits for what else the file system has to write.
        let holder = format!("{:<10}\n", std::process::id());
        let signed = self.file.rewind().and_then(|()| self.file.write_all(holder.as_bytes()));
        signed.map_err(|error| self.failed(error))
    }

    fn failed(&self, error: io::Error) -> Error {
        Error::from(error).with("file", self.path.display())
    }
}

/// The error of whoever has waited in vain for the directory `path`.
pub(crate) fn locked(path: &Path) -> Error {
    let file = path.join(LOCK_FILE);
    let error = Error::new(
        ErrorKind::Locked,
        "another process has the database and does not let go of it; wait for it or close it there",
    )
    .with_fdb_code(fdb_code::LOCK_FILE_FAILURE)
    .with("file", file.display());
    match fs::read_to_string(&file) {
        Ok(holder) if !holder.trim().is_empty() => error.with("process", holder.trim()),
        _ => error,
    }
}

const FORMAT_FILE: &str = "FORMAT";
const FORMAT_NAME: &str = "record-store engine";
/// The format that this release writes; it reads those before, too. Since 2 there are marks in the log.
const FORMAT: u32 = 2;
const LOCK_FILE: &str = "LOCK";
const NEXT_FILE: &str = "NEXT";
const LOG_PREFIX: &str = "log-";
/// How often a held lock is tried again: at first, and by whoever has waited for [`PATIENCE`].
const FIRST_POLL: Duration = Duration::from_millis(5);
const POLL: Duration = Duration::from_millis(1);
const PATIENCE: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests {
    use super::*;

    fn open_now(path: &Path) -> Result<(SystemFiles, DirectoryLock)> {
        open(path, &Env::system(), Duration::ZERO)
    }

    fn kind(path: &Path) -> ErrorKind {
        open_now(path).map(drop).unwrap_err().kind()
    }

    #[test]
    fn a_missing_directory_is_made_and_opens_again() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("a/b");
        drop(open_now(&path).unwrap());
        drop(open_now(&path).unwrap());
        assert_eq!(
            fs::read_to_string(path.join("FORMAT")).unwrap(),
            "record-store engine\nformat 2\n"
        );
    }

    #[test]
    fn an_older_format_becomes_the_newest() {
        let root = tempfile::tempdir().unwrap();
        let format = root.path().join("FORMAT");
        fs::write(&format, "record-store engine\nformat 1\n").unwrap();
        drop(open_now(root.path()).unwrap());
        assert_eq!(fs::read_to_string(&format).unwrap(), "record-store engine\nformat 2\n");
    }

    #[test]
    fn a_directory_in_use_names_its_holder() {
        let root = tempfile::tempdir().unwrap();
        let _held = open_now(root.path()).unwrap();
        let error = open(root.path(), &Env::system(), Duration::from_millis(30))
            .map(drop)
            .unwrap_err();
        assert_eq!((error.kind(), error.fdb_code()), (ErrorKind::Locked, Some(1529)));
        assert!(
            error.to_string().contains(&format!("process: {}", std::process::id())),
            "{error}"
        );
    }

    #[test]
    fn a_directory_is_wanted_while_somebody_waits_for_it() {
        let root = tempfile::tempdir().unwrap();
        let (_, held) = open_now(root.path()).unwrap();
        assert!(!held.is_wanted().unwrap());
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| open(root.path(), &Env::system(), Duration::from_secs(60)).map(drop));
            while !held.is_wanted().unwrap() {
                std::thread::yield_now();
            }
            drop(held);
            waiting.join().unwrap().unwrap();
        });
        assert!(!open_now(root.path()).unwrap().1.is_wanted().unwrap());
    }

    #[test]
    fn a_database_that_was_removed_is_not_made_again() {
        let root = tempfile::tempdir().unwrap();
        let again = open_again(root.path(), &Env::system(), Duration::ZERO);
        assert_eq!(again.map(drop).unwrap_err().kind(), ErrorKind::NotADatabase);
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_is_not_ours_is_left_alone() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("notes.txt");
        fs::write(&file, "x").unwrap();
        assert_eq!(kind(root.path()), ErrorKind::NotADatabase);
        assert_eq!(kind(&file), ErrorKind::NotADatabase);
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
        fs::write(root.path().join("FORMAT"), "something else\n").unwrap();
        assert_eq!(kind(root.path()), ErrorKind::NotADatabase);
    }

    #[test]
    fn a_newer_format_is_named() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("FORMAT"), "record-store engine\nformat 9\n").unwrap();
        let error = open_now(root.path()).map(drop).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NewerFormat);
        assert!(error.to_string().contains("format: 9"), "{error}");
    }

    #[test]
    fn a_crash_while_a_directory_is_made_does_no_harm() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("LOCK"), "").unwrap();
        fs::write(root.path().join("FORMAT.new"), "rec").unwrap();
        drop(open_now(root.path()).unwrap());
    }
}
