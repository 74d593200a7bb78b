//! The database that whoever runs the tests gives them, beside those that they make for themselves: perhaps a cluster that others use
//! too, so each test works below a root of its own and removes it.

use std::env;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use futures_executor::block_on;
use record_store::{Database, DatabaseOptions, Result, SpacePath};
use record_store_kv::directory::DirectoryLayer;

/// The environment variable with the URL of the database.
pub const URL: &str = "RECORD_STORE_TEST_URL";

/// The database that [`URL`] names, and a part of it for one test.
pub struct Given {
    url: String,
    root: String,
}

/// The database that is given, with a fresh root; none if none is given.
pub fn database() -> Option<Given> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let url = env::var(URL).ok().filter(|url| !url.is_empty())?;
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let root = format!("record-store-tests/{}-{number}", process::id());
    Some(Given { url, root })
}

impl Given {
    /// Where the database is.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// How to open it for this test alone, or for the part of it called `name`.
    pub fn options_below(&self, name: &str) -> DatabaseOptions {
        let name = name.replace('/', "-");
        let path: SpacePath = format!("{}/{name}", self.root)
            .parse()
            .expect("names of tests make a path");
        DatabaseOptions::default().root(path)
    }
}

impl Drop for Given {
    /// Removes all that the test has written.
    fn drop(&mut self) {
        let removed = block_on(async {
            let database = Database::open(&self.url).await?;
            let (root, layer) = (&self.root.parse::<SpacePath>()?, &DirectoryLayer::default());
            let removed: Result<bool> = database
                .run(|context| async move {
                    let transaction = context.transaction();
                    Ok(layer.remove_if_exists(transaction, root.names()).await?)
                })
                .await;
            removed
        });
        if let Err(error) = removed {
            eprintln!("{} is left behind: {error}", self.root);
        }
    }
}
