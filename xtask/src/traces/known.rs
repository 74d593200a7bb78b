//! The list of programs that come out otherwise than recorded, with the reasons (`tests/traces/known-differences.txt`).

use crate::step::Failure;

/// Those of a file, whatever they are replayed through.
pub(crate) fn of_file(file: &str) -> Result<Vec<String>, Failure> {
    let path = super::folder().join("known-differences.txt");
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let section = format!("[{file}]");
    let lines = text.lines().skip_while(|line| *line != section).skip(1);
    let names = lines
        .take_while(|line| !line.starts_with('['))
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    Ok(names.map(str::to_owned).collect())
}
