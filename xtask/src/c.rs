//! The C library, as programs find it: installed below a prefix with its headers, for pkg-config and for CMake.

use std::fs;
use std::path::{Path, PathBuf};

use crate::step::{Failure, Program};
use crate::{libclang, workspace};

/// The release, and what programs that were linked with an earlier one look for. The latter is in bindings/c/build.rs too.
const VERSION: &str = env!("CARGO_PKG_VERSION");
const SONAME: &str = "librecord_store.so.0";

/// What nothing of ours may be warned of.
pub(crate) const STRICT: [&str; 4] = ["-Wall", "-Wextra", "-pedantic", "-Werror"];

/// How the library is compiled.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Profile {
    /// Quickly, with all checks.
    Debug,
    /// To be fast.
    Release,
}

/// An installed library.
pub(crate) struct Installed {
    prefix: PathBuf,
}

/// Builds the library and installs it below `prefix`.
pub(crate) fn install(prefix: &Path, profile: Profile) -> Result<Installed, Failure> {
    let built = build(profile)?;
    let (include, lib) = (prefix.join("include"), prefix.join("lib"));
    copy_headers(&workspace::root().join("include"), &include)?;
    let shared = format!("librecord_store.so.{VERSION}");
    copy(&built.shared, &lib.join(&shared))?;
    archive(&built.archive, &lib.join("librecord_store.a"))?;
    link(&shared, &lib.join(SONAME))?;
    link(SONAME, &lib.join("librecord_store.so"))?;
    write(&lib.join("pkgconfig/record_store.pc"), &pkg_config(prefix))?;
    let cmake = lib.join("cmake/RecordStore");
    write(&cmake.join("RecordStoreConfig.cmake"), CMAKE_CONFIG)?;
    write(&cmake.join("RecordStoreConfigVersion.cmake"), &cmake_version())?;
    Ok(Installed {
        prefix: prefix.to_path_buf(),
    })
}

impl Installed {
    pub(crate) fn include(&self) -> PathBuf {
        self.prefix.join("include")
    }

    /// Compiles a program of C or C++ against it; the sources are named from the root of the checkout.
    pub(crate) fn compile(&self, sources: &[&str], program: &Path, options: &[&str]) -> Result<(), Failure> {
        let is_cpp = sources.iter().any(|source| source.ends_with(".cpp"));
        let (compiler, standard) = if is_cpp {
            ("g++", "-std=c++17")
        } else {
            ("gcc", "-std=c11")
        };
        let lib = self.prefix.join("lib");
        Program::new(compiler)
            .args([standard])
            .args(STRICT)
            .args(options)
            .args([format!("-I{}", self.include().display())])
            .args(sources)
            .args(["-o".as_ref(), program.as_os_str()])
            .args([format!("-L{}", lib.display()), format!("-Wl,-rpath,{}", lib.display())])
            .args(["-lrecord_store"])
            .run()
            .map_err(|why| format!("{}: {why}; C programs need gcc and g++", program.display()))
    }
}

/// The static library with our own symbols alone: a program may link FoundationDB's client beside it, or other libraries of Rust's,
/// whose symbols have the same names.
fn archive(from: &Path, to: &Path) -> Result<(), Failure> {
    let object = to.with_extension("o");
    let told = |why| format!("{why}; installing the static library needs binutils");
    Program::new("ld")
        .args(["-r", "--whole-archive"])
        .args([from])
        .args(["-o".as_ref(), object.as_os_str()])
        .run()
        .map_err(told)?;
    Program::new("objcopy")
        // What the compiler of Rust's own library left for optimisers at link time is of no use, and confuses them.
        .args([
            "--wildcard",
            "--keep-global-symbol=rs_*",
            "--remove-section=.llvmbc",
            "--remove-section=.llvmcmd",
        ])
        .args([&object])
        .run()
        .map_err(told)?;
    remove(to)?;
    Program::new("ar")
        .args(["rcs"])
        .args([to, &object])
        .run()
        .map_err(told)?;
    remove(&object)
}

fn remove(file: &Path) -> Result<(), Failure> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(format!("{}: {error}", file.display())),
        _ => Ok(()),
    }
}

struct Built {
    shared: PathBuf,
    archive: PathBuf,
}

/// Compiles the library and asks cargo where it has put it.
fn build(profile: Profile) -> Result<Built, Failure> {
    let mut arguments = vec!["build", "--quiet", "--package", "record-store-c", "--features=fdb"];
    arguments.push("--message-format=json-render-diagnostics");
    if profile == Profile::Release {
        arguments.push("--release");
    }
    let messages = libclang::cargo()?.args(arguments).output()?;
    let files: Vec<PathBuf> = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|message| message["target"]["name"] == "record_store_c")
        .flat_map(|message| message["filenames"].as_array().cloned().unwrap_or_default())
        .filter_map(|file| file.as_str().map(PathBuf::from))
        .collect();
    let with = |extension: &str| {
        let found = files
            .iter()
            .find(|file| file.extension().is_some_and(|found| found == extension));
        found
            .cloned()
            .ok_or_else(|| format!("cargo has built no .{extension} of record-store-c"))
    };
    Ok(Built {
        shared: with("so").map_err(|why| format!("{why}; installing is known for Linux alone"))?,
        archive: with("a")?,
    })
}

fn pkg_config(prefix: &Path) -> String {
    format!(
        "\
prefix={}
libdir=${{prefix}}/lib
includedir=${{prefix}}/include

Name: record_store
Description: Records of protobuf messages in FoundationDB, or in a database of the program's own
Version: {VERSION}
Libs: -L${{libdir}} -lrecord_store
Libs.private: -lgcc_s -lutil -lrt -lpthread -lm -ldl -lc
Cflags: -I${{includedir}}
",
        prefix.display()
    )
}

/// `find_package(RecordStore)` gives `RecordStore::record_store`, and `RecordStore::record_store_static`.
const CMAKE_CONFIG: &str = r#"get_filename_component(_record_store_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)

if(NOT TARGET RecordStore::record_store)
  add_library(RecordStore::record_store SHARED IMPORTED)
  set_target_properties(RecordStore::record_store PROPERTIES
    IMPORTED_LOCATION "${_record_store_prefix}/lib/librecord_store.so"
    IMPORTED_SONAME "librecord_store.so.0"
    INTERFACE_INCLUDE_DIRECTORIES "${_record_store_prefix}/include")

  add_library(RecordStore::record_store_static STATIC IMPORTED)
  set_target_properties(RecordStore::record_store_static PROPERTIES
    IMPORTED_LOCATION "${_record_store_prefix}/lib/librecord_store.a"
    INTERFACE_LINK_LIBRARIES "gcc_s;util;rt;pthread;m;dl;c"
    INTERFACE_INCLUDE_DIRECTORIES "${_record_store_prefix}/include")
endif()

unset(_record_store_prefix)
"#;

/// Releases of one first number go together; before 1.0 of the first two.
fn cmake_version() -> String {
    let same = VERSION.rsplit_once('.').map_or(VERSION, |(same, _)| same);
    format!(
        r#"set(PACKAGE_VERSION "{VERSION}")
if(PACKAGE_VERSION VERSION_LESS PACKAGE_FIND_VERSION)
  set(PACKAGE_VERSION_COMPATIBLE FALSE)
elseif("${{PACKAGE_FIND_VERSION_MAJOR}}.${{PACKAGE_FIND_VERSION_MINOR}}" VERSION_EQUAL "{same}")
  set(PACKAGE_VERSION_COMPATIBLE TRUE)
  if(PACKAGE_VERSION VERSION_EQUAL PACKAGE_FIND_VERSION)
    set(PACKAGE_VERSION_EXACT TRUE)
  endif()
else()
  set(PACKAGE_VERSION_COMPATIBLE FALSE)
endif()
"#
    )
}

/// Copies a folder of headers, with those below it.
fn copy_headers(from: &Path, to: &Path) -> Result<(), Failure> {
    let told = |error: std::io::Error| format!("{}: {error}", from.display());
    for entry in fs::read_dir(from).map_err(told)? {
        let entry = entry.map_err(told)?;
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_headers(&entry.path(), &target)?;
        } else {
            copy(&entry.path(), &target)?;
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    make_folder_of(to)?;
    // A program that is running may have the old file mapped: it keeps it, and the new one is another.
    if to.exists() {
        fs::remove_file(to).map_err(|error| format!("{}: {error}", to.display()))?;
    }
    fs::copy(from, to).map_err(|error| format!("{} to {}: {error}", from.display(), to.display()))?;
    Ok(())
}

fn write(file: &Path, text: &str) -> Result<(), Failure> {
    make_folder_of(file)?;
    fs::write(file, text).map_err(|error| format!("{}: {error}", file.display()))
}

fn link(target: &str, link: &Path) -> Result<(), Failure> {
    if link.symlink_metadata().is_ok() {
        fs::remove_file(link).map_err(|error| format!("{}: {error}", link.display()))?;
    }
    #[cfg(unix)]
    std::os::unix::fs::symlink(target, link).map_err(|error| format!("{}: {error}", link.display()))?;
    #[cfg(not(unix))]
    let _ = target;
    Ok(())
}

fn make_folder_of(file: &Path) -> Result<(), Failure> {
    let folder = file.parent().unwrap_or(file);
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))
}
