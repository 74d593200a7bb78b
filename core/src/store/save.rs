//! Saving one record.

use record_store_kv::tuple::Tuple;

use super::indexes::{self, Indexed};
use super::{RecordStore, StoredRecord, count, load, versions};
use crate::metadata::RecordType;
use crate::serialize::{self, Record};
use crate::split::{self, Previous};
use crate::{Error, ErrorKind, RecordVersion, Result};

/// What must be true of the record that is saved over.
///
/// Java class: `FDBRecordStoreBase.RecordExistenceCheck`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum RecordExistenceCheck {
    /// Nothing: save in any case.
    #[default]
    None,
    /// There must be none: insert.
    ErrorIfExists,
    /// There must be one: update.
    ErrorIfNotExists,
    /// If there is one, it must be of the same type.
    ErrorIfRecordTypeChanged,
    /// There must be one, and it must be of the same type.
    ErrorIfNotExistsOrRecordTypeChanged,
}

/// Whether a record gets a version.
///
/// Java class: `FDBRecordStoreBase.VersionstampSaveBehavior`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum VersionBehavior {
    /// If the schema stores versions, or a version is given.
    #[default]
    Default,
    /// It does.
    WithVersion,
    /// It does not, and none may be given.
    NoVersion,
    /// If a version is given.
    IfPresent,
}

/// How a record is saved.
///
/// ```
/// use record_store::{RecordExistenceCheck, SaveOptions};
/// let insert = SaveOptions::default().existence(RecordExistenceCheck::ErrorIfExists);
/// assert_ne!(insert, SaveOptions::default());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SaveOptions {
    /// What must be true of the record that is saved over.
    pub existence: RecordExistenceCheck,
    /// The version to save; otherwise the commit gives it.
    pub version: Option<RecordVersion>,
    /// Whether the record gets a version.
    pub version_behavior: VersionBehavior,
}

impl SaveOptions {
    /// What must be true of the record that is saved over.
    #[must_use]
    pub fn existence(mut self, existence: RecordExistenceCheck) -> Self {
        self.existence = existence;
        self
    }

    /// The version to save.
    #[must_use]
    pub fn version(mut self, version: RecordVersion) -> Self {
        self.version = Some(version);
        self
    }

    /// Whether the record gets a version.
    #[must_use]
    pub fn version_behavior(mut self, behavior: VersionBehavior) -> Self {
        self.version_behavior = behavior;
        self
    }
}

/// Saves a record, or with `dry_run` says what saving it would give.
pub(super) async fn save(
    store: &RecordStore,
    record: &Record,
    options: &SaveOptions,
    dry_run: bool,
) -> Result<StoredRecord> {
    let record_type = store.metadata().record_type(record.record_type())?;
    let access = store.schema().access(record_type)?;
    let bytes = record.encode(record_type.descriptor())?;
    let of_type = |error: Error| error.with("record_type", record_type.name());
    access.validate(&bytes).map_err(of_type)?;
    let version = version_for_save(store, options)?;
    let view = access.view(&bytes, version);
    let mut key = store.layout().records().prefix().to_vec();
    access.append_primary_key(&view, &mut key).map_err(of_type)?;
    let primary_key = store.layout().records().unpack(&key)?;
    check_key_size(&key, record_type, &primary_key)?;

    let previous = match split::load(store.context(), &key, store.split_layout(), false).await? {
        None => None,
        Some(raw) => Some(load::complete(store, primary_key.clone(), raw, false).await?),
    };
    check_existence(
        options.existence,
        previous.as_ref().map(|(previous_type, _)| previous_type.name()),
        record_type.name(),
    )
    .map_err(|error| error.with("primary_key", &primary_key))?;

    let serialized = serialize::wrap(record_type, &bytes);
    let inline_version = version.filter(|_| !store.keeps_versions_apart());
    let located = |error: Error| {
        error
            .with("record_type", record_type.name())
            .with("primary_key", &primary_key)
    };
    let sizes = if dry_run {
        split::measure(&key, &serialized, inline_version, store.split_layout()).map_err(located)?
    } else {
        store.check_unlocked()?;
        let over = match &previous {
            None => Previous::Absent,
            Some((_, previous)) => Previous::Known(previous.sizes()),
        };
        let layout = store.split_layout();
        let sizes = split::save(store.context(), &key, &serialized, inline_version, layout, over).map_err(located)?;
        if let (Some(version), true) = (version, store.keeps_versions_apart()) {
            versions::save_separate(store, &primary_key, version);
        }
        if previous.is_none() {
            count::add(store, access, &view, 1)?;
        }
        let old_view = match &previous {
            Some((old_type, old)) => Some((
                *old_type,
                store.schema().access(old_type)?.view(&old.bytes, old.version),
            )),
            None => None,
        };
        let old = old_view.as_ref().map(|(old_type, view)| Indexed::new(old_type, view));
        let packed = key.get(store.layout().records().prefix().len()..).unwrap_or_default();
        indexes::update(store, packed, old, Some(Indexed::new(record_type, &view)))
            .await
            .map_err(located)?;
        sizes
    };
    Ok(StoredRecord {
        descriptor: record_type.descriptor().clone(),
        primary_key,
        bytes: bytes.clone(),
        version,
        sizes,
    })
}

fn version_for_save(store: &RecordStore, options: &SaveOptions) -> Result<Option<RecordVersion>> {
    let fresh = || store.context().claim_local_version().map(RecordVersion::incomplete);
    match (options.version_behavior, options.version) {
        (VersionBehavior::NoVersion, Some(version)) => Err(Error::new(
            ErrorKind::InvalidArgument,
            "a version is given for a record that is to be saved without one",
        )
        .with("version", version)),
        (VersionBehavior::NoVersion, None) => Ok(None),
        (VersionBehavior::IfPresent, version) => Ok(version),
        (_, Some(version)) => Ok(Some(version)),
        (VersionBehavior::WithVersion, None) => fresh().map(Some),
        (VersionBehavior::Default, None) if store.metadata().is_store_record_versions() => fresh().map(Some),
        (VersionBehavior::Default, None) => Ok(None),
    }
}

fn check_existence(check: RecordExistenceCheck, previous: Option<&str>, record_type: &str) -> Result<()> {
    use RecordExistenceCheck::{
        ErrorIfExists, ErrorIfNotExists, ErrorIfNotExistsOrRecordTypeChanged, ErrorIfRecordTypeChanged,
    };
    match (check, previous) {
        (ErrorIfNotExists | ErrorIfNotExistsOrRecordTypeChanged, None) => Err(Error::new(
            ErrorKind::RecordNotFound,
            "there is no record with this primary key to update",
        )),
        (ErrorIfExists, Some(_)) => Err(Error::new(
            ErrorKind::RecordAlreadyExists,
            "there is a record with this primary key already",
        )),
        (ErrorIfRecordTypeChanged | ErrorIfNotExistsOrRecordTypeChanged, Some(previous)) if previous != record_type => {
            Err(Error::new(
                ErrorKind::RecordTypeChanged,
                "the record with this primary key is of another type",
            )
            .with("stored_type", previous))
        }
        _ => return Ok(()),
    }
    .map_err(|error: Error| error.with("record_type", record_type))
}

fn check_key_size(key: &[u8], record_type: &RecordType, primary_key: &Tuple) -> Result<()> {
    // The longest suffix that a record of this size can have is a number of three bytes, and its type.
    let size = key.len() + 4;
    if size <= KEY_SIZE_MAX {
        return Ok(());
    }
    let mut beginning = primary_key.to_string();
    if let Some((cut, _)) = beginning.char_indices().nth(KEY_SHOWN_MAX) {
        beginning.truncate(cut);
        beginning.push('…');
    }
    Err(Error::new(
        ErrorKind::TooLarge,
        "the primary key makes a key that is longer than a database key may be",
    )
    .with("record_type", record_type.name())
    .with("primary_key", beginning)
    .with("size", key.len())
    .with("limit", KEY_SIZE_MAX))
}

/// FoundationDB's limit.
const KEY_SIZE_MAX: usize = 10_000;

/// How many characters of a key that is too long its error shows.
const KEY_SHOWN_MAX: usize = 80;
