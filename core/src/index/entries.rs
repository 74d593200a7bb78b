//! From records to the entries of an index: the rows of its key expression, for records that meet its predicate, and what
//! an update changes of them.

use std::collections::HashSet;
use std::sync::Arc;

use super::predicate::CompiledPredicate;
use super::standard::EntryShape;
use super::{IndexContext, IndexKeyspace, IndexMaintainer};
use crate::key_expression::{CompiledExpression, RecordView, Row, Rows};
use crate::metadata::{Index, RecordType};
use crate::{Error, Result};

/// An index, compiled for the records of one type.
#[derive(Debug)]
pub(crate) struct TypeIndex {
    maintainer: Arc<dyn IndexMaintainer>,
    expression: CompiledExpression,
    predicate: Option<CompiledPredicate>,
}

impl TypeIndex {
    /// Compiles the index of `maintainer` for records of a type.
    ///
    /// Errors: `InvalidExpression`, `Unsupported` for what cannot be evaluated, with the name of the index.
    pub(crate) fn compile(maintainer: Arc<dyn IndexMaintainer>, record_type: &RecordType) -> Result<Self> {
        let index = maintainer.index();
        let compile = || {
            let expression = CompiledExpression::new(index.root_expression(), record_type.descriptor())?;
            let predicate = match index.predicate() {
                Some(predicate) => Some(CompiledPredicate::new(predicate, record_type.descriptor())?),
                None => None,
            };
            Ok((expression, predicate))
        };
        let (expression, predicate) = compile().map_err(|error: Error| {
            error
                .with("index", index.name())
                .with("record_type", record_type.name())
        })?;
        Ok(TypeIndex {
            maintainer,
            expression,
            predicate,
        })
    }

    /// The index.
    pub(crate) fn index(&self) -> &Arc<Index> {
        self.maintainer.index()
    }

    /// What maintains the index.
    pub(crate) fn maintainer(&self) -> &Arc<dyn IndexMaintainer> {
        &self.maintainer
    }

    /// The key of an entry behind the prefix of the index, where entries have primary keys.
    ///
    /// Errors: `Corrupt` for a primary key that is no tuple.
    pub(crate) fn entry_key(&self, row: &Row<'_>, primary_key: &[u8]) -> Result<Vec<u8>> {
        let mut key = Vec::new();
        EntryShape::new(self.index()).append_key(row, primary_key, &mut key)?;
        Ok(key)
    }

    /// Writes the entry of a record that was not there before straight into its key, where the index allows it: false, and
    /// nothing is written, if the entries must be evaluated first. `key` is room to build keys in.
    ///
    /// Errors: those of [`TypeIndex::evaluate`] and of the maintainer's update.
    pub(crate) fn insert(
        &self,
        context: &IndexContext<'_>,
        record: &RecordView<'_>,
        primary_key: &[u8],
        key: &mut Vec<u8>,
    ) -> Result<bool> {
        let Some(direct) = self.maintainer.direct() else {
            return Ok(false);
        };
        if !self.expression.is_single_row() {
            return Ok(false);
        }
        if !self.holds(record)? {
            return Ok(true);
        }
        context.layout().write_prefix(IndexKeyspace::Entries, key);
        let columns = key.len();
        self.expression.append_key(record, key)?;
        direct.insert(context, key, columns, primary_key)?;
        Ok(true)
    }

    /// Whether a record meets the predicate.
    fn holds(&self, record: &RecordView<'_>) -> Result<bool> {
        match &self.predicate {
            Some(predicate) => predicate.holds(record.message()?),
            None => Ok(true),
        }
    }

    /// Fills `rows` with the entries of a record; none if the record does not meet the predicate.
    ///
    /// Errors: `InvalidRecord` for values that cannot be indexed.
    pub(crate) fn evaluate(&self, record: &RecordView<'_>, rows: &mut Rows) -> Result<()> {
        rows.clear();
        let mut evaluate = || {
            if self.holds(record)? {
                self.expression.evaluate(record, rows)?;
            }
            Ok(())
        };
        evaluate().map_err(|error: Error| error.with("index", self.index().name()))
    }
}

/// What changes of the entries of one record in one index.
///
/// Entries that the record had before and has now are left alone, with all their repetitions: Java removes them from both
/// lists with `List.removeAll`.
#[derive(Debug)]
pub(crate) struct IndexUpdate<'a> {
    primary_key: &'a [u8],
    old: &'a Rows,
    new: &'a Rows,
    common: Common<'a>,
}

/// How to tell which entries stay.
#[derive(Debug)]
enum Common<'a> {
    /// None does.
    Nothing,
    /// Those that the other list has: few enough to look through it.
    InBoth,
    /// These.
    Set(HashSet<&'a [u8]>),
}

impl<'a> IndexUpdate<'a> {
    /// The change from the entries `old` to the entries `new` of the record with this packed primary key. `keeps_common`:
    /// entries in both are left alone.
    pub(crate) fn new(primary_key: &'a [u8], old: &'a Rows, new: &'a Rows, keeps_common: bool) -> Self {
        let common = if !keeps_common || old.is_empty() || new.is_empty() {
            Common::Nothing
        } else if old.len().min(new.len()) <= LOOKED_THROUGH_MAX {
            Common::InBoth
        } else {
            let before: HashSet<&[u8]> = old.iter().map(|row| row.bytes()).collect();
            Common::Set(
                new.iter()
                    .map(|row| row.bytes())
                    .filter(|bytes| before.contains(bytes))
                    .collect(),
            )
        };
        IndexUpdate {
            primary_key,
            old,
            new,
            common,
        }
    }

    /// The packed primary key of the record.
    pub(crate) fn primary_key(&self) -> &'a [u8] {
        self.primary_key
    }

    /// The entries to take out.
    pub(crate) fn removed(&self) -> impl Iterator<Item = Row<'a>> {
        self.old.iter().filter(|row| !self.stays(row, self.new))
    }

    /// The entries to put in.
    pub(crate) fn added(&self) -> impl Iterator<Item = Row<'a>> {
        self.new.iter().filter(|row| !self.stays(row, self.old))
    }

    fn stays(&self, row: &Row<'_>, other: &Rows) -> bool {
        match &self.common {
            Common::Nothing => false,
            // Packed columns are equal when the columns are.
            Common::InBoth => other.iter().any(|other| other.bytes() == row.bytes()),
            Common::Set(common) => common.contains(row.bytes()),
        }
    }
}

/// Up to how many entries of the shorter list looking through is faster than hashing.
const LOOKED_THROUGH_MAX: usize = 8;

#[cfg(test)]
mod tests {
    use prost_reflect::DescriptorPool;
    use record_store_kv::tuple::{Element, Tuple};

    use super::*;
    use crate::key_expression::{KeyExpression, field};

    /// The rows of `google.protobuf.FieldMask.paths`, a repeated string.
    fn rows(paths: &[String]) -> Rows {
        let message = DescriptorPool::global()
            .get_message_by_name("google.protobuf.FieldMask")
            .unwrap();
        let expression: KeyExpression = field("paths").fan_out().into();
        let mut bytes = Vec::new();
        for path in paths {
            bytes.extend([0x0a, u8::try_from(path.len()).unwrap()]);
            bytes.extend_from_slice(path.as_bytes());
        }
        let record = RecordView::new(&bytes, &Element::Null, None);
        let mut rows = Rows::default();
        CompiledExpression::new(&expression, &message)
            .unwrap()
            .evaluate(&record, &mut rows)
            .unwrap();
        rows
    }

    fn texts<'a>(rows: impl Iterator<Item = Row<'a>>) -> Vec<String> {
        rows.map(|row| row.to_tuple().unwrap().to_string()).collect()
    }

    fn check(old: &[&str], new: &[&str], removed: &[&str], added: &[&str]) {
        // Padding with entries that stay must change nothing but the way they are found.
        for padding in [0, 2 * LOOKED_THROUGH_MAX] {
            let padded = |paths: &[&str]| {
                let padding = (0..padding).map(|number| format!("stays {number}"));
                rows(
                    &paths
                        .iter()
                        .map(|path| path.to_string())
                        .chain(padding)
                        .collect::<Vec<_>>(),
                )
            };
            let expected = |paths: &[&str]| {
                paths
                    .iter()
                    .map(|path| Tuple::from((*path,)).to_string())
                    .collect::<Vec<_>>()
            };
            let (before, after) = (padded(old), padded(new));
            let update = IndexUpdate::new(b"", &before, &after, true);
            assert_eq!(texts(update.removed()), expected(removed), "{old:?} -> {new:?}");
            assert_eq!(texts(update.added()), expected(added), "{old:?} -> {new:?}");
        }
    }

    #[test]
    fn entries_in_both_stay_with_all_their_repetitions() {
        check(&[], &["a"], &[], &["a"]);
        check(&["a"], &[], &["a"], &[]);
        check(&["a", "b"], &["b", "c"], &["a"], &["c"]);
        check(&["a", "a", "b"], &["a"], &["b"], &[]);
        check(&["a"], &["a", "a", "c", "c"], &[], &["c", "c"]);
        check(&["a"], &["a"], &[], &[]);
    }

    #[test]
    fn an_index_of_writes_takes_every_entry() {
        let same = rows(&["a".to_owned()]);
        let update = IndexUpdate::new(b"", &same, &same, false);
        assert_eq!((update.removed().count(), update.added().count()), (1, 1));
    }
}
