//! The lists of programs that come out otherwise than recorded, with the reasons (`tests/traces/known-differences*.txt`).

use crate::step::Failure;

/// Those of a file through the key-value API.
pub(crate) fn of_api(file: &str) -> Result<Vec<String>, Failure> {
    read("known-differences.txt", file)
}

/// Those of a file through FoundationDB's client: the same, and some more.
pub(crate) fn of_client(file: &str) -> Result<Vec<String>, Failure> {
    let mut known = of_api(file)?;
    known.extend(read("known-differences-client.txt", file)?);
    Ok(known)
}

fn read(list: &str, file: &str) -> Result<Vec<String>, Failure> {
    let path = super::folder().join(list);
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let section = format!("[{file}]");
    let lines = text.lines().skip_while(|line| *line != section).skip(1);
    let names = lines
        .take_while(|line| !line.starts_with('['))
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    Ok(names.map(str::to_owned).collect())
}
