//! FoundationDB's client for Java and Apple's Record Layer, from Maven.

use std::fs;
use std::path::{Path, PathBuf};

use crate::c_tests::empty_folder;
use crate::step::{Failure, Program};
use crate::workspace;

/// Copies a project's dependencies into a folder; by its full name, because what `dependency:` means depends on the machine.
const COPY_DEPENDENCIES: &str = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies";

/// Lets the Record Layer log errors only.
pub(crate) const QUIET: &str = "-Dorg.slf4j.simpleLogger.defaultLogLevel=error";

/// What the client of FoundationDB sees.
pub(crate) fn fdb_client(library: &Path) -> Result<(), Failure> {
    run("FdbClient", library)
}

/// What the Record Layer sees.
pub(crate) fn record_layer(library: &Path) -> Result<(), Failure> {
    run("RecordLayer", library)
}

/// Compiles the programs of `tests/clients/java` and runs one.
fn run(class: &str, library: &Path) -> Result<(), Failure> {
    let class_path = compile(&workspace::root().join("tests/clients/java/src"), class)?;
    Program::new("java")
        .args([QUIET, "--class-path", &class_path, class])
        .env("LD_LIBRARY_PATH", library)
        .run()
}

/// Compiles a class in a folder of sources, and those that it needs; returns the class path to run it with.
pub(crate) fn compile(sources: &Path, class: &str) -> Result<String, Failure> {
    let folder = workspace::cache().join("fdb-java");
    let jars = jars(&folder)?;
    let classes = empty_folder(&folder.join("classes").join(class))?;
    let class_path = |first: &Path| format!("{}:{}/*", first.display(), jars.display());
    Program::new("javac")
        .args([
            "-nowarn",
            "-Xlint:none",
            "--class-path",
            &class_path(sources),
            "--source-path",
        ])
        .args([sources])
        .args(["-d".into(), classes.clone(), sources.join(format!("{class}.java"))])
        .run()
        .map_err(|why| format!("{why}; the Java programs need a JDK 17"))?;
    Ok(class_path(&classes))
}

/// The jars that `pom.xml` names, and what they need; fetched again only when it has changed.
fn jars(folder: &Path) -> Result<PathBuf, Failure> {
    let told = |error: std::io::Error| format!("{}: {error}", folder.display());
    let (jars, fetched) = (folder.join("jars"), folder.join("pom.xml"));
    let project = workspace::root().join("tests/clients/java/pom.xml");
    let wanted = fs::read(&project).map_err(told)?;
    if fs::read(&fetched).is_ok_and(|before| before == wanted) {
        return Ok(jars);
    }
    empty_folder(&jars)?;
    Program::new("mvn")
        .args(["--quiet", "--batch-mode", "--file"])
        .args([&project])
        .args([COPY_DEPENDENCIES, &format!("-DoutputDirectory={}", jars.display())])
        .run()
        .map_err(|why| format!("{why}; the Java clients need Maven"))?;
    fs::write(&fetched, wanted).map_err(told)?;
    Ok(jars)
}
