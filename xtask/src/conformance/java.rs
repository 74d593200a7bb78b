//! The Java program of the conformance test, as a child that answers commands while both have the database open.

use std::io::{BufRead, BufReader, Lines, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::clients::java;
use crate::step::Failure;
use crate::workspace;

/// A running `Conformance.java`.
pub(super) struct Java {
    child: Child,
    commands: Option<ChildStdin>,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Java {
    /// Compiles and starts it on the database of a cluster file.
    pub(super) fn start(library: &Path, cluster_file: &Path) -> Result<Self, Failure> {
        let class_path = java::compile(&workspace::root().join("tests/conformance/java"), "Conformance")?;
        let mut child = Command::new("java")
            .args([java::QUIET, "--class-path", &class_path, "Conformance"])
            .arg(cluster_file)
            .env("LD_LIBRARY_PATH", library)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("java: {error}"))?;
        let (commands, answers) = (child.stdin.take(), child.stdout.take().ok_or("java has no output")?);
        Ok(Java {
            child,
            commands,
            answers: BufReader::new(answers).lines(),
        })
    }

    /// The lines with which it answers a command. Errors: it failed, or it ended.
    pub(super) fn ask(&mut self, command: &str) -> Result<Vec<String>, Failure> {
        let told = |error: std::io::Error| format!("Java, asked to {command}: {error}");
        let commands = self.commands.as_mut().ok_or("java has no input")?;
        writeln!(commands, "{command}").map_err(told)?;
        commands.flush().map_err(told)?;
        let mut lines = Vec::new();
        for line in &mut self.answers {
            let line = line.map_err(told)?;
            match line.strip_prefix("failed ") {
                Some(why) => return Err(format!("Java, asked to {command:.200}: {why:.2000}")),
                None if line == "done" => return Ok(lines),
                None => lines.push(line),
            }
        }
        Err(format!("Java, asked to {command}, ended without an answer"))
    }
}

impl Drop for Java {
    fn drop(&mut self) {
        // It ends with its input.
        self.commands = None;
        if self.child.wait().is_err() {
            eprintln!("the Java program of the conformance test did not end");
        }
    }
}
