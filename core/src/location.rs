//! [`Location`]: what the URL of a database names.

use std::path::PathBuf;

use crate::{Error, ErrorKind, Result, SpacePath};

/// What a URL names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Location {
    Memory,
    /// A directory, and the options behind it.
    Path(PathBuf, String),
    /// A simulated database, by its description.
    Simulation(String),
    /// A cluster, by its cluster file and options.
    Cluster(String),
}

impl Location {
    /// What the URL names, and the root that it gives.
    pub(crate) fn parse(url: &str) -> Result<(Self, Option<SpacePath>)> {
        let refused = |message| Err(Error::new(ErrorKind::InvalidArgument, message).with("url", url));
        let (url, root) = match url.split_once('?') {
            Some((place, query)) if ["file:", "fdb:"].iter().any(|scheme| place.starts_with(scheme)) => {
                let (root, rest): (Vec<_>, Vec<_>) = query.split('&').partition(|part| part.starts_with("root="));
                let root = match root[..] {
                    [] => None,
                    [root] => Some(root["root=".len()..].parse::<SpacePath>()?),
                    _ => return refused("the root is given more than once"),
                };
                let rest = rest.join("&");
                (format!("{place}{}{rest}", if rest.is_empty() { "" } else { "?" }), root)
            }
            _ => (url.to_owned(), None),
        };
        Self::named(&url).map(|location| (location, root))
    }

    fn named(url: &str) -> Result<Self> {
        let refused = |message| Err(Error::new(ErrorKind::InvalidArgument, message).with("url", url));
        match url.split_once(':') {
            Some(("memory", "")) => Ok(Location::Memory),
            Some(("memory", _)) => refused("a database in memory has no name: write memory:"),
            Some(("file", "")) | None if url.is_empty() || url == "file:" => {
                refused("the path of the database is missing")
            }
            Some(("file", path)) => match path.split_once('?') {
                Some(("", _)) => refused("the path of the database is missing"),
                Some((path, options)) => Ok(Location::Path(path.into(), options.to_owned())),
                None => Ok(Location::Path(path.into(), String::new())),
            },
            Some(("sim", "")) => Ok(Location::Simulation(String::new())),
            Some(("sim", query)) => match query.strip_prefix('?') {
                Some(query) => Ok(Location::Simulation(query.to_owned())),
                None => refused("a simulated database is described behind a question mark: write sim:?seed=7"),
            },
            Some(("fdb", description)) => Ok(Location::Cluster(description.to_owned())),
            // A path may hold a colon, but not where it looks like the scheme of a URL.
            Some((scheme, _)) if is_scheme(scheme) => refused(
                "the scheme of the URL is none of memory:, file:, sim: and fdb:; write file: before a path that has a colon",
            ),
            _ => Ok(Location::Path(url.into(), String::new())),
        }
    }
}

/// Two letters at least, so that a drive is none.
fn is_scheme(text: &str) -> bool {
    text.len() > 1
        && text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_name_locations() {
        let with = |path: &str, options: &str| Ok(Location::Path(path.into(), options.to_owned()));
        let path = |path: &str| with(path, "");
        let table = [
            ("memory:", Ok(Location::Memory)),
            ("data/users", path("data/users")),
            ("/var/lib/db", path("/var/lib/db")),
            ("C:\\db", path("C:\\db")),
            ("file:db", path("db")),
            ("file:/a:b", path("/a:b")),
            ("file:db?cache_mib=64", with("db", "cache_mib=64")),
            ("file:?cache_mib=64", Err(())),
            ("what?", path("what?")),
            ("fdb:", Ok(Location::Cluster(String::new()))),
            (
                "fdb:/fdb.cluster?library=/l",
                Ok(Location::Cluster("/fdb.cluster?library=/l".to_owned())),
            ),
            ("sim:", Ok(Location::Simulation(String::new()))),
            ("sim:?seed=7", Ok(Location::Simulation("seed=7".to_owned()))),
            ("sim:7", Err(())),
            ("", Err(())),
            ("file:", Err(())),
            ("memory:x", Err(())),
            ("postgres://localhost", Err(())),
        ];
        for (url, expected) in table {
            assert_eq!(
                Location::parse(url).map(|(location, _)| location).map_err(drop),
                expected,
                "{url}"
            );
        }
    }

    #[test]
    fn urls_may_give_a_root() {
        let root = |path: &str| Some(path.parse::<SpacePath>().unwrap());
        for (url, location, expected) in [
            (
                "file:db?root=a/b",
                Location::Path("db".into(), String::new()),
                root("a/b"),
            ),
            (
                "file:db?cache_mib=1&root=a",
                Location::Path("db".into(), "cache_mib=1".into()),
                root("a"),
            ),
            (
                "fdb:?root=a&api_version=710",
                Location::Cluster("?api_version=710".into()),
                root("a"),
            ),
            ("db?root=a", Location::Path("db?root=a".into(), String::new()), None),
        ] {
            assert_eq!(Location::parse(url).unwrap(), (location, expected), "{url}");
        }
        for url in ["file:db?root=", "file:db?root=a//b", "fdb:?root=a&root=b"] {
            assert_eq!(
                Location::parse(url).unwrap_err().kind(),
                ErrorKind::InvalidArgument,
                "{url}"
            );
        }
    }
}
