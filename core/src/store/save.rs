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
use super::scratch::Scratch;
use super::{RecordStore, StoredRecord, count, load, versions};
use crate::context::Unfinished;
use crate::metadata::RecordType;
use crate::serialize::{self, Record};
use crate::split::{self, Loading, Previous};
use crate::wire::Field;
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
    let (mut keys, mut fields) = (Vec::new(), Vec::new());
    let save = Save::new(store, &encoded, options, &mut keys, &mut fields)?;
    let place = Place::read(store, keys.into());
    let mut scratch = store.take_scratch();
    let saved = save
        .finish(store, place, &fields, options, dry_run, &mut scratch)
        .await?;
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
    for records in records.chunks(READS_TOGETHER) {
        // A record that is refused does not keep those before it from being saved.
        let (encoded, none_is_unfit) = until_error(records.iter().map(|record| Encoded::new(store, record)));
        let (mut keys, mut fields) = (Vec::new(), Vec::with_capacity(records.len() * FIELDS_EXPECTED));
        let checks = encoded
            .iter()
            .map(|record| Save::new(store, record, options, &mut keys, &mut fields));
        let (saves, none_is_refused) = until_error(checks);
        let keys = Bytes::from(keys);
        let read = |save: &Save<'_>| Place::read(store, keys.slice(save.key.clone()));
        let places: Vec<Place> = saves.iter().map(read).collect();
        let mut written = HashSet::with_capacity(saves.len());
        for (save, mut place) in saves.iter().zip(places) {
            if !written.insert(keys.get(save.key.clone())) {
                // What was read is not there any more: a record before this one has its key.
                place = read(save);
            }
            saved.push(save.finish(store, place, &fields, options, false, &mut scratch).await?);
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

/// Where a record is saved, and what is being read there.
struct Place {
    key: Bytes,
    previous: Loading,
}

impl Place {
    fn read(store: &RecordStore, key: Bytes) -> Self {
        Place {
            previous: Loading::start(store.context(), &key, store.split_layout(), false),
            key,
        }
    }
}

/// A save under way: the record is checked, and its key is known.
struct Save<'a> {
    encoded: &'a Encoded<'a>,
    /// Where its fields stand among the fields.
    fields: Range<usize>,
    version: Option<RecordVersion>,
    /// Where its key stands among the keys.
    key: Range<usize>,
}

impl<'a> Save<'a> {
    /// Checks a record, and appends its key to `keys` and its fields to `fields`.
    fn new(
        store: &RecordStore,
        encoded: &'a Encoded<'a>,
        options: &SaveOptions,
        keys: &mut Vec<u8>,
        fields: &mut Vec<Field<'a>>,
    ) -> Result<Self> {
        let Encoded {
            record_type, access, ..
        } = encoded;
        let of_type = |error: Error| error.with("record_type", record_type.name());
        let first_field = fields.len();
        access.validate(&encoded.bytes, fields).map_err(of_type)?;
        let own_fields = fields.get(first_field..).unwrap_or_default();
        let version = version_for_save(store, options)?;
        let view = access.view_of(own_fields, version);
        let begin = keys.len();
        keys.extend_from_slice(store.layout().records().prefix());
        let primary_key_begin = keys.len();
        access.append_primary_key(&view, keys).map_err(of_type)?;
        if keys.len() - begin > KEY_SIZE_MAX - SUFFIX_SIZE_MAX {
            let primary_key = Tuple::unpack(keys.get(primary_key_begin..).unwrap_or_default())?;
            return Err(key_too_long(keys.len() - begin, record_type, &primary_key));
        }
        Ok(Save {
            encoded,
            fields: first_field..fields.len(),
            version,
            key: begin..keys.len(),
        })
    }

    /// Saves the record at its place, over what is being read there, or with `dry_run` says what that would give.
    async fn finish(
        &self,
        store: &RecordStore,
        Place { key, previous }: Place,
        fields: &[Field<'a>],
        options: &SaveOptions,
        dry_run: bool,
        memory: &mut Scratch,
    ) -> Result<StoredRecord> {
        let Encoded {
            record_type,
            access,
            bytes,
        } = self.encoded;
        let version = self.version;
        let view = &access.view_of(fields.get(self.fields.clone()).unwrap_or_default(), version);
        let primary_key = load::primary_key_of(store, key.clone())?;
        let previous = match previous.finish(store.context(), &key).await? {
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
        serialize::wrap(record_type, bytes, stored);
        let sizes = if dry_run {
            split::measure(&key, stored, inline_version, layout).map_err(located)?
        } else {
            store.check_unlocked()?;
            let over = match &previous {
                None => Previous::Absent,
                Some((_, previous)) => Previous::Known(previous.sizes()),
            };
            let sizes = split::save(store.context(), &key, stored, inline_version, layout, over).map_err(located)?;
            let unfinished = Unfinished::begin(store.context(), "save", &primary_key);
            if let (Some(version), true) = (version, store.keeps_versions_apart()) {
                versions::save_separate(store, primary_key.columns(), version);
            }
            if previous.is_none() {
                count::add(store, access, view, 1)?;
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
            indexes::update(store, primary_key.packed(), old, new, &mut memory.entries)
                .await
                .map_err(located)?;
            unfinished.done();
            sizes
        };
        Ok(StoredRecord {
            descriptor: record_type.descriptor().clone(),
            bytes: bytes.clone(),
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

fn key_too_long(size: usize, record_type: &RecordType, primary_key: &Tuple) -> Error {
    let mut beginning = primary_key.to_string();
    if let Some((cut, _)) = beginning.char_indices().nth(KEY_SHOWN_MAX) {
        beginning.truncate(cut);
        beginning.push('…');
    }
    Error::new(
        ErrorKind::TooLarge,
        "the primary key makes a key that is longer than a database key may be",
    )
    .with("record_type", record_type.name())
    .with("primary_key", beginning)
    .with("size", size)
    .with("limit", KEY_SIZE_MAX)
}

/// Of how many records the old ones are read at one time: what was read is kept in memory until they are saved.
const READS_TOGETHER: usize = 100;

/// For how many fields a record has room from the beginning.
const FIELDS_EXPECTED: usize = 8;

/// FoundationDB's limit.
const KEY_SIZE_MAX: usize = 10_000;

/// The longest suffix that a record of this size can have is a number of three bytes, and its type.
const SUFFIX_SIZE_MAX: usize = 4;

/// How many characters of a key that is too long its error shows.
const KEY_SHOWN_MAX: usize = 80;
