//! [`Database`]: opened by URL, the same afterwards whatever is behind it.
//!
//! The only file that names a backend, and the only one that tries a transaction again.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::Mutex;
use record_store_kv as kv;
use record_store_kv::directory::{DirectoryLayer, DirectoryPath};
use record_store_kv::{Attempt, RunOptions};

use crate::context::AttemptError;
use crate::keyspace::tree;
use crate::{Error, ErrorKind, RecordContext, RecordSpaceBuilder, Result, RunError, SpacePath};

/// A database. Clones are handles on the same one.
///
/// ```
/// # futures_executor::block_on(async {
/// use record_store::{Database, Record, Schema};
///
/// let db = Database::open("memory:").await?;
/// let schema = Schema::builder()
///     .proto("users.proto", "syntax = 'proto3'; message User { int64 id = 1; string name = 2; }")
///     .record_type("User", |t| t.primary_key("id"))
///     .build()?;
/// let users = db.space("prod/users").schema(&schema).open().await?;
///
/// users.put(Record::from_json("User", r#"{"id": 42, "name": "Ada"}"#)).await?;
/// let ada = users.get(42).await?.expect("it was just saved");
/// assert_eq!(ada.to_json()?, r#"{"id":"42","name":"Ada"}"#);
/// assert!(users.delete(42).await?);
/// assert!(!users.exists(42).await?);
/// # Ok::<(), record_store::Error>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct Database {
    inner: Arc<Inner>,
}

struct Inner {
    kv: kv::Database,
    directories: DirectoryLayer,
    options: DatabaseOptions,
}

/// How a database is used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DatabaseOptions {
    /// The directory below which all record spaces lie; none means the root of the directory layer.
    pub root: Option<SpacePath>,
    /// How long transactions are tried.
    pub run: RunOptions,
}

impl DatabaseOptions {
    /// The directory below which all record spaces lie.
    #[must_use]
    pub fn root(mut self, root: SpacePath) -> Self {
        self.root = Some(root);
        self
    }

    /// How long transactions are tried.
    #[must_use]
    pub fn run(mut self, run: RunOptions) -> Self {
        self.run = run;
        self
    }
}

impl Database {
    /// Opens the database that `url` names:
    ///
    /// - `memory:` a new one that lives in this process,
    /// - a path, or `file:` and a path: the embedded database in that directory, created if it is not there; behind the path of
    ///   `file:` may stand `?` and options such as `cache_mib=1024&window_mib=512&durability=none&lock_wait_ms=2000`
    ///   (`record_store_engine::EngineOptions::parse`), which hold for the first handle of a process on the directory;
    ///   other processes may open it as well and take turns with this one,
    /// - `sim:`, or `sim:?` and parts such as `seed=7&conflicts=0.2`: a new simulated database, on which things go wrong by chance
    ///   from the seed, to test a program (`record_store_engine::simulation`),
    /// - `fdb:`, or `fdb:` and the path of a cluster file: a FoundationDB cluster (feature `fdb`), reached through FoundationDB's client
    ///   library, which is opened now; behind may stand `?` and options such as `library=/opt/libfdb_c.so&tls_ca_path=/etc/fdb/ca.pem`
    ///   (`record_store_fdb::FdbOptions::parse`). Opening waits for the cluster to answer.
    ///
    /// Among the options of `file:` and `fdb:` may be `root=apps/shop`, the directory below which all record spaces lie
    /// ([`DatabaseOptions::root`] is below it, if both are given).
    ///
    /// **Errors**: `InvalidArgument` for another scheme; `Unsupported` for a backend that this build leaves out; `Locked`,
    /// `NotADatabase`, `NewerFormat`, `Corrupt`, `Io` from a directory that cannot be opened; `Unsupported` without FoundationDB's client
    /// library, `Fdb` with 1031 for a cluster that does not answer in ten seconds.
    pub async fn open(url: &str) -> Result<Self> {
        Self::open_with(url, DatabaseOptions::default()).await
    }

    /// Opens the database that `url` names, to be used as `options` say.
    ///
    /// **Errors**: those of [`open`](Database::open).
    pub async fn open_with(url: &str, mut options: DatabaseOptions) -> Result<Self> {
        let (location, root) = Location::parse(url)?;
        options.root = match (root, options.root) {
            (Some(outer), Some(inner)) => Some(outer.join(&inner)),
            (outer, inner) => outer.or(inner),
        };
        let kv = match location {
            Location::Memory => backend::memory()?,
            Location::Path(path, options) => backend::path(path, &options)?,
            Location::Simulation(query) => backend::simulation(&query)?,
            Location::Cluster(description) => backend::cluster(&description).await?,
        };
        Ok(Self::from_kv_with(kv, options))
    }

    /// A new database that lives in this process: for examples and tests.
    ///
    /// **Errors**: `Unsupported` in a build without the embedded engine.
    pub fn in_memory() -> Result<Self> {
        Ok(Self::from_kv(backend::memory()?))
    }

    /// The record layer over a database that is open already.
    pub fn from_kv(kv: kv::Database) -> Self {
        Self::from_kv_with(kv, DatabaseOptions::default())
    }

    /// The record layer over a database that is open already, to be used as `options` say.
    pub fn from_kv_with(kv: kv::Database, options: DatabaseOptions) -> Self {
        let directories = DirectoryLayer::standard(kv.env().clone());
        Database {
            inner: Arc::new(Inner {
                kv,
                directories,
                options,
            }),
        }
    }

    /// Runs `body` in a transaction and commits it; tries again where FoundationDB says that this is right.
    ///
    /// `body` may run more than once, so it must have no effects but through the transaction. Its own errors come back
    /// untouched, at once.
    ///
    /// ```
    /// # futures_executor::block_on(async {
    /// # use record_store::{Database, Record, Schema};
    /// # let db = Database::in_memory()?;
    /// # let schema = Schema::builder()
    /// #     .proto("t.proto", "syntax = 'proto3'; message Counter { string id = 1; int64 n = 2; }")
    /// #     .record_type("Counter", |t| t.primary_key("id"))
    /// #     .build()?;
    /// # let space = &db.space("counters").schema(&schema).open().await?;
    /// let visits = db
    ///     .run(|tx| async move {
    ///         let store = space.store(&tx).await?;
    ///         store.save_record(&Record::from_json("Counter", r#"{"id": "visits", "n": 1}"#)).await
    ///     })
    ///     .await?;
    /// assert_eq!(visits.record_type(), "Counter");
    /// # Ok::<(), record_store::Error>(())
    /// # }).unwrap();
    /// ```
    ///
    /// **Errors**: those of `body`; FoundationDB's that no retry can cure; after the deadline of the options the last
    /// retryable one.
    pub async fn run<T, E, F, Fut>(&self, body: F) -> std::result::Result<T, E>
    where
        E: RunError,
        F: FnMut(RecordContext) -> Fut,
        Fut: Future<Output = std::result::Result<T, E>>,
    {
        self.run_with(&self.inner.options.run, body).await
    }

    /// As [`Database::run`], with another deadline or number of attempts.
    ///
    /// **Errors**: those of [`Database::run`].
    pub async fn run_with<T, E, F, Fut>(&self, options: &RunOptions, mut body: F) -> std::result::Result<T, E>
    where
        E: RunError,
        F: FnMut(RecordContext) -> Fut,
        Fut: Future<Output = std::result::Result<T, E>>,
    {
        // What the attempt that committed leaves behind: its context, whose hooks run, and its result.
        let last: &Mutex<Option<(RecordContext, T)>> = &Mutex::new(None);
        let looped = self
            .inner
            .kv
            .run(options, |transaction, attempt| {
                let context = RecordContext::new(transaction, attempt, self.inner.kv.env().clone());
                let attempt = body(context.clone());
                async move {
                    let result = attempt.await.map_err(AttemptError::Body)?;
                    let is_committed = context.is_committed();
                    if !is_committed {
                        let prepared = context.prepare_commit().await;
                        prepared.map_err(|error| AttemptError::Body(E::from(error)))?;
                    }
                    *last.lock() = Some((context, result));
                    if is_committed {
                        Err(AttemptError::Committed)
                    } else {
                        Ok(())
                    }
                }
            })
            .await;
        match looped {
            Ok(()) | Err(AttemptError::Committed) => {}
            Err(AttemptError::Loop(error)) => return Err(E::from(Error::from(error))),
            Err(AttemptError::Body(error)) => return Err(error),
        }
        let (context, result) = last.lock().take().expect("an attempt that ends well leaves its result");
        if !context.is_committed() {
            context.finish_commit().await;
        }
        Ok(result)
    }

    /// A transaction that its user commits and, on a conflict, tries again. Most programs want [`Database::run`].
    ///
    /// ```
    /// # futures_executor::block_on(async {
    /// # use record_store::Database;
    /// let db = Database::in_memory()?;
    /// let context = db.transaction();
    /// context.transaction().set(b"key", b"value");
    /// match context.commit().await {
    ///     Ok(()) => {}
    ///     Err(error) if error.is_retryable() => println!("somebody was faster: {error}"),
    ///     Err(error) => return Err(error),
    /// }
    /// # Ok::<(), record_store::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn transaction(&self) -> RecordContext {
        let attempt = Attempt {
            number: 1,
            maybe_committed: false,
        };
        RecordContext::new(self.inner.kv.transaction(), attempt, self.inner.kv.env().clone())
    }

    /// The record space at `path`, to be opened: `db.space("prod/users").schema(&schema).open().await`.
    ///
    /// A path is names between slashes, see [`SpacePath`]; a bad one is an error of
    /// [`open`](RecordSpaceBuilder::open).
    pub fn space(&self, path: &str) -> RecordSpaceBuilder {
        RecordSpaceBuilder::new(self.clone(), path.parse())
    }

    /// The record space at a path that is parsed already.
    pub fn space_at(&self, path: SpacePath) -> RecordSpaceBuilder {
        RecordSpaceBuilder::new(self.clone(), Ok(path))
    }

    /// The paths of the record spaces below `prefix`, at any depth, in order; all of them for an empty prefix.
    ///
    /// ```
    /// # futures_executor::block_on(async {
    /// # use record_store::{Database, Schema};
    /// # let db = Database::in_memory()?;
    /// # let schema = Schema::builder()
    /// #     .proto("t.proto", "syntax = 'proto3'; message User { int64 id = 1; }")
    /// #     .record_type("User", |t| t.primary_key("id"))
    /// #     .build()?;
    /// for path in ["prod/users", "prod/shop", "test/users"] {
    ///     db.space(path).schema(&schema).open().await?;
    /// }
    /// let spaces = db.spaces("prod").await?;
    /// assert_eq!(spaces, ["prod/shop".parse()?, "prod/users".parse()?]);
    ///
    /// assert!(db.remove_space("prod/shop").await?);
    /// assert!(!db.space_exists("prod/shop").await?);
    /// # Ok::<(), record_store::Error>(())
    /// # }).unwrap();
    /// ```
    ///
    /// **Errors**: `InvalidArgument` for a bad path; `Corrupt` for a directory that stands in two places, perhaps inside itself;
    /// `Directory` for more than 100 of them inside each other.
    pub async fn spaces(&self, prefix: &str) -> Result<Vec<SpacePath>> {
        let prefix = match prefix {
            "" => Vec::new(),
            prefix => prefix.parse::<SpacePath>()?.names().to_vec(),
        };
        let prefix = &prefix;
        self.run(|context| async move { tree::list(self, &context, prefix).await })
            .await
    }

    /// Whether there is a record space at `path`.
    ///
    /// **Errors**: `InvalidArgument` for a bad path.
    pub async fn space_exists(&self, path: &str) -> Result<bool> {
        let path = &path.parse::<SpacePath>()?;
        self.run(|context| async move { tree::exists(self, &context, path).await })
            .await
    }

    /// Removes the record space at `path` with its records, its schema and all spaces below it; says whether there was one.
    ///
    /// **Errors**: `InvalidArgument` for a bad path; `Directory` for a directory that is no record space.
    pub async fn remove_space(&self, path: &str) -> Result<bool> {
        let path = &path.parse::<SpacePath>()?;
        self.run(|context| async move { tree::remove(self, &context, path).await })
            .await
    }

    /// Moves the record space at `from`, with all spaces below it, to `to`; or a folder that is none itself but has some.
    /// Folders above the new place are made. Nothing is copied: it takes no longer for many records.
    ///
    /// Handles that are open stay so: they go on with the records at the new place.
    ///
    /// ```
    /// # futures_executor::block_on(async {
    /// # use record_store::{Database, Record, Schema};
    /// # let db = Database::in_memory()?;
    /// # let schema = Schema::builder()
    /// #     .proto("t.proto", "syntax = 'proto3'; message User { int64 id = 1; }")
    /// #     .record_type("User", |t| t.primary_key("id"))
    /// #     .build()?;
    /// let users = db.space("staging/users").schema(&schema).open().await?;
    /// db.move_space("staging", "archive/2024").await?;
    /// assert_eq!(db.spaces("").await?, ["archive/2024/users".parse()?]);
    ///
    /// users.put(Record::from_json("User", r#"{"id": 1}"#)).await?;
    /// assert!(db.space("archive/2024/users").open().await?.exists(1).await?);
    /// # Ok::<(), record_store::Error>(())
    /// # }).unwrap();
    /// ```
    ///
    /// **Errors**: `InvalidArgument` for a bad path; `StoreNotFound` if there is nothing at `from`; `Directory` if there is
    /// something at `to`, for a move into itself, and for a directory of something else.
    pub async fn move_space(&self, from: &str, to: &str) -> Result<()> {
        let (from, to) = (&from.parse::<SpacePath>()?, &to.parse::<SpacePath>()?);
        self.run(|context| async move { tree::move_to(self, &context, from, to).await })
            .await
    }

    /// The database below the record layer.
    pub fn kv(&self) -> &kv::Database {
        &self.inner.kv
    }

    /// A short name for error messages and logs: `memory:`, a path, or a cluster file.
    pub fn name(&self) -> String {
        self.inner.kv.name()
    }

    pub(crate) fn directories(&self) -> &DirectoryLayer {
        &self.inner.directories
    }

    /// The path in the directory layer of the space with these names.
    pub(crate) fn directory_path(&self, names: &[String]) -> DirectoryPath {
        let root = self.inner.options.root.as_ref().map_or(&[][..], SpacePath::names);
        root.iter().chain(names).collect()
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Database({})", self.name())
    }
}

/// What a URL names.
#[derive(Debug, PartialEq, Eq)]
enum Location {
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
    fn parse(url: &str) -> Result<(Self, Option<SpacePath>)> {
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

mod backend {
    #[cfg(not(all(feature = "engine", feature = "fdb")))]
    use super::{Error, ErrorKind};
    use super::{PathBuf, Result, kv};

    #[cfg(feature = "engine")]
    pub(super) fn memory() -> Result<kv::Database> {
        use record_store_engine::{Engine, EngineOptions, Location};
        Ok(Engine::open(Location::Memory, EngineOptions::default())?)
    }

    #[cfg(feature = "engine")]
    pub(super) fn path(path: PathBuf, options: &str) -> Result<kv::Database> {
        use record_store_engine::{Engine, EngineOptions, Location};
        Ok(Engine::open(Location::Path(path), EngineOptions::parse(options)?)?)
    }

    #[cfg(feature = "engine")]
    pub(super) fn simulation(query: &str) -> Result<kv::Database> {
        Ok(record_store_engine::simulation::Simulation::parse(query)?.database())
    }

    #[cfg(not(feature = "engine"))]
    pub(super) fn simulation(_: &str) -> Result<kv::Database> {
        Err(left_out("sim:", "engine"))
    }

    #[cfg(not(feature = "engine"))]
    pub(super) fn memory() -> Result<kv::Database> {
        Err(left_out("memory:", "engine"))
    }

    #[cfg(not(feature = "engine"))]
    pub(super) fn path(path: PathBuf, _: &str) -> Result<kv::Database> {
        Err(left_out(path.display(), "engine"))
    }

    #[cfg(feature = "fdb")]
    pub(super) async fn cluster(description: &str) -> Result<kv::Database> {
        use record_store_fdb::FdbOptions;
        Ok(record_store_fdb::open(&FdbOptions::parse(description)?).await?)
    }

    #[cfg(not(feature = "fdb"))]
    pub(super) async fn cluster(description: &str) -> Result<kv::Database> {
        Err(left_out(format_args!("fdb:{description}"), "fdb"))
    }

    #[cfg(not(all(feature = "engine", feature = "fdb")))]
    fn left_out(url: impl std::fmt::Display, feature: &'static str) -> Error {
        Error::new(
            ErrorKind::Unsupported,
            "this build has no backend for the URL: build record-store with the feature that it needs",
        )
        .with("url", url)
        .with("feature", feature)
    }
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

    #[test]
    fn a_root_of_the_options_is_below_that_of_the_url() {
        let folder = tempfile::tempdir().unwrap();
        futures_executor::block_on(async {
            let url = format!("file:{}?root=outer", folder.path().display());
            let options = DatabaseOptions::default().root("inner".parse()?);
            let schema = crate::Schema::builder()
                .proto("t.proto", "syntax = 'proto3'; message T { int64 id = 1; }")
                .record_type("T", |t| t.primary_key("id"))
                .build()?;
            let database = Database::open_with(&url, options).await?;
            database.space("s").schema(&schema).open().await?;
            let whole = Database::open(&folder.path().display().to_string()).await?;
            assert_eq!(whole.spaces("").await?, ["outer/inner/s".parse()?]);
            Ok::<(), Error>(())
        })
        .unwrap();
    }

    #[test]
    fn a_simulation_that_cannot_be_read_names_the_part() {
        let open = |url| futures_executor::block_on(Database::open(url));
        for (url, fact, value) in [
            ("sim:?seed=x", "seed", "x"),
            ("sim:?conflict=0.1", "fault", "conflict"),
            ("sim:?conflicts=2", "rate", "2"),
            ("sim:?nothing", "part", "nothing"),
            ("sim:?faults=all", "faults", "all"),
        ] {
            let error = open(url).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{url}");
            assert_eq!(error.fact(fact), Some(value), "{url}: {error}");
        }
        assert_eq!(open("sim:?seed=7").unwrap().name(), "sim:?seed=7");
    }

    #[cfg(not(feature = "fdb"))]
    #[test]
    fn a_backend_that_is_left_out_is_named() {
        let error = futures_executor::block_on(Database::open("fdb:/etc/fdb.cluster")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert_eq!(error.fact("feature"), Some("fdb"));
        assert_eq!(error.fact("url"), Some("fdb:/etc/fdb.cluster"));
    }

    #[cfg(feature = "fdb")]
    #[test]
    fn a_client_library_that_is_not_there_is_named_with_the_way_out() {
        let error = futures_executor::block_on(Database::open("fdb:?library=/nowhere/libfdb_c.so")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        let text = error.to_string();
        assert!(
            text.contains("/nowhere/libfdb_c.so") && text.contains("foundationdb-clients"),
            "{text}"
        );
    }
}
