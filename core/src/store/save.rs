//! Saving records.
//!
//! A record is checked, what lies at its key is read, and then it is written. Of many records some are checked together, so
//! that their reads are under way at one time; they are written one by one.

use std::collections::HashSet;
use std::ops::Range;

use record_store_kv::Bytes;
use record_store_kv::tuple::Tuple;

use super::indexes::{self, Indexed};
use super::schema::TypeAccess;
use super::scratch::{SaveMemory, Scratch};
use super::{RecordStore, StoredRecord, count, load, versions};
use crate::context::Unfinished;
use crate::key_expression::RecordView;
use crate::metadata::RecordType;
use crate::serialize::{self, Record};
use crate::split::{self, Loading, Previous};
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
    let encoded = Encoded::new(store, record)?;
    let mut scratch = store.take_scratch();
    let Scratch { keys, memory } = &mut scratch;
    keys.clear();
    let mut save = Save::new(store, &encoded, options, keys)?;
    let previous = Loading::start(store.context(), keys, store.split_layout(), false);
    let saved = save.finish(store, keys, previous, options, dry_run, memory).await?;
    store.put_scratch(scratch);
    Ok(saved)
}

/// Saves records, one after the other, but starts the reads that they need together.
pub(super) async fn save_all(
    store: &RecordStore,
    records: &[Record],
    options: &SaveOptions,
) -> Result<Vec<StoredRecord>> {
    let mut saved = Vec::with_capacity(records.len());
    let mut scratch = store.take_scratch();
    let Scratch { keys, memory } = &mut scratch;
    for records in records.chunks(READS_TOGETHER) {
        keys.clear();
        // A record that is refused does not keep those before it from being saved.
        let (encoded, none_is_unfit) = until_error(records.iter().map(|record| Encoded::new(store, record)));
        let checks = encoded.iter().map(|record| Save::new(store, record, options, keys));
        let (mut saves, none_is_refused) = until_error(checks);
        let read = |key| Loading::start(store.context(), key, store.split_layout(), false);
        let reads: Vec<Loading> = saves.iter().map(|save| read(save.key_among(keys))).collect();
        let mut written = HashSet::with_capacity(saves.len());
        for (save, mut previous) in saves.iter_mut().zip(reads) {
            let key = save.key_among(keys);
            if !written.insert(key) {
                // What was read is not there any more: a record before this one has its key.
                previous = read(key);
            }
            saved.push(save.finish(store, key, previous, options, false, memory).await?);
        }
        none_is_refused.and(none_is_unfit)?;
    }
    store.put_scratch(scratch);
    Ok(saved)
}

/// The results before the first error, and the error.
fn until_error<T>(results: impl ExactSizeIterator<Item = Result<T>>) -> (Vec<T>, Result<()>) {
    let mut good = Vec::with_capacity(results.len());
    for result in results {
        match result {
            Ok(result) => good.push(result),
            Err(error) => return (good, Err(error)),
        }
    }
    (good, Ok(()))
}

/// A record to be saved, as bytes.
struct Encoded<'a> {
    record_type: &'a RecordType,
    access: &'a TypeAccess,
    bytes: Bytes,
}

impl<'a> Encoded<'a> {
    fn new(store: &'a RecordStore, record: &Record) -> Result<Self> {
        let record_type = store.metadata().record_type(record.record_type())?;
        Ok(Encoded {
            record_type,
            access: store.schema().access(record_type)?,
            bytes: record.encode(record_type.descriptor())?,
        })
    }
}

/// A save under way: the record is checked, and its key is known.
struct Save<'a> {
    encoded: &'a Encoded<'a>,
    view: RecordView<'a>,
    version: Option<RecordVersion>,
    primary_key: Tuple,
    /// Where its key stands among the keys.
    key: Range<usize>,
}

impl<'a> Save<'a> {
    /// Checks a record, and appends its key to `keys`.
    fn new(store: &RecordStore, encoded: &'a Encoded<'a>, options: &SaveOptions, keys: &mut Vec<u8>) -> Result<Self> {
        let Encoded {
            record_type, access, ..
        } = encoded;
        let of_type = |error: Error| error.with("record_type", record_type.name());
        let fields = access.validate(&encoded.bytes).map_err(of_type)?;
        let version = version_for_save(store, options)?;
        let view = access.view_of(fields, version);
        let begin = keys.len();
        keys.extend_from_slice(store.layout().records().prefix());
        let primary_key_begin = keys.len();
        access.append_primary_key(&view, keys).map_err(of_type)?;
        let primary_key = Tuple::unpack(keys.get(primary_key_begin..).unwrap_or_default())?;
        let key = keys.get(begin..).unwrap_or_default();
        check_key_size(key, record_type, &primary_key)?;
        Ok(Save {
            key: begin..keys.len(),
            encoded,
            view,
            version,
            primary_key,
        })
    }

    fn key_among<'k>(&self, keys: &'k [u8]) -> &'k [u8] {
        keys.get(self.key.clone()).unwrap_or_default()
    }

    /// Saves the record at its key, over what is being read there, or with `dry_run` says what that would give.
    async fn finish(
        &mut self,
        store: &RecordStore,
        key: &[u8],
        previous: Loading,
        options: &SaveOptions,
        dry_run: bool,
        memory: &mut SaveMemory,
    ) -> Result<StoredRecord> {
        let Save {
            encoded,
            view,
            version,
            primary_key,
            ..
        } = self;
        let (view, version, primary_key) = (&*view, *version, std::mem::take(primary_key));
        let record_type = encoded.record_type;
        let previous = match previous.finish(store.context(), key).await? {
            None => None,
            Some(raw) => Some(load::complete(store, primary_key.clone(), raw, false).await?),
        };
        check_existence(
            options.existence,
            previous.as_ref().map(|(previous_type, _)| previous_type.name()),
            record_type.name(),
        )
        .map_err(|error| error.with("primary_key", &primary_key))?;

        let located = |error: Error| {
            error
                .with("record_type", record_type.name())
                .with("primary_key", &primary_key)
        };
        let layout = store.split_layout();
        let inline_version = version.filter(|_| !store.keeps_versions_apart());
        let stored = &mut memory.stored;
        serialize::wrap(record_type, &encoded.bytes, stored);
        let sizes = if dry_run {
            split::measure(key, stored, inline_version, layout).map_err(located)?
        } else {
            store.check_unlocked()?;
            let over = match &previous {
                None => Previous::Absent,
                Some((_, previous)) => Previous::Known(previous.sizes()),
            };
            let sizes = split::save(store.context(), key, stored, inline_version, layout, over).map_err(located)?;
            let unfinished = Unfinished::begin(store.context(), "save", &primary_key);
            if let (Some(version), true) = (version, store.keeps_versions_apart()) {
                versions::save_separate(store, &primary_key, version);
            }
            if previous.is_none() {
                count::add(store, encoded.access, view, 1)?;
            }
            let old_view = match &previous {
                Some((old_type, old)) => Some((
                    *old_type,
                    store.schema().access(old_type)?.view(&old.bytes, old.version),
                )),
                None => None,
            };
            let old = old_view.as_ref().map(|(old_type, view)| Indexed::new(old_type, view));
            let new = Some(Indexed::new(record_type, view));
            let packed = key.get(store.layout().records().prefix().len()..).unwrap_or_default();
            indexes::update(store, packed, old, new, &mut memory.entries)
                .await
                .map_err(located)?;
            unfinished.done();
            sizes
        };
        Ok(StoredRecord {
            descriptor: record_type.descriptor().clone(),
            bytes: encoded.bytes.clone(),
            primary_key,
            version,
            sizes,
        })
    }
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

/// Of how many records the old ones are read at one time: what was read is kept in memory until they are saved.
const READS_TOGETHER: usize = 100;

/// FoundationDB's limit.
const KEY_SIZE_MAX: usize = 10_000;

/// How many characters of a key that is too long its error shows.
const KEY_SHOWN_MAX: usize = 80;
