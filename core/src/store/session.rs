//! The stores that a transaction has open: opening one again costs no read, and both see the same header.

use std::sync::Arc;

use record_store_kv::Subspace;

use super::{Inner, OpenFor, RecordStore, StorePlace, open};
use crate::{RecordContext, Result};

/// A store as it was opened, without the transaction that keeps it.
struct OpenStore {
    place: Arc<StorePlace>,
    inner: Arc<Inner>,
}

/// The store that the transaction has open in a subspace, if it was opened in the same way and with no older schema; opens
/// it otherwise.
pub(super) async fn open(context: &RecordContext, place: &Arc<StorePlace>, purpose: OpenFor) -> Result<RecordStore> {
    if let Some(known) = context.in_session::<OpenStore>(place.layout().store().prefix())
        && (Arc::ptr_eq(&known.place, place) || known.place.options() == place.options())
        && known.inner.schema.metadata().version() >= place.schema().metadata().version()
    {
        return Ok(RecordStore {
            context: context.clone(),
            inner: known.inner.clone(),
        });
    }
    let store = open::open(context, place, purpose).await?;
    if purpose == OpenFor::Records {
        // Who opens it next may want more.
        return Ok(store);
    }
    let known = OpenStore {
        place: Arc::clone(place),
        inner: store.inner.clone(),
    };
    context.put_in_session(store.subspace().prefix().to_vec(), known);
    Ok(store)
}

/// Lets the store be opened anew.
pub(super) fn forget(context: &RecordContext, subspace: &Subspace) {
    context.remove_from_session(subspace.prefix());
}
