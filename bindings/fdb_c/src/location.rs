//! Which database a program means: FoundationDB's clients name a cluster by a file, and the same names lead to an embedded
//! database here.
//!
//! | a name, or the text in a cluster file | database |
//! |---|---|
//! | `memory:`, `memory:name` | in memory, one of each name in a process |
//! | `embedded:path`, `file:path` | in that directory, which is made when it is missing |
//! | an existing directory | in it |
//! | text of FoundationDB's (`description:id@host:port`) | in the directory beside the file, called as it with `.data` behind |
//!
//! The first two take the engine's options behind a `?`. Nothing here touches a database.

use std::fmt;
use std::path::{Path, PathBuf};

use record_store_engine::EngineOptions;

use crate::error::{Code, codes};

/// How the program named a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    /// By a cluster file, or by what may stand in one; empty is the default one.
    File(String),
    /// By the text of a cluster file.
    Connection(String),
}

/// A database.
#[derive(Debug)]
pub(crate) enum Place {
    /// In memory, by name.
    Memory(String, EngineOptions),
    /// In a directory.
    Directory(PathBuf, EngineOptions),
}

/// Names the default cluster file.
const CLUSTER_FILE: &str = "FDB_CLUSTER_FILE";
/// Names a folder for the databases of FoundationDB's own cluster files, instead of the one beside each.
const DATA: &str = "RECORD_STORE_FDB_DATA";
/// Where FoundationDB looks for a cluster file.
const DEFAULTS: [&str; 2] = ["fdb.cluster", "/etc/foundationdb/fdb.cluster"];
/// A longer cluster file is none (FoundationDB has the same limit).
const FILE_BYTES_MAX: u64 = 100_000;

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Named::File(name) | Named::Connection(name)) = self;
        f.write_str(name)
    }
}

impl Named {
    /// The database that is meant.
    ///
    /// **Errors**: 1515 when there is no such file and for a connection string without a folder for its database, 1510 for one
    /// that cannot be read, 2104 for text that names nothing, 2006 for options that are none.
    pub(crate) fn find(&self) -> Result<Place, Code> {
        match self {
            Named::Connection(text) => read(text, Path::new("."), None),
            Named::File(name) if name.is_empty() => match std::env::var(CLUSTER_FILE) {
                Ok(name) if !name.is_empty() => named(&name),
                _ => {
                    let file = DEFAULTS.into_iter().find(|file| Path::new(file).exists());
                    named(file.ok_or(codes::NO_CLUSTER_FILE_FOUND)?)
                }
            },
            Named::File(name) => named(name),
        }
    }
}

/// What a file name, or a name in its place, means.
fn named(name: &str) -> Result<Place, Code> {
    if let Some(place) = scheme(name, Path::new(".")) {
        return place;
    }
    let path = Path::new(name);
    let about = path.metadata().map_err(|_| codes::NO_CLUSTER_FILE_FOUND)?;
    if about.is_dir() {
        return Ok(Place::Directory(path.to_owned(), EngineOptions::default()));
    }
    if about.len() > FILE_BYTES_MAX {
        return Err(codes::CONNECTION_STRING_INVALID);
    }
    let bytes = std::fs::read(path).map_err(|_| codes::IO_ERROR)?;
    let text = String::from_utf8(bytes).map_err(|_| codes::CONNECTION_STRING_INVALID)?;
    let mut beside = path.as_os_str().to_owned();
    beside.push(".data");
    read(&text, path.parent().unwrap_or(path), Some(beside.into()))
}

/// What the text of a cluster file means, which lies in `folder` and whose database may lie `beside` it.
fn read(text: &str, folder: &Path, beside: Option<PathBuf>) -> Result<Place, Code> {
    let lines = text
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default().trim());
    let lines: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
    if let [line] = lines[..]
        && let Some(place) = scheme(line, folder)
    {
        return place;
    }
    let connection: String = lines.concat().split_whitespace().collect();
    let cluster = cluster_name(&connection).ok_or(codes::CONNECTION_STRING_INVALID)?;
    let path = match std::env::var_os(DATA) {
        Some(folder) => Path::new(&folder).join(cluster),
        None => beside.ok_or(codes::NO_CLUSTER_FILE_FOUND)?,
    };
    Ok(Place::Directory(path, EngineOptions::default()))
}

/// What a name with one of our schemes means; `None` if it has none.
fn scheme(name: &str, folder: &Path) -> Option<Result<Place, Code>> {
    let (scheme, rest) = name.split_once(':')?;
    if !["memory", "embedded", "file"].contains(&scheme) {
        return None;
    }
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let options = EngineOptions::parse(query).map_err(|_| codes::INVALID_OPTION_VALUE);
    Some(options.and_then(|options| match scheme {
        "memory" => Ok(Place::Memory(rest.to_owned(), options)),
        _ if rest.is_empty() => Err(codes::CONNECTION_STRING_INVALID),
        _ => Ok(Place::Directory(folder.join(rest), options)),
    }))
}

/// `description-id` of a connection string of FoundationDB's; `None` for text that is none.
fn cluster_name(connection: &str) -> Option<String> {
    let (key, addresses) = connection.split_once('@')?;
    let (description, id) = key.split_once(':')?;
    let is_word =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let addresses_are = addresses.split(',').all(is_address);
    (is_word(description) && is_word(id) && addresses_are).then(|| format!("{description}-{id}"))
}

/// Whether this is `host:port`, with `:tls` behind or without.
fn is_address(address: &str) -> bool {
    let address = address.strip_suffix(":tls").unwrap_or(address);
    address
        .rsplit_once(':')
        .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use record_store_engine::Durability;

    use super::*;

    fn path(place: Result<Place, Code>) -> Result<PathBuf, Code> {
        place.map(|place| match place {
            Place::Directory(path, _) => path,
            Place::Memory(name, _) => PathBuf::from(format!("memory:{name}")),
        })
    }

    #[test]
    fn a_cluster_file_names_a_database() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("fdb.cluster");
        let at = |name: &str| folder.path().join(name);
        for (text, expected) in [
            ("memory:", Ok(PathBuf::from("memory:"))),
            (
                "# mine\nmemory:tests?window_mib=64\n",
                Ok(PathBuf::from("memory:tests")),
            ),
            ("embedded:data", Ok(at("data"))),
            ("file:/data?durability=none", Ok("/data".into())),
            ("embedded:", Err(2104)),
            ("embedded:data?durable=no", Err(2006)),
            ("docker:docker@127.0.0.1:4500", Ok(at("fdb.cluster.data"))),
            ("a:b@[::1]:4500:tls,\n host:4501 # two", Ok(at("fdb.cluster.data"))),
            ("a:b@127.0.0.1", Err(2104)),
            ("a:b@127.0.0.1:0", Err(2104)),
            ("a:b@", Err(2104)),
            ("a/b:c@127.0.0.1:4500", Err(2104)),
            ("", Err(2104)),
            ("\u{0}\u{1}", Err(2104)),
        ] {
            fs::write(&file, text).unwrap();
            let found = Named::File(file.to_str().unwrap().to_owned()).find();
            assert_eq!(path(found), expected, "{text}");
        }
        fs::write(&file, [0xff, 0xfe]).unwrap();
        assert_eq!(path(Named::File(file.to_str().unwrap().to_owned()).find()), Err(2104));
    }

    #[test]
    fn a_name_may_stand_in_the_place_of_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let name = folder.path().to_str().unwrap();
        let find = |name: &str| path(Named::File(name.to_owned()).find());
        assert_eq!(find(name), Ok(folder.path().to_owned()));
        assert_eq!(find("memory:a"), Ok("memory:a".into()));
        assert_eq!(find(&format!("{name}/missing")), Err(1515));
        let options = match Named::File("embedded:x?durability=none".to_owned()).find() {
            Ok(Place::Directory(_, options)) => options,
            other => panic!("{other:?}"),
        };
        assert_eq!(options.durability, Durability::None);
    }

    #[test]
    fn a_connection_string_of_a_cluster_has_no_folder_of_its_own() {
        let find = |text: &str| path(Named::Connection(text.to_owned()).find());
        assert_eq!(find("a:b@127.0.0.1:4500"), Err(1515));
        assert_eq!(find("memory:x"), Ok("memory:x".into()));
        assert_eq!(find("nonsense"), Err(2104));
    }
}
