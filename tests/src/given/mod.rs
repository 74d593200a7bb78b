//! The database that whoever runs the tests gives them, beside those that they make for themselves. It may be a cluster that others
//! use too, so each test works in a directory of its own and removes it.

mod part;

use std::env;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use record_store::{Database, DatabaseOptions, Result, SpacePath};
use record_store_kv::directory::DirectoryLayer;
use record_store_kv::{self as kv, RunOptions, Subspace};

/// The environment variable with the URL of the database.
pub const URL: &str = "RECORD_STORE_TEST_URL";

/// A database for one test: part of the one that is given, or else a new one in memory. What the test has written is removed with the
/// last handle.
///
/// **Errors**: those of opening it.
pub fn fresh() -> Result<Database> {
    let Some(url) = url() else {
        return Database::in_memory();
    };
    // On another executor than the test's own, which may be running.
    pollster::block_on(async {
        let whole = Database::open(&url).await?.kv().clone();
        let root = root();
        let prefix = create(&whole, &root).await?.prefix().to_vec();
        Ok(Database::from_kv(part::of(whole, prefix.into(), move |whole| {
            remove(whole, &root)
        })))
    })
}

/// All of the given database, or else a new one in memory: for tests of what is beside the keys, under names of their own.
///
/// **Errors**: those of opening it.
pub fn whole() -> Result<kv::Database> {
    let database = match url() {
        Some(url) => pollster::block_on(Database::open(&url))?,
        None => Database::in_memory()?,
    };
    Ok(database.kv().clone())
}

/// A place for one test in a whole database: in the one that is given, or else in a new one in memory. What the test has written there is
/// removed with it.
pub struct Place {
    /// The whole database.
    pub database: kv::Database,
    /// Where in it the test may write.
    pub subspace: Subspace,
    root: SpacePath,
}

/// A place for one test.
///
/// **Errors**: those of opening the database.
pub fn place() -> Result<Place> {
    let (database, root) = (whole()?, root());
    Ok(Place {
        subspace: pollster::block_on(create(&database, &root))?,
        database,
        root,
    })
}

impl Drop for Place {
    fn drop(&mut self) {
        remove(&self.database, &self.root);
    }
}

/// The given database and a root in it, for tests that open it themselves.
pub struct Given {
    url: String,
    root: SpacePath,
}

/// The database that is given, with a fresh root; none if none is given.
pub fn database() -> Option<Given> {
    Some(Given {
        url: url()?,
        root: root(),
    })
}

impl Given {
    /// Where the database is.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// How to open it for the part of the test called `name`.
    pub fn options_below(&self, name: &str) -> DatabaseOptions {
        let path = format!("{}/{}", self.root, name.replace('/', "-"));
        DatabaseOptions::default().root(path.parse().expect("names of tests make a path"))
    }
}

impl Drop for Given {
    fn drop(&mut self) {
        match pollster::block_on(Database::open(&self.url)) {
            Ok(database) => remove(database.kv(), &self.root),
            Err(error) => eprintln!("{} is left behind: {error}", self.root),
        }
    }
}

fn url() -> Option<String> {
    env::var(URL).ok().filter(|url| !url.is_empty())
}

/// A directory that no other test has.
fn root() -> SpacePath {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let path = format!("record-store-tests/{}-{number}", process::id());
    path.parse().expect("numbers make a path")
}

/// Makes the directory.
async fn create(database: &kv::Database, root: &SpacePath) -> Result<Subspace> {
    let layer = &DirectoryLayer::standard(database.env().clone());
    let create =
        |transaction: kv::Transaction, _| async move { layer.create(&transaction, root.names(), b"", None).await };
    let directory = database.run(&RunOptions::default(), create).await?;
    Ok(directory.subspace()?.clone())
}

fn remove(database: &kv::Database, root: &SpacePath) {
    let layer = &DirectoryLayer::standard(database.env().clone());
    let remove =
        |transaction: kv::Transaction, _| async move { layer.remove_if_exists(&transaction, root.names()).await };
    if let Err(error) = pollster::block_on(database.run(&RunOptions::default(), remove)) {
        eprintln!("{root} is left behind: {error}");
    }
}
