//! Indexes of type `max_ever_version`: the greatest version that was ever in a group, or a tuple with one.

use record_store_kv::MutationType;
use record_store_kv::tuple::Tuple;

use super::{AtomicIndex, AtomicMutation, BY_GROUP, Grouped};
use crate::Result;
use crate::index::registry::{IndexCapabilities, IndexType};
use crate::index::{Aggregate, IndexContext};
use crate::metadata::index_type;

/// The type.
pub(in crate::index) const MAX_EVER_VERSION: IndexType = IndexType {
    name: index_type::MAX_EVER_VERSION,
    capabilities: IndexCapabilities {
        scan_types: BY_GROUP,
        may_be_unique: false,
        is_idempotent: true,
    },
    make: |index| AtomicIndex::make(index, &MAX_EVER_VERSION, MaxEverVersion),
};

#[derive(Debug)]
struct MaxEverVersion;

impl AtomicMutation for MaxEverVersion {
    fn apply(&self, context: &IndexContext<'_>, key: &[u8], grouped: &Grouped<'_>, is_removal: bool) -> Result<()> {
        if is_removal {
            return Ok(());
        }
        // Where in the row the group ends, the value begins.
        let group = grouped.row.columns(0..grouped.first).len();
        match grouped.row.incomplete_version().and_then(|at| at.checked_sub(group)) {
            // The commit's version is greater than all before it: it is written over whatever is there.
            Some(at) => context
                .record_context()
                .raise_versionstamped_value(key, grouped.bytes(), at),
            None => {
                let transaction = context.transaction();
                transaction.atomic_op(MutationType::ByteMax, key, grouped.bytes());
                Ok(())
            }
        }
    }

    fn decode(&self, value: &[u8]) -> Result<Tuple> {
        Ok(Tuple::unpack(value)?)
    }

    fn aggregate(&self) -> Aggregate {
        Aggregate::Greatest
    }
}
