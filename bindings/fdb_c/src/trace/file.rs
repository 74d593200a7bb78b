//! [`TraceFile`]: the file that is written, and those before it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use record_store_kv::env::{Env, Rng};

use super::TraceOptions;
use super::event::Event;
use crate::client;

/// The trace file of a process; another one follows when it is full.
pub(super) struct TraceFile {
    options: TraceOptions,
    directory: PathBuf,
    /// What the names of all files of the process begin with.
    process: String,
    /// What the names of this run's files begin with.
    base: String,
    /// Which client of which process writes it.
    description: String,
    index: u32,
    path: PathBuf,
    /// None after there could be no next one: the program must not suffer from its traces.
    file: Option<File>,
    written: u64,
    start: Option<Event>,
}

impl TraceFile {
    /// Creates the first file. `process` is what its name begins with.
    pub(super) fn create(directory: &Path, process: &str, options: &TraceOptions) -> io::Result<Self> {
        let env = Env::system();
        let seconds = env.clock().unix_time().as_secs();
        let base = format!("{process}.{seconds}.{}", letters(env.rng()));
        let release = client::VERSION.to_str().unwrap_or_default();
        let release = release.split(',').next().unwrap_or_default();
        remove_old(directory, process, options);
        let (index, path, file) = next(directory, &base, 0, options)?;
        let mut file = TraceFile {
            options: options.clone(),
            directory: directory.to_owned(),
            process: process.to_owned(),
            base,
            description: format!("primary-{release}-{}", env.rng().next_u64()),
            index,
            path,
            file: Some(file),
            written: 0,
            start: None,
        };
        file.put(options.format.frame().0);
        Ok(file)
    }

    /// Writes the event that every file begins with.
    pub(super) fn start(&mut self, event: &Event) {
        self.start = Some(event.clone());
        self.write(&event.clone().with("TrackLatestType", "Original"));
    }

    /// Writes an event, to the next file if it makes this one too large.
    pub(super) fn write(&mut self, event: &Event) {
        let text = self.text(event.clone());
        if self.options.roll_size > 0 && self.written + length(&text) > self.options.roll_size {
            self.roll();
        }
        self.put(&text);
    }

    /// Ends the file.
    pub(super) fn finish(mut self) {
        self.close();
    }

    fn text(&self, event: Event) -> String {
        let group = match &*self.options.log_group {
            "" => "default",
            group => group,
        };
        let machine = format!("127.0.0.1:{}", std::process::id());
        event
            .with("Machine", &machine)
            .with("LogGroup", group)
            .with("ClientDescription", &self.description)
            .text(self.options.format)
    }

    fn roll(&mut self) {
        self.close();
        remove_old(&self.directory, &self.process, &self.options);
        if let Ok((index, path, file)) = next(&self.directory, &self.base, self.index, &self.options) {
            (self.index, self.path, self.file, self.written) = (index, path, Some(file), 0);
            self.put(self.options.format.frame().0);
            if let Some(start) = self.start.clone() {
                let text = self.text(start.again().with("TrackLatestType", "Rolled"));
                self.put(&text);
            }
        }
    }

    fn close(&mut self) {
        self.put(self.options.format.frame().1);
        self.file = None;
        let suffix = &self.options.partial_suffix;
        let name = self.path.to_str().and_then(|name| name.strip_suffix(suffix.as_str()));
        if let Some(name) = name.filter(|_| !suffix.is_empty()) {
            let _ = fs::rename(&self.path, name);
        }
    }

    fn put(&mut self, text: &str) {
        let file = self.file.as_mut();
        if file.is_some_and(|file| file.write_all(text.as_bytes()).is_ok()) {
            self.written += length(text);
        }
    }
}

/// The file after that of `index`: its number, its name, and itself.
fn next(directory: &Path, base: &str, mut index: u32, options: &TraceOptions) -> io::Result<(u32, PathBuf, File)> {
    let (extension, suffix) = (options.format.extension(), &options.partial_suffix);
    loop {
        index += 1;
        // The number's length stands before it, so that names sort as numbers.
        let width = index.ilog10();
        let path = directory.join(format!("{base}.{width}.{index}.{extension}{suffix}"));
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(file) => return Ok((index, path, file)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
}

/// Removes the oldest files of the process when all of them are too large. What cannot be removed stays.
fn remove_old(directory: &Path, process: &str, options: &TraceOptions) {
    if options.logs_size_max == 0 {
        return;
    }
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let is_ours = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let rest = name.strip_prefix(process).unwrap_or_default();
        rest.starts_with('.') && rest.ends_with(&format!(".{}", options.format.extension()))
    };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_ours).collect();
    files.sort_by(|a, b| b.cmp(a));
    let mut total = 0;
    for file in files {
        if total >= options.logs_size_max {
            let _ = fs::remove_file(&file);
        }
        total += fs::metadata(&file).map_or(0, |metadata| metadata.len()) + EMPTY_FILE_BYTES;
    }
}

/// Six letters and digits that no other run of the process has.
fn letters(rng: &dyn Rng) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut number = rng.next_u64();
    let letter = |_| {
        let at = usize::try_from(number % 62).unwrap_or_default();
        number /= 62;
        char::from(LETTERS.get(at).copied().unwrap_or(b'0'))
    };
    (0..6).map(letter).collect()
}

fn length(text: &str) -> u64 {
    u64::try_from(text.len()).unwrap_or(u64::MAX)
}

/// What a file counts beside its bytes.
const EMPTY_FILE_BYTES: u64 = 1;

#[cfg(test)]
mod tests {
    use super::super::{Format, Severity};
    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn event(number: usize) -> Event {
        Event::new(Severity::Info, "Told", &[("Number", &number.to_string())])
    }

    #[test]
    fn a_file_is_named_framed_and_finished() {
        for (format, suffix) in [(Format::Xml, ""), (Format::Json, ".part")] {
            let folder = tempfile::tempdir().unwrap();
            let options = TraceOptions {
                format,
                partial_suffix: suffix.to_owned(),
                log_group: "mine".to_owned(),
                ..TraceOptions::new()
            };
            let mut file = TraceFile::create(folder.path(), "trace.127.0.0.1.7", &options).unwrap();
            file.start(&event(1));
            let name = names(folder.path()).remove(0);
            assert!(
                name.ends_with(&format!(".0.1.{}{suffix}", format.extension())),
                "{name}"
            );
            assert!(name.starts_with("trace.127.0.0.1.7."), "{name}");
            file.finish();
            let finished = names(folder.path()).remove(0);
            assert_eq!(finished, name.strip_suffix(suffix).unwrap());
            let text = fs::read_to_string(folder.path().join(finished)).unwrap();
            let (head, foot) = format.frame();
            assert!(text.starts_with(head) && text.ends_with(foot), "{text}");
            assert!(text.contains("TrackLatestType") && text.contains("mine"), "{text}");
        }
    }

    #[test]
    fn a_full_file_is_followed_by_another_and_old_ones_go() {
        let folder = tempfile::tempdir().unwrap();
        let options = TraceOptions {
            roll_size: 2_000,
            logs_size_max: 8_000,
            ..TraceOptions::new()
        };
        let mut file = TraceFile::create(folder.path(), "trace.127.0.0.1.7", &options).unwrap();
        file.start(&event(0));
        (1..200).for_each(|number| file.write(&event(number)));
        file.finish();
        let names = names(folder.path());
        assert!((2..=6).contains(&names.len()), "{names:?}");
        assert!(names.iter().any(|name| name.contains(".1.")), "{names:?}");
        for name in &names {
            let text = fs::read_to_string(folder.path().join(name)).unwrap();
            assert!(text.len() < 2_100 && text.ends_with("</Trace>\r\n"), "{text}");
            assert!(text.contains("TrackLatestType=\"Rolled\""), "{text}");
        }
        let last = fs::read_to_string(folder.path().join(names.last().unwrap())).unwrap();
        assert!(last.contains("Number=\"199\""), "{last}");
    }

    #[test]
    fn files_of_other_processes_stay() {
        let folder = tempfile::tempdir().unwrap();
        let other = folder.path().join("trace.127.0.0.1.70.1.abcdef.0.1.xml");
        fs::write(&other, [0; 100]).unwrap();
        let options = TraceOptions {
            logs_size_max: 1,
            ..TraceOptions::new()
        };
        TraceFile::create(folder.path(), "trace.127.0.0.1.7", &options)
            .unwrap()
            .finish();
        TraceFile::create(folder.path(), "trace.127.0.0.1.7", &options)
            .unwrap()
            .finish();
        assert!(other.exists());
    }
}
