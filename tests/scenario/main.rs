//! The scenarios of `tests/scenarios`, carried out in Rust; see the README there.

mod judge;
mod runner;

use record_store::DatabaseOptions;
use record_store_tests::{given, scenario};

/// Runs every scenario on a database that `place` names for it, and fails with all that went wrong.
fn run_all(place: impl Fn(&str) -> (String, DatabaseOptions)) {
    let mut failures = Vec::new();
    for named in scenario::all().unwrap_or_else(|why| panic!("{why}")) {
        let (url, options) = place(&named.file);
        if let Err(why) = runner::run(&named.scenario, &url, &options) {
            failures.push(format!("{} ({}): {why}", named.file, named.scenario.name));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn scenarios_hold_in_memory() {
    run_all(|_| ("memory:".to_owned(), DatabaseOptions::default()));
}

#[test]
fn scenarios_hold_in_a_directory() {
    let folder = tempfile::tempdir().unwrap();
    run_all(|file| {
        (
            folder.path().join(file).to_str().unwrap().to_owned(),
            DatabaseOptions::default(),
        )
    });
}

/// On the database that [`given::URL`] names, below a root that is removed afterwards; without one there is nothing to do.
#[test]
fn scenarios_hold_on_the_database_that_is_given() {
    if let Some(given) = given::database() {
        run_all(|file| (given.url().to_owned(), given.options_below(file)));
    }
}
