//! [`DirectoryPath`]: the names that lead to a directory.

use std::fmt;
use std::ops::Deref;

/// A list of names; the empty one is the root. Shown as `prod/users`, but a name may hold any character.
///
/// ```
/// use record_store_kv::directory::DirectoryPath;
/// let path = DirectoryPath::from(["prod", "users"]);
/// assert_eq!(path.to_string(), "prod/users");
/// assert_eq!(path.parent(), Some(DirectoryPath::from(["prod"])));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DirectoryPath(Vec<String>);

impl DirectoryPath {
    /// The empty path.
    pub const ROOT: DirectoryPath = DirectoryPath(Vec::new());

    /// The path without its last name; none for the root.
    pub fn parent(&self) -> Option<Self> {
        let (_, parent) = self.split_last()?;
        Some(DirectoryPath::from(parent))
    }

    /// The names of this path, then those of `rest`.
    #[must_use]
    pub fn join(&self, rest: &DirectoryPath) -> Self {
        DirectoryPath([&**self, &**rest].concat())
    }

    /// What follows `beginning`; none if the path does not begin with it.
    pub fn strip_prefix(&self, beginning: &DirectoryPath) -> Option<Self> {
        self.0.strip_prefix(&**beginning).map(DirectoryPath::from)
    }

    pub(super) fn split_at_depth(&self, depth: usize) -> (Self, Self) {
        let (upper, lower) = self.0.split_at(depth.min(self.len()));
        (upper.into(), lower.into())
    }
}

impl Deref for DirectoryPath {
    type Target = [String];

    fn deref(&self) -> &[String] {
        &self.0
    }
}

impl<S: AsRef<str>> From<&[S]> for DirectoryPath {
    fn from(names: &[S]) -> Self {
        names.iter().collect()
    }
}

impl<S: AsRef<str>, const N: usize> From<[S; N]> for DirectoryPath {
    fn from(names: [S; N]) -> Self {
        names.iter().collect()
    }
}

impl<S: AsRef<str>, const N: usize> From<&[S; N]> for DirectoryPath {
    fn from(names: &[S; N]) -> Self {
        names.iter().collect()
    }
}

impl From<Vec<String>> for DirectoryPath {
    fn from(names: Vec<String>) -> Self {
        DirectoryPath(names)
    }
}

impl From<&DirectoryPath> for DirectoryPath {
    fn from(path: &DirectoryPath) -> Self {
        path.clone()
    }
}

impl<S: AsRef<str>> FromIterator<S> for DirectoryPath {
    fn from_iter<I: IntoIterator<Item = S>>(names: I) -> Self {
        DirectoryPath(names.into_iter().map(|name| name.as_ref().to_owned()).collect())
    }
}

impl fmt::Display for DirectoryPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("/"))
    }
}
