//! The recorded programs as tests: the first two files, in memory.

use super::*;

/// The programs of a file that come out otherwise than recorded, when each is replayed on a database in memory.
fn differences(file: &str) -> Vec<String> {
    let mut tally = Tally::default();
    for program in program::load(&folder().join(file)).expect("the recorded programs are in the checkout") {
        let outcome = replay(&program, "memory:").expect("a database in memory opens");
        tally.add(&program.name, outcome);
    }
    assert!(tally.passed > 0, "{file} holds programs");
    assert!(tally.not_applicable.is_empty(), "{:?}", tally.not_applicable);
    tally.failed
}

/// The programs of a file that are listed as coming out otherwise.
fn known_differences(file: &str) -> Vec<String> {
    let list = std::fs::read_to_string(folder().join("known-differences.txt")).expect("the list is in the checkout");
    let section = format!("[{file}]");
    let lines = list.lines().skip_while(|line| *line != section).skip(1);
    lines
        .take_while(|line| !line.starts_with('['))
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}

#[test]
fn directed_programs_see_what_foundationdb_shows() {
    assert_eq!(differences("scripted.jsonl.gz"), known_differences("scripted.jsonl.gz"));
}

#[test]
fn random_programs_see_what_foundationdb_shows() {
    assert_eq!(differences("random.jsonl.gz"), known_differences("random.jsonl.gz"));
}
