//! [`Statement`]: what a query over a space asks, as it was given.

use std::hash::{DefaultHasher, Hash, Hasher};

use record_store_kv::tuple::Element;

use crate::Result;
use crate::metadata::{Columns, RecordMetaData};
use crate::query::{QueryComponent, RecordQuery};

/// Types, filters and order, before they are held against a schema.
#[derive(Clone, Debug, Default)]
pub(super) struct Statement {
    pub(super) query: RecordQuery,
    /// Filters as text, which are read when the query is used.
    pub(super) texts: Vec<String>,
    /// The order, if it was given by the names of fields.
    pub(super) order: Option<Columns>,
    /// What the records must hold, likewise.
    pub(super) required: Option<Columns>,
}

impl Statement {
    /// The filters that were given as text.
    pub(super) fn parse_texts(&self) -> Result<Vec<QueryComponent>> {
        self.texts.iter().map(|text| QueryComponent::parse(text)).collect()
    }

    /// Only records of which this is true too.
    pub(super) fn add_filter(&mut self, filter: QueryComponent) {
        let query = std::mem::take(&mut self.query);
        self.query = with_filter(query, filter);
    }

    /// The whole query for this schema, with its texts as they were parsed.
    pub(super) fn resolve(&self, metadata: &RecordMetaData, parsed: &[QueryComponent]) -> Result<RecordQuery> {
        self.resolve_with(self.query.clone(), metadata, parsed)
    }

    /// The same with parameters in place of the values in the filters that are no text.
    pub(super) fn resolve_shape(&self, metadata: &RecordMetaData, parsed: &[QueryComponent]) -> Result<RecordQuery> {
        let query = self.query.clone();
        let query = match self.query.filter() {
            Some(filter) => query.with_filter(filter.without_literals()),
            None => query,
        };
        self.resolve_with(query, metadata, parsed)
    }

    fn resolve_with(
        &self,
        mut query: RecordQuery,
        metadata: &RecordMetaData,
        parsed: &[QueryComponent],
    ) -> Result<RecordQuery> {
        for filter in parsed {
            query = with_filter(query, filter.clone());
        }
        if let ([only], []) = (metadata.record_types(), query.types()) {
            query = query.with_types([only.name()]);
        }
        // All types of a query have the columns of its order.
        let first = match query.types().first() {
            Some(name) => Some(metadata.record_type(name)?),
            None => metadata.record_types().first(),
        };
        if let Some(first) = first {
            if let Some(order) = &self.order {
                query = query.with_sort(order.to_expression(first.descriptor())?);
            }
            if let Some(required) = &self.required {
                query = query.with_required_results(required.to_expression(first.descriptor())?);
            }
        }
        Ok(query)
    }

    /// Whether a plan for it may be kept: what it asks can be told from what another one asks, and takes no more room than it is
    /// worth.
    pub(super) fn is_comparable(&self) -> bool {
        let is_named = |columns: &Option<Columns>| columns.as_ref().is_none_or(|columns| columns.paths().is_some());
        // Key expressions that are equal may stand for other values of missing fields.
        self.query.sort().is_none()
            && self.query.required_results().is_none()
            && is_named(&self.order)
            && is_named(&self.required)
            && self.query.filter().is_none_or(|filter| filter.check_depth().is_ok())
            && self.texts.iter().map(String::len).sum::<usize>() <= TEXTS_BYTES_MAX
    }

    /// Whether two statements differ only in the values of filters that are no text.
    pub(super) fn has_shape_of(&self, other: &Statement) -> bool {
        let (own, others) = (&self.query, &other.query);
        let same_filter = match (own.filter(), others.filter()) {
            (Some(filter), Some(other)) => filter.has_shape_of(other),
            (None, None) => true,
            _ => false,
        };
        same_filter
            && self.texts == other.texts
            && self.order == other.order
            && self.required == other.required
            && own.types() == others.types()
            && own.is_reverse() == others.is_reverse()
            && own.removes_duplicates() == others.removes_duplicates()
            && own.allowed_indexes() == others.allowed_indexes()
    }

    /// A hash that statements of one shape have in common.
    pub(super) fn shape_hash(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.texts.hash(&mut hasher);
        self.query.types().hash(&mut hasher);
        self.query.is_reverse().hash(&mut hasher);
        self.query.allowed_indexes().hash(&mut hasher);
        for columns in [&self.order, &self.required] {
            columns.as_ref().map(Columns::paths).hash(&mut hasher);
        }
        if let Some(filter) = self.query.filter() {
            filter.hash_shape(&mut hasher);
        }
        hasher.finish()
    }

    /// The values in which statements of one shape differ.
    pub(super) fn literals(&self) -> Vec<&Element> {
        let mut literals = Vec::new();
        if let Some(filter) = self.query.filter() {
            filter.literals(&mut literals);
        }
        literals
    }
}

fn with_filter(query: RecordQuery, filter: QueryComponent) -> RecordQuery {
    match query.filter().cloned() {
        Some(before) => query.with_filter(before & filter),
        None => query.with_filter(filter),
    }
}

/// The longest texts for which a plan is kept.
const TEXTS_BYTES_MAX: usize = 4_096;
