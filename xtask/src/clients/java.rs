//! FoundationDB's client for Java and Apple's Record Layer, from Maven.

use std::fs;
use std::path::{Path, PathBuf};

use crate::c_tests::empty_folder;
use crate::step::{Failure, Program};
use crate::workspace;

/// Copies a project's dependencies into a folder; by its full name, because what `dependency:` means depends on the machine.
const COPY_DEPENDENCIES: &str = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies";

/// What the client of FoundationDB sees.
pub(crate) fn fdb_client(library: &Path) -> Result<(), Failure> {
    run("FdbClient", library)
}

/// What the Record Layer sees.
pub(crate) fn record_layer(library: &Path) -> Result<(), Failure> {
    run("RecordLayer", library)
}

fn run(class: &'static str, library: &Path) -> Result<(), Failure> {
    Compiled::new(class)?.program(library).run()
}

/// A program of `tests/clients/java`, and what it needs.
pub(crate) struct Compiled {
    class: &'static str,
    class_path: String,
}

impl Compiled {
    /// Compiles the program.
    pub(crate) fn new(class: &'static str) -> Result<Self, Failure> {
        let folder = workspace::cache().join("fdb-java");
        let jars = jars(&folder)?;
        let classes = empty_folder(&folder.join("classes").join(class))?;
        let sources = workspace::root().join("tests/clients/java/src");
        let class_path = |first: &Path| format!("{}:{}/*", first.display(), jars.display());
        Program::new("javac")
            .args([
                "-nowarn",
                "-Xlint:none",
                "--class-path",
                &class_path(&sources),
                "--source-path",
            ])
            .args([&sources])
            .args(["-d".into(), classes.clone(), sources.join(format!("{class}.java"))])
            .run()
            .map_err(|why| format!("{why}; the Java clients need a JDK 17"))?;
        Ok(Compiled {
            class,
            class_path: class_path(&classes),
        })
    }

    /// The program on the library in a folder, ready to be given arguments.
    pub(crate) fn program(&self, library: &Path) -> Program {
        Program::new("java")
            .args([
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
                "--class-path",
                &self.class_path,
                self.class,
            ])
            .env("LD_LIBRARY_PATH", library)
    }
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
