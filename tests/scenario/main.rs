//! The scenarios of `tests/scenarios`, carried out in Rust; see the README there.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod model;
mod runner;
mod value;

use std::path::Path;

/// Runs every scenario on a database that `url` names for it, and fails with all that went wrong.
fn run_all(url: impl Fn(&str) -> String) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut count = 0;
    let mut failures = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let file = path.file_stem().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let scenario: model::Scenario = toml::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
        if let Err(why) = runner::run(&scenario, &url(&file)) {
            failures.push(format!("{file} ({}): {why}", scenario.name));
        }
        count += 1;
    }
    assert!(count > 0, "there are no scenarios");
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
