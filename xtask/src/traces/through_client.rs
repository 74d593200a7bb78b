//! Recorded programs through FoundationDB's own client for Python, on the drop-in library: `tests/traces/client.py` executes
//! them, in a process for each file, because a process selects one version of the API. Time is real here; the processes wait
//! side by side.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::known;
use crate::clients::{library, python};
use crate::step::Failure;

/// Files of more than a thousand programs are shared among so many processes.
const PARTS: usize = 2;
const LARGE: [&str; 2] = ["random.jsonl.gz", "random2.jsonl.gz"];

/// Programs in which an atomic operation compares the low bytes of a commit's version with another value: in real time it depends on
/// chance which of them wins, so both ends are right. (On the virtual clock they end as recorded.)
pub(super) const BY_CHANCE: [&str; 1] = ["random 11/639"];

/// What came of a file.
#[derive(Default)]
struct Tally {
    passed: u64,
    /// Programs that came out otherwise than recorded, and how.
    failed: Vec<(String, String)>,
}

/// Replays files and compares what differs with the list of known differences.
pub(crate) fn run(files: &[PathBuf], only: Option<&str>) -> Result<(), Failure> {
    let client = python::Client::install(&library::build()?)?;
    let results = std::thread::scope(|scope| {
        let replay = |file: &PathBuf| {
            let parts = if LARGE.contains(&name(file).as_str()) { PARTS } else { 1 };
            let parts: Vec<_> = (1..=parts)
                .map(|part| {
                    let program = client
                        .program()
                        .args(["tests/traces/client.py".as_ref(), file.as_os_str()])
                        .args(["--part", &format!("{part}/{parts}"), "--only", only.unwrap_or_default()]);
                    scope.spawn(move || program.output())
                })
                .collect();
            (file.clone(), parts)
        };
        let running: Vec<_> = files.iter().map(replay).collect();
        let finished = running.into_iter().map(|(file, parts)| {
            let outputs = parts
                .into_iter()
                .map(|part| part.join().unwrap_or_else(|_| Err("a thread panicked".to_owned())));
            let outputs: Result<String, Failure> = outputs.collect();
            (file, outputs)
        });
        finished.collect::<Vec<_>>()
    });
    let mut wrong = Vec::new();
    println!("{:24} {:>7} {:>7}", "file", "passed", "known");
    for (file, output) in results {
        let file = name(&file);
        let mut tally = Tally::read(&output.map_err(|why| format!("{file}: {why}"))?)?;
        let by_chance = known::by_chance(&file)?;
        tally.failed.retain(|(program, _)| !by_chance.contains(program));
        println!("{file:24} {:7} {:7}", tally.passed, tally.failed.len());
        let mut known = known::of_file(&file)?;
        known.retain(|name| only.is_none_or(|only| name.contains(only)));
        wrong.extend(tally.compare(&file, &known));
    }
    for line in &wrong {
        println!("{line}");
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(format!("{} programs came out otherwise than is known", wrong.len()))
    }
}

impl Tally {
    /// Reads what the player prints: a line for each difference, and how many passed.
    fn read(output: &str) -> Result<Self, Failure> {
        let mut tally = Tally::default();
        for line in output.lines() {
            let value: Value = serde_json::from_str(line).map_err(|error| format!("{line}: {error}"))?;
            match (value["program"].as_str(), value["passed"].as_u64()) {
                (Some(program), _) => {
                    let difference = format!(
                        "step {}: {}\n    expected {}\n    got      {}",
                        value["step"], value["op"], value["expected"], value["got"]
                    );
                    tally.failed.push((program.to_owned(), difference));
                }
                (None, Some(passed)) => tally.passed += passed,
                (None, None) => return Err(format!("{line}: neither a difference nor a count")),
            }
        }
        Ok(tally)
    }

    /// What differs and is not known to, and what is known to differ and does not.
    fn compare(&self, file: &str, known: &[String]) -> Vec<String> {
        let failed: BTreeSet<&String> = self.failed.iter().map(|(program, _)| program).collect();
        let new = self
            .failed
            .iter()
            .filter(|(program, _)| !known.contains(program) && !BY_CHANCE.contains(&program.as_str()));
        let new = new.map(|(program, difference)| format!("{file}: {program}: {difference}"));
        let gone = known.iter().filter(|program| !failed.contains(program));
        let gone = gone.map(|program| format!("{file}: {program} passes: take it off the list of known differences"));
        new.chain(gone).collect()
    }
}

fn name(file: &Path) -> String {
    file.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
