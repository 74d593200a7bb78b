//! The table of the kinds of errors in `core/src/error.rs`, from which every language's spelling is generated.
//!
//! The table is read as text, so that this command needs no core that compiles; each language's tests compare what was
//! generated with the kinds of the compiled core.

use std::fs;

use crate::step::Failure;
use crate::workspace;

/// Where the table is.
pub(super) const TABLE: &str = "core/src/error.rs";

/// A row of the table.
#[derive(Debug, PartialEq)]
pub(super) struct ErrorKind {
    pub(super) number: u16,
    pub(super) name: String,
    pub(super) action: String,
}

/// All rows, in the order of the table.
pub(super) fn read() -> Result<Vec<ErrorKind>, Failure> {
    let source = fs::read_to_string(workspace::root().join(TABLE)).map_err(|error| format!("{TABLE}: {error}"))?;
    let kinds: Vec<ErrorKind> = source.lines().filter_map(row).collect();
    if kinds.is_empty() {
        return Err(format!("{TABLE} has no rows such as `1 Fdb: \"what to do\",`"));
    }
    Ok(kinds)
}

/// A row such as `    2 InvalidArgument: "An argument that can never work: mend the call.",`.
fn row(line: &str) -> Option<ErrorKind> {
    let (number, rest) = line.trim().split_once(' ')?;
    let number = number.parse().ok()?;
    let (name, action) = rest.split_once(": \"")?;
    Some(ErrorKind {
        number,
        name: name.to_owned(),
        action: action.strip_suffix("\",")?.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_the_table_are_read_and_nothing_else() {
        let io = ErrorKind {
            number: 4,
            name: "Io".to_owned(),
            action: "It failed: try.".to_owned(),
        };
        assert_eq!(row("    4 Io: \"It failed: try.\","), Some(io));
        for line in [
            "",
            "    $($number:literal $name:ident: $action:literal,)*) => {",
            "x Io: \"a\",",
            "4 Io",
        ] {
            assert_eq!(row(line), None, "{line}");
        }
    }
}
