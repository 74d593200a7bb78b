//! What the fuzzers found worth keeping, run through the same functions as in the fuzzers.

use std::fs;
use std::path::{Path, PathBuf};

use record_store_tests::fuzz;

#[test]
fn every_target_has_a_corpus_and_a_program() {
    let targets: Vec<&str> = fuzz::TARGETS.iter().map(|target| target.name).collect();
    assert_eq!(names(&folder("corpus")), targets);
    assert_eq!(names(&folder("fuzz_targets")), targets);
}

#[test]
fn the_kept_inputs_pass() {
    for target in fuzz::TARGETS {
        let inputs = entries(&folder("corpus").join(target.name));
        assert!(!inputs.is_empty(), "the corpus of {} is empty", target.name);
        for input in inputs {
            // Shown when the target panics: which input did it.
            println!("{}", input.display());
            (target.run)(&fs::read(input).unwrap());
        }
    }
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz").join(name)
}

fn names(folder: &Path) -> Vec<String> {
    let stem = |path: &PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
    entries(folder).iter().map(stem).collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}
