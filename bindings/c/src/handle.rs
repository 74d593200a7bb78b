//! Handles: what C holds instead of pointers to our objects.
//!
//! A handle looks like a pointer and is none: its bits are a mark, the kind of the object, a slot in the table of that kind
//! and the generation of that slot. It is looked up, never dereferenced, so one that was freed, is of another kind or was
//! never given out is an error and nothing worse. The top bit is set and so is the lowest: no address of a program looks
//! like this, and to dereference one stops the program at once.

use std::sync::Arc;

use parking_lot::RwLock;
use record_store::{Error, ErrorKind};

use crate::error::Result;
use crate::runtime;

/// What C can have a handle of.
pub(crate) trait Object: Sized + Send + Sync + 'static {
    /// The type to which C sees pointers.
    type Handle;

    /// Which kind of handle it is.
    const KIND: Kind;

    /// Where the objects are.
    fn table() -> &'static Table<Self>;
}

/// Which object a handle is of. The numbers are in the handles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Database = 1,
    Transaction = 2,
    Space = 3,
    SchemaBuilder = 4,
    Schema = 5,
    Key = 6,
    Cursor = 7,
    Memory = 8,
    Error = 9,
    Filter = 10,
    Expression = 11,
}

impl Kind {
    const ALL: [Kind; 11] = [
        Kind::Database,
        Kind::Transaction,
        Kind::Space,
        Kind::SchemaBuilder,
        Kind::Schema,
        Kind::Key,
        Kind::Cursor,
        Kind::Memory,
        Kind::Error,
        Kind::Filter,
        Kind::Expression,
    ];

    /// The name of its type in C.
    const fn name(self) -> &'static str {
        match self {
            Kind::Database => "rs_database",
            Kind::Transaction => "rs_transaction",
            Kind::Space => "rs_space",
            Kind::SchemaBuilder => "rs_schema_builder",
            Kind::Schema => "rs_schema",
            Kind::Key => "rs_key",
            Kind::Cursor => "rs_cursor",
            Kind::Memory => "rs_memory",
            Kind::Error => "rs_error",
            Kind::Filter => "rs_filter",
            Kind::Expression => "rs_expression",
        }
    }

    /// **Errors**: `Unsupported` for objects that live on threads of a process that was forked.
    fn refuse_after_fork(self) -> Result<()> {
        match self {
            Kind::Database | Kind::Transaction | Kind::Space | Kind::Cursor => runtime::refuse_after_fork(),
            _ => Ok(()),
        }
    }
}

/// The objects of one kind.
pub(crate) struct Table<T>(RwLock<Slots<T>>);

struct Slots<T> {
    all: Vec<Slot<T>>,
    free: Vec<u32>,
}

struct Slot<T> {
    generation: u32,
    object: Option<Arc<T>>,
}

impl<T> Table<T> {
    pub(crate) const fn new() -> Self {
        Table(RwLock::new(Slots {
            all: Vec::new(),
            free: Vec::new(),
        }))
    }
}

/// Gives out a handle of an object.
///
/// **Errors**: `TooLarge` for more handles of a kind than fit.
pub(crate) fn insert<T: Object>(object: Arc<T>) -> Result<*mut T::Handle> {
    let mut slots = T::table().0.write();
    let (slot, generation) = match slots.free.pop() {
        Some(slot) => (slot, slots.all[slot as usize].generation),
        None => {
            let slot = u32::try_from(slots.all.len()).ok().filter(|slot| *slot <= SLOT_MAX);
            let slot = slot.ok_or_else(|| {
                Error::new(
                    ErrorKind::TooLarge,
                    "too many handles of a kind are open: free those that are not needed",
                )
                .with("kind", T::KIND.name())
                .with("limit", SLOT_MAX)
            })?;
            slots.all.push(Slot {
                generation: 0,
                object: None,
            });
            (slot, 0)
        }
    };
    slots.all[slot as usize].object = Some(object);
    Ok(std::ptr::without_provenance_mut(encode(T::KIND, slot, generation)))
}

/// The object of a handle.
///
/// **Errors**: `InvalidArgument` for what is no handle of such an object, or is not any more; `Unsupported` after a fork.
pub(crate) fn get<T: Object>(handle: *const T::Handle) -> Result<Arc<T>> {
    T::KIND.refuse_after_fork()?;
    let (slot, generation) = decode(T::KIND, handle.addr())?;
    let slots = T::table().0.read();
    let object = slots
        .all
        .get(slot as usize)
        .filter(|slot| slot.generation == generation)
        .and_then(|slot| slot.object.clone());
    object.ok_or_else(|| stale(T::KIND).into())
}

/// The object of a handle, or none for NULL.
///
/// **Errors**: those of [`get`].
pub(crate) fn get_optional<T: Object>(handle: *const T::Handle) -> Result<Option<Arc<T>>> {
    if handle.is_null() {
        Ok(None)
    } else {
        get(handle).map(Some)
    }
}

/// Takes a handle back and gives its object for the last time.
///
/// **Errors**: those of [`get`].
pub(crate) fn take<T: Object>(handle: *const T::Handle) -> Result<Arc<T>> {
    T::KIND.refuse_after_fork()?;
    let (slot, generation) = decode(T::KIND, handle.addr())?;
    let mut slots = T::table().0.write();
    let taken = slots
        .all
        .get_mut(slot as usize)
        .filter(|slot| slot.generation == generation)
        .and_then(|slot| slot.object.take());
    let object = taken.ok_or_else(|| stale(T::KIND))?;
    // A slot whose generations are used up is not used again.
    if generation < GENERATION_MAX {
        slots.all[slot as usize].generation = generation + 1;
        slots.free.push(slot);
    }
    Ok(object)
}

/// Frees a handle; NULL is freed already.
///
/// **Errors**: those of [`take`].
pub(crate) fn free<T: Object>(handle: *const T::Handle) -> Result<()> {
    if !handle.is_null() {
        take::<T>(handle)?;
    }
    Ok(())
}

fn encode(kind: Kind, slot: u32, generation: u32) -> usize {
    MARK | (generation as usize) << GENERATION_BIT | (slot as usize) << SLOT_BIT | (kind as usize) << KIND_BIT
}

fn decode(expected: Kind, handle: usize) -> Result<(u32, u32)> {
    let kind = (handle >> KIND_BIT) & KIND_MASK;
    let problem = match Kind::ALL.iter().find(|known| **known as usize == kind) {
        _ if handle == 0 => "a handle is NULL",
        Some(kind) if handle & MARK == MARK && *kind == expected => {
            let bits = |shift: u32, most: u32| (handle >> shift) as u32 & most;
            return Ok((bits(SLOT_BIT, SLOT_MAX), bits(GENERATION_BIT, GENERATION_MAX)));
        }
        Some(kind) if handle & MARK == MARK => {
            return Err(Error::new(ErrorKind::InvalidArgument, "a handle is of another kind")
                .with("expected", expected.name())
                .with("given", kind.name())
                .into());
        }
        _ => "a handle is none that this library gave out",
    };
    Err(Error::new(ErrorKind::InvalidArgument, problem)
        .with("expected", expected.name())
        .into())
}

fn stale(kind: Kind) -> Error {
    Error::new(
        ErrorKind::InvalidArgument,
        "a handle was freed, or its database closed, or it was never given out",
    )
    .with("kind", kind.name())
}

/// The top bit and the lowest.
const MARK: usize = 1 << 63 | 1;
const KIND_BIT: u32 = 1;
const KIND_MASK: usize = (1 << 7) - 1;
const SLOT_BIT: u32 = 8;
const SLOT_MAX: u32 = (1 << 24) - 1;
const GENERATION_BIT: u32 = 32;
const GENERATION_MAX: u32 = (1 << 31) - 1;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::RS_INVALID_ARGUMENT;

    struct Thing(u32);

    static THINGS: Table<Thing> = Table::new();

    impl Object for Thing {
        type Handle = u8;
        const KIND: Kind = Kind::Key;
        fn table() -> &'static Table<Self> {
            &THINGS
        }
    }

    /// All in one test, because the table is one for all.
    #[test]
    fn a_handle_leads_to_its_object_until_it_is_freed() {
        let first = insert(Arc::new(Thing(1))).unwrap();
        let second = insert(Arc::new(Thing(2))).unwrap();
        assert_eq!(get::<Thing>(first).unwrap().0, 1);
        assert_eq!(get::<Thing>(second).unwrap().0, 2);

        free::<Thing>(first).unwrap();
        let third = insert(Arc::new(Thing(3))).unwrap();
        assert_ne!(first, third, "the slot is used again under another generation");
        assert_eq!(third.addr() - first.addr(), 1 << GENERATION_BIT);
        for stale in [first, std::ptr::null_mut()] {
            assert_eq!(
                get::<Thing>(stale).map(|_| ()).unwrap_err().status(),
                RS_INVALID_ARGUMENT
            );
        }
        assert!(free::<Thing>(first).is_err());
        assert!(free::<Thing>(std::ptr::null()).is_ok());

        for addr in [
            1,
            0x1000,
            usize::MAX,
            second.addr() ^ 1,
            second.addr() ^ (1 << 63),
            second.addr() ^ 2,
        ] {
            assert!(get::<Thing>(std::ptr::without_provenance(addr)).is_err(), "{addr:x}");
        }
        assert_eq!(get::<Thing>(second).unwrap().0, 2);

        THINGS.0.write().all[1].generation = GENERATION_MAX;
        let last = std::ptr::without_provenance(encode(Kind::Key, 1, GENERATION_MAX));
        free::<Thing>(last).unwrap();
        let fourth = insert(Arc::new(Thing(4))).unwrap();
        assert_eq!(
            fourth.addr() >> SLOT_BIT & SLOT_MAX as usize,
            2,
            "a used-up slot stays empty"
        );
    }
}
