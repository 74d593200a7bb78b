//! Unique indexes: no two records have the same value.
//!
//! A new entry reads the whole range of its value and conflicts with all who write there, so that of two transactions that
//! take one value at the same time only one commits. What the read finds is judged by the state of the index: a scannable one
//! fails the commit; one that is being built notes down both records and goes on.
//! Java class: `StandardIndexMaintainer` (`checkUniqueness`, `removeUniquenessViolationsAsync`).

use record_store_kv::tuple::Tuple;
use record_store_kv::{BoxFuture, KeyRange, KeyValue, RangeBatch, RangeRequest, Read, Subspace, Transaction};

use super::standard::{EntryShape, beginning_of};
use super::{IndexContext, IndexKeyspace, IndexState, IndexUpdate};
use crate::metadata::Index;
use crate::{Error, ErrorKind, RecordContext, Result};

/// Updates the entries of a unique index.
pub(super) fn update(
    shape: &EntryShape,
    context: &IndexContext<'_>,
    update: &IndexUpdate<'_>,
    key: &mut Vec<u8>,
) -> Result<Option<BoxFuture<Result<()>>>> {
    let state = context.state();
    let notes_violations = state.is_write_only() || state == IndexState::ReadableUniquePending;
    let (mut resolved, mut checks) = (Vec::new(), Vec::new());
    context.layout().write_prefix(IndexKeyspace::Entries, key);
    let prefix = key.len();
    for row in update.removed() {
        key.truncate(prefix);
        shape.append_key(&row, update.primary_key(), key)?;
        context.transaction().clear(key);
        if notes_violations {
            resolved.push(Value::new(shape.key_columns(&row), update.primary_key()));
        }
    }
    for row in update.added() {
        key.truncate(prefix);
        row.refuse_incomplete_version()?;
        shape.append_key(&row, update.primary_key(), key)?;
        let value = shape.value(&row);
        shape.check_sizes(key, value, row.bytes(), update.primary_key())?;
        if !shape.has_non_unique_null(&row) {
            // The read comes before the write: of two records that one transaction saves, the second sees the first.
            let check = Check::start(
                shape,
                context,
                key,
                prefix,
                shape.key_columns(&row),
                update.primary_key(),
            )?;
            if state.is_write_only() {
                checks.extend(check);
            } else if let Some(check) = check {
                check.before_commit(context.record_context());
            }
        }
        context.transaction().set(key, value);
    }
    if resolved.is_empty() && checks.is_empty() {
        return Ok(None);
    }
    let notes = Notes {
        context: context.record_context().clone(),
        violations: context.layout().subspace(IndexKeyspace::UniquenessViolations),
        resolved,
        checks,
    };
    Ok(Some(Box::pin(notes.write())))
}

/// A value and one of its records.
struct Value {
    columns: Vec<u8>,
    primary_key: Vec<u8>,
}

impl Value {
    fn new(columns: &[u8], primary_key: &[u8]) -> Self {
        Value {
            columns: columns.to_vec(),
            primary_key: primary_key.to_vec(),
        }
    }
}

/// A read that looks for other records with a value.
struct Check {
    shape: EntryShape,
    transaction: Transaction,
    prefix: usize,
    value: Value,
    request: RangeRequest,
    first: Read<RangeBatch>,
}

impl Check {
    /// Starts to read the entries of a value. `key` begins with the prefix of the index. None: nothing was found already.
    fn start(
        shape: &EntryShape,
        context: &IndexContext<'_>,
        key: &[u8],
        prefix: usize,
        columns: &[u8],
        primary_key: &[u8],
    ) -> Result<Option<Self>> {
        let of_value = key.get(..prefix + columns.len()).unwrap_or(key);
        let request = Subspace::new(of_value.to_vec()).range().request();
        let first = match context.transaction().get_range(&request, false).try_ready() {
            Ok(batch) => {
                let batch = batch?;
                if batch.rows.is_empty() {
                    return Ok(None);
                }
                Read::ready(Ok(batch))
            }
            Err(pending) => pending,
        };
        Ok(Some(Check {
            shape: shape.clone(),
            transaction: context.transaction().clone(),
            prefix,
            value: Value::new(columns, primary_key),
            request,
            first,
        }))
    }

    /// The packed primary keys of the other records with the value.
    async fn others(&mut self) -> Result<Vec<Vec<u8>>> {
        let mut others = Vec::new();
        let first = std::mem::replace(&mut self.first, Read::ready(Ok(RangeBatch::default())));
        let mut batch = first.await?;
        loop {
            for row in &batch.rows {
                others.extend(self.other(row)?);
            }
            let Some(next) = self.request.after(&batch) else {
                return Ok(others);
            };
            self.request = next;
            batch = self.transaction.get_range(&self.request, false).await?;
        }
    }

    fn other(&self, row: &KeyValue) -> Result<Option<Vec<u8>>> {
        let found = self.shape.primary_key(row.key.get(self.prefix..).unwrap_or_default())?;
        Ok((found != self.value.primary_key).then_some(found))
    }

    /// Fails the commit if another record has the value.
    fn before_commit(mut self, context: &RecordContext) {
        context.before_commit(move |_| async move {
            match self.others().await?.first() {
                None => Ok(()),
                Some(other) => Err(violation(&self.shape, &self.value, other)),
            }
        });
    }
}

/// What an index that is being built, or is not yet unique, notes down.
struct Notes {
    context: RecordContext,
    violations: Subspace,
    resolved: Vec<Value>,
    checks: Vec<Check>,
}

impl Notes {
    async fn write(self) -> Result<()> {
        let transaction = self.context.transaction();
        let place = |columns: &[u8], primary_key: &[u8]| [self.violations.prefix(), columns, primary_key].concat();
        for value in &self.resolved {
            transaction.clear(&place(&value.columns, &value.primary_key));
            let of_value = place(&value.columns, &[]);
            let left = Subspace::new(of_value.clone()).range().request().limit(2);
            // All of it: one batch may end where this transaction has cleared a key.
            let left = transaction.get_range_all(&left, false).await?;
            if left.len() == 1 {
                // One record alone breaks nothing.
                let all = KeyRange::starting_with(&of_value);
                self.context.clear_range(&all.begin, &all.end);
            }
        }
        for mut check in self.checks {
            for other in check.others().await? {
                let Value { columns, primary_key } = &check.value;
                transaction.set(&place(columns, primary_key), &other);
                transaction.set(&place(columns, &other), primary_key);
            }
        }
        Ok(())
    }
}

/// A value of an index that several records have, though the index is unique.
///
/// Java class: `RecordIndexUniquenessViolation`, as a result of a scan.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UniquenessViolation {
    value: Tuple,
    primary_key: Tuple,
    existing_primary_key: Option<Tuple>,
}

impl UniquenessViolation {
    /// The columns of the index.
    pub fn value(&self) -> &Tuple {
        &self.value
    }

    /// The primary key of a record with the value.
    pub fn primary_key(&self) -> &Tuple {
        &self.primary_key
    }

    /// The primary key of another record with the value, if whoever noted it down knew one.
    pub fn existing_primary_key(&self) -> Option<&Tuple> {
        self.existing_primary_key.as_ref()
    }

    /// Reads a violation of `index` from its key, behind the prefix, and its value.
    ///
    /// Errors: `Corrupt` for what is none.
    pub(super) fn decode(index: &Index, key: &[u8], value: &[u8]) -> Result<Self> {
        let columns = index.root_expression().column_count();
        let tuple = |bytes: &[u8]| {
            Tuple::unpack(bytes).map_err(|error| {
                Error::new(
                    ErrorKind::Corrupt,
                    "what is noted down of a unique index cannot be read",
                )
                .with("index", index.name())
                .with("key", key.escape_ascii())
                .caused_by(error)
            })
        };
        let key = tuple(key)?;
        let (value_columns, primary_key) = key.split_at(columns.min(key.len()));
        Ok(UniquenessViolation {
            value: value_columns.into(),
            primary_key: primary_key.into(),
            existing_primary_key: if value.is_empty() { None } else { Some(tuple(value)?) },
        })
    }
}

fn violation(shape: &EntryShape, value: &Value, other: &[u8]) -> Error {
    Error::new(
        ErrorKind::UniquenessViolation,
        "another record has this value in a unique index: choose another value, or change that record first",
    )
    .with("index", shape.index().name())
    .with("value", beginning_of(&value.columns))
    .with("primary_key", beginning_of(&value.primary_key))
    .with("existing_primary_key", beginning_of(other))
}
