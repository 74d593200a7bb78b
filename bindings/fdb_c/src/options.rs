//! The network's options. Most of them choose how FoundationDB's client talks to a cluster or loads other clients: they are checked as
//! it checks them, and change nothing. Client buggify is the engine's.

use std::path::Path;
use std::sync::LazyLock;

use parking_lot::Mutex;
use record_store_engine::ClientBuggify;

use crate::error::{Code, codes};

/// What an option takes.
#[derive(Clone, Copy)]
enum Takes {
    /// No value.
    Nothing,
    /// Eight bytes, little-endian.
    Number(i64, i64),
    /// Any bytes.
    Bytes,
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// `name=value`.
    Knob,
    /// Letters, digits and underscores.
    Identifier,
    /// The name of a file that exists.
    File,
    /// The name of a folder that exists.
    Folder,
}

const ANY: Takes = Takes::Number(0, i64::MAX);
const PERCENT: Takes = Takes::Number(0, 100);
const DISABLE_LOCAL_CLIENT: i32 = 64;
const CLIENT_BUGGIFY_ENABLE: i32 = 80;
const CLIENT_BUGGIFY_DISABLE: i32 = 81;
const CLIENT_BUGGIFY_SECTION_ACTIVATED: i32 = 82;
const CLIENT_BUGGIFY_SECTION_FIRED: i32 = 83;

/// Number, name, and what it takes.
const OPTIONS: [(i32, &str, Takes); 47] = [
    (10, "LOCAL_ADDRESS", Takes::Bytes),
    (20, "CLUSTER_FILE", Takes::Bytes),
    (30, "TRACE_ENABLE", Takes::Bytes),
    (31, "TRACE_ROLL_SIZE", ANY),
    (32, "TRACE_MAX_LOGS_SIZE", ANY),
    (33, "TRACE_LOG_GROUP", Takes::Bytes),
    (34, "TRACE_FORMAT", Takes::OneOf(&["xml", "json"])),
    (35, "TRACE_CLOCK_SOURCE", Takes::OneOf(&["now", "realtime"])),
    (36, "TRACE_FILE_IDENTIFIER", Takes::Identifier),
    (37, "TRACE_SHARE_AMONG_CLIENT_THREADS", Takes::Nothing),
    (38, "TRACE_INITIALIZE_ON_SETUP", Takes::Nothing),
    (39, "TRACE_PARTIAL_FILE_SUFFIX", Takes::Bytes),
    (40, "KNOB", Takes::Knob),
    (41, "TLS_PLUGIN", Takes::Bytes),
    (42, "TLS_CERT_BYTES", Takes::Bytes),
    (43, "TLS_CERT_PATH", Takes::Bytes),
    (45, "TLS_KEY_BYTES", Takes::Bytes),
    (46, "TLS_KEY_PATH", Takes::Bytes),
    (47, "TLS_VERIFY_PEERS", Takes::Bytes),
    (48, "BUGGIFY_ENABLE", Takes::Nothing),
    (49, "BUGGIFY_DISABLE", Takes::Nothing),
    (50, "BUGGIFY_SECTION_ACTIVATED_PROBABILITY", PERCENT),
    (51, "BUGGIFY_SECTION_FIRED_PROBABILITY", PERCENT),
    (52, "TLS_CA_BYTES", Takes::Bytes),
    (53, "TLS_CA_PATH", Takes::Bytes),
    (54, "TLS_PASSWORD", Takes::Bytes),
    (60, "DISABLE_MULTI_VERSION_CLIENT_API", Takes::Nothing),
    (61, "CALLBACKS_ON_EXTERNAL_THREADS", Takes::Nothing),
    (62, "EXTERNAL_CLIENT_LIBRARY", Takes::File),
    (63, "EXTERNAL_CLIENT_DIRECTORY", Takes::Folder),
    (DISABLE_LOCAL_CLIENT, "DISABLE_LOCAL_CLIENT", Takes::Nothing),
    (65, "CLIENT_THREADS_PER_VERSION", Takes::Number(1, 1_024)),
    (66, "FUTURE_VERSION_CLIENT_LIBRARY", Takes::File),
    (67, "RETAIN_CLIENT_LIBRARY_COPIES", Takes::Nothing),
    (68, "IGNORE_EXTERNAL_CLIENT_FAILURES", Takes::Nothing),
    (69, "FAIL_INCOMPATIBLE_CLIENT", Takes::Nothing),
    (70, "DISABLE_CLIENT_STATISTICS_LOGGING", Takes::Nothing),
    (71, "ENABLE_RUN_LOOP_PROFILING", Takes::Nothing),
    (72, "DISABLE_CLIENT_BYPASS", Takes::Nothing),
    (CLIENT_BUGGIFY_ENABLE, "CLIENT_BUGGIFY_ENABLE", Takes::Nothing),
    (CLIENT_BUGGIFY_DISABLE, "CLIENT_BUGGIFY_DISABLE", Takes::Nothing),
    (
        CLIENT_BUGGIFY_SECTION_ACTIVATED,
        "CLIENT_BUGGIFY_SECTION_ACTIVATED_PROBABILITY",
        PERCENT,
    ),
    (
        CLIENT_BUGGIFY_SECTION_FIRED,
        "CLIENT_BUGGIFY_SECTION_FIRED_PROBABILITY",
        PERCENT,
    ),
    (
        90,
        "DISTRIBUTED_CLIENT_TRACER",
        Takes::OneOf(&["none", "log_file", "network_lossy"]),
    ),
    (91, "CLIENT_TMP_DIR", Takes::Bytes),
    (1000, "SUPPORTED_CLIENT_VERSIONS", Takes::Bytes),
    (1001, "EXTERNAL_CLIENT", Takes::Nothing),
];

struct State {
    /// What came of the options in the environment, once they were looked at.
    environment: Option<Result<(), Code>>,
    local_client_disabled: bool,
}

static STATE: Mutex<State> = Mutex::new(State {
    environment: None,
    local_client_disabled: false,
});

/// What makes up failures in all databases of the process.
pub(crate) fn client_buggify() -> &'static ClientBuggify {
    static BUGGIFY: LazyLock<ClientBuggify> = LazyLock::new(ClientBuggify::default);
    &BUGGIFY
}

/// Sets an option.
///
/// **Errors**: 2007 for an unknown one, 2006 for a value that it does not take, 1511 for a file that is not there, 2022 for an
/// option in the environment.
pub(crate) fn set(option: i32, value: &[u8]) -> Result<(), Code> {
    load_environment()?;
    apply(&mut STATE.lock(), option, value)
}

/// Sets the options that stand in the environment as `FDB_NETWORK_OPTION_…`, the first time.
///
/// **Errors**: 2022 if one of them cannot be set.
pub(crate) fn load_environment() -> Result<(), Code> {
    let mut state = STATE.lock();
    if let Some(result) = state.environment {
        return result;
    }
    let mut result = Ok(());
    for (option, name, takes) in OPTIONS {
        let Some(values) = std::env::var_os(format!("FDB_NETWORK_OPTION_{name}")) else {
            continue;
        };
        for value in std::env::split_paths(&values) {
            let text = value.to_string_lossy();
            let bytes = match takes {
                Takes::Number(..) => text
                    .parse::<i64>()
                    .map(|number| number.to_le_bytes().to_vec())
                    .unwrap_or_default(),
                _ => text.as_bytes().to_vec(),
            };
            if apply(&mut state, option, &bytes).is_err() {
                result = Err(codes::ENVIRONMENT_VARIABLE_NETWORK_OPTION_FAILED);
            }
        }
    }
    state.environment = Some(result);
    result
}

/// Whether a client can be made of the options.
///
/// **Errors**: 2123 when this client is disabled, as there is no other.
pub(crate) fn check_complete() -> Result<(), Code> {
    if STATE.lock().local_client_disabled {
        return Err(codes::NO_EXTERNAL_CLIENT_PROVIDED);
    }
    Ok(())
}

fn apply(state: &mut State, option: i32, value: &[u8]) -> Result<(), Code> {
    let known = OPTIONS.iter().find(|(number, ..)| *number == option);
    let (_, _, takes) = known.ok_or(codes::INVALID_OPTION)?;
    takes.check(value)?;
    let percent = value.first().copied().unwrap_or_default();
    match option {
        DISABLE_LOCAL_CLIENT => state.local_client_disabled = true,
        CLIENT_BUGGIFY_ENABLE => client_buggify().enable(true),
        CLIENT_BUGGIFY_DISABLE => client_buggify().enable(false),
        CLIENT_BUGGIFY_SECTION_ACTIVATED => client_buggify().set_section_activated_probability(percent),
        CLIENT_BUGGIFY_SECTION_FIRED => client_buggify().set_section_fired_probability(percent),
        _ => {}
    }
    Ok(())
}

impl Takes {
    fn check(self, value: &[u8]) -> Result<(), Code> {
        let text = std::str::from_utf8(value);
        let is_valid = match self {
            Takes::Nothing => value.is_empty(),
            Takes::Number(least, most) => value
                .try_into()
                .is_ok_and(|bytes| (least..=most).contains(&i64::from_le_bytes(bytes))),
            Takes::Bytes => true,
            Takes::OneOf(texts) => text.is_ok_and(|text| texts.contains(&text)),
            Takes::Knob => value.contains(&b'='),
            Takes::Identifier => value.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_'),
            Takes::File | Takes::Folder => {
                let path = Path::new(text.map_err(|_| codes::FILE_NOT_FOUND)?);
                let is_there = if matches!(self, Takes::File) {
                    path.is_file()
                } else {
                    path.is_dir()
                };
                return if is_there { Ok(()) } else { Err(codes::FILE_NOT_FOUND) };
            }
        };
        if is_valid {
            Ok(())
        } else {
            Err(codes::INVALID_OPTION_VALUE)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_checked_by_option() {
        let number = |number: i64| number.to_le_bytes().to_vec();
        let cases: &[(i32, Vec<u8>, Result<(), Code>)] = &[
            (30, b"/tmp".to_vec(), Ok(())),
            (31, number(-1), Err(2006)),
            (31, number(0), Ok(())),
            (31, vec![1, 2], Err(2006)),
            (34, b"json".to_vec(), Ok(())),
            (34, b"yaml".to_vec(), Err(2006)),
            (36, b"a/b".to_vec(), Err(2006)),
            (40, b"knob".to_vec(), Err(2006)),
            (40, b"knob=1".to_vec(), Ok(())),
            (61, vec![], Ok(())),
            (61, vec![1], Err(2006)),
            (62, b"/no/such/file".to_vec(), Err(1511)),
            (63, b"/".to_vec(), Ok(())),
            (65, number(0), Err(2006)),
            (11, vec![], Err(2007)),
            (-1, vec![], Err(2007)),
        ];
        let mut state = State {
            environment: None,
            local_client_disabled: false,
        };
        for (option, value, expected) in cases {
            assert_eq!(apply(&mut state, *option, value), *expected, "option {option}");
        }
    }

    #[test]
    fn the_options_are_in_order() {
        assert!(OPTIONS.is_sorted_by(|a, b| a.0 < b.0));
    }
}
