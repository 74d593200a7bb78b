//! [`PlanContext`]: what all steps of planning one query know: which indexes may be used, and the primary key.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::PlannerOptions;
use super::candidate::Candidate;
use super::predicate::is_implied;
use super::scored::ScoredPlan;
use crate::Result;
use crate::index::IndexState;
use crate::key_expression::{FanType, KeyExpression, NullStandin};
use crate::metadata::{Index, RecordMetaData, RecordType, index_option, index_type};
use crate::query::RecordQuery;
use crate::query::plan::Plan;

/// Which indexes may be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ReadableIndexes(BTreeMap<String, IndexState>);

impl ReadableIndexes {
    /// All but those with another state.
    pub(crate) fn new(states: BTreeMap<String, IndexState>) -> Self {
        ReadableIndexes(states)
    }

    fn contains(&self, index: &Index) -> bool {
        self.0
            .get(index.name())
            .is_none_or(|state| *state == IndexState::Readable)
    }
}

/// A query with what the schema says of it.
pub(super) struct PlanContext<'a> {
    metadata: &'a RecordMetaData,
    query: &'a RecordQuery,
    /// The order of the plan; none where the query's own is made afterwards.
    sort: Option<&'a KeyExpression>,
    types: Vec<&'a RecordType>,
    /// Those of one type first, then those of several, then the universal ones.
    indexes: Vec<Arc<Index>>,
    /// That of all types of the query, if they have one.
    primary_key: Option<KeyExpression>,
}

impl<'a> PlanContext<'a> {
    /// Errors: `MetaData` for unknown types and indexes; `Unsupported` for several types of records that are not stored.
    pub(super) fn new(
        metadata: &'a RecordMetaData,
        readable: &ReadableIndexes,
        query: &'a RecordQuery,
        sort: Option<&'a KeyExpression>,
        options: PlannerOptions,
    ) -> Result<Self> {
        let types: Result<Vec<&RecordType>> = query.types().iter().map(|name| metadata.record_type(name)).collect();
        let types = types?;
        for name in query.allowed_indexes().unwrap_or_default() {
            metadata.index(name)?;
        }
        let primary_key = match &types[..] {
            [] => metadata.common_primary_key(),
            [first, others @ ..] => others
                .iter()
                .all(|other| other.primary_key() == first.primary_key())
                .then_some(first.primary_key()),
        };
        let is_usable = |index: &Index| {
            let is_allowed = match query.allowed_indexes() {
                Some(allowed) => allowed.iter().any(|name| name == index.name()),
                None => index.boolean_option(index_option::ALLOWED_FOR_QUERY, true),
            };
            // An index with a predicate lacks records.
            let has_all = |predicate| is_implied(predicate, query.filter());
            let tells_nulls = options.use_defaulted_indexes
                || !(holds_defaults(index.root_expression()) || sort.is_some_and(holds_defaults));
            is_allowed
                && tells_nulls
                && is_plannable(index)
                && readable.contains(index)
                && index.predicate().is_none_or(has_all)
        };
        let names: Vec<&str> = types.iter().map(|record_type| record_type.name()).collect();
        let has = |index: &Index, name: &str| index.record_types().iter().any(|of_index| of_index == name);
        let own = |index: &Index| matches!(&names[..], [only] if index.record_types().len() == 1 && has(index, only));
        let shared = |index: &Index| {
            index.record_types().len() > 1 && !names.is_empty() && names.iter().all(|name| has(index, name))
        };
        let kinds: [&dyn Fn(&Index) -> bool; 3] = [&own, &shared, &Index::is_universal];
        let indexes = kinds
            .iter()
            .flat_map(|is_of_kind| metadata.indexes().filter(|index| is_of_kind(index) && is_usable(index)))
            .cloned()
            .collect();
        Ok(PlanContext {
            metadata,
            query,
            sort,
            types,
            indexes,
            primary_key: primary_key.cloned(),
        })
    }

    pub(super) fn metadata(&self) -> &'a RecordMetaData {
        self.metadata
    }

    pub(super) fn query(&self) -> &'a RecordQuery {
        self.query
    }

    pub(super) fn sort(&self) -> Option<&'a KeyExpression> {
        self.sort
    }

    /// Whether scans go from the greatest key downwards.
    pub(super) fn is_reverse(&self) -> bool {
        self.sort.is_some() && self.query.is_reverse()
    }

    /// The only type of the query, if it asks for one.
    pub(super) fn only_type(&self) -> Option<&'a RecordType> {
        match self.types[..] {
            [only] => Some(only),
            _ => None,
        }
    }

    pub(super) fn indexes(&self) -> impl Iterator<Item = &Index> {
        self.indexes.iter().map(|index| &**index)
    }

    pub(super) fn primary_key(&self) -> Option<&KeyExpression> {
        self.primary_key.as_ref()
    }

    pub(super) fn candidate<'s>(&'s self, index: Option<&'s Index>, reverse: bool) -> Candidate<'s> {
        Candidate {
            context: self,
            index,
            reverse,
        }
    }

    /// The columns of the keys of an index: its own, then those of the primary key that it does not have.
    pub(super) fn index_key(&self, index: &Index) -> KeyExpression {
        let own = match index.root_expression() {
            KeyExpression::KeyWithValue(covering) => covering
                .key_expression()
                .unwrap_or_else(|_| covering.inner_key().clone()),
            other => other.clone(),
        };
        let Some(primary_key) = &self.primary_key else {
            return own;
        };
        let positions = index.primary_key_component_positions().unwrap_or_default();
        let rest = primary_key
            .normalized_columns()
            .into_iter()
            .enumerate()
            .filter(|(at, _)| !matches!(positions.get(*at), Some(Some(_))))
            .map(|(_, column)| column);
        crate::key_expression::concat(std::iter::once(own).chain(rest).collect::<Vec<_>>())
    }

    /// Whether an index is better than another one, or than the records, where both answer as much. Java: `compareIndexes`.
    pub(super) fn prefers(&self, index: Option<&Index>, other: Option<&Index>) -> bool {
        match (index, other) {
            (None, None) => false,
            (None, Some(_)) => !self.prefers_index_to_scan(),
            (Some(_), None) => self.prefers_index_to_scan(),
            (Some(index), Some(other)) => self.entry_size(index) < self.entry_size(other),
        }
    }

    /// Without knowing how many records there are of each type, an index is safer where a scan reads them all.
    fn prefers_index_to_scan(&self) -> bool {
        self.metadata.record_types().len() > 1 && !self.metadata.primary_key_has_record_type_prefix()
    }

    fn entry_size(&self, index: &Index) -> usize {
        let own = index.root_expression().column_count();
        let Some(primary_key) = &self.primary_key else {
            return own;
        };
        let shared = index.primary_key_component_positions().unwrap_or_default();
        own + primary_key.column_count() - shared.iter().flatten().count()
    }

    /// Each record once, if the query wants that; none if records cannot be told apart.
    pub(super) fn remove_duplicates(&self, planned: ScoredPlan) -> Option<ScoredPlan> {
        if !planned.creates_duplicates || !self.query.removes_duplicates() {
            return Some(planned);
        }
        self.primary_key.as_ref()?;
        Some(ScoredPlan {
            plan: Plan::Distinct(Box::new(planned.plan)),
            creates_duplicates: false,
            ordering: None,
            ..planned
        })
    }
}

/// Whether a column holds the default of a field in place of what is not set, so that it does not tell these apart.
fn holds_defaults(key: &KeyExpression) -> bool {
    match key {
        KeyExpression::Field(field) => {
            field.fan_type() == FanType::None && field.null_standin() == NullStandin::NotNull
        }
        other => other.children().into_iter().any(holds_defaults),
    }
}

/// Whether the entries of an index lead to records in the order of its columns.
fn is_plannable(index: &Index) -> bool {
    matches!(index.kind(), index_type::VALUE | index_type::VERSION)
        && !index.covers_primary_key()
        && !matches!(
            index.root_expression(),
            KeyExpression::Grouping(_) | KeyExpression::Dimensions(_)
        )
}
