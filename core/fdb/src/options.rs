//! [`FdbOptions`]: how a cluster is reached, and their form in a URL.

use std::path::PathBuf;
use std::time::Duration;

use record_store_kv::{Bytes, DatabaseOption, Error, ErrorKind, Result};

use crate::NetworkOption;

/// How a cluster is reached.
///
/// The client library, its API version and network options belong to the process: the first database that is opened decides
/// them, and a later one must ask for the same or for nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FdbOptions {
    /// The cluster file; none means FoundationDB's own rule: the environment variable `FDB_CLUSTER_FILE`, `fdb.cluster` in the
    /// working directory, or the system's.
    pub cluster_file: Option<PathBuf>,
    /// The client library; none means what `FDB_LOCAL_CLIENT_LIBRARY_PATH` names, or the system's `libfdb_c`.
    pub library: Option<PathBuf>,
    /// The version of FoundationDB's API: 510 to 730.
    pub api_version: i32,
    /// Options of the process, such as those of TLS.
    pub network: Vec<NetworkOption>,
    /// Options of the database.
    pub database: Vec<DatabaseOption>,
    /// How long opening waits for the cluster to answer.
    pub connect_timeout: Duration,
}

impl Default for FdbOptions {
    /// The default cluster file and library, API version 730, ten seconds for the cluster to answer.
    fn default() -> Self {
        FdbOptions {
            cluster_file: None,
            library: None,
            api_version: 730,
            network: Vec::new(),
            database: Vec::new(),
            connect_timeout: Duration::from_secs(10),
        }
    }
}

impl FdbOptions {
    /// What stands behind `fdb:` in a URL: the path of a cluster file or nothing, and perhaps `?` and options joined by `&`:
    ///
    /// - `library=/usr/lib/libfdb_c.so`, `api_version=730`, `connect_timeout_ms=10000`,
    /// - a network option by FoundationDB's name: `tls_ca_path=/etc/fdb/ca.pem`, `trace_enable=/var/log/app`,
    ///   `disable_client_statistics_logging`,
    /// - an option of the database by FoundationDB's name: `transaction_timeout=5000`.
    ///
    /// ```
    /// use record_store_fdb::FdbOptions;
    ///
    /// let options = FdbOptions::parse("/etc/fdb.cluster?api_version=710&tls_ca_path=/etc/fdb/ca.pem")?;
    /// assert_eq!(options.cluster_file.as_deref(), Some("/etc/fdb.cluster".as_ref()));
    /// assert_eq!((options.api_version, options.network[0].code()), (710, 53));
    /// # Ok::<(), record_store_kv::Error>(())
    /// ```
    ///
    /// **Errors**: `InvalidArgument` names the part that cannot be read.
    pub fn parse(text: &str) -> Result<Self> {
        let (file, query) = text.split_once('?').unwrap_or((text, ""));
        let mut options = FdbOptions {
            cluster_file: (!file.is_empty()).then(|| file.into()),
            ..FdbOptions::default()
        };
        for part in query.split('&').filter(|part| !part.is_empty()) {
            let (name, value) = match part.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (part, None),
            };
            options
                .set(name, value)
                .map_err(|error| error.with("part", part_to_show(name, part)))?;
        }
        Ok(options)
    }

    fn set(&mut self, name: &str, value: Option<&str>) -> Result<()> {
        match (name, value) {
            ("library", Some(file)) if !file.is_empty() => self.library = Some(file.into()),
            ("api_version", Some(number)) => {
                let version = number.parse().ok().filter(|version| (510..=730).contains(version));
                self.api_version = version.ok_or_else(|| refused("an API version is a number from 510 to 730"))?;
            }
            ("connect_timeout_ms", Some(number)) => {
                let time = number.parse().ok().filter(|time| (1..=i32::MAX as u64).contains(time));
                let time =
                    time.ok_or_else(|| refused("a time to connect is a whole number of milliseconds from 1 on"))?;
                self.connect_timeout = Duration::from_millis(time);
            }
            _ if NetworkOption::is_name(name) => self.network.push(NetworkOption::named(name, value)?),
            _ => match DatabaseOption::code_of(name) {
                Some(code) => self.database.push(DatabaseOption::Other(code, number(value)?)),
                None => {
                    return Err(refused(
                        "the options of a cluster are library=…, api_version=…, connect_timeout_ms=…, and FoundationDB's network and \
                         database options by their names, joined by &",
                    ));
                }
            },
        }
        Ok(())
    }
}

/// The value of a database's option as FoundationDB takes it: the options with a value take numbers.
fn number(value: Option<&str>) -> Result<Option<Bytes>> {
    let Some(text) = value.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let number = text.parse::<i64>();
    let number = number.map_err(|_| refused("an option of the database takes a whole number"))?;
    Ok(Some(Bytes::copy_from_slice(&number.to_le_bytes())))
}

/// What an error may show of a part: not a password, nor a key.
fn part_to_show<'a>(name: &'a str, part: &'a str) -> &'a str {
    match name {
        "tls_password" | "tls_key_bytes" => name,
        _ => part,
    }
}

fn refused(message: &'static str) -> Error {
    Error::new(ErrorKind::InvalidArgument, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_from_a_url() {
        let options = FdbOptions::parse(
            "?library=/l.so&trace_roll_size=7&disable_client_bypass&transaction_timeout=5&transaction_bypass_unreadable",
        );
        let options = options.unwrap();
        assert_eq!(options.cluster_file, None);
        assert_eq!(options.library.as_deref(), Some("/l.so".as_ref()));
        let network: Vec<_> = options
            .network
            .iter()
            .map(|option| (option.code(), option.value()))
            .collect();
        assert_eq!(network, [(31, Some(&7_i64.to_le_bytes()[..])), (72, None)]);
        let database: Vec<_> = options
            .database
            .iter()
            .map(|option| (option.code(), option.value()))
            .collect();
        assert_eq!(
            database,
            [(500, Some(Bytes::copy_from_slice(&5_i64.to_le_bytes()))), (700, None)]
        );
    }

    #[test]
    fn a_part_that_cannot_be_read_is_named_and_a_secret_is_not_shown() {
        for (text, part) in [
            ("f?nothing", "nothing"),
            ("f?api_version=500", "api_version=500"),
            ("f?connect_timeout_ms=0", "connect_timeout_ms=0"),
            ("f?library=", "library="),
            ("f?tls_ca_path", "tls_ca_path"),
            ("f?transaction_timeout=long", "transaction_timeout=long"),
            ("f?disable_local_client=7", "disable_local_client=7"),
        ] {
            let error = FdbOptions::parse(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{text}");
            assert!(error.context().contains(&("part", part.to_owned())), "{error}");
        }
        let options = FdbOptions::parse("?tls_password=secret").unwrap();
        assert!(!format!("{options:?}").contains("secret"));
    }
}
