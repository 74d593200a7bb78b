//! The scenarios of `tests/scenarios` as Rust programs use them: the runner in `tests/scenario`, and the generator of the C runner.

pub mod model;
pub mod schema;
pub mod value;

use std::path::Path;

use model::Scenario;

/// A scenario and the name of its file, without the extension.
pub struct Named {
    /// The name of the file.
    pub file: String,
    /// What it says.
    pub scenario: Scenario,
}

/// All scenarios in the order of their files; an error names the file that is none.
pub fn all() -> Result<Vec<Named>, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let told = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut scenarios = Vec::new();
    for entry in std::fs::read_dir(&folder).map_err(told)? {
        let path = entry.map_err(told)?.path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let text = std::fs::read_to_string(&path).map_err(told)?;
        scenarios.push(Named {
            file: path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
            scenario: toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?,
        });
    }
    scenarios.sort_by(|a, b| a.file.cmp(&b.file));
    match scenarios.is_empty() {
        true => Err(format!("{} has no scenarios", folder.display())),
        false => Ok(scenarios),
    }
}
