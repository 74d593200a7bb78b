//! Indexes of types `count`, `count_updates` and `count_not_null`: how many records a group has, how often they were saved,
//! how many of them have a value.

use record_store_kv::tuple::Tuple;

use super::{AtomicIndex, AtomicMutation, BY_GROUP, Grouped, add, clears_zero, decode_long};
use crate::Result;
use crate::index::registry::{IndexCapabilities, IndexType};
use crate::index::{Aggregate, IndexContext};
use crate::metadata::index_type;

/// How many records a group has.
pub(in crate::index) const COUNT: IndexType = IndexType {
    name: index_type::COUNT,
    capabilities: CAPABILITIES,
    make: |index| {
        AtomicIndex::make(
            index,
            &COUNT,
            Count {
                clears_zero: clears_zero(index),
            },
        )
    },
};

/// How often the records of a group were saved.
pub(in crate::index) const COUNT_UPDATES: IndexType = IndexType {
    name: index_type::COUNT_UPDATES,
    capabilities: CAPABILITIES,
    make: |index| AtomicIndex::make(index, &COUNT_UPDATES, CountUpdates),
};

/// How many records of a group have a value.
pub(in crate::index) const COUNT_NOT_NULL: IndexType = IndexType {
    name: index_type::COUNT_NOT_NULL,
    capabilities: CAPABILITIES,
    make: |index| {
        AtomicIndex::make(
            index,
            &COUNT_NOT_NULL,
            CountNotNull {
                clears_zero: clears_zero(index),
            },
        )
    },
};

const CAPABILITIES: IndexCapabilities = IndexCapabilities {
    scan_types: BY_GROUP,
    may_be_unique: false,
    is_idempotent: false,
};

#[derive(Debug)]
struct Count {
    clears_zero: bool,
}

impl AtomicMutation for Count {
    fn apply(&self, context: &IndexContext<'_>, key: &[u8], _: &Grouped<'_>, is_removal: bool) -> Result<()> {
        add(context, key, if is_removal { -1 } else { 1 }, self.clears_zero);
        Ok(())
    }

    fn decode(&self, value: &[u8]) -> Result<Tuple> {
        decode_long(value)
    }

    fn aggregate(&self) -> Aggregate {
        Aggregate::Total
    }
}

#[derive(Debug)]
struct CountUpdates;

impl AtomicMutation for CountUpdates {
    fn apply(&self, context: &IndexContext<'_>, key: &[u8], _: &Grouped<'_>, is_removal: bool) -> Result<()> {
        if !is_removal {
            add(context, key, 1, false);
        }
        Ok(())
    }

    fn keeps_common_entries(&self) -> bool {
        false
    }

    fn decode(&self, value: &[u8]) -> Result<Tuple> {
        decode_long(value)
    }

    fn aggregate(&self) -> Aggregate {
        Aggregate::Total
    }
}

#[derive(Debug)]
struct CountNotNull {
    clears_zero: bool,
}

impl AtomicMutation for CountNotNull {
    fn apply(&self, context: &IndexContext<'_>, key: &[u8], grouped: &Grouped<'_>, is_removal: bool) -> Result<()> {
        if !grouped.row.has_non_unique_null(grouped.columns()) {
            add(context, key, if is_removal { -1 } else { 1 }, self.clears_zero);
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
