//! Deleting records: one, or all of a store.

use record_store_kv::tuple::Tuple;

use super::indexes::{self, Indexed};
use super::{RecordStore, count, load, versions};
use crate::context::Unfinished;
use crate::{Result, split};

/// Deletes the record with this primary key; says whether there was one.
pub(super) async fn delete(store: &RecordStore, primary_key: &Tuple) -> Result<bool> {
    let key = store.layout().record_key(primary_key);
    let Some(raw) = split::load(store.context(), &key, store.split_layout(), false).await? else {
        return Ok(false);
    };
    let (record_type, record) = load::complete(store, primary_key.clone(), raw, false).await?;
    let access = store.schema().access(record_type)?;
    let view = access.view(record.bytes(), record.version());
    store.check_unlocked()?;
    let unfinished = Unfinished::begin(store.context(), "delete", primary_key);
    split::delete(store.context(), &key, store.split_layout(), record.sizes());
    count::add(store, access, &view, -1)?;
    if store.keeps_versions_apart() {
        versions::delete_separate(store, primary_key, record.version());
    }
    let packed = key.get(store.layout().records().prefix().len()..).unwrap_or_default();
    let mut scratch = store.take_scratch();
    let old = Some(Indexed::new(record_type, &view));
    indexes::update(store, packed, old, None, &mut scratch.memory.entries).await?;
    store.put_scratch(scratch);
    unfinished.done();
    Ok(true)
}

/// Deletes all records with all that belongs to them; the header and the states of indexes stay.
pub(super) fn delete_all(store: &RecordStore) -> Result<()> {
    store.check_unlocked()?;
    for range in store.layout().all_but_header_and_index_states() {
        store.context().clear_range(&range.begin, &range.end);
    }
    Ok(())
}
