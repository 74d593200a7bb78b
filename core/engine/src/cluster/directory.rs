//! A database directory: whether it is one of ours, in which format, and who holds it.
//!
//! ```text
//! FORMAT            "record-store engine" and the number of the format, as text
//! LOCK              locked by the process that has the database open; says which one
//! base.redb         the base
//! log-…             the log
//! ```

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

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
        Some(other) => {
            return Err(Error::new(
                ErrorKind::NewerFormat,
                "a newer release wrote this database; upgrade this program",
            )
            .with("path", path.display())
            .with("format", other)
            .with("newest format known", FORMAT));
        }
        None => files
            .replace(FORMAT_FILE, format!("{FORMAT_NAME}\nformat {FORMAT}\n").as_bytes())
            .map_err(named)?,
    }
    Ok((files, lock))
}

fn check_ours(files: &SystemFiles, path: &Path) -> Result<()> {
    let names = files
        .list()
        .map_err(|error| Error::from(error).with("path", path.display()))?;
    let unfinished = [LOCK_FILE, "FORMAT.new"];
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
    /// The operating system's lock belongs to the open file.
    _file: File,
}

impl DirectoryLock {
    fn acquire(path: &Path, env: &Env, wait: Duration) -> Result<Self> {
        let file_path = path.join(LOCK_FILE);
        let failed = |error: io::Error| Error::from(error).with("file", file_path.display());
        let mut options = OpenOptions::new();
        let mut file = options
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&file_path)
            .map_err(failed)?;
        let started = env.clock().monotonic();
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(error)) => return Err(failed(error)),
                Err(TryLockError::WouldBlock) => {}
            }
            let waited = env.clock().monotonic().saturating_sub(started);
            if waited >= wait {
                return Err(locked(&mut file, file_path));
            }
            pollster::block_on(env.clock().sleep(POLL.min(wait - waited)));
        }
        // For whoever is refused; the lock holds without it.
        let holder = format!("{}\n", std::process::id());
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| file.write_all(holder.as_bytes()))
            .map_err(failed)?;
        Ok(DirectoryLock { _file: file })
    }
}

fn locked(file: &mut File, path: PathBuf) -> Error {
    let mut holder = String::new();
    let error = Error::new(
        ErrorKind::Locked,
        "another process has the database open; wait for it or close it there",
    )
    .with_fdb_code(fdb_code::LOCK_FILE_FAILURE)
    .with("file", path.display());
    match file.read_to_string(&mut holder) {
        Ok(_) if !holder.trim().is_empty() => error.with("process", holder.trim()),
        _ => error,
    }
}

const FORMAT_FILE: &str = "FORMAT";
const FORMAT_NAME: &str = "record-store engine";
/// The format that this release writes; it reads no other.
const FORMAT: u32 = 1;
const LOCK_FILE: &str = "LOCK";
/// How often a held lock is tried again.
const POLL: Duration = Duration::from_millis(10);

#[cfg(test)]
mod tests {
    use std::fs;

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
            "record-store engine\nformat 1\n"
        );
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
