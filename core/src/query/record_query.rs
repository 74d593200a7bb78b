//! [`RecordQuery`]: types, filter, order and what the answer must hold. Limits belong to the execution, not to the query.

use super::QueryComponent;
use crate::key_expression::{KeyExpression, KeyExpressions};

/// Which records are wanted, and in which order. Java: `RecordQuery`.
///
/// ```
/// use record_store::key_expression;
/// use record_store::query::{Comparison, ComparisonKind, QueryComponent, RecordQuery};
/// let adults = QueryComponent::Field {
///     name: "age".into(),
///     comparison: Comparison::new(ComparisonKind::GreaterThanOrEquals, 18),
/// };
/// let query = RecordQuery::new(["User"]).with_filter(adults).with_sort(key_expression::field("name"));
/// assert_eq!(query.types(), ["User"]);
/// assert!(query.removes_duplicates() && !query.is_reverse());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct RecordQuery {
    types: Vec<String>,
    filter: Option<QueryComponent>,
    sort: Option<KeyExpression>,
    reverse: bool,
    remove_duplicates: bool,
    required_results: Option<Vec<KeyExpression>>,
    allowed_indexes: Option<Vec<String>>,
}

impl Default for RecordQuery {
    fn default() -> Self {
        RecordQuery::all_types()
    }
}

impl RecordQuery {
    /// All records of these types, in any order, each once.
    pub fn new(types: impl IntoIterator<Item = impl Into<String>>) -> Self {
        RecordQuery {
            types: types.into_iter().map(Into::into).collect(),
            filter: None,
            sort: None,
            reverse: false,
            remove_duplicates: true,
            required_results: None,
            allowed_indexes: None,
        }
    }

    /// All records of all types.
    pub fn all_types() -> Self {
        RecordQuery::new(Vec::<String>::new())
    }

    /// All records of these types instead.
    #[must_use]
    pub fn with_types(mut self, types: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.types = types.into_iter().map(Into::into).collect();
        self
    }

    /// All records of this type as well.
    pub(crate) fn add_type(&mut self, name: impl Into<String>) {
        self.types.push(name.into());
    }

    /// Only records of which `filter` is true. Java: `setFilter`.
    #[must_use]
    pub fn with_filter(mut self, filter: QueryComponent) -> Self {
        self.filter = Some(filter);
        self
    }

    /// In the order of these columns. Java: `setSort`.
    #[must_use]
    pub fn with_sort(mut self, sort: impl Into<KeyExpression>) -> Self {
        self.sort = Some(sort.into());
        self
    }

    /// In the opposite order. Java: `setSort(sort, reverse)`.
    #[must_use]
    pub fn with_reverse(mut self, reverse: bool) -> Self {
        self.reverse = reverse;
        self
    }

    /// Whether a record that an index holds several times is given once, which is the default. Java: `setRemoveDuplicates`.
    #[must_use]
    pub fn with_remove_duplicates(mut self, remove_duplicates: bool) -> Self {
        self.remove_duplicates = remove_duplicates;
        self
    }

    /// The caller looks at these columns only, so that an index that holds them need not load the record.
    /// Java: `setRequiredResults`.
    #[must_use]
    pub fn with_required_results(mut self, columns: impl KeyExpressions) -> Self {
        self.required_results = Some(columns.into_key_expressions());
        self
    }

    /// Only these indexes may be used; without this all readable ones that are not excluded may. Java: `setAllowedIndexes`.
    #[must_use]
    pub fn with_allowed_indexes(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.allowed_indexes = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// The types of the wanted records; none means all types. Java: `getRecordTypes`.
    pub fn types(&self) -> &[String] {
        &self.types
    }

    /// The condition, if there is one.
    pub fn filter(&self) -> Option<&QueryComponent> {
        self.filter.as_ref()
    }

    /// The columns that order the records, if an order is asked for.
    pub fn sort(&self) -> Option<&KeyExpression> {
        self.sort.as_ref()
    }

    /// Whether the records come in the opposite order. Java: `isSortReverse`.
    pub fn is_reverse(&self) -> bool {
        self.reverse
    }

    /// Whether each record is given once. Java: `removesDuplicates`.
    pub fn removes_duplicates(&self) -> bool {
        self.remove_duplicates
    }

    /// The columns that the caller looks at, if these are not all of the record.
    pub fn required_results(&self) -> Option<&[KeyExpression]> {
        self.required_results.as_deref()
    }

    /// The indexes that may be used, if these are not all.
    pub fn allowed_indexes(&self) -> Option<&[String]> {
        self.allowed_indexes.as_deref()
    }
}
