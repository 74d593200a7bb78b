//! Indexes of types `min_ever_long`, `max_ever_long` (and their older names `min_ever`, `max_ever`), `min_ever_tuple` and
//! `max_ever_tuple`: the least and the greatest value that was ever in a group. What was ever there cannot be taken back.

use record_store_kv::MutationType;
use record_store_kv::tuple::Tuple;

use super::{AtomicIndex, AtomicMutation, BY_GROUP, Grouped, decode_long};
use crate::index::registry::{IndexCapabilities, IndexType};
use crate::index::{Aggregate, IndexContext};
use crate::metadata::index_type;
use crate::{Error, ErrorKind, Result};

/// The least integer.
pub(in crate::index) const MIN_EVER_LONG: IndexType = IndexType {
    name: index_type::MIN_EVER_LONG,
    capabilities: CAPABILITIES,
    make: |index| AtomicIndex::make(index, &MIN_EVER_LONG, EverLong(Aggregate::Least)),
};

/// The greatest integer.
pub(in crate::index) const MAX_EVER_LONG: IndexType = IndexType {
    name: index_type::MAX_EVER_LONG,
    capabilities: CAPABILITIES,
    make: |index| AtomicIndex::make(index, &MAX_EVER_LONG, EverLong(Aggregate::Greatest)),
};

/// The least integer, by its older name.
pub(in crate::index) const MIN_EVER: IndexType = IndexType {
    name: index_type::MIN_EVER,
    ..MIN_EVER_LONG
};

/// The greatest integer, by its older name.
pub(in crate::index) const MAX_EVER: IndexType = IndexType {
    name: index_type::MAX_EVER,
    ..MAX_EVER_LONG
};

/// The least values.
pub(in crate::index) const MIN_EVER_TUPLE: IndexType = IndexType {
    name: index_type::MIN_EVER_TUPLE,
    capabilities: CAPABILITIES,
    make: |index| AtomicIndex::make(index, &MIN_EVER_TUPLE, EverTuple(Aggregate::Least)),
};

/// The greatest values.
pub(in crate::index) const MAX_EVER_TUPLE: IndexType = IndexType {
    name: index_type::MAX_EVER_TUPLE,
    capabilities: CAPABILITIES,
    make: |index| AtomicIndex::make(index, &MAX_EVER_TUPLE, EverTuple(Aggregate::Greatest)),
};

const CAPABILITIES: IndexCapabilities = IndexCapabilities {
    scan_types: BY_GROUP,
    may_be_unique: false,
    is_idempotent: true,
};

#[derive(Debug)]
struct EverLong(Aggregate);

impl AtomicMutation for EverLong {
    fn apply(&self, context: &IndexContext<'_>, key: &[u8], grouped: &Grouped<'_>, is_removal: bool) -> Result<()> {
        if is_removal {
            return Ok(());
        }
        match grouped.as_long()? {
            None => {}
            // FoundationDB compares these numbers without sign.
            Some(value) if value < 0 => {
                return Err(Error::new(
                    ErrorKind::InvalidRecord,
                    "an index of type min_ever_long or max_ever_long takes no negative value: use min_ever_tuple or \
                     max_ever_tuple",
                )
                .with("value", value));
            }
            Some(value) => {
                let mutation = match self.0 {
                    Aggregate::Least => MutationType::Min,
                    _ => MutationType::Max,
                };
                context.transaction().atomic_op(mutation, key, &value.to_le_bytes());
            }
        }
        Ok(())
    }

    fn decode(&self, value: &[u8]) -> Result<Tuple> {
        decode_long(value)
    }

    fn aggregate(&self) -> Aggregate {
        self.0
    }
}

#[derive(Debug)]
struct EverTuple(Aggregate);

impl AtomicMutation for EverTuple {
    fn apply(&self, context: &IndexContext<'_>, key: &[u8], grouped: &Grouped<'_>, _: bool) -> Result<()> {
        // A removal writes its value once more, as in Java: the value was there, and what writes it must not matter.
        grouped.row.refuse_incomplete_version()?;
        let mutation = match self.0 {
            Aggregate::Least => MutationType::ByteMin,
            _ => MutationType::ByteMax,
        };
        context.transaction().atomic_op(mutation, key, grouped.bytes());
        Ok(())
    }

    fn decode(&self, value: &[u8]) -> Result<Tuple> {
        Ok(Tuple::unpack(value)?)
    }

    fn aggregate(&self) -> Aggregate {
        self.0
    }
}
