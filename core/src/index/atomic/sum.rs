//! Indexes of type `sum`: the sum of an integer field by group. It wraps around where 64 bits do not hold it, as Java's does.

use record_store_kv::tuple::Tuple;

use super::{AtomicIndex, AtomicMutation, BY_GROUP, Grouped, add, clears_zero, decode_long};
use crate::Result;
use crate::index::registry::{IndexCapabilities, IndexType};
use crate::index::{Aggregate, IndexContext};
use crate::metadata::index_type;

/// The type.
pub(in crate::index) const SUM: IndexType = IndexType {
    name: index_type::SUM,
    capabilities: IndexCapabilities {
        scan_types: BY_GROUP,
        may_be_unique: false,
        is_idempotent: false,
    },
    make: |index| {
        AtomicIndex::make(
            index,
            &SUM,
            Sum {
                clears_zero: clears_zero(index),
            },
        )
    },
};

#[derive(Debug)]
struct Sum {
    clears_zero: bool,
}

impl AtomicMutation for Sum {
    fn apply(&self, context: &IndexContext<'_>, key: &[u8], grouped: &Grouped<'_>, is_removal: bool) -> Result<()> {
        if let Some(value) = grouped.as_long()? {
            let by = if is_removal { value.wrapping_neg() } else { value };
            add(context, key, by, self.clears_zero);
        }
        Ok(())
    }

    fn decode(&self, value: &[u8]) -> Result<Tuple> {
        decode_long(value)
    }

    fn aggregate(&self) -> Aggregate {
        Aggregate::Total
    }
}
