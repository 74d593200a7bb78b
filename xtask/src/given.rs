//! The tests on FoundationDB's backend: everything above the seam runs on `fdb:`, through FoundationDB's C API.
//!
//! No machine of ours has a cluster, so the client library is the drop-in over the embedded engine. With a cluster at hand,
//! `RECORD_STORE_TEST_URL=fdb:…` makes the same tests run on it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::c::{self, Profile};
use crate::clients::library;
use crate::step::Failure;
use crate::{c_scenarios, c_tests, libclang, node, python, workspace};

/// What the tests read the URL from.
const URL: &str = "RECORD_STORE_TEST_URL";

/// Runs the record layer's own tests and the scenarios in every language.
pub(crate) fn run() -> Result<(), Failure> {
    let folder = workspace::cache().join("given");
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    if let Some(given) = std::env::var(URL).ok().filter(|given| !given.is_empty()) {
        return on(&folder, &given, &given);
    }
    let library = library::build()?.join("libfdb_c.so");
    let url = |file: &Path| format!("fdb:{}?library={}", file.display(), library.display());
    let memory = cluster_file(&folder, "memory", "memory:tests")?;
    let data = folder.join("data");
    let directory = cluster_file(&folder, "directory", &format!("embedded:{}", data.display()))?;
    on(&folder, &url(&memory), &url(&directory))?;
    // These have a database for themselves, and so none that is given.
    let traces = url(&cluster_file(&folder, "traces", "memory:traces")?);
    replay(&["--every=8", "--database", &traces])?;
    for version in [510, 520, 610, 630, 710, 720] {
        let file = format!("tests/traces/api-{version}.jsonl.gz");
        replay(&["--database", &format!("{traces}&api_version={version}"), &file])?;
    }
    Ok(())
}

/// Recorded programs, in real time.
fn replay(arguments: &[&str]) -> Result<(), Failure> {
    libclang::cargo()?
        .args(["run", "--quiet", "--package=xtask", "--features=record-store/fdb", "--"])
        .args(["traces"])
        .args(arguments)
        .run()
}

/// The tests of packages, which open very many databases, on the one; C's test programs and scenarios on the other.
fn on(folder: &Path, many: &str, few: &str) -> Result<(), Failure> {
    for tests in [
        &["--package=record-store", "--tests"][..],
        &[
            "--package=record-store-tests",
            "--test=scenario",
            "--test=queries",
            "--test=seam",
        ],
    ] {
        libclang::cargo()?
            .args(["test", "--quiet", "--features=record-store/fdb"])
            .args(tests)
            .env(URL, many)
            .run()?;
    }
    let python = python::Environment::with_package()?;
    let tests = ["-m", "pytest", "--quiet", "python/tests", "-k", "given"];
    python.program().args(tests).env(URL, many).run()?;
    let node = node::Environment::with_package(node::Profile::Debug)?;
    let tests = [
        "--test",
        "--test-concurrency=1",
        "--test-name-pattern=the given database",
    ];
    node.program().args(tests).env(URL, many).run()?;
    let library = c::install(&folder.join("prefix"), Profile::Debug)?;
    c_tests::run_on(&library, folder, few)?;
    c_scenarios::run(&library, folder, Some(few))
}

fn cluster_file(folder: &Path, name: &str, text: &str) -> Result<PathBuf, Failure> {
    let file = folder.join(name).with_extension("cluster");
    fs::write(&file, text).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(file)
}
