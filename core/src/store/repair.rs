//! Making a header again that was lost. Java method: `FDBRecordStore.Builder.repairMissingHeader`.
//!
//! Nobody knows any more with which schema the store was last used, so nothing that depends on it is trusted: indexes are
//! disabled, to be built again, and so are the counts of records.

use record_store_kv::Subspace;

use super::header::StoreHeader;
use super::open::{self, remove_former_index};
use super::place::StorePlace;
use super::{
    FormatVersion, OpenFor, RecordCountState, RecordStore, StoreExistenceCheck, StoreLock, StoreOptions, StoreSchema,
    index_state, maintain, session,
};
use crate::metadata::RecordMetaData;
use crate::{Error, ErrorKind, RecordContext, Result};

/// How a lost header is made again.
///
/// Java class: `RepairMissingHeaderOptions`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderRepair {
    /// The least format that the store may have had; records of formats before 6 lie elsewhere, and nothing tells.
    pub format_version_min: FormatVersion,
    /// Leaves the indexes readable, though entries may be wrong, and locks the store with this reason: to find out from the
    /// indexes what is wrong. Disable them before the lock is taken away.
    pub keep_indexes_locked: Option<String>,
}

impl HeaderRepair {
    /// For a store that had at least this format.
    pub fn new(format_version_min: FormatVersion) -> Self {
        HeaderRepair {
            format_version_min,
            keep_indexes_locked: None,
        }
    }

    /// Leaves the indexes readable and locks the store.
    #[must_use]
    pub fn keep_indexes_locked(mut self, reason: impl Into<String>) -> Self {
        self.keep_indexes_locked = Some(reason.into());
        self
    }
}

impl RecordStore {
    /// Opens a store that may have lost its header, and makes it one; says whether that was needed.
    ///
    /// All indexes are disabled, to be built again, and counts of records are disabled for good. Fields of the user, a lock, the
    /// mark that the state may be cached and the incarnation are gone with the old header.
    /// `options` should name the greatest format and user version that the store may have had.
    ///
    /// **Errors**: `InvalidArgument` for formats between which data would have to move; `Unsupported` for a record count key
    /// below [`FormatVersion::RecordCountState`]; those of [`open`](RecordStore::open) for a store with a header.
    ///
    /// ```
    /// # futures_executor::block_on(async {
    /// # use record_store::kv::Subspace;
    /// # use record_store::{Database, FormatVersion, HeaderRepair, Record, RecordStore, Schema, StoreOptions, Tuple};
    /// # let db = Database::in_memory()?;
    /// # let metadata = Schema::builder()
    /// #     .proto("t.proto", "syntax = 'proto3'; message User { int64 id = 1; }")
    /// #     .record_type("User", |t| t.primary_key("id"))
    /// #     .build()?
    /// #     .merge_into(None)?;
    /// # let context = db.transaction();
    /// # let place = Subspace::from(("my", "store"));
    /// # let options = StoreOptions::default();
    /// # let store = RecordStore::open(&context, place.clone(), &metadata, &options).await?;
    /// # store.save_record(&Record::from_json("User", r#"{"id": 1}"#)).await?;
    /// # context.transaction().clear(&place.pack(&Tuple::from((0,))));
    /// // The header is gone, and the store cannot be opened any more.
    /// assert!(RecordStore::open(&context, place.clone(), &metadata, &options).await.is_err());
    /// let repair = HeaderRepair::new(FormatVersion::CacheableState);
    /// let (store, repaired) =
    ///     RecordStore::repair_missing_header(&context, place, &metadata, &options, &repair).await?;
    /// assert!(repaired);
    /// assert!(store.record_exists(&Tuple::from((1, 1))).await?);
    /// # Ok::<(), record_store::Error>(())
    /// # }).unwrap();
    /// ```
    pub async fn repair_missing_header(
        context: &RecordContext,
        subspace: Subspace,
        metadata: &RecordMetaData,
        options: &StoreOptions,
        repair: &HeaderRepair,
    ) -> Result<(RecordStore, bool)> {
        check_formats(options.format_version, repair.format_version_min)?;
        session::forget(context, &subspace);
        let existing = options.clone().existence(StoreExistenceCheck::ErrorIfNotExists);
        let place = StorePlace::new(subspace, StoreSchema::new(metadata.clone()), existing);
        let stored = open::read_header(context, &place, StoreExistenceCheck::None)
            .await
            .map_err(|error| error.with("store", place.layout().store()))?;
        if !stored.is_absent() {
            let store = open::open(context, &place, OpenFor::All).await?;
            return Ok((store, false));
        }
        let store = assemble(context, &place).await?;
        make_header(&store).await?;
        match &repair.keep_indexes_locked {
            Some(reason) => {
                let reason = reason.clone();
                store.set_store_lock(Some(StoreLock::FullStore { reason })).await?;
            }
            None => {
                for index in store.metadata().indexes() {
                    index_state::mark_disabled(&store, index).await?;
                }
            }
        }
        Ok((store, true))
    }
}

/// Errors: `InvalidArgument`.
fn check_formats(wanted: FormatVersion, least: FormatVersion) -> Result<()> {
    let refuse = |message| {
        Err(Error::new(ErrorKind::InvalidArgument, message)
            .with("format_version", wanted.number())
            .with("format_version_min", least.number()))
    };
    if !wanted.is_at_least(least) {
        return refuse("the store may have had a greater format than it is to get: ask for a greater one");
    }
    if wanted.is_at_least(FormatVersion::SaveUnsplitWithSuffix)
        && !least.is_at_least(FormatVersion::SaveVersionWithRecord)
    {
        return refuse(
            "records of older formats lie elsewhere, and without its header nothing tells where the store's do",
        );
    }
    Ok(())
}

async fn assemble(context: &RecordContext, place: &StorePlace) -> Result<RecordStore> {
    let (layout, schema, options) = (place.layout(), place.schema(), place.options());
    let index_states = index_state::load(context, layout).await?;
    let mut header = StoreHeader::absent();
    header.set_format_version(options.format_version);
    header.set_metadata_version(schema.metadata().version());
    header.set_user_version(options.user_version.unwrap_or(0));
    Ok(RecordStore::assemble(
        context.clone(),
        layout.clone(),
        schema.clone(),
        header,
        Some(index_states),
        options.format_version,
        !options.format_version.is_at_least(FormatVersion::SaveUnsplitWithSuffix),
    ))
}

/// Writes the header, and takes away what it can no more vouch for.
async fn make_header(store: &RecordStore) -> Result<()> {
    let record_count_key = store.metadata().record_count_key().map(|key| key.to_proto());
    let counts_records = record_count_key.is_some();
    if counts_records {
        maintain::require(
            store,
            FormatVersion::RecordCountState,
            "the repair of a store whose schema has a record count key",
        )?;
        store.change_header(|header| header.set_record_count_key(record_count_key));
    }
    store.write_header(&StoreHeader::absent()).await?;
    for former in store.metadata().former_indexes() {
        remove_former_index(store, former);
    }
    if counts_records {
        store.update_record_count_state(RecordCountState::Disabled).await?;
    }
    // Whoever has cached the state of the store under its old header must read it again.
    maintain::bump_metadata_version_stamp_if_used(store.context()).await?;
    Ok(())
}
