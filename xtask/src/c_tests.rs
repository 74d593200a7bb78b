//! The tests of the C library: its headers in every dialect, the scenarios, its test programs and the examples, with gcc's sanitizers and,
//! where it is installed, under valgrind.

use std::fs;
use std::path::{Path, PathBuf};

use record_store_tests::given::URL;

use crate::c::{self, Installed, Profile, STRICT};
use crate::c_scenarios;
use crate::step::{Failure, Program};
use crate::workspace;

/// What finds reads and writes of memory that is not there, leaks and undefined behaviour.
pub(crate) const SANITIZED: [&str; 4] = ["-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"];

/// For valgrind, which sees by itself.
const PLAIN: [&str; 2] = ["-g", "-O1"];

/// What makes valgrind fail: every error, and memory to which nothing leads any more.
const VALGRIND: [&str; 6] = [
    "--quiet",
    "--child-silent-after-fork=yes",
    "--error-exitcode=1",
    "--leak-check=full",
    "--show-leak-kinds=definite",
    "--errors-for-leak-kinds=definite",
];

/// A program: its sources by the root of the checkout, and whether it takes an empty folder.
struct Test {
    name: &'static str,
    sources: &'static [&'static str],
    takes_folder: bool,
}

const TESTS: [Test; 4] = [
    Test {
        name: "c-tests",
        sources: &[
            "bindings/c/tests/main.c",
            "bindings/c/tests/records.c",
            "bindings/c/tests/keys.c",
            "bindings/c/tests/schemas.c",
            "bindings/c/tests/scans.c",
            "bindings/c/tests/indexes.c",
            "bindings/c/tests/queries.c",
            "bindings/c/tests/filters.c",
            "bindings/c/tests/states.c",
            "bindings/c/tests/transactions.c",
            "bindings/c/tests/handles.c",
            "bindings/c/tests/arguments.c",
            "bindings/c/tests/processes.c",
        ],
        takes_folder: true,
    },
    Test {
        name: "cpp-tests",
        sources: &["bindings/c/tests/main.cpp"],
        takes_folder: false,
    },
    Test {
        name: "c-quickstart",
        sources: &["examples/c/quickstart.c"],
        takes_folder: false,
    },
    Test {
        name: "cpp-quickstart",
        sources: &["examples/cpp/quickstart.cpp"],
        takes_folder: false,
    },
];

/// Runs all of it.
pub(crate) fn run() -> Result<(), Failure> {
    let folder = workspace::cache().join("c");
    let library = c::install(&folder.join("prefix"), Profile::Debug)?;
    check_headers(&library)?;
    check_symbols(&folder.join("prefix"))?;
    let bin = folder.join("bin");
    fs::create_dir_all(&bin).map_err(|error| format!("{}: {error}", bin.display()))?;
    c_scenarios::run(&library, &bin, None)?;
    for test in TESTS {
        test.run(&library, &bin, "sanitized", &SANITIZED, Place::Own)?;
    }
    // It goes on with a database that `cargo xtask demo` makes, which runs it.
    library.compile(&["examples/c/cities.c"], &bin.join("c-cities"), &SANITIZED)?;
    if is_installed("valgrind") {
        for test in TESTS {
            test.run(&library, &bin, "plain", &PLAIN, Place::Valgrind)?;
        }
    } else {
        println!("valgrind is not installed: the programs have run with gcc's sanitizers alone");
    }
    if is_installed("cmake") {
        build_with_cmake(&folder)?;
    } else {
        println!("cmake is not installed: its package was not tried");
    }
    Ok(())
}

/// Runs the test programs on the database that is given.
pub(crate) fn run_on(library: &Installed, folder: &Path, url: &str) -> Result<(), Failure> {
    for test in TESTS.iter().filter(|test| test.name.ends_with("-tests")) {
        test.run(library, folder, "given", &SANITIZED, Place::Given(url))?;
    }
    Ok(())
}

/// Where a test program runs.
#[derive(Clone, Copy)]
enum Place<'a> {
    /// On databases of its own.
    Own,
    /// The same, under valgrind.
    Valgrind,
    /// On the database of a URL.
    Given(&'a str),
}

/// Compiles an example as other people's projects do.
fn build_with_cmake(folder: &Path) -> Result<(), Failure> {
    let build = folder.join("cmake");
    // What cmake noted down there belongs to one checkout, and the cache serves all.
    if build.exists() {
        fs::remove_dir_all(&build).map_err(|error| format!("{}: {error}", build.display()))?;
    }
    Program::new("cmake")
        .args(["-Wno-dev", "-S", "examples/cpp", "-B"])
        .args([&build])
        .args([format!("-DCMAKE_PREFIX_PATH={}", folder.join("prefix").display())])
        .output()?;
    Program::new("cmake").args(["--build"]).args([&build]).output()?;
    Program::new(build.join("quickstart")).output()?;
    Program::new(build.join("quickstart_static")).output()?;
    Ok(())
}

/// A program may link FoundationDB's client beside the static library, so that has no symbols but our own.
fn check_symbols(prefix: &Path) -> Result<(), Failure> {
    let archive = prefix.join("lib/librecord_store.a");
    let symbols = Program::new("nm")
        .args(["-g", "--defined-only"])
        .args([&archive])
        .output()?;
    let names = symbols.lines().filter_map(|line| line.split_whitespace().nth(2));
    let (ours, foreign): (Vec<_>, Vec<_>) = names.partition(|name| name.starts_with("rs_"));
    match foreign.first() {
        Some(name) => Err(format!("{}: has the symbol {name}", archive.display())),
        None if ours.is_empty() => Err(format!("{}: has no symbols", archive.display())),
        None => Ok(()),
    }
}

/// The headers by themselves, in each dialect that they are for.
fn check_headers(library: &Installed) -> Result<(), Failure> {
    let include = library.include();
    for (compiler, standard, language, header) in [
        ("gcc", "-std=c99", "c", "record_store.h"),
        ("gcc", "-std=c11", "c", "record_store.h"),
        ("g++", "-std=c++17", "c++", "record_store.h"),
        ("g++", "-std=c++17", "c++", "record_store.hpp"),
        ("g++", "-std=c++20", "c++", "record_store.hpp"),
    ] {
        Program::new(compiler)
            .args([standard, "-fsyntax-only", "-x", language])
            .args(STRICT)
            // Twice, as it happens through other headers.
            .args(["-include".into(), include.join(header), include.join(header)])
            .run()
            .map_err(|why| format!("{header} with {standard}: {why}"))?;
    }
    Ok(())
}

impl Test {
    /// Compiles the program and runs it.
    fn run(
        &self,
        library: &Installed,
        bin: &Path,
        how: &str,
        options: &[&str],
        place: Place<'_>,
    ) -> Result<(), Failure> {
        let program = bin.join(format!("{}-{how}", self.name));
        library.compile(self.sources, &program, options)?;
        let mut running = match place {
            Place::Own => Program::new(&program),
            Place::Valgrind => Program::new("valgrind").args(VALGRIND).args([&program]),
            Place::Given(url) => Program::new(&program).env(URL, url),
        };
        if self.takes_folder {
            running = running.args([empty_folder(&bin.join("scratch"))?]);
        }
        // What an example prints is of no interest here.
        let printed = running
            .output()
            .map_err(|why| format!("{} ({how}): {why}", self.name))?;
        if self.takes_folder {
            print!("{printed}");
        }
        println!("{} ({how}): ok", self.name);
        Ok(())
    }
}

/// The folder, with nothing in it.
pub(crate) fn empty_folder(folder: &Path) -> Result<PathBuf, Failure> {
    let told = |error: std::io::Error| format!("{}: {error}", folder.display());
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(told)?;
    }
    fs::create_dir_all(folder).map_err(told)?;
    Ok(folder.to_path_buf())
}

fn is_installed(program: &str) -> bool {
    Program::new(program).args(["--version"]).output().is_ok()
}
