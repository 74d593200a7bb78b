//! `cargo xtask tidy`: the house rules that no compiler checks. It reads the sources; it changes nothing.
//!
//! The doors between the rooms are those of ARCHITECTURE.md.

use std::fs;
use std::path::{Path, PathBuf};

use crate::step::Failure;
use crate::workspace;

/// Files that may contain `unsafe`, each block with its reason.
const UNSAFE_FILES: &[&str] = &[
    "core/fdb/src/handle.rs",
    // FoundationDB's client gives rows of mapped ranges as memory, and crate `foundationdb` does not show all of it.
    "core/fdb/src/mapped.rs",
    "core/fdb/src/network.rs",
    "core/fdb/dl/",
    "bindings/c/src/buffer.rs",
    "bindings/fdb_c/src/abi/",
    "tests/clients/rust/",
];

/// Crates and the crates of ours that they may name.
const CRATE_DOORS: &[(&str, &[&str])] = &[
    ("core/kv", &[]),
    ("core/engine", &["record-store-kv"]),
    ("core/fdb", &["record-store-fdb-dl", "record-store-kv"]),
    ("core/fdb/dl", &[]),
    ("core", &["record-store-kv", "record-store-engine", "record-store-fdb"]),
    ("bindings/c", &["record-store"]),
    ("bindings/fdb_c", &["record-store-kv", "record-store-engine"]),
    ("bindings/node", &["record-store"]),
    ("bindings/python", &["record-store"]),
];

/// The rooms of the record layer from the ground up: a room may use those before it (and itself), never those after it.
const ROOMS: &[&[&str]] = &[
    &["error", "proto"],
    &["wire"],
    &["context", "record_version", "split"],
    &["key_expression"],
    &["metadata"],
    &["serialize", "cursor", "record"],
    &["index"],
    &["store"],
    &["indexing", "query"],
    &["keyspace"],
    &["location"],
    &["database"],
];

/// A file longer than this says at its head why it is still one thing.
const LINES_MAX: usize = 600;

/// Checks every rule and reports all that is broken.
pub(crate) fn run() -> Result<(), Failure> {
    let root = workspace::root();
    let mut broken = Vec::new();
    for file in sources(&root, "rs") {
        let text = read(&file)?;
        let name = relative(&root, &file);
        if name.contains("/proto/") && text.contains("@generated") {
            continue;
        }
        check_head(&name, &text, &mut broken);
        check_unsafe(&name, &text, &mut broken);
        check_backends(&name, &text, &mut broken);
        check_rooms(&name, &text, &mut broken);
    }
    for file in sources(&root, "md") {
        let titles = read(&file)?.lines().filter(|line| line.starts_with("# ")).count();
        if titles == 0 {
            broken.push(format!("{}: a page has a title", relative(&root, &file)));
        }
    }
    for (folder, allowed) in CRATE_DOORS {
        check_manifest(&root, folder, allowed, &mut broken)?;
    }
    for rule in &broken {
        println!("{rule}");
    }
    if broken.is_empty() {
        Ok(())
    } else {
        Err(format!("{} house rules are broken", broken.len()))
    }
}

fn check_head(name: &str, text: &str, broken: &mut Vec<String>) {
    if !text.starts_with("//!") {
        broken.push(format!("{name}: a file begins with `//!` and says what it is for"));
    }
    let lines = text.lines().count();
    if lines > LINES_MAX && !text.lines().take(20).any(|line| line.contains("one thing")) {
        broken.push(format!(
            "{name}: {lines} lines; split it, or say at its head why it is still one thing"
        ));
    }
}

fn check_unsafe(name: &str, text: &str, broken: &mut Vec<String>) {
    let allowed = UNSAFE_FILES.iter().any(|file| name.starts_with(file));
    let used = text.lines().any(|line| {
        let code = line.split("//").next().unwrap_or("");
        ["unsafe {", "unsafe fn", "unsafe impl", "unsafe extern"]
            .iter()
            .any(|word| code.contains(word))
    });
    if used && !allowed && !name.starts_with("xtask/") {
        broken.push(format!("{name}: unsafe code has its own files; this is none of them"));
    }
}

fn check_backends(name: &str, text: &str, broken: &mut Vec<String>) {
    let names_backend = text.contains("record_store_engine") || text.contains("record_store_fdb");
    if name.starts_with("core/src/") && name != "core/src/database.rs" && names_backend {
        broken.push(format!("{name}: only core/src/database.rs names a backend"));
    }
}

/// Door 3: inside the record layer, rooms use only rooms below them.
fn check_rooms(name: &str, text: &str, broken: &mut Vec<String>) {
    let Some(inside) = name.strip_prefix("core/src/") else {
        return;
    };
    let room = inside.split(['/', '.']).next().unwrap_or("");
    let Some(level) = level(room) else { return };
    for line in text.lines().map(str::trim_start) {
        if line.starts_with("//") {
            continue;
        }
        for used in line.split("crate::").skip(1) {
            let used = used
                .split(|c: char| !c.is_alphanumeric() && c != '_')
                .next()
                .unwrap_or("");
            if level < self::level(used).unwrap_or(0) {
                broken.push(format!("{name}: uses crate::{used}, a room above it"));
            }
        }
        if line.starts_with("#[cfg(test)]") {
            break;
        }
    }
}

fn level(room: &str) -> Option<usize> {
    ROOMS.iter().position(|level| level.contains(&room))
}

fn check_manifest(root: &Path, folder: &str, allowed: &[&str], broken: &mut Vec<String>) -> Result<(), Failure> {
    let manifest = read(&root.join(folder).join("Cargo.toml"))?;
    let mut section = "";
    for line in manifest.lines() {
        if line.starts_with('[') {
            section = line;
        }
        let name = line.split(['.', ' ', '=']).next().unwrap_or("");
        if section == "[dependencies]" && name.starts_with("record-store") && !allowed.contains(&name) {
            broken.push(format!("{folder}/Cargo.toml: must not depend on {name}"));
        }
    }
    Ok(())
}

fn sources(root: &Path, extension: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = entry.file_name();
            if path.is_dir() {
                let skipped = ["target", ".git", "node_modules", "golden", "__pycache__", ".venv"];
                if !skipped.iter().any(|skip| name == *skip) {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|found| found == extension) {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

fn read(file: &Path) -> Result<String, Failure> {
    fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))
}

fn relative(root: &Path, file: &Path) -> String {
    file.strip_prefix(root).unwrap_or(file).to_string_lossy().into_owned()
}
