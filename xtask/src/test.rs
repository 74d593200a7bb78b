//! `cargo xtask test`: everything that must hold before a change lands, from the format of the code to the Python and
//! Node.js packages and the C library.

use crate::step::{Failure, Program, Steps};
use crate::{bindingtester, c_tests, clients, conformance, r#gen, given, libclang, node, python, relay, tidy, traces};

/// With everything that is left out of a build by default.
const FEATURES: &str = "--features=record-store/fdb";

/// Runs all steps, or those of these names, and prints a summary.
pub(crate) fn run(only: Vec<String>) -> Result<(), Failure> {
    let mut steps = Steps::of(only);
    steps.step("format", || Program::cargo().args(["fmt", "--all", "--check"]).run());
    steps.step("tidy", tidy::run);
    steps.step("generated files", || r#gen::run(true));
    steps.step("lint", || {
        libclang::cargo()?
            .args(["clippy", "--quiet", "--workspace", "--all-targets", FEATURES])
            .args(["--", "--deny", "warnings"])
            .run()
    });
    steps.step("Rust tests", || {
        libclang::cargo()?
            .args(["test", "--quiet", "--workspace", FEATURES])
            .run()
    });
    steps.step("documentation", || {
        libclang::cargo()?
            .args(["doc", "--quiet", "--workspace", "--no-deps", FEATURES])
            .env("RUSTDOCFLAGS", "-D warnings")
            .run()
    });
    steps.step("Python tests", python_tests);
    steps.step("Node tests", node_tests);
    steps.step("C tests", c_tests::run);
    steps.step("pages across languages", relay::test);
    steps.step("FoundationDB's clients", || {
        clients::run(Vec::new(), clients::Options::default())
    });
    steps.step("spaces shared with Java", || {
        conformance::run(&conformance::Arguments::default())
    });
    steps.step("recorded programs", traces::test_client);
    steps.step("binding tester", bindingtester::test);
    steps.step("FoundationDB backend", given::run);
    steps.finish()
}

fn python_tests() -> Result<(), Failure> {
    let environment = python::Environment::with_package()?;
    environment
        .program()
        .args(["-m", "pytest", "--quiet", "python/tests"])
        .run()?;
    // The hand-written stubs must say what the binary has.
    environment
        .program()
        .args(["-m", "mypy.stubtest", "record_store"])
        .run()?;
    environment
        .program()
        .args(["-m", "mypy", "--strict", "python/tests", "examples/python"])
        .run()?;
    environment.program().args(["examples/python/quickstart.py"]).run()
}

fn node_tests() -> Result<(), Failure> {
    let environment = node::Environment::with_package(node::Profile::Debug)?;
    environment.program().args(["--test", "--test-reporter=spec"]).run()?;
    environment.check_types()?;
    environment.example("quickstart.mjs")?.run()
}
