//! Runs other programs as named steps, with their time, and says how each ended.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::workspace;

/// Why a command of ours failed: a sentence for the person at the terminal.
pub(crate) type Failure = String;

/// A program to run from the root of the checkout.
pub(crate) struct Program(Command);

impl Program {
    /// The program called `name`.
    pub(crate) fn new(name: impl AsRef<OsStr>) -> Self {
        let mut command = Command::new(name);
        command.current_dir(workspace::root());
        Program(command)
    }

    /// The cargo that runs us.
    pub(crate) fn cargo() -> Self {
        Program::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
    }

    /// Adds arguments.
    pub(crate) fn args(mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.0.args(args);
        self
    }

    /// Sets an environment variable.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.0.env(name, value);
        self
    }

    /// Runs in `folder` instead of the root.
    pub(crate) fn within(mut self, folder: &Path) -> Self {
        self.0.current_dir(folder);
        self
    }

    /// Runs the program to its end and gives what it printed; its complaints and progress go to the terminal.
    pub(crate) fn output(mut self) -> Result<String, Failure> {
        let name = self.0.get_program().to_string_lossy().into_owned();
        match self.0.stderr(Stdio::inherit()).output() {
            Ok(output) if output.status.success() => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
            Ok(output) => Err(format!("{name} ended with {}", output.status)),
            Err(error) => Err(format!("{name} could not be started: {error}")),
        }
    }

    /// Starts the program and gives what can be read from it; its complaints go to the terminal.
    pub(crate) fn start(mut self) -> Result<Child, Failure> {
        let name = self.0.get_program().to_string_lossy().into_owned();
        let started = self.0.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        started.map_err(|error| format!("{name} could not be started: {error}"))
    }

    /// Runs the program to its end; its output goes to the terminal.
    pub(crate) fn run(mut self) -> Result<(), Failure> {
        let name = self.0.get_program().to_string_lossy().into_owned();
        match self.0.status() {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(format!("{name} ended with {status}")),
            Err(error) => Err(format!("{name} could not be started: {error}")),
        }
    }
}

/// Steps that run one after another; a failed step does not stop the later ones, so that one run shows all that is wrong.
pub(crate) struct Steps {
    /// The names of the steps to run; all, if there are none.
    only: Vec<String>,
    done: Vec<(String, Duration, Result<(), Failure>)>,
}

impl Steps {
    /// All steps, or only those of these names.
    pub(crate) fn of(only: Vec<String>) -> Self {
        Steps { only, done: Vec::new() }
    }

    /// Runs one step, if it is to be run.
    #[allow(
        clippy::disallowed_methods,
        reason = "the time is shown to a person, nothing depends on it"
    )]
    pub(crate) fn step(&mut self, name: &str, work: impl FnOnce() -> Result<(), Failure>) {
        if !self.only.is_empty() && !self.only.iter().any(|wanted| wanted.eq_ignore_ascii_case(name)) {
            return;
        }
        println!("\n=== {name}");
        let started = Instant::now();
        let result = work();
        self.done.push((name.to_owned(), started.elapsed(), result));
    }

    /// Prints a table of the steps; an error if one failed.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        if self.done.is_empty() {
            return Err(format!("there are no such steps: {}", self.only.join(", ")));
        }
        println!("\n=== summary");
        let mut failed = Vec::new();
        for (name, time, result) in self.done {
            let verdict = if result.is_ok() { "ok" } else { "FAILED" };
            println!("{verdict:>7} {:>7.1} s  {name}", time.as_secs_f64());
            if let Err(why) = result {
                failed.push(format!("{name}: {why}"));
            }
        }
        if failed.is_empty() {
            Ok(())
        } else {
            Err(failed.join("\n"))
        }
    }
}
