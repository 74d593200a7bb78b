//! [`RecordTypeSchema`] and [`IndexSchema`]: what a schema says of a type and of an index.

use record_store_kv::tuple::Element;

use super::Columns;
use crate::metadata::{Index, IndexPredicate, index_option, index_type};

/// What a schema says of a record type.
#[derive(Clone, Debug)]
#[must_use]
pub struct RecordTypeSchema {
    name: String,
    pub(super) primary_key: Option<Columns>,
    pub(super) record_type_key: Option<Element>,
    pub(super) indexes: Vec<IndexSchema>,
}

impl RecordTypeSchema {
    pub(super) fn new(name: String) -> Self {
        RecordTypeSchema {
            name,
            primary_key: None,
            record_type_key: None,
            indexes: Vec::new(),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Sets the primary key. Named columns stand after the key of the record type, so that types cannot overwrite each other's
    /// records; a key expression is taken as it is.
    ///
    /// **Keys**: `primary_key("id")` is `concat(recordType(), id)`.
    pub fn primary_key(mut self, columns: impl Into<Columns>) -> Self {
        self.primary_key = Some(columns.into());
        self
    }

    /// Sets the key of the record type, instead of its number in the union.
    pub fn record_type_key(mut self, key: impl Into<Element>) -> Self {
        self.record_type_key = Some(key.into());
        self
    }

    /// Declares an index over this type: its name and its columns, or an [`IndexSchema`].
    pub fn index(mut self, index: impl Into<IndexSchema>) -> Self {
        let index = index.into().on(&self.name);
        self.indexes.push(index);
        self
    }
}

/// What a schema says of an index.
///
/// ```
/// use record_store::metadata::IndexSchema;
/// let index = IndexSchema::new("by_name", ["last_name", "first_name"]).on("User").unique();
/// let count = IndexSchema::count("users_by_city").group_by("address.city").on("User");
/// let sum = IndexSchema::new("paid_by_city", "paid").kind("sum").group_by("address.city").on("User");
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct IndexSchema {
    pub(super) columns: Columns,
    pub(super) groups: Option<Columns>,
    pub(super) covered: Option<Columns>,
    /// The condition whose values take the types of their fields.
    pub(super) condition: Option<IndexPredicate>,
    /// All but the key expression, which must be resolved first.
    pub(super) rest: Index,
}

impl IndexSchema {
    /// An index of type `value`, or of another by [`kind`](IndexSchema::kind).
    ///
    /// Named columns mean what they mean for the type: in one of groups, such as `sum`, they are grouped; in one of versions
    /// the version stands behind them. A key expression is taken as it is.
    pub fn new(name: impl Into<String>, columns: impl Into<Columns>) -> Self {
        IndexSchema {
            columns: columns.into(),
            groups: None,
            covered: None,
            condition: None,
            rest: Index::new(name, crate::key_expression::empty()),
        }
    }

    /// An index of type `count`: how many records there are, in all or in each group.
    pub fn count(name: impl Into<String>) -> Self {
        IndexSchema::new(name, Vec::<String>::new()).kind(index_type::COUNT)
    }

    /// Keeps an entry for each value of these columns.
    pub fn group_by(mut self, columns: impl Into<Columns>) -> Self {
        self.groups = Some(columns.into());
        self
    }

    /// Keeps these columns in the value of each entry, so that a query for them need not read the record.
    pub fn covering(mut self, columns: impl Into<Columns>) -> Self {
        self.covered = Some(columns.into());
        self
    }

    /// Adds a record type whose records are indexed; all types are, unless one is named.
    pub fn on(mut self, record_type: impl Into<String>) -> Self {
        self.rest = self.rest.on(record_type);
        self
    }

    /// No two records may have the same value.
    pub fn unique(self) -> Self {
        self.option(index_option::UNIQUE, "true")
    }

    /// Sets the type of the index, for example [`index_type::RANK`](crate::metadata::index_type::RANK).
    pub fn kind(mut self, kind: impl Into<String>) -> Self {
        self.rest = self.rest.with_kind(kind);
        self
    }

    /// Sets an option of the index.
    pub fn option(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.rest = self.rest.with_option(name, value);
        self
    }

    /// Indexes only the records for which `condition` holds. Its values take the types of the fields with which they are compared.
    pub fn condition(mut self, condition: IndexPredicate) -> Self {
        self.condition = Some(condition);
        self
    }

    /// Indexes only the records for which `predicate` holds, which is taken as it is: a value of another type than its field, such as
    /// a long for an `int32`, never equals it.
    pub fn predicate(mut self, predicate: IndexPredicate) -> Self {
        self.rest = self.rest.with_predicate(predicate);
        self
    }
}

impl<N: Into<String>, C: Into<Columns>> From<(N, C)> for IndexSchema {
    /// A name and columns.
    fn from((name, columns): (N, C)) -> Self {
        IndexSchema::new(name, columns)
    }
}

impl From<Index> for IndexSchema {
    /// Its versions are left to the schema.
    fn from(index: Index) -> Self {
        IndexSchema {
            columns: index.root_expression().clone().into(),
            groups: None,
            covered: None,
            condition: None,
            rest: index.with_versions(0, 0),
        }
    }
}
