//! The engine behind FoundationDB's C API against the engine called directly: the same calls by a C program and by one in Rust, one
//! after the other and several times over, in memory and in a directory. Kept in docs/benchmarks-c-api.md.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use crate::c_tests::empty_folder;
use crate::clients::library;
use crate::step::{Failure, Program};
use crate::workspace;

/// How often each program runs.
const RUNS: u32 = 5;

const HEAD: &str = "\
# Benchmarks of the C API

`cargo xtask bench c-api` makes this page: the [drop-in libfdb_c](../bindings/fdb_c/README.md), called by a C program, and the engine under it, called by one in Rust, with the same calls (`benches/c_api`).
The two take turns, five runs each; a figure is the best round of all, the one that nothing disturbed. Every call has a transaction of its own. Rows have keys of 8 bytes and values of 32; a commit writes one of a thousand keys. In a directory it is on disk (fsync) before it counts.

The goals: a get takes at most 2 µs more than from the engine, a range of 1,000 rows at most 1.5 times as long.

";

/// Measures, and rewrites the page.
pub(super) fn run() -> Result<(), Failure> {
    let folder = empty_folder(&workspace::cache().join("bench-c-api"))?;
    let library = library::build_for_speed()?;
    let client = compile(&folder, &library)?;
    let engine = library.join("record-store-c-api-compare");
    Program::cargo()
        .args([
            "build",
            "--quiet",
            "--release",
            "--package",
            "record-store-c-api-compare",
        ])
        .run()?;
    let mut page = HEAD.to_owned();
    for (title, name, commits) in [("In memory", "memory:", "1000"), ("In a directory", "data", "20")] {
        let (mut through_c, mut direct) = (Figures::new(), Figures::new());
        for _ in 0..RUNS {
            let (of_client, of_engine) = match name {
                "memory:" => (name.to_owned(), name.to_owned()),
                data => {
                    let fresh = |of: &str| empty_folder(&folder.join(data).join(of));
                    let (client, engine) = (fresh("client")?, fresh("engine")?);
                    (format!("embedded:{}", client.display()), engine.display().to_string())
                }
            };
            best(
                &mut through_c,
                &Program::new(&client).args([&of_client, commits]).output()?,
            )?;
            best(
                &mut direct,
                &Program::new(&engine).args([&of_engine, commits]).output()?,
            )?;
        }
        table(&mut page, title, &through_c, &direct);
    }
    let file = workspace::root().join("docs/benchmarks-c-api.md");
    fs::write(&file, &page).map_err(|error| format!("{}: {error}", file.display()))?;
    println!("{page}");
    Ok(())
}

/// Nanoseconds, by what took them.
type Figures = BTreeMap<String, f64>;

/// Takes the figures of a run that are better than those of the runs before.
fn best(figures: &mut Figures, printed: &str) -> Result<(), Failure> {
    for line in printed.lines() {
        let figure = line
            .split_once(' ')
            .and_then(|(what, time)| Some((what, time.parse::<f64>().ok()?)));
        let (what, time) = figure.ok_or_else(|| format!("{line:?} is no figure"))?;
        let best = figures.entry(what.to_owned()).or_insert(f64::INFINITY);
        *best = best.min(time);
    }
    Ok(())
}

fn table(page: &mut String, title: &str, through_c: &Figures, direct: &Figures) {
    let mut row = |cells: [&str; 5]| writeln!(page, "| {} |", cells.join(" | ")).expect("a string takes every text");
    row(["", "C API", "engine", "more", "times as long"]);
    row(["---", "--:", "--:", "--:", "--:"]);
    for (what, name) in [
        ("get", "one get"),
        ("commit", "one commit"),
        ("range", "a range of 1,000 rows"),
    ] {
        let of = |figures: &Figures| figures.get(what).copied().unwrap_or(f64::NAN);
        let (c, engine) = (of(through_c), of(direct));
        row([
            &format!("{title}: {name}"),
            &microseconds(c),
            &microseconds(engine),
            &microseconds(c - engine),
            &format!("{:.2}", c / engine),
        ]);
    }
    page.push('\n');
}

fn microseconds(nanoseconds: f64) -> String {
    format!("{:.2} µs", nanoseconds / 1e3)
}

fn compile(folder: &Path, library: &Path) -> Result<PathBuf, Failure> {
    let include = library::include(folder)?;
    let program = folder.join("client");
    Program::new("gcc")
        .args(["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror"])
        .args([&format!("-I{}", include.display()), "benches/c_api/client.c", "-o"])
        .args([&program])
        .args(library::link(library))
        .run()?;
    Ok(program)
}
