//! Opening a store: is it there, may it be opened, and what must change before it is used.
//!
//! Java method: `FDBRecordStore.checkVersion`. The header is written last, and only if something changed.

use record_store_kv::RangeRequest;
use record_store_kv::tuple::{Element, Tuple};

use super::header::{StoreHeader, StoreLock};
use super::index_state::IndexStates;
use super::layout::{StoreKeyspace, StoreLayout};
use super::place::StorePlace;
use super::schema::StoreSchema;
use super::{FormatVersion, RecordStore, count, index_state, rebuild, versions};
use crate::index::IndexState;
use crate::metadata::FormerIndex;
use crate::{Error, ErrorKind, RecordContext, Result};

/// What must be true of the place where a store is opened.
///
/// Java class: `FDBRecordStoreBase.StoreExistenceCheck`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum StoreExistenceCheck {
    /// Nothing: other data without a header is taken for a new store.
    None,
    /// There is a store, or nothing: create it if need be.
    #[default]
    ErrorIfNoInfoAndNotEmpty,
    /// There is a store, or nothing but the state of index builds.
    ErrorIfNoInfoAndHasRecordsOrIndexes,
    /// There is no store: create one.
    ErrorIfExists,
    /// There is a store.
    ErrorIfNotExists,
}

/// Whether opening a store lets clients cache its state.
///
/// Java class: `FDBRecordStore.StateCacheabilityOnOpen`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum StateCacheability {
    /// As it is.
    #[default]
    Default,
    /// A new store's may be cached.
    CacheableIfNew,
    /// From now on it may not.
    NotCacheable,
    /// From now on it may.
    Cacheable,
}

/// How a store is opened.
///
/// ```
/// use record_store::{FormatVersion, StoreExistenceCheck, StoreOptions};
/// let options = StoreOptions::default()
///     .existence(StoreExistenceCheck::ErrorIfExists)
///     .format_version(FormatVersion::CacheableState)
///     .user_version(3);
/// assert_eq!(options.user_version, Some(3));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoreOptions {
    /// What must be true of the place.
    pub existence: StoreExistenceCheck,
    /// The format of a new store, and the least of an existing one, which is upgraded to it.
    pub format_version: FormatVersion,
    /// The version of the application's own data; a store of a greater one is refused.
    pub user_version: Option<i32>,
    /// Whether clients may cache the state of the store.
    pub state_cacheability: StateCacheability,
    /// The state of indexes that the schema has brought or changed since the store was last used. Without it they are built
    /// at once in stores of up to 200 records, and disabled in others.
    pub new_index_state: Option<IndexState>,
    /// The reason of the lock in spite of which the store is opened.
    pub bypass_full_store_lock_reason: Option<String>,
}

impl StoreOptions {
    /// What must be true of the place.
    #[must_use]
    pub fn existence(mut self, existence: StoreExistenceCheck) -> Self {
        self.existence = existence;
        self
    }

    /// The format of a new store, and the least of an existing one.
    #[must_use]
    pub fn format_version(mut self, version: FormatVersion) -> Self {
        self.format_version = version;
        self
    }

    /// The version of the application's own data.
    #[must_use]
    pub fn user_version(mut self, version: i32) -> Self {
        self.user_version = Some(version);
        self
    }

    /// Whether clients may cache the state of the store.
    #[must_use]
    pub fn state_cacheability(mut self, cacheability: StateCacheability) -> Self {
        self.state_cacheability = cacheability;
        self
    }

    /// The state of indexes that the schema has brought or changed since the store was last used.
    #[must_use]
    pub fn new_index_state(mut self, state: IndexState) -> Self {
        self.new_index_state = Some(state);
        self
    }

    /// Opens the store in spite of a lock with this reason.
    #[must_use]
    pub fn bypass_full_store_lock(mut self, reason: impl Into<String>) -> Self {
        self.bypass_full_store_lock_reason = Some(reason.into());
        self
    }
}

/// For what a store is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OpenFor {
    /// Everything.
    All,
    /// Reading records by their primary keys, which is no matter of indexes: their states are not read, and the store must
    /// not be asked for them.
    Records,
}

/// Opens the store, and brings it to the format and the meta-data that are asked for.
pub(super) async fn open(context: &RecordContext, place: &StorePlace, purpose: OpenFor) -> Result<RecordStore> {
    let (layout, schema, options) = (place.layout(), place.schema(), place.options());
    let located = |error: Error| error.with("store", layout.store());
    // Issued with the read of the header; a schema without indexes has no states to ask for.
    let has_indexes = schema.metadata().indexes().len() > 0;
    let index_states = (has_indexes && purpose == OpenFor::All).then(|| index_state::load(context, layout));
    let stored = read_header(context, place, options.existence).await.map_err(located)?;
    let mut index_states = match index_states {
        Some(loading) => Some(loading.await.map_err(located)?),
        None => (!has_indexes).then(IndexStates::new),
    };
    check_header(&stored, options).map_err(located)?;

    let stored_format = stored.format_version()?;
    let format_version = stored_format.map_or(options.format_version, |stored| stored.max(options.format_version));
    let mut header = stored.clone();
    apply_cacheability(
        &mut header,
        format_version,
        options.state_cacheability,
        stored.is_absent(),
    );
    apply_user_version(&mut header, options.user_version, stored.is_absent()).map_err(located)?;
    check_metadata_version(&stored, schema).map_err(located)?;

    let splits = schema.metadata().is_split_long_records();
    let omit_unsplit_suffix = match stored_format {
        Some(format) if format.is_at_least(FormatVersion::SaveUnsplitWithSuffix) => stored.omits_unsplit_suffix(),
        Some(_) if format_version.is_at_least(FormatVersion::SaveUnsplitWithSuffix) => {
            // The records of such a store lie at bare keys: they stay there, for ever.
            if !splits {
                header.set_omits_unsplit_suffix();
            }
            !splits
        }
        _ => !format_version.is_at_least(FormatVersion::SaveUnsplitWithSuffix),
    };
    let metadata_changed = stored.is_absent() || stored.metadata_version() != schema.metadata().version();
    let format_changed = stored_format != Some(format_version);
    if format_changed {
        header.set_format_version(format_version);
    }
    if metadata_changed {
        header.set_metadata_version(schema.metadata().version());
    }

    let header_changed = header != stored;
    if header_changed && index_states.is_none() {
        index_states = Some(index_state::load(context, layout).await.map_err(located)?);
    }
    let store = RecordStore::assemble(
        context.clone(),
        layout.clone(),
        schema.clone(),
        header,
        index_states,
        format_version,
        omit_unsplit_suffix,
    );
    if header_changed {
        // Boxed, because it is rare and would make the future of every operation large.
        Box::pin(bring_up_to_date(&store, &stored, options)).await?;
    }
    Ok(store)
}

/// Changes what lies in a store whose header is to become another one, and writes the header.
async fn bring_up_to_date(store: &RecordStore, stored: &StoreHeader, options: &StoreOptions) -> Result<()> {
    let (format_changed, metadata_changed) = {
        let header = store.inner.header.read();
        let metadata_changed = stored.is_absent() || stored.metadata_version() != header.metadata_version();
        (stored.format_version()? != header.format_version()?, metadata_changed)
    };
    if format_changed || metadata_changed {
        upgrade(store, stored, metadata_changed, options.new_index_state)
            .await
            .map_err(|error| error.with("store", store.subspace()))?;
    }
    store.write_header(stored).await?;
    rebuild::disable_replaced(store).await
}

/// Reads the header; an absent one if the existence check allows that.
pub(super) async fn read_header(
    context: &RecordContext,
    place: &StorePlace,
    existence: StoreExistenceCheck,
) -> Result<StoreHeader> {
    let layout = place.layout();
    let header_key = layout.header_key();
    if existence == StoreExistenceCheck::ErrorIfNotExists {
        // The usual case: one key, instead of a range that begins with it.
        if let Some(bytes) = context.transaction().get(header_key, false).await? {
            return place.header_of(bytes);
        }
    }
    let whole = layout.whole();
    let request = RangeRequest::keys(whole.begin, whole.end).limit(1);
    let first = context
        .transaction()
        .get_range(&request, false)
        .await?
        .rows
        .into_iter()
        .next();
    let Some(first) = first else {
        return match existence {
            StoreExistenceCheck::ErrorIfNotExists => Err(Error::new(
                ErrorKind::StoreNotFound,
                "there is no record store here: create it first",
            )),
            _ => Ok(StoreHeader::absent()),
        };
    };
    if first.key == header_key {
        let header = place.header_of(first.value)?;
        if existence == StoreExistenceCheck::ErrorIfExists {
            return Err(Error::new(
                ErrorKind::StoreAlreadyExists,
                "there is a record store here already: open it, or create another one elsewhere",
            ));
        }
        return Ok(header);
    }
    let only_index_builds = matches!(
        keyspace_of(layout, &first.key),
        Some(StoreKeyspace::IndexState | StoreKeyspace::IndexRange | StoreKeyspace::IndexBuild)
    );
    match existence {
        StoreExistenceCheck::None => Ok(StoreHeader::absent()),
        StoreExistenceCheck::ErrorIfNoInfoAndHasRecordsOrIndexes if only_index_builds => Ok(StoreHeader::absent()),
        _ => Err(Error::new(
            ErrorKind::StoreAlreadyExists,
            "there is data here but no header of a record store: choose another place, or repair the header",
        )
        .with("first_key", first.key.escape_ascii())),
    }
}

fn keyspace_of(layout: &StoreLayout, key: &[u8]) -> Option<StoreKeyspace> {
    let tuple: Tuple = layout.store().unpack(key).ok()?;
    StoreKeyspace::from_number(tuple.first().and_then(Element::as_i64)?)
}

/// Errors: `NewerFormat`, `StoreLocked`.
fn check_header(stored: &StoreHeader, options: &StoreOptions) -> Result<()> {
    let Some(format) = stored.format_version()? else {
        return Ok(());
    };
    match stored.lock() {
        Some(StoreLock::FullStore { reason }) if options.bypass_full_store_lock_reason.as_ref() != Some(&reason) => {
            Err(Error::new(
                ErrorKind::StoreLocked,
                "the record store is locked and cannot be opened, unless the reason of the lock is given",
            )
            .with("reason", reason))
        }
        Some(StoreLock::Unknown(lock)) if format.is_at_least(FormatVersion::FullStoreLock) => Err(Error::new(
            ErrorKind::StoreLocked,
            "the record store has a lock that this release does not know; open it with a newer release",
        )
        .with("lock", lock)),
        _ => Ok(()),
    }
}

fn apply_cacheability(header: &mut StoreHeader, format: FormatVersion, on_open: StateCacheability, is_new: bool) {
    let cacheable = match on_open {
        StateCacheability::Default => return,
        StateCacheability::CacheableIfNew if !is_new => return,
        StateCacheability::CacheableIfNew | StateCacheability::Cacheable => true,
        StateCacheability::NotCacheable => false,
    };
    if format.is_at_least(FormatVersion::CacheableState) && header.is_cacheable() != cacheable {
        header.set_cacheable(cacheable);
    }
}

/// Errors: `StaleUserVersion`.
fn apply_user_version(header: &mut StoreHeader, wanted: Option<i32>, is_new: bool) -> Result<()> {
    let Some(wanted) = wanted else { return Ok(()) };
    let stored = if is_new { -1 } else { header.user_version().unwrap_or(0) };
    if stored > wanted {
        return Err(Error::new(
            ErrorKind::StaleUserVersion,
            "the store was last used by a newer version of the application",
        )
        .with("stored_version", stored)
        .with("local_version", wanted));
    }
    if stored != wanted {
        header.set_user_version(wanted);
    }
    Ok(())
}

/// Errors: `StaleMetaData`.
fn check_metadata_version(stored: &StoreHeader, schema: &StoreSchema) -> Result<()> {
    let local = schema.metadata().version();
    if !stored.is_absent() && stored.metadata_version() > local {
        return Err(Error::new(
            ErrorKind::StaleMetaData,
            "the store was last used with newer meta-data than that with which it is opened",
        )
        .with("stored_version", stored.metadata_version())
        .with("local_version", local));
    }
    Ok(())
}

/// Brings what is stored to another format or other meta-data.
async fn upgrade(
    store: &RecordStore,
    stored: &StoreHeader,
    metadata_changed: bool,
    new_index_state: Option<IndexState>,
) -> Result<()> {
    let metadata = store.metadata();
    let stored_format = stored.format_version()?;
    let kept_versions_apart = stored_format.is_some_and(|format| {
        !format.is_at_least(FormatVersion::SaveVersionWithRecord) || store.split_layout().omit_unsplit_suffix
    });
    if metadata_changed && kept_versions_apart && !metadata.is_store_record_versions() {
        let range = store.layout().strict_range(StoreKeyspace::RecordVersion);
        store.context().clear_range(&range.begin, &range.end);
    }
    let moves_versions = kept_versions_apart && metadata.is_store_record_versions() && !store.keeps_versions_apart();
    if moves_versions {
        versions::move_beside_records(store).await?;
    }
    let recounts = upgrade_record_counts(store, stored, stored_format).await?;
    if !metadata_changed {
        return Ok(());
    }
    if stored_format.is_some() {
        for former in metadata.former_indexes_since(stored.metadata_version()) {
            remove_former_index(store, former);
        }
    }
    let indexes = rebuild::Upgrade {
        old_version: stored_format.map(|_| stored.metadata_version()),
        has_moved_versions: moves_versions,
        recounts,
        new_index_state,
    };
    rebuild::upgrade(store, &indexes).await
}

/// Counts the records again if the header says that their counts belong to another key, or to none; says whether it did.
async fn upgrade_record_counts(
    store: &RecordStore,
    stored: &StoreHeader,
    stored_format: Option<FormatVersion>,
) -> Result<bool> {
    let wanted = store.metadata().record_count_key();
    let keeps_key = store.format_version().is_at_least(FormatVersion::RecordCountKeyAdded);
    let differs = match (wanted, stored.record_count_key()) {
        (Some(wanted), Some(counted)) => {
            keeps_key && crate::key_expression::KeyExpression::from_proto(counted)? != *wanted
        }
        (Some(_), None) => keeps_key,
        (None, Some(_)) => true,
        (None, None) => false,
    };
    let uncounted = stored_format.is_some_and(|format| !format.is_at_least(FormatVersion::RecordCountAdded));
    if !differs && !uncounted {
        return Ok(false);
    }
    if keeps_key {
        store.change_header(|header| header.set_record_count_key(wanted.map(|key| key.to_proto())));
    }
    if stored_format.is_some() {
        // A count without groups lies at exactly the number and is left behind, as Java does; it is overwritten if it counts.
        let range = store.layout().strict_range(StoreKeyspace::RecordCount);
        store.context().clear_range(&range.begin, &range.end);
        count::rebuild(store).await?;
    }
    Ok(true)
}

/// Clears what an index that is no more has left. Keys at exactly its subspace key are left behind, as Java does.
pub(super) fn remove_former_index(store: &RecordStore, former: &FormerIndex) {
    for range in store.layout().former_index_ranges(&former.subspace_key) {
        store.context().clear_range(&range.begin, &range.end);
    }
    if let Some(name) = &former.former_name {
        store.context().clear(&store.layout().index_state_key(name));
    }
}
