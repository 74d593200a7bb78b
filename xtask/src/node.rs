//! The Node.js package in a folder of its own, kept in the cache: what it is tested with, and programs that depend on it.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::step::{Failure, Program};
use crate::{libclang, workspace};

/// How the addon is compiled.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Profile {
    /// Quickly, with all checks.
    Debug,
    /// To be fast.
    Release,
}

/// A folder whose programs see the package of this checkout.
pub(crate) struct Environment {
    folder: PathBuf,
    addon: PathBuf,
}

impl Environment {
    /// Builds the addon, and installs the package with what its tests need.
    pub(crate) fn with_package(profile: Profile) -> Result<Self, Failure> {
        let environment = Environment {
            folder: workspace::cache().join("node"),
            addon: build(profile)?,
        };
        let folder = &environment.folder;
        fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        write(&folder.join("package.json"), r#"{ "private": true }"#)?;
        Program::new("npm")
            .args([
                "install",
                "--no-save",
                "--ignore-scripts",
                "--no-audit",
                "--no-fund",
                "--prefer-offline",
                "--loglevel=error",
            ])
            .args(test_requirements()?)
            .args([workspace::root().join("node")])
            .within(folder)
            .run()
            .map_err(|why| format!("{why}; the project needs Node.js 20 or later with npm"))?;
        Ok(environment)
    }

    /// Node.js in the folder of the package.
    pub(crate) fn program(&self) -> Program {
        Program::new("node")
            .env("RECORD_STORE_ADDON", &self.addon)
            .env("NODE_PATH", self.folder.join("node_modules"))
            .within(&workspace::root().join("node"))
    }

    /// A program of `examples/node`, as one that has the package installed.
    pub(crate) fn example(&self, name: &str) -> Result<Program, Failure> {
        let (from, to) = (
            workspace::root().join("examples/node").join(name),
            self.folder.join(name),
        );
        fs::copy(&from, &to).map_err(|error| format!("{}: {error}", from.display()))?;
        Ok(self.program().args([to]))
    }

    /// The compiler of TypeScript, on the package's own configuration.
    pub(crate) fn check_types(&self) -> Result<(), Failure> {
        let modules = self.folder.join("node_modules");
        self.program()
            .args([modules.join("typescript/bin/tsc")])
            .args(["--project", "tsconfig.json", "--typeRoots"])
            .args([modules.join("@types")])
            .run()
    }
}

/// Compiles the addon and asks cargo where it has put it.
fn build(profile: Profile) -> Result<PathBuf, Failure> {
    let mut arguments = vec!["build", "--quiet", "--package", "record-store-node", "--features=fdb"];
    arguments.push("--message-format=json-render-diagnostics");
    if profile == Profile::Release {
        arguments.push("--release");
    }
    let messages = libclang::cargo()?.args(arguments).output()?;
    let addon = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == "record_store_node")
        .find_map(|message| Some(PathBuf::from(message["filenames"][0].as_str()?)));
    addon.ok_or_else(|| "cargo did not say where it has put the addon of Node.js".to_owned())
}

/// What the package names as needed by its tests, as npm wants to be told.
fn test_requirements() -> Result<Vec<String>, Failure> {
    let path = workspace::root().join("node/package.json");
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let package: Value = serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    let needed = package["devDependencies"].as_object();
    let needed = needed.ok_or_else(|| format!("{}: devDependencies are missing", path.display()))?;
    Ok(needed
        .iter()
        .map(|(name, range)| format!("{name}@{}", range.as_str().unwrap_or("*")))
        .collect())
}

fn write(path: &std::path::Path, text: &str) -> Result<(), Failure> {
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}
