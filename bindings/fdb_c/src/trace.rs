//! Trace files: what this client tells of itself, in files that are named, formed and rolled as those of FoundationDB's. There are few
//! events, of the client's start, of its databases, and of failures whose reasons the codes of the C API leave out.
//!
//! Tracing begins with the first database, or with the network if it is told so, and ends with the network.

mod event;
mod file;

use std::path::PathBuf;
use std::process;

use parking_lot::Mutex;
use record_store_kv::env::Env;

use self::event::Event;
pub(crate) use self::event::Severity;
use self::file::TraceFile;
use crate::{api_version, client};

/// What the network's options say of traces.
#[derive(Clone, Debug)]
pub(crate) struct TraceOptions {
    /// The folder of the files, if there are to be any.
    pub(crate) directory: Option<PathBuf>,
    /// How large a file grows, in bytes; 0: without limit.
    pub(crate) roll_size: u64,
    /// How large all files of a process grow, before the oldest are removed; 0: without limit.
    pub(crate) logs_size_max: u64,
    /// Stands in every event.
    pub(crate) log_group: String,
    /// How events are written.
    pub(crate) format: Format,
    /// Stands in the names of files instead of the process's number.
    pub(crate) identifier: Option<String>,
    /// Behind the name of a file that is still written.
    pub(crate) partial_suffix: String,
    /// Whether tracing begins with the network.
    pub(crate) on_setup: bool,
}

/// How events are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Xml,
    Json,
}

struct Tracing {
    options: TraceOptions,
    phase: Phase,
}

enum Phase {
    /// Not yet.
    Before,
    Open(Box<TraceFile>),
    /// Not any more: the network has stopped, or there could be no file.
    Over,
}

static TRACING: Mutex<Tracing> = Mutex::new(Tracing {
    options: TraceOptions::new(),
    phase: Phase::Before,
});

impl TraceOptions {
    /// FoundationDB's defaults.
    pub(crate) const fn new() -> Self {
        TraceOptions {
            directory: None,
            roll_size: 10 << 20,
            logs_size_max: 100 << 20,
            log_group: String::new(),
            format: Format::Xml,
            identifier: None,
            partial_suffix: String::new(),
            on_setup: false,
        }
    }
}

/// Changes the options; what is open already stays as it is.
pub(crate) fn configure(change: impl FnOnce(&mut TraceOptions)) {
    change(&mut TRACING.lock().options);
}

/// The network is prepared.
pub(crate) fn set_up() {
    let mut tracing = TRACING.lock();
    if tracing.options.on_setup {
        tracing.begin("0.0.0.0");
    }
}

/// A database is named, and the client knows where it is.
pub(crate) fn begin() {
    TRACING.lock().begin("127.0.0.1");
}

/// The network has stopped: the file is finished.
pub(crate) fn end() {
    let mut tracing = TRACING.lock();
    if let Phase::Open(file) = std::mem::replace(&mut tracing.phase, Phase::Over) {
        file.finish();
    }
}

/// Tells of something, if anybody wants to know.
pub(crate) fn event(severity: Severity, kind: &'static str, details: &[(&'static str, &str)]) {
    if let Phase::Open(file) = &mut TRACING.lock().phase {
        file.write(&Event::new(severity, kind, details));
    }
}

impl Tracing {
    fn begin(&mut self, address: &str) {
        let (Phase::Before, Some(directory)) = (&self.phase, &self.options.directory) else {
            return;
        };
        let number = process::id().to_string();
        let identifier = self.options.identifier.as_deref().unwrap_or(&number);
        let process = format!("trace.{address}.{identifier}");
        self.phase = match TraceFile::create(directory, &process, &self.options) {
            Ok(mut file) => {
                file.start(&client_start());
                Phase::Open(Box::new(file))
            }
            Err(error) => {
                // As FoundationDB's client does; there is no other place for it.
                eprintln!(
                    "ERROR: could not create a trace file in `{}' ({error})",
                    directory.display()
                );
                Phase::Over
            }
        };
    }
}

/// What every file begins with.
fn client_start() -> Event {
    let version = client::VERSION.to_str().unwrap_or_default();
    let (release, rest) = version.split_once(',').unwrap_or((version, ""));
    let source = rest.split_once(',').map_or(rest, |(source, _)| source);
    let seconds = Env::system().clock().unix_time().as_secs().to_string();
    let api_version = api_version::selected().unwrap_or_default().to_string();
    Event::new(
        Severity::Info,
        "ClientStart",
        &[
            ("SourceVersion", source),
            ("Version", release),
            ("PackageName", "7.3"),
            ("ActualTime", &seconds),
            ("ApiVersion", &api_version),
            ("Primary", "1"),
        ],
    )
}
