//! [`StoreHeader`]: what the first key of a store says about it.
//!
//! The only file that knows the fields of `DataStoreInfo`.

use std::sync::Arc;
use std::time::Duration;

use prost::Message;
use record_store_kv::Bytes;

use crate::proto::data_store_info::store_lock_state::State;
use crate::proto::data_store_info::{self, UserFieldEntry};
use crate::proto::{DataStoreInfo, KeyExpression};
use crate::split::HexKey;
use crate::{Error, ErrorKind, FormatVersion, Result};

/// The header of a store. Clones are cheap.
#[derive(Clone, Debug)]
pub struct StoreHeader(Arc<DataStoreInfo>);

impl PartialEq for StoreHeader {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0
    }
}

/// What happens to the counts of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RecordCountState {
    /// They are kept and may be read.
    Readable,
    /// They are kept and may not be read.
    WriteOnly,
    /// They are gone, for good.
    Disabled,
}

/// Against what a store is locked, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreLock {
    /// Records may not be saved or deleted.
    ForbidRecordUpdate {
        /// Why, in words.
        reason: String,
    },
    /// The store may not be opened, unless its opener names this reason.
    FullStore {
        /// Why, in words.
        reason: String,
    },
    /// A lock that this release does not know, by its number.
    Unknown(i32),
}

impl StoreHeader {
    /// The header of a store that is not there yet.
    pub(crate) fn absent() -> Self {
        StoreHeader(Arc::default())
    }

    /// Errors: `Corrupt` for bytes that are no header.
    pub(crate) fn from_bytes(key: &[u8], bytes: Bytes) -> Result<Self> {
        DataStoreInfo::decode(bytes).map(|info| StoreHeader(Arc::new(info))).map_err(|error| {
            Error::new(
                ErrorKind::Corrupt,
                "the header of the record store is no DataStoreInfo message: restore it, or clear it and repair the missing header",
            )
            .with("key", HexKey(key))
            .caused_by(error)
        })
    }

    fn info(&mut self) -> &mut DataStoreInfo {
        Arc::make_mut(&mut self.0)
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        self.0.encode_to_vec()
    }

    /// Whether the store has no header, or one without a format version, which counts as none.
    pub(crate) fn is_absent(&self) -> bool {
        self.0.format_version.unwrap_or(0) == 0
    }

    /// The format of the store; `None` while it has no header.
    ///
    /// **Errors**: `NewerFormat` for a format that this release does not know.
    pub fn format_version(&self) -> Result<Option<FormatVersion>> {
        match self.0.format_version {
            None | Some(0) => Ok(None),
            Some(number) => FormatVersion::from_number(number).map(Some),
        }
    }

    pub(crate) fn set_format_version(&mut self, version: FormatVersion) {
        self.info().format_version = Some(version.number());
    }

    /// The version of the meta-data with which the store was last opened.
    pub fn metadata_version(&self) -> i32 {
        self.0.meta_dataversion.unwrap_or(0)
    }

    pub(crate) fn set_metadata_version(&mut self, version: i32) {
        self.info().meta_dataversion = Some(version);
    }

    /// The version that the application gave the store, if it did.
    pub fn user_version(&self) -> Option<i32> {
        self.0.user_version
    }

    pub(crate) fn set_user_version(&mut self, version: i32) {
        self.info().user_version = Some(version);
    }

    /// When the header was last written, by the writer's clock, since 1970.
    pub fn last_update_time(&self) -> Option<Duration> {
        self.0.last_update_time.map(Duration::from_millis)
    }

    pub(crate) fn set_last_update_time(&mut self, time: Duration) {
        self.info().last_update_time = Some(milliseconds(time));
    }

    /// The key by which records are counted.
    pub(crate) fn record_count_key(&self) -> Option<&KeyExpression> {
        self.0.record_count_key.as_ref()
    }

    pub(crate) fn set_record_count_key(&mut self, key: Option<KeyExpression>) {
        self.info().record_count_key = key;
    }

    /// What happens to the counts of records.
    pub fn record_count_state(&self) -> RecordCountState {
        match self.0.record_count_state() {
            data_store_info::RecordCountState::Readable => RecordCountState::Readable,
            data_store_info::RecordCountState::WriteOnly => RecordCountState::WriteOnly,
            data_store_info::RecordCountState::Disabled => RecordCountState::Disabled,
        }
    }

    pub(crate) fn set_record_count_state(&mut self, state: RecordCountState) {
        self.info().set_record_count_state(match state {
            RecordCountState::Readable => data_store_info::RecordCountState::Readable,
            RecordCountState::WriteOnly => data_store_info::RecordCountState::WriteOnly,
            RecordCountState::Disabled => data_store_info::RecordCountState::Disabled,
        });
    }

    /// Whether unsplit records lie at bare keys.
    pub fn omits_unsplit_suffix(&self) -> bool {
        self.0.omit_unsplit_record_suffix.unwrap_or(false)
    }

    pub(crate) fn set_omits_unsplit_suffix(&mut self) {
        self.info().omit_unsplit_record_suffix = Some(true);
    }

    /// Whether clients may cache the state of the store.
    pub fn is_cacheable(&self) -> bool {
        self.0.cacheable.unwrap_or(false)
    }

    pub(crate) fn set_cacheable(&mut self, cacheable: bool) {
        self.info().cacheable = Some(cacheable);
    }

    /// The value of a field of the user.
    pub fn user_field(&self, name: &str) -> Option<&[u8]> {
        let entry = self.0.user_field.iter().find(|entry| entry.key() == name)?;
        Some(entry.value())
    }

    /// Replaces the value of a field in its place, or adds the field behind the others.
    pub(crate) fn set_user_field(&mut self, name: &str, value: Bytes) {
        match self.info().user_field.iter_mut().find(|entry| entry.key() == name) {
            Some(entry) => entry.value = Some(value),
            None => self.info().user_field.push(UserFieldEntry {
                key: Some(name.to_owned()),
                value: Some(value),
            }),
        }
    }

    pub(crate) fn clear_user_field(&mut self, name: &str) {
        self.info().user_field.retain(|entry| entry.key() != name);
    }

    /// Against what the store is locked.
    pub fn lock(&self) -> Option<StoreLock> {
        let lock = self.0.store_lock_state.as_ref()?;
        let reason = lock.reason().to_owned();
        let number = lock.lock_state.unwrap_or(0);
        Some(match State::try_from(number) {
            Ok(State::ForbidRecordUpdate) => StoreLock::ForbidRecordUpdate { reason },
            Ok(State::FullStore) => StoreLock::FullStore { reason },
            Ok(State::Unspecified) | Err(_) => StoreLock::Unknown(number),
        })
    }

    /// Errors: `InvalidArgument` for an unknown lock.
    pub(crate) fn set_lock(&mut self, lock: Option<StoreLock>, now: Duration) -> Result<()> {
        self.info().store_lock_state = match lock {
            None => None,
            Some(lock) => {
                let (state, reason) = match lock {
                    StoreLock::ForbidRecordUpdate { reason } => (State::ForbidRecordUpdate, reason),
                    StoreLock::FullStore { reason } => (State::FullStore, reason),
                    StoreLock::Unknown(number) => {
                        return Err(Error::new(
                            ErrorKind::InvalidArgument,
                            "a store can be given only a lock that this release knows",
                        )
                        .with("lock", number));
                    }
                };
                Some(data_store_info::StoreLockState {
                    lock_state: Some(state.into()),
                    reason: Some(reason),
                    timestamp: Some(i64::try_from(now.as_millis()).unwrap_or(i64::MAX)),
                })
            }
        };
        Ok(())
    }

    /// How often the store moved between clusters.
    pub fn incarnation(&self) -> i32 {
        self.0.incarnation.unwrap_or(0)
    }

    pub(crate) fn set_incarnation(&mut self, incarnation: i32) {
        self.info().incarnation = Some(incarnation);
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
