//! The states of indexes: asked for, and changed.

use std::collections::BTreeMap;

use record_store::IndexState;

use crate::buffer::{Out, disown, rs_bytes};
use crate::error::{Result, invalid, rs_error};
use crate::handle;
use crate::memory::{Memory, keep, rs_memory};
use crate::panic::{call, call_without_error};
use crate::space::{perform, rs_space};
use crate::status::{RS_OK, rs_status};
use crate::transaction::rs_transaction;

/// What may be done with an index.
pub type rs_index_state = i32;

/// It has all records: it is maintained and may be scanned.
pub const RS_INDEX_READABLE: rs_index_state = 0;
/// It is maintained but does not have all records yet.
pub const RS_INDEX_WRITE_ONLY: rs_index_state = 1;
/// It is neither maintained nor scanned, and has no entries.
pub const RS_INDEX_DISABLED: rs_index_state = 2;
/// It has all records and may be scanned, but some of them break its uniqueness.
pub const RS_INDEX_READABLE_UNIQUE_PENDING: rs_index_state = 3;
/// Changes are queued for the builder, which applies them. Only Java's layer does so.
pub const RS_INDEX_WRITE_ONLY_WITH_QUEUE: rs_index_state = 4;

fn number_of(state: IndexState) -> rs_index_state {
    match state {
        IndexState::Readable => RS_INDEX_READABLE,
        IndexState::WriteOnly => RS_INDEX_WRITE_ONLY,
        IndexState::Disabled => RS_INDEX_DISABLED,
        IndexState::ReadableUniquePending => RS_INDEX_READABLE_UNIQUE_PENDING,
        IndexState::WriteOnlyWithQueue => RS_INDEX_WRITE_ONLY_WITH_QUEUE,
    }
}

fn state_of(number: rs_index_state) -> Result<IndexState> {
    let named = IndexState::ALL.into_iter().find(|state| number_of(*state) == number);
    named.ok_or_else(|| invalid("there is no such state of an index", "state"))
}

/// An index and its state.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct rs_named_index_state {
    /// The name of the index.
    pub index: rs_bytes,
    /// Its state.
    pub state: rs_index_state,
}

/// Indexes with their states, in the order of their names: free them with `rs_index_states_free`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct rs_index_states {
    /// The indexes.
    pub items: *const rs_named_index_state,
    /// How many there are.
    pub count: usize,
    /// Whose they are: for the library alone.
    pub owner: *mut rs_memory,
}

impl rs_index_states {
    fn new(states: BTreeMap<String, IndexState>) -> Result<Self> {
        let items: Vec<rs_named_index_state> = states
            .iter()
            .map(|(name, state)| rs_named_index_state {
                index: rs_bytes::view(name.as_bytes()),
                state: number_of(*state),
            })
            .collect();
        Ok(rs_index_states {
            items: items.as_ptr(),
            count: items.len(),
            owner: keep((items, states))?,
        })
    }
}

/// Frees the states and makes the struct zero. NULL, and one that is zero, are freed already.
#[unsafe(no_mangle)]
pub extern "C" fn rs_index_states_free(states: *mut rs_index_states) -> rs_status {
    call_without_error(|| {
        handle::free::<Memory>(disown(states, |states| states.owner))?;
        Ok(RS_OK)
    })
}

/// The states of all indexes. Free them with `rs_index_states_free`.
#[unsafe(no_mangle)]
pub extern "C" fn rs_get_index_states(
    space: *mut rs_space,
    transaction: *mut rs_transaction,
    states: *mut rs_index_states,
    error: *mut *mut rs_error,
) -> rs_status {
    let states = Out::new(states);
    call(error, || {
        let states = states.required("states")?;
        let found = perform(
            space,
            transaction,
            async |space| space.index_states().await,
            async |store| Ok(store.index_states()),
        )?;
        states.set(rs_index_states::new(found)?);
        Ok(RS_OK)
    })
}

/// The state of an index.
#[unsafe(no_mangle)]
pub extern "C" fn rs_get_index_state(
    space: *mut rs_space,
    transaction: *mut rs_transaction,
    index: rs_bytes,
    state: *mut rs_index_state,
    error: *mut *mut rs_error,
) -> rs_status {
    let state = Out::new(state);
    call(error, || {
        let state = state.required("state")?;
        let index = &index.text("index")?;
        state.set(number_of(perform(
            space,
            transaction,
            async |space| space.index_state(index).await,
            async |store| Ok(store.index_state(store.metadata().index(index)?.name())),
        )?));
        Ok(RS_OK)
    })
}

/// Puts an index into a state. `changed`, which may be NULL, says whether that changed anything.
///
/// RS_INDEX_DISABLED takes it out of use and clears its entries, RS_INDEX_WRITE_ONLY keeps what it has; the readable states are refused
/// for an index that does not have all records.
#[unsafe(no_mangle)]
pub extern "C" fn rs_mark_index(
    space: *mut rs_space,
    transaction: *mut rs_transaction,
    index: rs_bytes,
    state: rs_index_state,
    changed: *mut bool,
    error: *mut *mut rs_error,
) -> rs_status {
    let changed = Out::new(changed);
    call(error, || {
        let (index, state) = (&index.text("index")?, state_of(state)?);
        changed.set(perform(
            space,
            transaction,
            async |space| space.mark_index(index, state).await,
            async |store| store.mark_index(index, state).await,
        )?);
        Ok(RS_OK)
    })
}

/// Builds an index again, in one transaction: for spaces of few records. `rs_build_indexes` does it in many.
#[unsafe(no_mangle)]
pub extern "C" fn rs_rebuild_index(
    space: *mut rs_space,
    transaction: *mut rs_transaction,
    index: rs_bytes,
    error: *mut *mut rs_error,
) -> rs_status {
    call(error, || {
        let index = &index.text("index")?;
        perform(
            space,
            transaction,
            async |space| space.rebuild_index(index).await,
            async |store| store.rebuild_index(index).await,
        )?;
        Ok(RS_OK)
    })
}
