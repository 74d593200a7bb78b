//! [`RecordStore`]: the records of one place, within one transaction.
//!
//! This file holds the fields and most of the public methods, each of which is one call into the file of its verb. Those that
//! aggregate, count, scan keys and repair stand in their files.

mod aggregate;
mod building;
mod count;
mod delete;
mod delete_where;
mod fetch;
mod format_version;
mod header;
mod index_range;
mod index_records;
mod index_state;
mod indexes;
mod layout;
mod load;
mod maintain;
mod open;
mod place;
mod rebuild;
mod record_key;
mod record_keys;
mod repair;
mod save;
mod scan;
mod scan_options;
mod schema;
mod scratch;
mod session;
mod stored_record;
mod versions;

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};
use record_store_kv::tuple::Tuple;
use record_store_kv::{KeyRange, Subspace};

use crate::index::{IndexCursor, IndexMaintainer, IndexScanType, IndexState, UniquenessViolation};
use crate::metadata::{Index, RecordMetaData};
use crate::serialize::Record;
use crate::split::{self, SplitLayout};
use crate::{Error, ErrorKind, RecordContext, RecordVersion, Result};

pub use building::IndexBuildState;
pub(crate) use fetch::{Fetch, Fetched};
pub use format_version::FormatVersion;
pub use header::{RecordCountState, StoreHeader, StoreLock};
pub use index_records::IndexRecordCursor;
pub use layout::StoreKeyspace;
pub(crate) use open::OpenFor;
pub use open::{StateCacheability, StoreExistenceCheck, StoreOptions};
pub use record_key::RecordKey;
pub use record_keys::RecordKeyCursor;
pub use repair::HeaderRepair;
pub use save::{RecordExistenceCheck, SaveOptions, VersionBehavior};
pub use scan::RecordCursor;
pub use scan_options::ScanOptions;
pub use stored_record::StoredRecord;

use index_state::IndexStates;
pub(crate) use layout::StoreLayout;
pub(crate) use place::StorePlace;
pub(crate) use schema::StoreSchema;
use scratch::Scratch;

/// The records of one subspace, seen and changed within one transaction. Clones are handles on the same one.
///
/// A program that works with record spaces gets one from [`RecordSpace::store`](crate::RecordSpace::store); one that
/// manages subspaces and meta-data itself opens it here.
///
/// Java class: `FDBRecordStore`.
///
/// ```
/// # futures_executor::block_on(async {
/// use record_store::kv::Subspace;
/// use record_store::{Database, Record, RecordStore, ScanOptions, Schema, StoreOptions, Tuple};
///
/// let db = Database::in_memory()?;
/// let metadata = Schema::builder()
///     .proto("users.proto", "syntax = 'proto3'; message User { int64 id = 1; string name = 2; }")
///     .record_type("User", |t| t.primary_key("id"))
///     .build()?
///     .merge_into(None)?;
///
/// let context = db.transaction();
/// let store = RecordStore::open(&context, Subspace::from(("my", "store")), &metadata, &StoreOptions::default()).await?;
/// let saved = store.save_record(&Record::from_json("User", r#"{"id": 42, "name": "Ada"}"#)).await?;
/// assert_eq!(saved.primary_key(), &Tuple::from((1, 42)));
/// assert_eq!(store.load_record(&Tuple::from((1, 42))).await?, Some(saved));
/// assert_eq!(store.scan_records(ScanOptions::default())?.next_batch(10).await?.len(), 1);
/// context.commit().await?;
/// # Ok::<(), record_store::Error>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct RecordStore {
    context: RecordContext,
    inner: Arc<Inner>,
}

struct Inner {
    layout: Arc<StoreLayout>,
    schema: StoreSchema,
    format_version: FormatVersion,
    split_layout: SplitLayout,
    header: RwLock<StoreHeader>,
    /// None in a store that was opened for its records only.
    index_states: RwLock<Option<IndexStates>>,
    scratch: Mutex<Scratch>,
}

impl RecordStore {
    /// Opens the store in a subspace, or creates it, as `options` say.
    ///
    /// **Errors**: `StoreNotFound`, `StoreAlreadyExists`, `StoreLocked`, `StaleMetaData`, `StaleUserVersion`, `NewerFormat`;
    /// `Unsupported` if the meta-data brings an index that would have to be built.
    pub async fn open(
        context: &RecordContext,
        subspace: Subspace,
        metadata: &RecordMetaData,
        options: &StoreOptions,
    ) -> Result<Self> {
        // A record space that is open in this transaction must see what this may change.
        session::forget(context, &subspace);
        let schema = StoreSchema::new(metadata.clone());
        Self::open_with_schema(context, subspace, schema, options, OpenFor::All).await
    }

    pub(crate) async fn open_with_schema(
        context: &RecordContext,
        subspace: Subspace,
        schema: StoreSchema,
        options: &StoreOptions,
        purpose: OpenFor,
    ) -> Result<Self> {
        let place = StorePlace::new(subspace, schema, options.clone());
        open::open(context, &place, purpose).await
    }

    /// As [`open`](RecordStore::open); a store that this transaction has open already costs no read.
    pub(crate) async fn open_in_session(
        context: &RecordContext,
        place: &Arc<StorePlace>,
        purpose: OpenFor,
    ) -> Result<Self> {
        session::open(context, place, purpose).await
    }

    /// As [`open`](RecordStore::open), in a transaction that opens nothing else.
    pub(crate) async fn open_once(context: &RecordContext, place: &StorePlace, purpose: OpenFor) -> Result<Self> {
        open::open(context, place, purpose).await
    }

    /// Deletes a store with its header, whatever is there.
    ///
    /// **Errors**: FoundationDB's.
    pub async fn delete_store(context: &RecordContext, subspace: Subspace) -> Result<()> {
        session::forget(context, &subspace);
        maintain::delete_store(context, &StoreLayout::new(subspace)).await
    }

    /// Saves a record over the one with its primary key, if there is one.
    ///
    /// **Errors**: `InvalidRecord` for bytes that are no record of the type; `MetaData` for a type that the schema does not
    /// have; `TooLarge`; `StoreLocked`; `Unsupported` for an index of a type that this release does
    /// not maintain.
    pub async fn save_record(&self, record: &Record) -> Result<StoredRecord> {
        self.save_record_with(record, &SaveOptions::default()).await
    }

    /// Saves records, one after the other; what they replace is read together.
    ///
    /// **Errors**: those of [`save_record`](RecordStore::save_record); the records before it are saved.
    pub async fn save_records(&self, records: &[Record]) -> Result<Vec<StoredRecord>> {
        self.save_records_with(records, &SaveOptions::default()).await
    }

    /// Saves records as `options` say, one after the other.
    ///
    /// **Errors**: those of [`save_record_with`](RecordStore::save_record_with); the records before it are saved.
    pub async fn save_records_with(&self, records: &[Record], options: &SaveOptions) -> Result<Vec<StoredRecord>> {
        save::save_all(self, records, options).await
    }

    /// Saves a record as `options` say.
    ///
    /// **Errors**: those of [`save_record`](RecordStore::save_record); `RecordAlreadyExists`, `RecordNotFound`,
    /// `RecordTypeChanged` by the existence check.
    pub async fn save_record_with(&self, record: &Record, options: &SaveOptions) -> Result<StoredRecord> {
        save::save(self, record, options, false).await
    }

    /// What saving a record would give; it changes nothing.
    ///
    /// **Errors**: those of [`save_record_with`](RecordStore::save_record_with).
    pub async fn dry_run_save_record(&self, record: &Record, options: &SaveOptions) -> Result<StoredRecord> {
        save::save(self, record, options, true).await
    }

    /// The record with this primary key.
    ///
    /// **Errors**: `Corrupt` for what is no record of the schema.
    pub async fn load_record(&self, primary_key: &Tuple) -> Result<Option<StoredRecord>> {
        load::load(self, primary_key, false).await
    }

    /// The record with this primary key, read without a conflict with those who write it.
    ///
    /// **Errors**: those of [`load_record`](RecordStore::load_record).
    pub async fn load_record_snapshot(&self, primary_key: &Tuple) -> Result<Option<StoredRecord>> {
        load::load(self, primary_key, true).await
    }

    /// The version of the record with this primary key.
    ///
    /// **Errors**: `Corrupt` for a version that is none.
    pub async fn load_record_version(&self, primary_key: &Tuple) -> Result<Option<RecordVersion>> {
        versions::load(self, primary_key, false).await
    }

    /// Whether there is a record with this primary key.
    ///
    /// **Errors**: FoundationDB's.
    pub async fn record_exists(&self, primary_key: &Tuple) -> Result<bool> {
        let key = self.layout().record_key(primary_key);
        split::exists(self.context(), &key, self.split_layout(), false).await
    }

    /// Deletes the record with this primary key; says whether there was one.
    ///
    /// **Errors**: `StoreLocked`; `Corrupt` for what is no record of the schema; `Unsupported` for an index of a type that
    /// this release does not maintain.
    pub async fn delete_record(&self, primary_key: &Tuple) -> Result<bool> {
        delete::delete(self, primary_key).await
    }

    /// Deletes all records with all that belongs to them. The header and the states of indexes stay.
    ///
    /// **Errors**: `StoreLocked`.
    pub async fn delete_all_records(&self) -> Result<()> {
        delete::delete_all(self)
    }

    /// Deletes all records whose primary keys begin with `within`, such as all of one type, without reading them.
    ///
    /// **Errors**: `StoreLocked`; `Unsupported` where the entries of these records do not stand together in an index, or their
    /// counts do not; `InvalidArgument` for no columns, too many, or a missing record type.
    pub async fn delete_records_where(&self, within: impl Into<RecordKey>) -> Result<()> {
        delete_where::delete_where(self, &within.into())
    }

    /// The records of a range of primary keys.
    ///
    /// **Errors**: `InvalidContinuation`; `InvalidArgument` for ends of a range that do not go together.
    pub fn scan_records(&self, options: ScanOptions) -> Result<RecordCursor> {
        RecordCursor::new(self.clone(), options)
    }

    /// The entries of an index, in one of the ways in which its type can be scanned, or without one in the way of its type. The
    /// bounds of `options` are columns of the index, its range one of entries.
    ///
    /// **Errors**: `MetaData` for an unknown index; `IndexNotReadable`; `Unsupported` for a type that this release does not
    /// maintain, or that cannot be scanned in this way; those of [`scan_records`](RecordStore::scan_records).
    pub fn scan_index(
        &self,
        index: &str,
        scan_type: impl Into<Option<IndexScanType>>,
        options: ScanOptions,
    ) -> Result<IndexCursor> {
        indexes::scan(self, self.metadata().index(index)?, scan_type.into(), options)
    }

    /// The records to which the entries of an index lead, in the order of the entries. A record comes as often as it has entries
    /// in the range.
    ///
    /// **Errors**: those of [`scan_index`](RecordStore::scan_index).
    pub fn scan_index_records(&self, index: &str, options: ScanOptions) -> Result<IndexRecordCursor> {
        let snapshot = options.snapshot;
        let (entries, maintainer) = indexes::scan_rows(self, self.metadata().index(index)?, None, options)?;
        Ok(IndexRecordCursor::new(self, maintainer, entries, snapshot))
    }

    /// What breaks the uniqueness of an index that is being built, or is not yet unique, by value and primary key.
    ///
    /// **Errors**: `MetaData` for an unknown index; those of [`scan_records`](RecordStore::scan_records).
    pub fn scan_uniqueness_violations(
        &self,
        index: &str,
        options: ScanOptions,
    ) -> Result<IndexCursor<UniquenessViolation>> {
        indexes::scan_violations(self, self.metadata().index(index)?, options)
    }

    /// Deletes all records with a value that breaks the uniqueness of an index, but for the one that is to remain, if any.
    ///
    /// **Errors**: `MetaData` for an unknown index; those of [`delete_record`](RecordStore::delete_record).
    pub async fn resolve_uniqueness_violation(
        &self,
        index: &str,
        value: &Tuple,
        remaining: Option<&Tuple>,
    ) -> Result<()> {
        indexes::resolve_violation(self, self.metadata().index(index)?, value, remaining).await
    }

    /// The states of all indexes, by their names.
    pub fn index_states(&self) -> BTreeMap<String, IndexState> {
        let state = |index: &Arc<Index>| (index.name().to_owned(), self.index_state(index.name()));
        self.metadata().indexes().map(state).collect()
    }

    /// What may be done with an index; an index of another schema is readable.
    pub fn index_state(&self, index: &str) -> IndexState {
        let states = self.inner.index_states.read();
        let states = states.as_ref().expect(STATES_ARE_READ);
        states.get(index).copied().unwrap_or_default()
    }

    /// Makes an index write-only; what it has stays. Says whether that changed anything.
    ///
    /// **Errors**: `MetaData` for an unknown index.
    pub async fn mark_index_write_only(&self, index: &str) -> Result<bool> {
        index_state::mark_write_only(self, self.metadata().index(index)?).await
    }

    /// Empties an index and makes it write-only, to be built again. Says whether the state changed.
    ///
    /// **Errors**: `MetaData` for an unknown index.
    pub async fn clear_and_mark_index_write_only(&self, index: &str) -> Result<bool> {
        index_state::clear_and_mark_write_only(self, self.metadata().index(index)?).await
    }

    /// Disables an index and deletes its entries. Says whether that changed anything.
    ///
    /// **Errors**: `MetaData` for an unknown index.
    pub async fn mark_index_disabled(&self, index: &str) -> Result<bool> {
        index_state::mark_disabled(self, self.metadata().index(index)?).await
    }

    /// Makes an index readable that has all records. Says whether that changed anything.
    ///
    /// **Errors**: `MetaData` for an unknown index; `IndexNotReadable` for one that is not built; `UniquenessViolation`.
    pub async fn mark_index_readable(&self, index: &str) -> Result<bool> {
        index_state::mark_readable(self, self.metadata().index(index)?, false).await
    }

    /// Makes an index readable that has all records, though some of them break its uniqueness. Says whether that changed
    /// anything.
    ///
    /// **Errors**: `MetaData` for an unknown index; `IndexNotReadable` for one that is not built; `Unsupported` below
    /// [`FormatVersion::ReadableUniquePending`].
    pub async fn mark_index_readable_or_unique_pending(&self, index: &str) -> Result<bool> {
        index_state::mark_readable(self, self.metadata().index(index)?, true).await
    }

    /// Makes an index readable without asking whether it has all records. Says whether that changed anything.
    ///
    /// **Errors**: `MetaData` for an unknown index.
    pub async fn mark_index_readable_unchecked(&self, index: &str) -> Result<bool> {
        index_state::mark_readable_unchecked(self, self.metadata().index(index)?).await
    }

    /// Puts an index into a state, by the method that is named after it: [`DISABLED`](RecordStore::mark_index_disabled),
    /// [`WRITE_ONLY`](RecordStore::mark_index_write_only), [`READABLE`](RecordStore::mark_index_readable),
    /// [`READABLE_UNIQUE_PENDING`](RecordStore::mark_index_readable_or_unique_pending), which is readable if nothing breaks its
    /// uniqueness. Says whether that changed anything.
    ///
    /// **Errors**: those of that method; `Unsupported` for a state that only builders of Java's layer give.
    pub async fn mark_index(&self, index: &str, state: IndexState) -> Result<bool> {
        match state {
            IndexState::Readable => self.mark_index_readable(index).await,
            IndexState::WriteOnly => self.mark_index_write_only(index).await,
            IndexState::Disabled => self.mark_index_disabled(index).await,
            IndexState::ReadableUniquePending => self.mark_index_readable_or_unique_pending(index).await,
            IndexState::WriteOnlyWithQueue => Err(Error::new(
                ErrorKind::Unsupported,
                "writes are queued for a builder by Java's layer alone: mark the index write-only",
            )
            .with("index", index)),
        }
    }

    /// The first range of packed primary keys whose records an index does not have yet; none for an index that has all, and
    /// everything for one that was never touched by a builder.
    ///
    /// **Errors**: `MetaData` for an unknown index.
    pub async fn first_unbuilt_range(&self, index: &str) -> Result<Option<KeyRange>> {
        index_state::first_unbuilt_range(self, self.metadata().index(index)?).await
    }

    /// How far the build of an index has come. It does not conflict with builders.
    ///
    /// **Errors**: `MetaData` for an unknown index.
    pub async fn index_build_state(&self, index: &str) -> Result<IndexBuildState> {
        building::build_state(self, self.metadata().index(index)?).await
    }

    /// Builds an index again, in this transaction: for stores of few records. If it breaks its uniqueness afterwards, it stays
    /// write-only, and [`scan_uniqueness_violations`](RecordStore::scan_uniqueness_violations) tells where.
    ///
    /// **Errors**: `MetaData` for an unknown index; those of [`save_record`](RecordStore::save_record) for a record that the
    /// index cannot hold, and then the index is write-only and empty; FoundationDB's, such as 2101 for too many records.
    pub async fn rebuild_index(&self, index: &str) -> Result<()> {
        rebuild::rebuild(self, self.metadata().index(index)?).await
    }

    /// Builds all indexes again, in this transaction.
    ///
    /// **Errors**: those of [`rebuild_index`](RecordStore::rebuild_index).
    pub async fn rebuild_all_indexes(&self) -> Result<()> {
        rebuild::rebuild_all(self).await
    }

    /// Sets a field of the user in the header. Every transaction that opens the store reads it; keep it small.
    ///
    /// **Errors**: `Unsupported` below [`FormatVersion::HeaderUserFields`].
    pub async fn set_header_user_field(&self, name: &str, value: &[u8]) -> Result<()> {
        maintain::set_header_user_field(self, name, value).await
    }

    /// Removes a field of the user from the header.
    ///
    /// **Errors**: `Unsupported` below [`FormatVersion::HeaderUserFields`].
    pub async fn clear_header_user_field(&self, name: &str) -> Result<()> {
        maintain::clear_header_user_field(self, name).await
    }

    /// Says whether clients may cache the state of the store; answers whether that changed.
    ///
    /// **Errors**: `Unsupported` below [`FormatVersion::CacheableState`].
    pub async fn set_state_cacheability(&self, cacheable: bool) -> Result<bool> {
        maintain::set_state_cacheability(self, cacheable).await
    }

    /// Locks the store, or with none unlocks it.
    ///
    /// **Errors**: `Unsupported` below [`FormatVersion::StoreLockState`], for locks against opening below
    /// [`FormatVersion::FullStoreLock`].
    pub async fn set_store_lock(&self, lock: Option<StoreLock>) -> Result<()> {
        maintain::set_store_lock(self, lock).await
    }

    /// Says what happens to the counts of records. Disabling them deletes them, for good.
    ///
    /// **Errors**: `Unsupported` below [`FormatVersion::RecordCountState`]; `InvalidArgument` once they are disabled.
    pub async fn update_record_count_state(&self, state: RecordCountState) -> Result<()> {
        maintain::update_record_count_state(self, state).await
    }

    /// Sets the number that counts moves of the store between clusters; it never falls.
    ///
    /// **Errors**: `Unsupported` below [`FormatVersion::Incarnation`]; `InvalidArgument` for a smaller number.
    pub async fn update_incarnation(&self, incarnation: i32) -> Result<()> {
        maintain::update_incarnation(self, incarnation).await
    }

    /// The transaction of this store.
    pub fn context(&self) -> &RecordContext {
        &self.context
    }

    /// The meta-data with which the store is open.
    pub fn metadata(&self) -> &RecordMetaData {
        self.inner.schema.metadata()
    }

    /// The subspace of the store.
    pub fn subspace(&self) -> &Subspace {
        self.layout().store()
    }

    /// The header, as this transaction sees it.
    pub fn header(&self) -> StoreHeader {
        self.inner.header.read().clone()
    }

    /// The bytes of the header, a `DataStoreInfo` message, as this transaction sees it.
    pub fn header_bytes(&self) -> Vec<u8> {
        self.inner.header.read().to_bytes()
    }

    /// The format of the store.
    pub fn format_version(&self) -> FormatVersion {
        self.inner.format_version
    }

    fn assemble(
        context: RecordContext,
        layout: Arc<StoreLayout>,
        schema: StoreSchema,
        header: StoreHeader,
        index_states: Option<IndexStates>,
        format_version: FormatVersion,
        omit_unsplit_suffix: bool,
    ) -> Self {
        let split_layout = SplitLayout {
            split_long_records: schema.metadata().is_split_long_records(),
            omit_unsplit_suffix,
        };
        RecordStore {
            context,
            inner: Arc::new(Inner {
                layout,
                schema,
                format_version,
                split_layout,
                header: RwLock::new(header),
                index_states: RwLock::new(index_states),
                scratch: Mutex::default(),
            }),
        }
    }

    fn layout(&self) -> &StoreLayout {
        &self.inner.layout
    }

    pub(crate) fn schema(&self) -> &StoreSchema {
        &self.inner.schema
    }

    fn split_layout(&self) -> SplitLayout {
        self.inner.split_layout
    }

    fn record_count_state(&self) -> RecordCountState {
        self.inner.header.read().record_count_state()
    }

    /// Whether versions are kept apart from their records.
    fn keeps_versions_apart(&self) -> bool {
        !self.format_version().is_at_least(FormatVersion::SaveVersionWithRecord)
            || self.split_layout().omit_unsplit_suffix
    }

    /// Changes the states of indexes in memory.
    fn change_index_states<T>(&self, change: impl FnOnce(&mut IndexStates) -> T) -> T {
        change(self.inner.index_states.write().as_mut().expect(STATES_ARE_READ))
    }

    /// What maintains an index.
    fn maintainer(&self, index: &Arc<Index>) -> Result<&Arc<dyn IndexMaintainer>> {
        self.schema().maintainer(index)
    }

    /// Changes the header in memory.
    fn change_header<T>(&self, change: impl FnOnce(&mut StoreHeader) -> T) -> T {
        change(&mut self.inner.header.write())
    }

    /// Writes the header that replaces `old`.
    async fn write_header(&self, old: &StoreHeader) -> Result<()> {
        maintain::write_header(self, old).await
    }

    /// Errors: `StoreLocked`.
    fn check_unlocked(&self) -> Result<()> {
        match self.inner.header.read().lock() {
            Some(StoreLock::ForbidRecordUpdate { reason }) => Err(Error::new(
                ErrorKind::StoreLocked,
                "the record store is locked against changes of records",
            )
            .with("reason", reason)
            .with("store", self.subspace())),
            _ => Ok(()),
        }
    }
}

/// No store that was opened for its records leaves the crate.
const STATES_ARE_READ: &str = "who asks for the states of indexes has not opened the store for its records only";

impl std::fmt::Debug for RecordStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RecordStore")
            .field("subspace", self.subspace())
            .field("format_version", &self.format_version())
            .field("metadata_version", &self.metadata().version())
            .finish_non_exhaustive()
    }
}
