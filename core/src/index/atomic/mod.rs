//! Indexes that keep one number or value for each group of records and change it by atomic operations, so that those who
//! write to one group never conflict. Java classes: `AtomicMutationIndexMaintainer`, `AtomicMutation`.
//!
//! The key is the columns of the group; without any it is exactly the prefix of the index. A file holds the types that are
//! alike; this one does what they share.

mod count;
mod max_ever_version;
mod min_max_ever;
mod sum;

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use record_store_kv::tuple::{Decoder, Element, Tuple};
use record_store_kv::{BoxFuture, MutationType};

use super::registry::{IndexCapabilities, IndexType};
use super::{
    Aggregate, AggregateFunction, DirectEntries, Evaluation, IndexContext, IndexEntry, IndexKeyspace, IndexMaintainer,
    IndexScanType, IndexUpdate,
};
use crate::key_expression::{KeyExpression, Row};
use crate::metadata::{Index, index_option};
use crate::{Error, ErrorKind, Result};

pub(super) use count::{COUNT, COUNT_NOT_NULL, COUNT_UPDATES};
pub(super) use max_ever_version::MAX_EVER_VERSION;
pub(super) use min_max_ever::{MAX_EVER, MAX_EVER_LONG, MAX_EVER_TUPLE, MIN_EVER, MIN_EVER_LONG, MIN_EVER_TUPLE};
pub(super) use sum::SUM;

/// What one type does to the value of a group.
trait AtomicMutation: fmt::Debug + Send + Sync {
    /// Applies an entry that is put in, or taken out with `is_removal`, to the value at `key`.
    fn apply(&self, context: &IndexContext<'_>, key: &[u8], grouped: &Grouped<'_>, is_removal: bool) -> Result<()>;

    /// Whether an entry that stays is left alone.
    fn keeps_common_entries(&self) -> bool {
        true
    }

    /// Reads a stored value.
    fn decode(&self, value: &[u8]) -> Result<Tuple>;

    /// How the values of several groups make one.
    fn aggregate(&self) -> Aggregate;
}

/// The grouped columns of an entry.
#[derive(Clone, Copy, Debug)]
struct Grouped<'a> {
    row: Row<'a>,
    first: usize,
}

impl<'a> Grouped<'a> {
    fn columns(&self) -> Range<usize> {
        self.first..self.row.column_count()
    }

    /// The columns, packed.
    fn bytes(&self) -> &'a [u8] {
        self.row.columns(self.columns())
    }

    /// The only column as a number, as Java's `longValue` has it; `None` for null.
    ///
    /// Errors: `InvalidRecord` for what is no number.
    fn as_long(&self) -> Result<Option<i64>> {
        match Decoder::new(self.row.column(self.first)).next().transpose()? {
            None | Some(Element::Null) => Ok(None),
            Some(Element::Int(value)) => Ok(Some(value)),
            // Rust's casts cut off and saturate as Java's do.
            Some(Element::Float(value)) => Ok(Some(value as i64)),
            Some(Element::Double(value)) => Ok(Some(value as i64)),
            Some(_) => Err(Error::new(
                ErrorKind::InvalidRecord,
                "the value of an index of numbers is no number",
            )),
        }
    }
}

/// An index of one of these types.
#[derive(Debug)]
struct AtomicIndex<M> {
    index: Arc<Index>,
    capabilities: &'static IndexCapabilities,
    grouping_count: usize,
    /// Whether there are no columns but those of the groups.
    is_direct: bool,
    mutation: M,
}

impl<M: AtomicMutation + 'static> AtomicIndex<M> {
    /// Errors: `MetaData` for an expression without groups.
    fn make(index: &Arc<Index>, of: &'static IndexType, mutation: M) -> Result<Arc<dyn IndexMaintainer>> {
        let KeyExpression::Grouping(grouping) = index.root_expression() else {
            return Err(Error::new(
                ErrorKind::MetaData,
                "an index of this type needs a key expression with a grouping",
            )
            .with("index", index.name())
            .with("type", index.kind())
            .with("expression", index.root_expression()));
        };
        Ok(Arc::new(AtomicIndex {
            grouping_count: grouping.grouping_count(),
            is_direct: grouping.grouped_count() == 0,
            index: Arc::clone(index),
            capabilities: &of.capabilities,
            mutation,
        }))
    }
}

impl<M: AtomicMutation> DirectEntries for AtomicIndex<M> {
    fn insert(&self, context: &IndexContext<'_>, key: &mut Vec<u8>, _: usize, _: &[u8]) -> Result<()> {
        let nothing = Grouped {
            row: Row::default(),
            first: 0,
        };
        self.mutation.apply(context, key, &nothing, false)
    }
}

impl<M: AtomicMutation> IndexMaintainer for AtomicIndex<M> {
    fn index(&self) -> &Arc<Index> {
        &self.index
    }

    fn capabilities(&self) -> &'static IndexCapabilities {
        self.capabilities
    }

    fn keeps_common_entries(&self) -> bool {
        self.mutation.keeps_common_entries()
    }

    fn direct(&self) -> Option<&dyn DirectEntries> {
        self.is_direct.then_some(self)
    }

    fn update(
        &self,
        context: &IndexContext<'_>,
        update: &IndexUpdate<'_>,
        key: &mut Vec<u8>,
    ) -> Result<Option<BoxFuture<Result<()>>>> {
        context.layout().write_prefix(IndexKeyspace::Entries, key);
        let prefix = key.len();
        let mut apply = |row: Row<'_>, is_removal| {
            key.truncate(prefix);
            key.extend_from_slice(row.columns(0..self.grouping_count));
            let grouped = Grouped {
                row,
                first: self.grouping_count,
            };
            self.mutation.apply(context, key, &grouped, is_removal)
        };
        update.removed().try_for_each(|row| apply(row, true))?;
        update.added().try_for_each(|row| apply(row, false))?;
        Ok(None)
    }

    fn decode(&self, key: &[u8], value: &[u8]) -> Result<IndexEntry> {
        Ok(IndexEntry {
            key: Tuple::unpack(key)?,
            value: self
                .mutation
                .decode(value)
                .map_err(|error| error.with("key", key.escape_ascii()))?,
            primary_key: Tuple::new(),
        })
    }

    fn can_delete_where(&self, columns: &[KeyExpression]) -> bool {
        let groups = self.index.root_expression().normalized_columns();
        columns.len() <= self.grouping_count && groups.starts_with(columns)
    }

    fn aggregate(&self) -> Option<Aggregate> {
        Some(self.mutation.aggregate())
    }

    fn evaluation(&self, function: &AggregateFunction) -> Option<Evaluation> {
        let kind = self.index.kind();
        // The greatest version is none of these: an index of versions is asked by its own name only, as in Java.
        let is_kind = function.name() == kind
            || ["_long", "_tuple"]
                .iter()
                .any(|form| kind.strip_suffix(form) == Some(function.name()));
        (is_kind && function.is_rolled_up_from(self.index.root_expression())).then_some(Evaluation::Groups)
    }
}

/// Adds to the number at `key`, and clears it if that makes zero and the index says so.
fn add(context: &IndexContext<'_>, key: &[u8], by: i64, clears_zero: bool) {
    let transaction = context.transaction();
    transaction.atomic_op(MutationType::Add, key, &by.to_le_bytes());
    if clears_zero {
        transaction.atomic_op(MutationType::CompareAndClear, key, &0_i64.to_le_bytes());
    }
}

fn clears_zero(index: &Index) -> bool {
    index.boolean_option(index_option::CLEAR_WHEN_ZERO, false)
}

/// A stored number.
fn decode_long(value: &[u8]) -> Result<Tuple> {
    match value.first_chunk() {
        Some(bytes) if value.len() == bytes.len() => Ok(Tuple::from((i64::from_le_bytes(*bytes),))),
        _ => Err(Error::new(ErrorKind::Corrupt, "the number of a group has not 8 bytes").with("length", value.len())),
    }
}

/// The types of this folder are scanned by group.
const BY_GROUP: &[IndexScanType] = &[IndexScanType::ByGroup];
