//! Binding: a query is held against the schema. Names exist, operands become the elements that keys hold. Java: `validate`.
//!
//! Parameters are values of the caller and checked like all others, once [`QueryComponent::bind`] has put them into the tree.

mod column;
mod component;
mod parameters;
mod slots;

pub use parameters::Parameters;
pub(crate) use slots::Slots;

use std::borrow::Cow;

use crate::metadata::{RecordMetaData, RecordType};
use crate::query::{QueryComponent, RecordQuery};
use crate::{Error, ErrorKind, Result};

use component::Binder;

impl RecordQuery {
    /// The query with its parameters' values, held against a schema: what it names exists, and what it compares is as keys
    /// hold it (the numbers of enum values, UUIDs, numbers of the field's precision). Java: `RecordQuery.validate`.
    ///
    /// A query of some types asks for fields that all of them have. In a query of all types, a field is null in records of
    /// types that do not have it.
    ///
    /// **Errors**: [`ErrorKind::InvalidQuery`], those of [`QueryComponent::bind`], of [`RecordMetaData::record_type`] and
    /// [`RecordMetaData::index`], and [`ErrorKind::InvalidExpression`] for an order that does not fit.
    pub fn bind(&self, meta_data: &RecordMetaData, parameters: &Parameters) -> Result<RecordQuery> {
        let filter = self.filter().map_or(Cow::Owned(QueryComponent::and([])), Cow::Borrowed);
        filter.check_depth()?;
        let filter = filter.bind(parameters)?;
        let (bound, _) = self.bind_filter(meta_data, &filter, None)?;
        Ok(bound)
    }

    /// The query held against a schema before its parameters have values: they become slots.
    ///
    /// Errors: those of [`RecordQuery::bind`] that do not depend on the values.
    pub(crate) fn bind_slots(&self, meta_data: &RecordMetaData) -> Result<(RecordQuery, Slots)> {
        let filter = self.filter().map_or(Cow::Owned(QueryComponent::and([])), Cow::Borrowed);
        filter.check_depth()?;
        let (bound, slots) = self.bind_filter(meta_data, &filter, Some(Slots::default()))?;
        Ok((bound, slots.unwrap_or_default()))
    }

    /// The query with this filter in place of its own, if it has one, held against a schema.
    fn bind_filter(
        &self,
        meta_data: &RecordMetaData,
        filter: &QueryComponent,
        slots: Option<Slots>,
    ) -> Result<(RecordQuery, Option<Slots>)> {
        let all_types = self.types().is_empty();
        let types: Vec<&RecordType> = if all_types {
            meta_data.record_types().iter().collect()
        } else {
            let named: Result<_> = self.types().iter().map(|name| meta_data.record_type(name)).collect();
            named?
        };
        for name in self.allowed_indexes().unwrap_or_default() {
            meta_data.index(name)?;
        }
        let mut bound = self.clone();
        let mut binder = Binder::new(meta_data, all_types);
        if let Some(slots) = slots {
            binder = binder.with_slots(slots);
        }
        if self.filter().is_some() {
            bound = bound.with_filter(binder.bind(filter, &types)?);
        }
        let columns = self
            .sort()
            .into_iter()
            .chain(self.required_results().unwrap_or_default());
        for expression in columns {
            let refusals = types
                .iter()
                .filter_map(|record_type| expression.validate(record_type.descriptor()).err());
            let refusals: Vec<Error> = refusals.collect();
            // In a query of all types, one type that has the columns is enough.
            if !all_types || refusals.len() == types.len() {
                refusals.into_iter().next().map_or(Ok(()), Err)?;
            }
        }
        Ok((bound, binder.into_slots()))
    }
}

fn invalid(message: &'static str) -> Error {
    Error::new(ErrorKind::InvalidQuery, message)
}

#[cfg(test)]
mod tests;
