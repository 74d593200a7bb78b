//! [`NetworkOption`]: FoundationDB's options of a whole process, such as TLS and tracing.

use record_store_kv::{Bytes, Error, ErrorKind, Result};

/// What kind of value an option takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Takes {
    Nothing,
    Text,
    Number,
}

/// FoundationDB's spelling, its number, and what the option takes (`fdb.options` of version 7.3).
const TABLE: &[(&str, u32, Takes)] = &[
    ("trace_enable", 30, Takes::Text),
    ("trace_roll_size", 31, Takes::Number),
    ("trace_max_logs_size", 32, Takes::Number),
    ("trace_log_group", 33, Takes::Text),
    ("trace_format", 34, Takes::Text),
    ("trace_clock_source", 35, Takes::Text),
    ("trace_file_identifier", 36, Takes::Text),
    ("trace_share_among_client_threads", 37, Takes::Nothing),
    ("trace_initialize_on_setup", 38, Takes::Nothing),
    ("trace_partial_file_suffix", 39, Takes::Text),
    ("knob", 40, Takes::Text),
    ("tls_cert_bytes", 42, Takes::Text),
    ("tls_cert_path", 43, Takes::Text),
    ("tls_key_bytes", 45, Takes::Text),
    ("tls_key_path", 46, Takes::Text),
    ("tls_verify_peers", 47, Takes::Text),
    ("tls_ca_bytes", 52, Takes::Text),
    ("tls_ca_path", 53, Takes::Text),
    ("tls_password", 54, Takes::Text),
    ("disable_multi_version_client_api", 60, Takes::Nothing),
    ("callbacks_on_external_threads", 61, Takes::Nothing),
    ("external_client_library", 62, Takes::Text),
    ("external_client_directory", 63, Takes::Text),
    ("disable_local_client", 64, Takes::Nothing),
    ("client_threads_per_version", 65, Takes::Number),
    ("retain_client_library_copies", 67, Takes::Nothing),
    ("ignore_external_client_failures", 68, Takes::Nothing),
    ("fail_incompatible_client", 69, Takes::Nothing),
    ("disable_client_statistics_logging", 70, Takes::Nothing),
    ("enable_run_loop_profiling", 71, Takes::Nothing),
    ("disable_client_bypass", 72, Takes::Nothing),
    ("client_buggify_enable", 80, Takes::Nothing),
    ("client_buggify_disable", 81, Takes::Nothing),
    ("client_buggify_section_activated_probability", 82, Takes::Number),
    ("client_buggify_section_fired_probability", 83, Takes::Number),
    ("distributed_client_tracer", 90, Takes::Text),
    ("client_tmp_dir", 91, Takes::Text),
];

/// An option of FoundationDB's client in this process, set before its first use.
///
/// ```
/// use record_store_fdb::NetworkOption;
///
/// let certificate = NetworkOption::named("tls_cert_path", Some("/etc/fdb/cert.pem"))?;
/// assert_eq!(certificate.code(), 43);
/// assert!(NetworkOption::named("trace_roll_size", Some("much")).is_err());
/// # Ok::<(), record_store_kv::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct NetworkOption {
    code: u32,
    value: Option<Bytes>,
}

impl NetworkOption {
    /// An option by FoundationDB's number, with the bytes of its value.
    pub fn new(code: u32, value: Option<Bytes>) -> Self {
        NetworkOption { code, value }
    }

    /// The option that FoundationDB spells `name`.
    ///
    /// **Errors**: `InvalidArgument` for another name, and for a value that the option does not take.
    pub fn named(name: &str, value: Option<&str>) -> Result<Self> {
        let refused = |message| Err(Error::new(ErrorKind::InvalidArgument, message).with("option", name.to_owned()));
        let Some((_, code, takes)) = TABLE.iter().find(|(spelling, ..)| *spelling == name) else {
            return refused("FoundationDB has no network option of this name");
        };
        let value = match (takes, value) {
            (Takes::Nothing, None | Some("" | "true")) => None,
            (Takes::Nothing, Some(_)) => return refused("the network option takes no value"),
            (Takes::Text, Some(text)) => Some(Bytes::copy_from_slice(text.as_bytes())),
            (Takes::Number, Some(text)) => match text.parse::<i64>() {
                Ok(number) => Some(Bytes::copy_from_slice(&number.to_le_bytes())),
                Err(_) => return refused("the network option takes a whole number"),
            },
            (_, None) => return refused("the network option takes a value"),
        };
        Ok(NetworkOption { code: *code, value })
    }

    /// Whether FoundationDB has a network option of this name.
    pub(crate) fn is_name(name: &str) -> bool {
        TABLE.iter().any(|(spelling, ..)| *spelling == name)
    }

    /// FoundationDB's number of the option.
    pub fn code(&self) -> u32 {
        self.code
    }

    /// The bytes of its value, as FoundationDB takes them.
    pub fn value(&self) -> Option<&[u8]> {
        self.value.as_deref()
    }
}

impl std::fmt::Debug for NetworkOption {
    /// The number alone: a value may be a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NetworkOption({})", self.code)
    }
}
