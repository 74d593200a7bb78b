//! [`SpacePath`]: the text form of where a record space lies, `prod/users`.

use std::fmt;
use std::str::FromStr;

use crate::{Error, ErrorKind, Result};

/// The path of a record space: names from the root of the directory layer downwards.
///
/// As text the names stand between slashes. A slash in a name is written `%2F`, a percent sign `%25`; `%` and two
/// hexadecimal digits mean that byte. Empty names, and so leading, trailing and double slashes, are refused.
///
/// ```
/// use record_store::SpacePath;
/// let path: SpacePath = "prod/users".parse()?;
/// assert_eq!(path.names(), ["prod", "users"]);
///
/// let odd = SpacePath::from_names(["a/b", "50%"])?;
/// assert_eq!(odd.to_string(), "a%2Fb/50%25");
/// assert_eq!(odd.to_string().parse::<SpacePath>()?, odd);
///
/// assert!("prod//users".parse::<SpacePath>().is_err());
/// # Ok::<(), record_store::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpacePath(Vec<String>);

impl SpacePath {
    /// A path from its names, which are taken as they are.
    ///
    /// **Errors**: `InvalidArgument` for no names at all and for an empty name.
    pub fn from_names<N: Into<String>>(names: impl IntoIterator<Item = N>) -> Result<Self> {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        if names.is_empty() {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                "the path of a record space needs a name, such as prod/users",
            ));
        }
        if names.iter().any(String::is_empty) {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                "the path of a record space has an empty name: write names between single slashes, such as prod/users",
            )
            .with("path", SpacePath(names)));
        }
        Ok(SpacePath(names))
    }

    /// The names, from the root downwards.
    pub fn names(&self) -> &[String] {
        &self.0
    }

    /// The last name.
    pub fn name(&self) -> &str {
        self.0.last().map_or("", String::as_str)
    }

    /// The path of a space below this one.
    ///
    /// **Errors**: `InvalidArgument` for an empty name.
    pub fn child(&self, name: impl Into<String>) -> Result<Self> {
        SpacePath::from_names(self.0.iter().cloned().chain([name.into()]))
    }

    /// The path of a space below this one, by its path from here.
    #[must_use]
    pub fn join(&self, below: &SpacePath) -> Self {
        SpacePath(self.0.iter().chain(&below.0).cloned().collect())
    }
}

impl FromStr for SpacePath {
    type Err = Error;

    /// **Errors**: `InvalidArgument` for an empty name and for `%` without two hexadecimal digits or bytes that are not UTF-8.
    fn from_str(text: &str) -> Result<Self> {
        let names: Result<Vec<String>> = text
            .split('/')
            .map(|name| {
                unescape(name).ok_or_else(|| {
                    Error::new(
                        ErrorKind::InvalidArgument,
                        "a percent sign in a path stands before two hexadecimal digits; write %25 for the sign itself",
                    )
                    .with("path", text)
                    .with("name", name)
                })
            })
            .collect();
        SpacePath::from_names(names?)
    }
}

impl TryFrom<&str> for SpacePath {
    type Error = Error;

    fn try_from(text: &str) -> Result<Self> {
        text.parse()
    }
}

impl fmt::Display for SpacePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, name) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str("/")?;
            }
            for part in name.split_inclusive(['%', '/']) {
                match part.strip_suffix('%') {
                    Some(before) => write!(f, "{before}%25")?,
                    None => match part.strip_suffix('/') {
                        Some(before) => write!(f, "{before}%2F")?,
                        None => f.write_str(part)?,
                    },
                }
            }
        }
        Ok(())
    }
}

fn unescape(name: &str) -> Option<String> {
    let mut parts = name.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let digits = part.get(..2)?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend_from_slice(part.get(2..)?.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_names_agree() {
        // (text, names, text again)
        let table: [(&str, &[&str], &str); 6] = [
            ("users", &["users"], "users"),
            ("prod/users", &["prod", "users"], "prod/users"),
            ("a%2Fb/c", &["a/b", "c"], "a%2Fb/c"),
            ("100%25", &["100%"], "100%25"),
            ("%c3%a4/ä", &["ä", "ä"], "ä/ä"),
            ("%2f%2F%25", &["//%"], "%2F%2F%25"),
        ];
        for (text, names, again) in table {
            let path: SpacePath = text.parse().unwrap();
            assert_eq!(path.names(), names, "{text}");
            assert_eq!(path.to_string(), again);
        }
    }

    #[test]
    fn bad_paths_are_refused_by_name() {
        for text in ["", "/", "/users", "users/", "a//b", "%", "%2", "%zz", "a%+1", "%ff"] {
            let error = text.parse::<SpacePath>().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{text}");
        }
        assert!(SpacePath::from_names(Vec::<String>::new()).is_err());
        assert!("a".parse::<SpacePath>().unwrap().child("").is_err());
    }
}
