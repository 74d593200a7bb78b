//! The scenarios of `tests/scenarios`, carried out in Rust; see the README there.

mod judge;
mod runner;

use record_store_tests::scenario;

/// Runs every scenario on a database that `url` names for it, and fails with all that went wrong.
fn run_all(url: impl Fn(&str) -> String) {
    let mut failures = Vec::new();
    for named in scenario::all().unwrap_or_else(|why| panic!("{why}")) {
        if let Err(why) = runner::run(&named.scenario, &url(&named.file)) {
            failures.push(format!("{} ({}): {why}", named.file, named.scenario.name));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn scenarios_hold_in_memory() {
    run_all(|_| "memory:".to_owned());
}

#[test]
fn scenarios_hold_in_a_directory() {
    let folder = tempfile::tempdir().unwrap();
    run_all(|file| folder.path().join(file).to_str().unwrap().to_owned());
}
