//! Changes of a store's header, and the end of a store.

use record_store_kv::MutationType;

use super::header::{RecordCountState, StoreHeader, StoreLock};
use super::layout::{StoreKeyspace, StoreLayout};
use super::{FormatVersion, RecordStore};
use crate::{Error, ErrorKind, RecordContext, Result};

/// Writes the header with the time, after it replaced `old`.
pub(super) async fn write_header(store: &RecordStore, old: &StoreHeader) -> Result<()> {
    let now = store.context().env().clock().unix_time();
    let (bytes, is_cacheable) = store.change_header(|header| {
        header.set_last_update_time(now);
        (header.to_bytes(), header.is_cacheable())
    });
    store.context().transaction().set(store.layout().header_key(), &bytes);
    if old.is_cacheable() {
        bump_metadata_version_stamp(store.context());
    } else if is_cacheable {
        // Whoever caches the state compares this stamp; it must have some value.
        let stamp = store.context().transaction().get(METADATA_VERSION_KEY, true).await?;
        if stamp.is_none() {
            bump_metadata_version_stamp(store.context());
        }
    }
    Ok(())
}

pub(super) async fn set_header_user_field(store: &RecordStore, name: &str, value: &[u8]) -> Result<()> {
    require(
        store,
        FormatVersion::HeaderUserFields,
        "fields of the user in the header",
    )?;
    update(store, |header| {
        header.set_user_field(name, value.to_vec().into());
        Ok(())
    })
    .await
}

pub(super) async fn clear_header_user_field(store: &RecordStore, name: &str) -> Result<()> {
    require(
        store,
        FormatVersion::HeaderUserFields,
        "fields of the user in the header",
    )?;
    update(store, |header| {
        header.clear_user_field(name);
        Ok(())
    })
    .await
}

pub(super) async fn set_state_cacheability(store: &RecordStore, cacheable: bool) -> Result<bool> {
    require(store, FormatVersion::CacheableState, "cacheable states")?;
    if store.header().is_cacheable() == cacheable {
        return Ok(false);
    }
    update(store, |header| {
        header.set_cacheable(cacheable);
        Ok(())
    })
    .await?;
    Ok(true)
}

pub(super) async fn set_store_lock(store: &RecordStore, lock: Option<StoreLock>) -> Result<()> {
    let format = match lock {
        Some(StoreLock::FullStore { .. }) => FormatVersion::FullStoreLock,
        _ => FormatVersion::StoreLockState,
    };
    require(store, format, "this lock")?;
    let now = store.context().env().clock().unix_time();
    update(store, |header| header.set_lock(lock, now)).await
}

pub(super) async fn update_record_count_state(store: &RecordStore, state: RecordCountState) -> Result<()> {
    require(store, FormatVersion::RecordCountState, "states of record counts")?;
    update(store, |header| match header.record_count_state() {
        current if current == state => Ok(()),
        RecordCountState::Disabled => Err(Error::new(
            ErrorKind::InvalidArgument,
            "record counts that are disabled cannot be enabled again: their numbers are gone",
        )),
        _ => {
            header.set_record_count_state(state);
            Ok(())
        }
    })
    .await?;
    if state == RecordCountState::Disabled {
        let counts = store.layout().prefix_range(StoreKeyspace::RecordCount);
        store.context().clear_range(&counts.begin, &counts.end);
    }
    Ok(())
}

pub(super) async fn update_incarnation(store: &RecordStore, incarnation: i32) -> Result<()> {
    require(store, FormatVersion::Incarnation, "incarnations")?;
    update(store, |header| {
        if incarnation < header.incarnation() {
            return Err(
                Error::new(ErrorKind::InvalidArgument, "the incarnation of a store never falls")
                    .with("stored", header.incarnation())
                    .with("given", incarnation),
            );
        }
        header.set_incarnation(incarnation);
        Ok(())
    })
    .await
}

/// Deletes the store, whether its header is readable or not.
pub(super) async fn delete_store(context: &RecordContext, layout: &StoreLayout) -> Result<()> {
    let header_key = layout.header_key();
    let bytes = context.transaction().get(header_key, false).await?;
    let may_be_cached = match bytes {
        None => false,
        Some(bytes) => StoreHeader::from_bytes(header_key, bytes).map_or(true, |header| header.is_cacheable()),
    };
    if may_be_cached {
        bump_metadata_version_stamp(context);
    }
    let whole = layout.whole();
    context.clear_range(&whole.begin, &whole.end);
    Ok(())
}

/// Changes the header and writes it; an error changes nothing.
async fn update(store: &RecordStore, change: impl FnOnce(&mut StoreHeader) -> Result<()>) -> Result<()> {
    let old = store.header();
    let mut new = old.clone();
    change(&mut new)?;
    store.change_header(|header| *header = new);
    store.write_header(&old).await
}

/// Errors: `Unsupported`.
pub(super) fn require(store: &RecordStore, format: FormatVersion, what: &'static str) -> Result<()> {
    if store.format_version().is_at_least(format) {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Unsupported,
        "the format of the record store does not have this: open it with a greater format version",
    )
    .with("what", what)
    .with("format_version", store.format_version().number())
    .with("needed", format.number()))
}

/// Tells all who cache the state of a store that it changed.
pub(super) fn bump_metadata_version_stamp(context: &RecordContext) {
    // Ten bytes for the stamp, and where it goes: at their beginning.
    const OPERAND: [u8; 14] = [0; 14];
    let mutation = MutationType::SetVersionstampedValue;
    context
        .transaction()
        .atomic_op(mutation, METADATA_VERSION_KEY, &OPERAND);
}

/// The same, if anybody ever asked for the stamp: otherwise nobody caches anything.
pub(super) async fn bump_metadata_version_stamp_if_used(context: &RecordContext) -> Result<()> {
    if context.transaction().get(METADATA_VERSION_KEY, true).await?.is_some() {
        bump_metadata_version_stamp(context);
    }
    Ok(())
}

/// FoundationDB's own key for this purpose, which may be written without access to system keys.
const METADATA_VERSION_KEY: &[u8] = b"\xff/metadataVersion";
