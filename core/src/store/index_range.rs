//! Which entries of an index the bounds of a scan mean: its columns, as a program writes them.

use record_store_kv::tuple::{Tuple, TupleRange};

use super::{RecordKey, ScanOptions};
use crate::index::IndexScanType;
use crate::key_expression::KeyExpression;
use crate::metadata::{Index, KeyColumn, RecordMetaData};
use crate::{Error, ErrorKind, Result};

/// The range of entries of an index that is scanned in this way.
///
/// Errors: `InvalidArgument` for bounds that exclude each other, or do not fit the columns of the index.
pub(super) fn resolve(
    metadata: &RecordMetaData,
    index: &Index,
    scan_type: IndexScanType,
    options: &mut ScanOptions,
) -> Result<TupleRange> {
    options.check_bounds()?;
    if options.within.is_none() && options.from.is_none() && options.to.is_none() {
        return Ok(std::mem::replace(&mut options.range, TupleRange::ALL));
    }
    let columns = IndexColumns::new(metadata, index, scan_type);
    let bound = |key: &Option<RecordKey>| key.as_ref().map(|key| columns.conform(key)).transpose();
    if let Some(within) = bound(&options.within)? {
        return Ok(if within.is_empty() {
            TupleRange::ALL
        } else {
            TupleRange::all_of(within)
        });
    }
    match (bound(&options.from)?, bound(&options.to)?) {
        (None, None) => Ok(options.range.clone()),
        (from, to) => Ok(TupleRange::between(from, to)),
    }
}

/// The columns of an index by which its entries are found.
struct IndexColumns<'a> {
    index: &'a Index,
    count: usize,
    /// Those of each record type in the index.
    of_types: Vec<Vec<KeyColumn>>,
}

impl<'a> IndexColumns<'a> {
    fn new(metadata: &RecordMetaData, index: &'a Index, scan_type: IndexScanType) -> Self {
        let expression = index.root_expression();
        let count = match expression {
            KeyExpression::Grouping(grouping) if scan_type == IndexScanType::ByGroup => grouping.grouping_count(),
            _ => expression.column_count(),
        };
        let types = metadata.record_types_for_index(index);
        let of_types = types.map(|record_type| KeyColumn::of(expression, record_type.descriptor()));
        IndexColumns {
            index,
            count,
            of_types: of_types.collect(),
        }
    }

    /// The columns of the entries for those that a program wrote.
    fn conform(&self, written: &RecordKey) -> Result<Tuple> {
        let Some(columns) = written.untyped_columns() else {
            return Err(self.error(
                "a scan of an index has bounds of its columns, not keys of records",
                written,
            ));
        };
        if columns.len() > self.count {
            return Err(self
                .error("the index has fewer columns than the bound of its scan", written)
                .with("columns", self.index.root_expression()));
        }
        let mut of_types = self.of_types.iter().map(|key_columns| {
            let of_type = key_columns.iter().zip(columns);
            of_type
                .map(|(column, written)| column.conform(written))
                .collect::<Result<Tuple>>()
        });
        let first = match of_types.next() {
            Some(first) => first.map_err(|error| error.with("index", self.index.name()))?,
            None => columns.clone(),
        };
        if of_types.any(|other| other.ok().as_ref() != Some(&first)) {
            return Err(self.error(
                "the record types of the index hold this value in different forms: scan a range of tuples",
                written,
            ));
        }
        Ok(first)
    }

    fn error(&self, message: &'static str, written: &RecordKey) -> Error {
        Error::new(ErrorKind::InvalidArgument, message)
            .with("index", self.index.name())
            .with("bound", written)
    }
}
