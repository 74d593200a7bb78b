//! Options of a transaction and the defaults that a database handle gives them, by FoundationDB's numbers.

use record_store_kv::fdb_code;

use super::legality::{NORMAL_KEYS_END, SYSTEM_KEYS_END};
use crate::limits::{TRANSACTION_SIZE_MAX, WATCHES_MAX_DEFAULT};

/// The options of one transaction.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// The version of FoundationDB's API that the client sees.
    pub(crate) api_version: i32,
    /// Addresses come with the port; always so since version 630.
    pub(crate) port_in_address: bool,
    pub(crate) read_your_writes_disabled: bool,
    pub(crate) next_write_no_conflict: bool,
    pub(crate) causal_write_risky: bool,
    pub(crate) read_system_keys: bool,
    pub(crate) write_system_keys: bool,
    /// Snapshot reads see the own writes while this is positive.
    pub(crate) snapshot_ryw: i64,
    /// Milliseconds since the transaction's creation; 0: none.
    pub(crate) timeout_ms: i64,
    /// How many retries `on_error` grants; −1: any number.
    pub(crate) retry_limit: i64,
    pub(crate) max_retry_delay_ms: i64,
    pub(crate) size_limit: i64,
    pub(crate) lock_aware: bool,
    pub(crate) read_lock_aware: bool,
    pub(crate) used_during_commit_protection_disabled: bool,
    pub(crate) report_conflicting_keys: bool,
    pub(crate) special_keys_relaxed: bool,
    pub(crate) special_key_writes: bool,
    pub(crate) bypass_unreadable: bool,
    debug_identifier: Option<Box<[u8]>>,
    tags: usize,
}

/// What a database handle makes the default of its transactions.
#[derive(Clone, Debug)]
pub(crate) struct Defaults {
    options: Options,
    /// How many watches may be pending on the handle.
    pub(crate) watches_max: i64,
    /// The code with which every transaction of the handle fails, after an option that could not be applied.
    pub(crate) failure: Option<i32>,
    /// The same, until the option is set again to something that can be applied.
    invalid: [Option<i32>; DEFAULTED.len()],
}

/// The options that are defaults of transactions: on a database, and on a transaction.
const DEFAULTED: [(i32, i32); 9] = [
    (405, 405),
    (505, 23),
    (500, 500),
    (501, 501),
    (502, 502),
    (503, 503),
    (700, 1100),
    (701, 701),
    (702, 712),
];

/// Whether FoundationDB has a transaction option with this number.
pub(crate) fn is_known(code: i32) -> bool {
    FLAGS.contains(&code) || VALUED.contains(&code)
}

impl Options {
    fn new() -> Self {
        Options {
            api_version: 730,
            port_in_address: false,
            read_your_writes_disabled: false,
            next_write_no_conflict: false,
            causal_write_risky: false,
            read_system_keys: false,
            write_system_keys: false,
            snapshot_ryw: 1,
            timeout_ms: 0,
            retry_limit: -1,
            max_retry_delay_ms: 1_000,
            size_limit: TRANSACTION_SIZE_MAX,
            lock_aware: false,
            read_lock_aware: false,
            used_during_commit_protection_disabled: false,
            report_conflicting_keys: false,
            special_keys_relaxed: false,
            special_key_writes: false,
            bypass_unreadable: false,
            debug_identifier: None,
            tags: 0,
        }
    }

    /// The first key that may not be read.
    pub(crate) fn max_read_key(&self) -> &'static [u8] {
        if self.read_system_keys {
            SYSTEM_KEYS_END
        } else {
            NORMAL_KEYS_END
        }
    }

    /// The first key that may not be written.
    pub(crate) fn max_write_key(&self) -> &'static [u8] {
        if self.write_system_keys {
            SYSTEM_KEYS_END
        } else {
            NORMAL_KEYS_END
        }
    }

    /// Whether the next write adds a conflict range; asking uses the option up.
    pub(crate) fn take_write_conflict(&mut self) -> bool {
        !std::mem::take(&mut self.next_write_no_conflict)
    }

    /// The options of a fresh attempt: `defaults`, and of these only what outlives a retry.
    pub(crate) fn for_retry(&self, defaults: &Defaults) -> Self {
        Options {
            timeout_ms: self.timeout_ms,
            retry_limit: self.retry_limit,
            max_retry_delay_ms: self.max_retry_delay_ms,
            ..defaults.options.clone()
        }
    }

    /// Applies an option. Errors: 2007 for an unknown one; else what the transaction fails with later.
    pub(crate) fn set(&mut self, code: i32, value: Option<&[u8]>) -> Result<(), i32> {
        match code {
            500 => self.timeout_ms = integer(value, 0, i64::from(i32::MAX))?,
            501 => self.retry_limit = integer(value, -1, i64::from(i32::MAX))?,
            502 => self.max_retry_delay_ms = integer(value, 0, i64::from(i32::MAX))?,
            503 => self.size_limit = integer(value, 32, TRANSACTION_SIZE_MAX)?,
            403 => self.set_debug_identifier(value.unwrap_or_default())?,
            404 => self.log_transaction(value)?,
            405 => {
                if integer(value, -1, i64::from(i32::MAX))? == 0 {
                    return Err(fdb_code::INVALID_OPTION_VALUE);
                }
            }
            504 if value.is_none_or(|id| !(16..=255).contains(&id.len())) => return Err(fdb_code::INVALID_OPTION),
            800 | 801 => self.add_tag(value.unwrap_or_default())?,
            900 => check_span_parent(value.unwrap_or_default())?,
            // The cache of read versions wants a state that handles share, which there is none of.
            1101 if self.api_version >= 720 => return Err(fdb_code::INVALID_OPTION),
            // What takes a string or a number and changes nothing here.
            400..=402 | 406 | 504 | 2000 => {}
            _ => self.set_flag(code, value)?,
        }
        Ok(())
    }

    fn set_flag(&mut self, code: i32, value: Option<&[u8]>) -> Result<(), i32> {
        let known = FLAGS.contains(&code);
        if !known {
            return Err(fdb_code::INVALID_OPTION);
        }
        if value.is_some_and(|value| !value.is_empty()) {
            return Err(fdb_code::INVALID_OPTION_VALUE);
        }
        match code {
            10 => self.causal_write_risky = true,
            23 => self.port_in_address = true,
            30 => self.next_write_no_conflict = true,
            51 => self.read_your_writes_disabled = true,
            301 => (self.read_system_keys, self.write_system_keys) = (true, true),
            302 => self.read_system_keys = true,
            600 => self.snapshot_ryw += 1,
            601 => self.snapshot_ryw -= 1,
            700 => (self.lock_aware, self.read_lock_aware) = (true, false),
            701 => self.used_during_commit_protection_disabled = true,
            702 if !self.lock_aware => (self.lock_aware, self.read_lock_aware) = (true, true),
            712 => self.report_conflicting_keys = true,
            713 => self.special_keys_relaxed = true,
            714 => self.special_key_writes = true,
            1100 => self.bypass_unreadable = true,
            _ => {}
        }
        Ok(())
    }

    fn log_transaction(&self, value: Option<&[u8]>) -> Result<(), i32> {
        if value.is_some_and(|value| !value.is_empty()) {
            return Err(fdb_code::INVALID_OPTION_VALUE);
        }
        if self.debug_identifier.is_some() {
            Ok(())
        } else {
            Err(fdb_code::CLIENT_INVALID_OPERATION)
        }
    }

    fn set_debug_identifier(&mut self, identifier: &[u8]) -> Result<(), i32> {
        if !(1..=100).contains(&identifier.len()) {
            return Err(fdb_code::INVALID_OPTION_VALUE);
        }
        if self
            .debug_identifier
            .as_deref()
            .is_some_and(|before| before != identifier)
        {
            return Err(fdb_code::CLIENT_INVALID_OPERATION);
        }
        self.debug_identifier = Some(identifier.into());
        Ok(())
    }

    fn add_tag(&mut self, tag: &[u8]) -> Result<(), i32> {
        if tag.len() > 255 {
            return Err(fdb_code::TAG_TOO_LONG);
        }
        if self.tags >= 5 {
            return Err(fdb_code::TOO_MANY_TAGS);
        }
        self.tags += 1;
        Ok(())
    }
}

/// The options with a value.
const VALUED: [i32; 16] = [
    400, 401, 402, 403, 404, 405, 406, 500, 501, 502, 503, 504, 800, 801, 900, 2000,
];
/// The options without a value. Those that [`Options::set_flag`] does not name concern a cluster and change nothing here.
const FLAGS: [i32; 41] = [
    10, 20, 21, 23, 30, 40, 50, 51, 52, 110, 120, 130, 200, 201, 300, 301, 302, 303, 304, 505, 507, 508, 509, 510, 511,
    600, 601, 700, 701, 702, 710, 711, 712, 713, 714, 1000, 1100, 1101, 1102, 4000, 4001,
];

impl Default for Defaults {
    fn default() -> Self {
        Defaults {
            options: Options::new(),
            watches_max: WATCHES_MAX_DEFAULT,
            failure: None,
            invalid: [None; DEFAULTED.len()],
        }
    }
}

impl Defaults {
    /// Those of a handle whose clients see this version of the API.
    pub(crate) fn of_api(api_version: i32) -> Self {
        let mut defaults = Defaults::default();
        defaults.options.api_version = api_version;
        defaults
    }

    /// The version of the API.
    pub(crate) fn api_version(&self) -> i32 {
        self.options.api_version
    }

    /// The options of a new transaction, and with which code it fails from the start.
    pub(crate) fn options(&self) -> (Options, Option<i32>) {
        let invalid = self.invalid.iter().flatten().next().copied();
        (self.options.clone(), self.failure.or(invalid))
    }

    /// Applies an option of the database. Errors: 2007 for an unknown one; bad values fail the transactions instead.
    pub(crate) fn set(&mut self, code: i32, value: Option<&[u8]>) -> Result<(), i32> {
        if let Some(at) = DEFAULTED.iter().position(|(database, _)| *database == code) {
            let transaction = DEFAULTED.get(at).map_or(code, |(_, transaction)| *transaction);
            let result = self.options.set(transaction, value);
            if let Some(invalid) = self.invalid.get_mut(at) {
                *invalid = result.err();
            }
            return Ok(());
        }
        let flag = |value: Option<&[u8]>| match value {
            Some(value) if !value.is_empty() => Err(fdb_code::INVALID_OPTION_VALUE),
            _ => Ok(()),
        };
        let result = match code {
            10 => integer(value, 0, i64::from(i32::MAX)).map(drop),
            20 => integer(value, 0, WATCHES_MAX).map(|most| self.watches_max = most),
            26 => flag(value).map(|()| self.options.snapshot_ryw += 1),
            27 => flag(value).map(|()| self.options.snapshot_ryw -= 1),
            21 | 22 => Ok(()),
            504 | 506 | 800 | 900 => flag(value),
            _ => return Err(fdb_code::INVALID_OPTION),
        };
        if let Err(code) = result {
            self.failure.get_or_insert(code);
        }
        Ok(())
    }
}

/// Checks a span to trace under: 33 bytes, the first eight of them a version of FoundationDB's protocol.
fn check_span_parent(parent: &[u8]) -> Result<(), i32> {
    /// The upper half of every version of the protocol.
    const PROTOCOL: u64 = 0x0FDB_00B0;
    match parent.first_chunk() {
        _ if parent.len() != 33 => Err(fdb_code::INVALID_OPTION_VALUE),
        Some(version) if u64::from_le_bytes(*version) >> 32 == PROTOCOL => Ok(()),
        _ => Err(fdb_code::SERIALIZATION_FAILED),
    }
}

/// The most watches that a handle may allow.
const WATCHES_MAX: i64 = 1_000_000;

fn integer(value: Option<&[u8]>, least: i64, most: i64) -> Result<i64, i32> {
    let bytes = value.and_then(|value| <[u8; 8]>::try_from(value).ok());
    let number = bytes.map(i64::from_le_bytes).ok_or(fdb_code::INVALID_OPTION_VALUE)?;
    if (least..=most).contains(&number) {
        Ok(number)
    } else {
        Err(fdb_code::INVALID_OPTION_VALUE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_checked_by_option() {
        let number = |number: i64| number.to_le_bytes().to_vec();
        type Case = (i32, Option<Vec<u8>>, Result<(), i32>);
        let cases: &[Case] = &[
            (500, Some(number(0)), Ok(())),
            (500, Some(number(-1)), Err(2006)),
            (500, Some(vec![1]), Err(2006)),
            (500, None, Err(2006)),
            (501, Some(number(-1)), Ok(())),
            (503, Some(number(31)), Err(2006)),
            (503, Some(number(10_000_001)), Err(2006)),
            (405, Some(number(0)), Err(2006)),
            (404, None, Err(2000)),
            (301, Some(vec![1]), Err(2006)),
            (301, Some(vec![]), Ok(())),
            (800, Some(vec![0; 256]), Err(2110)),
            (9999, None, Err(2007)),
        ];
        for (code, value, expected) in cases {
            assert_eq!(Options::new().set(*code, value.as_deref()), *expected, "option {code}");
        }
    }

    #[test]
    fn a_retry_keeps_only_persistent_options() {
        let mut defaults = Defaults::default();
        defaults.set(503, Some(&1_000i64.to_le_bytes())).unwrap();
        let (mut options, failure) = defaults.options();
        assert_eq!(failure, None);
        for code in [301, 601, 712] {
            options.set(code, None).unwrap();
        }
        options.set(501, Some(&7i64.to_le_bytes())).unwrap();
        let retry = options.for_retry(&defaults);
        assert_eq!((retry.retry_limit, retry.size_limit, retry.snapshot_ryw), (7, 1_000, 1));
        assert!(!retry.read_system_keys && !retry.report_conflicting_keys);
    }

    #[test]
    fn a_bad_default_fails_transactions_until_it_is_mended() {
        let mut defaults = Defaults::default();
        defaults.set(500, Some(&(-5i64).to_le_bytes())).unwrap();
        assert_eq!(defaults.options().1, Some(2006));
        defaults.set(500, Some(&5i64.to_le_bytes())).unwrap();
        assert_eq!(defaults.options().1, None);
        for (code, bad) in [(501, -2), (502, -1), (503, 5), (405, -2), (405, 0)] {
            let mut defaults = Defaults::default();
            defaults.set(code, Some(&i64::to_le_bytes(bad))).unwrap();
            assert_eq!(defaults.options().1, Some(2006), "option {code} = {bad}");
        }
        assert_eq!(defaults.set(9999, None), Err(2007));
    }
}
