//! The recorded programs as tests: all of them in memory, some of each file in directories.

use super::*;

/// What no program can do through an API whose types have no room for it.
const NOT_APPLICABLE: [&str; 3] = [
    "FoundationDB's own error texts",
    "conflict range types that do not exist",
    "streaming modes that do not exist",
];

/// The programs of a file that come out otherwise than recorded, when each is replayed on a database in memory.
fn differences(file: &str) -> Vec<String> {
    differences_on("memory:", file, 1)
}

/// The same for every `step`-th program, on databases at `url`.
fn differences_on(url: &str, file: &str, step: usize) -> Vec<String> {
    let mut tally = Tally::default();
    let programs = program::load(&folder().join(file)).expect("the recorded programs are in the checkout");
    for program in programs.into_iter().step_by(step) {
        let outcome = replay(&program, url).expect("the database opens");
        tally.add(&program.name, outcome);
    }
    assert!(tally.passed > 0, "{file} holds programs");
    let reasons = tally.not_applicable.keys();
    assert!(
        reasons.clone().all(|reason| NOT_APPLICABLE.contains(&&reason[..])),
        "{:?}",
        tally.not_applicable
    );
    tally.failed
}

fn known_differences(file: &str) -> Vec<String> {
    known::of_file(file).expect("the list is in the checkout")
}

#[test]
fn directed_programs_see_what_foundationdb_shows() {
    assert_eq!(differences("scripted.jsonl.gz"), known_differences("scripted.jsonl.gz"));
}

#[test]
fn random_programs_see_what_foundationdb_shows() {
    assert_eq!(differences("random.jsonl.gz"), known_differences("random.jsonl.gz"));
}

#[test]
fn further_directed_programs_see_what_foundationdb_shows() {
    assert_eq!(
        differences("scripted2.jsonl.gz"),
        known_differences("scripted2.jsonl.gz")
    );
}

#[test]
fn further_random_programs_see_what_foundationdb_shows() {
    assert_eq!(differences("random2.jsonl.gz"), known_differences("random2.jsonl.gz"));
}

#[test]
fn older_versions_of_the_api_show_what_they_showed() {
    for version in [510, 520, 610, 630, 710, 720] {
        let file = format!("api-{version}.jsonl.gz");
        assert_eq!(differences(&file), known_differences(&file), "{file}");
    }
}

#[test]
fn a_database_in_a_directory_shows_what_one_in_memory_shows() {
    let parent = tempfile::tempdir().expect("a temporary directory can be made");
    let url = parent.path().to_str().expect("its name is text");
    for file in all_files().expect("the recorded programs are in the checkout") {
        let file = file
            .file_name()
            .and_then(|name| name.to_str())
            .expect("a name")
            .to_owned();
        let known = known_differences(&file);
        let found = differences_on(url, &file, 12);
        assert!(found.iter().all(|name| known.contains(name)), "{file}: {found:?}");
    }
}
