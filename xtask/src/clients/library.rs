//! The drop-in `libfdb_c.so` of this checkout, and the headers that go with it.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::c_tests::empty_folder;
use crate::step::{Failure, Program};

/// The folder in which cargo has put the library, built like everything that is tested.
pub(crate) fn build() -> Result<PathBuf, Failure> {
    build_with(&[])
}

/// The same, built like what is delivered.
pub(crate) fn build_for_speed() -> Result<PathBuf, Failure> {
    build_with(&["--release"])
}

fn build_with(profile: &[&str]) -> Result<PathBuf, Failure> {
    let messages = Program::cargo()
        .args(["build", "--quiet", "--package", "record-store-fdb-c"])
        .args(profile)
        .args(["--message-format=json-render-diagnostics"])
        .output()?;
    let file = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == "fdb_c")
        .find_map(|message| Some(PathBuf::from(message["filenames"][0].as_str()?)));
    let file = file.ok_or("cargo did not say where it has put libfdb_c")?;
    Ok(file.parent().unwrap_or(Path::new(".")).to_path_buf())
}

/// A folder for `-I`, made in `folder`, in which FoundationDB's headers of version 730 are `foundationdb/…`: they come with the sources
/// of a crate that the project depends on.
pub(crate) fn include(folder: &Path) -> Result<PathBuf, Failure> {
    let text = Program::cargo()
        .args(["metadata", "--format-version=1", "--quiet"])
        .output()?;
    let metadata: Value = serde_json::from_str(&text).map_err(|error| format!("cargo metadata: {error}"))?;
    let packages = metadata["packages"].as_array().cloned().unwrap_or_default();
    let manifest = packages
        .iter()
        .find(|package| package["name"] == "foundationdb-sys")
        .and_then(|package| package["manifest_path"].as_str());
    let manifest = manifest.ok_or("foundationdb-sys, which has FoundationDB's headers, is none of the dependencies")?;
    let headers = Path::new(manifest).with_file_name("include").join("730");
    let include = folder.join("include");
    let copies = empty_folder(&include.join("foundationdb"))?;
    let told = |error: std::io::Error| format!("{}: {error}", headers.display());
    for entry in fs::read_dir(&headers).map_err(told)? {
        let entry = entry.map_err(told)?;
        fs::copy(entry.path(), copies.join(entry.file_name())).map_err(told)?;
    }
    Ok(include)
}

/// What links a C program with the drop-in library in `library`, which it finds again when it runs.
pub(crate) fn link(library: &Path) -> [String; 4] {
    let folder = library.display();
    [
        format!("-L{folder}"),
        format!("-Wl,-rpath,{folder}"),
        "-lfdb_c".to_owned(),
        "-lpthread".to_owned(),
    ]
}
