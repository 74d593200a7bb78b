//! Deleting the records for which a filter is true, without reading them. Java class: `QueryToKeyMatcher`, as
//! `FDBRecordStore.deleteRecordsWhere` uses it.

use record_store_kv::tuple::{Element, Tuple};

use super::{ComparisonKind, Operand, QueryComponent};
use crate::key_expression::{self, KeyExpression};
use crate::metadata::RecordType;
use crate::{Error, ErrorKind, RecordKey, RecordStore, Result};

impl RecordStore {
    /// Deletes all records for which a filter is true, of one type or of all, without reading them: the filter must say what the
    /// first columns of the primary keys are, and nothing else.
    ///
    /// ```
    /// # futures_executor::block_on(async {
    /// # use record_store::kv::Subspace;
    /// # use record_store::{Database, ErrorKind, Record, RecordStore, Schema, StoreOptions, Tuple};
    /// # let metadata = Schema::builder()
    /// #     .proto("t.proto", "syntax = 'proto3'; message Order { string user = 1; int64 id = 2; }")
    /// #     .record_type("Order", |t| t.primary_key(["user", "id"]))
    /// #     .build()?
    /// #     .merge_into(None)?;
    /// # let context = Database::in_memory()?.transaction();
    /// # let store = RecordStore::open(&context, Subspace::from(("s",)), &metadata, &StoreOptions::default()).await?;
    /// # for (user, id) in [("ada", 1), ("ada", 2), ("eve", 1)] {
    /// #     store.save_record(&Record::from_json("Order", format!(r#"{{"user": "{user}", "id": {id}}}"#))).await?;
    /// # }
    /// use record_store::query::field;
    /// store.delete_records_matching(Some("Order"), &field("user").eq("ada")).await?;
    /// assert!(!store.record_exists(&Tuple::from((1, "ada", 2))).await?);
    /// assert!(store.record_exists(&Tuple::from((1, "eve", 1))).await?);
    ///
    /// let refused = store.delete_records_matching(Some("Order"), &field("id").eq(1)).await.unwrap_err();
    /// assert_eq!(refused.kind(), ErrorKind::InvalidQuery);
    /// # Ok::<(), record_store::Error>(())
    /// # }).unwrap();
    /// ```
    ///
    /// **Errors**: `InvalidQuery` for a filter that is no beginning of the primary keys; `MetaData` for an unknown type; those of
    /// [`delete_records_where`](RecordStore::delete_records_where). Then nothing is deleted.
    pub async fn delete_records_matching(&self, record_type: Option<&str>, filter: &QueryComponent) -> Result<()> {
        let mut equalities = Vec::new();
        if !collect(filter, &mut equalities) {
            return Err(refuse(filter));
        }
        let of_type = record_type.map(|name| self.metadata().record_type(name)).transpose()?;
        let mut wanted: Option<Tuple> = None;
        let types = self.metadata().record_types().iter();
        for each in types.filter(|each| of_type.is_none_or(|of_type| of_type.name() == each.name())) {
            let columns = beginning(each, &equalities).ok_or_else(|| {
                refuse(filter)
                    .with("record_type", each.name())
                    .with("primary_key", each.primary_key())
            })?;
            if wanted.as_ref().is_some_and(|wanted| *wanted != columns) {
                return Err(refuse(filter).with("record_type", each.name()));
            }
            wanted = Some(columns);
        }
        let columns = wanted.unwrap_or_default();
        let within = match of_type {
            Some(of_type) => RecordKey::of(of_type.name(), columns),
            None => RecordKey::from(columns),
        };
        self.delete_records_where(within).await
    }
}

/// A column, and the value that it is to have.
type Equality<'f> = (KeyExpression, &'f Element);

/// Collects what a filter says; says whether it says nothing but what columns are equal to.
fn collect<'f>(filter: &'f QueryComponent, equalities: &mut Vec<Equality<'f>>) -> bool {
    match filter {
        QueryComponent::And(all) => all.iter().all(|one| collect(one, equalities)),
        QueryComponent::Field { name, comparison } => match (comparison.kind(), comparison.operand()) {
            (ComparisonKind::Equals, Operand::Value(value)) => {
                equalities.push((key_expression::field(name).into(), value));
                true
            }
            _ => false,
        },
        QueryComponent::Nested { name, child } => {
            let first = equalities.len();
            let is_equal = collect(child, equalities);
            for (column, _) in equalities.iter_mut().skip(first) {
                *column = key_expression::field(name).nest(column.clone());
            }
            is_equal
        }
        _ => false,
    }
}

/// The values of the first columns of a type's primary keys, behind the key of the record type; none unless all values are
/// of these columns.
fn beginning(record_type: &RecordType, equalities: &[Equality<'_>]) -> Option<Tuple> {
    let mut columns = record_type.primary_key().normalized_columns();
    columns.retain(|column| !column.has_record_type_key());
    let values: Tuple = columns
        .iter()
        .map_while(|column| equalities.iter().find(|(equal, _)| equal == column))
        .map(|(_, value)| (*value).clone())
        .collect();
    (values.len() == equalities.len()).then_some(values)
}

fn refuse(filter: &QueryComponent) -> Error {
    Error::new(
        ErrorKind::InvalidQuery,
        "records are deleted without being read only by what the first columns of their primary keys are equal to: delete \
         those that a query finds",
    )
    .with("filter", filter)
}
