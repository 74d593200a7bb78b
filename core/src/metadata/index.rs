//! [`Index`] and [`FormerIndex`]: what is indexed, how, and where the entries are.
//!
//! Which rules an index must keep is checked by the validator; what its entries look like is the index maintainers' matter.

use std::fmt;

use bytes::Bytes;
use record_store_kv::tuple::{Element, Tuple};

use super::IndexPredicate;
use crate::error::{Error, ErrorKind, Result};
use crate::key_expression::KeyExpression;

/// An index: a key expression over the records of one type, of several, or of all. Java: `metadata.Index`.
///
/// ```
/// use record_store::{Index, key_expression::field};
/// let index = Index::new("by_email", field("email")).on("User").unique();
/// assert_eq!(index.name(), "by_email");
/// assert_eq!(index.kind(), "value");
/// assert!(index.is_unique());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Index {
    name: String,
    kind: String,
    root_expression: KeyExpression,
    record_types: Vec<String>,
    options: Vec<(String, String)>,
    predicate: Option<IndexPredicate>,
    subspace_key: Element,
    /// The same, packed: every key of the index has it.
    packed_subspace_key: Bytes,
    explicit_subspace_key: bool,
    added_version: i32,
    last_modified_version: i32,
    primary_key_component_positions: Option<Vec<Option<usize>>>,
    /// Fields of the stored message that this release does not know.
    pub(super) unknown_fields: Bytes,
}

impl Index {
    /// An index of type `value` over the records of every type, until [`Index::on`] says which.
    pub fn new(name: impl Into<String>, root_expression: impl Into<KeyExpression>) -> Self {
        let name = name.into();
        let subspace_key = Element::String(name.clone());
        Index {
            packed_subspace_key: pack_subspace_key(&subspace_key),
            subspace_key,
            name,
            kind: index_type::VALUE.to_owned(),
            root_expression: root_expression.into(),
            record_types: Vec::new(),
            options: Vec::new(),
            predicate: None,
            explicit_subspace_key: false,
            added_version: 0,
            last_modified_version: 0,
            primary_key_component_positions: None,
            unknown_fields: Bytes::new(),
        }
    }

    /// Adds a record type whose records are indexed.
    #[must_use]
    pub fn on(mut self, record_type: impl Into<String>) -> Self {
        self.record_types.push(record_type.into());
        self
    }

    /// Sets the type of the index, for example [`index_type::RANK`].
    #[must_use]
    pub fn with_kind(mut self, kind: impl Into<String>) -> Self {
        self.kind = kind.into();
        self
    }

    /// Sets an option, for example [`index_option::UNIQUE`]; the place of one that was set before stays.
    #[must_use]
    pub fn with_option(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let (name, value) = (name.into(), value.into());
        match self.options.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = value,
            None => self.options.push((name, value)),
        }
        self
    }

    /// No two records may have the same value.
    #[must_use]
    pub fn unique(self) -> Self {
        self.with_option(index_option::UNIQUE, "true")
    }

    /// Indexes only the records for which `predicate` holds.
    #[must_use]
    pub fn with_predicate(mut self, predicate: IndexPredicate) -> Self {
        self.predicate = Some(predicate);
        self
    }

    /// Sets the key of the index's entries in a store; it is the index's name unless set.
    #[must_use]
    pub fn with_subspace_key(mut self, key: impl Into<Element>) -> Self {
        self.set_subspace_key(key.into());
        self
    }

    /// Sets the versions of the meta-data that brought the index and that last changed it, for meta-data written by hand.
    #[must_use]
    pub fn with_versions(mut self, added: i32, last_modified: i32) -> Self {
        self.added_version = added;
        self.last_modified_version = last_modified;
        self
    }

    pub(super) fn set_subspace_key(&mut self, key: Element) {
        self.packed_subspace_key = pack_subspace_key(&key);
        self.subspace_key = key;
        self.explicit_subspace_key = true;
    }

    /// The index with another key expression.
    #[must_use]
    pub fn with_root_expression(mut self, root_expression: impl Into<KeyExpression>) -> Self {
        self.root_expression = root_expression.into();
        self
    }

    pub(super) fn set_added_version(&mut self, version: i32) {
        self.added_version = version;
    }

    pub(super) fn set_last_modified_version(&mut self, version: i32) {
        self.last_modified_version = version;
    }

    pub(super) fn set_record_types(&mut self, record_types: Vec<String>) {
        self.record_types = record_types;
    }

    pub(super) fn set_primary_key_component_positions(&mut self, positions: Option<Vec<Option<usize>>>) {
        self.primary_key_component_positions = positions;
    }

    /// The name; states of indexes are kept by it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The type, for example `value`. Java: `getType`.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// What is indexed.
    pub fn root_expression(&self) -> &KeyExpression {
        &self.root_expression
    }

    /// The names of the types whose records are indexed; none means every type.
    pub fn record_types(&self) -> &[String] {
        &self.record_types
    }

    /// Whether the index is over records of every type.
    pub fn is_universal(&self) -> bool {
        self.record_types.is_empty()
    }

    /// The options in their order.
    pub fn options(&self) -> &[(String, String)] {
        &self.options
    }

    /// The value of an option.
    pub fn option(&self, name: &str) -> Option<&str> {
        let (_, value) = self.options.iter().find(|(known, _)| known == name)?;
        Some(value)
    }

    /// Whether an option is `true`, in any case, as Java's `Boolean.valueOf` has it.
    pub fn boolean_option(&self, name: &str, default: bool) -> bool {
        self.option(name)
            .map_or(default, |value| value.eq_ignore_ascii_case("true"))
    }

    /// Whether no two records may have the same value.
    pub fn is_unique(&self) -> bool {
        self.boolean_option(index_option::UNIQUE, false)
    }

    /// The names of the indexes that will replace this one.
    pub fn replaced_by(&self) -> impl Iterator<Item = &str> {
        self.options
            .iter()
            .filter(|(name, _)| name.starts_with(index_option::REPLACED_BY_PREFIX))
            .map(|(_, value)| value.as_str())
    }

    /// Which records are indexed, if not all.
    pub fn predicate(&self) -> Option<&IndexPredicate> {
        self.predicate.as_ref()
    }

    /// The key of the index's entries in a store: one tuple element.
    pub fn subspace_key(&self) -> &Element {
        &self.subspace_key
    }

    /// The key of the index's entries in a store, packed.
    pub(crate) fn packed_subspace_key(&self) -> &Bytes {
        &self.packed_subspace_key
    }

    /// The key was set and is not the name by default.
    pub fn has_explicit_subspace_key(&self) -> bool {
        self.explicit_subspace_key
    }

    /// The version of the meta-data that brought the index.
    pub fn added_version(&self) -> i32 {
        self.added_version
    }

    /// The version of the meta-data that last changed what the index holds.
    pub fn last_modified_version(&self) -> i32 {
        self.last_modified_version
    }

    /// Where the columns of the primary key are among those of the index, `None` for one that is appended to the entry.
    ///
    /// Only an index of one stored type has positions, and only when at least one column is found.
    pub fn primary_key_component_positions(&self) -> Option<&[Option<usize>]> {
        self.primary_key_component_positions.as_deref()
    }

    /// Whether a column of the primary key is in the value of the entries only: their keys do not tell which record they are of.
    pub(crate) fn covers_primary_key(&self) -> bool {
        let KeyExpression::KeyWithValue(covering) = &self.root_expression else {
            return false;
        };
        let positions = self.primary_key_component_positions().unwrap_or_default();
        positions
            .iter()
            .flatten()
            .any(|position| *position >= covering.split_point())
    }
}

impl fmt::Display for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} index {}", self.kind, self.name)
    }
}

/// An index that was removed: stores that still have its entries clear them. Java: `metadata.FormerIndex`.
#[derive(Clone, Debug, PartialEq)]
pub struct FormerIndex {
    /// The key of the entries.
    pub subspace_key: Element,
    /// The version of the meta-data that brought the index.
    pub added_version: i32,
    /// The version that removed it.
    pub removed_version: i32,
    /// Its name, if known: its state is kept by name.
    pub former_name: Option<String>,
}

impl FormerIndex {
    /// What is left of an index when version `removed_version` of the meta-data drops it.
    pub fn of(index: &Index, removed_version: i32) -> Self {
        FormerIndex {
            subspace_key: index.subspace_key.clone(),
            added_version: index.added_version,
            removed_version,
            former_name: Some(index.name.clone()),
        }
    }
}

/// A subspace key as a tuple of one element.
pub(super) fn pack_subspace_key(key: &Element) -> Bytes {
    Tuple::from(vec![key.clone()]).pack().into()
}

/// Reads a packed subspace key: a tuple of one element that is not null.
pub(super) fn unpack_subspace_key(bytes: &[u8]) -> Result<Element> {
    let refused = || {
        Error::new(
            ErrorKind::MetaData,
            "the subspace key of an index is a tuple of one element that is not null",
        )
        .with("subspace_key", format_args!("{bytes:02x?}"))
    };
    let tuple = Tuple::unpack(bytes).map_err(|error| refused().caused_by(error))?;
    match <[Element; 1]>::try_from(tuple.into_elements()) {
        Ok([key]) if !key.is_null() => Ok(key),
        _ => Err(refused()),
    }
}

/// The types of indexes. Java: `IndexTypes`.
pub mod index_type {
    /// The records in the order of their values.
    pub const VALUE: &str = "value";
    /// The place of a record in an order.
    pub const RANK: &str = "rank";
    /// How many records a group has.
    pub const COUNT: &str = "count";
    /// How many records of a group have a value.
    pub const COUNT_NOT_NULL: &str = "count_not_null";
    /// How often the records of a group were written.
    pub const COUNT_UPDATES: &str = "count_updates";
    /// The sum of an integer field by group.
    pub const SUM: &str = "sum";
    /// The smallest integer ever written, by group; the older name.
    pub const MIN_EVER: &str = "min_ever";
    /// The largest integer ever written, by group; the older name.
    pub const MAX_EVER: &str = "max_ever";
    /// The smallest integer ever written, by group.
    pub const MIN_EVER_LONG: &str = "min_ever_long";
    /// The largest integer ever written, by group.
    pub const MAX_EVER_LONG: &str = "max_ever_long";
    /// The smallest value ever written, by group.
    pub const MIN_EVER_TUPLE: &str = "min_ever_tuple";
    /// The largest value ever written, by group.
    pub const MAX_EVER_TUPLE: &str = "max_ever_tuple";
    /// The largest record version ever written, by group.
    pub const MAX_EVER_VERSION: &str = "max_ever_version";
    /// The records in the order of their versions.
    pub const VERSION: &str = "version";
    /// The words of a text field.
    pub const TEXT: &str = "text";
    /// Positions as bits, by group.
    pub const BITMAP_VALUE: &str = "bitmap_value";
    /// The smallest value of a group, with groups in the order of these values.
    pub const PERMUTED_MIN: &str = "permuted_min";
    /// The largest value of a group, with groups in the order of these values.
    pub const PERMUTED_MAX: &str = "permuted_max";
    /// Ranks within windows of time.
    pub const TIME_WINDOW_LEADERBOARD: &str = "time_window_leaderboard";
    /// Points in a space of several dimensions.
    pub const MULTIDIMENSIONAL: &str = "multidimensional";
    /// Vectors by their distance.
    pub const VECTOR: &str = "vector";

    /// All of them.
    pub const ALL: [&str; 21] = [
        VALUE,
        RANK,
        COUNT,
        COUNT_NOT_NULL,
        COUNT_UPDATES,
        SUM,
        MIN_EVER,
        MAX_EVER,
        MIN_EVER_LONG,
        MAX_EVER_LONG,
        MIN_EVER_TUPLE,
        MAX_EVER_TUPLE,
        MAX_EVER_VERSION,
        VERSION,
        TEXT,
        BITMAP_VALUE,
        PERMUTED_MIN,
        PERMUTED_MAX,
        TIME_WINDOW_LEADERBOARD,
        MULTIDIMENSIONAL,
        VECTOR,
    ];
}

/// The options of indexes that concern every type. Java: `IndexOptions`.
pub mod index_option {
    /// `true`: no two records may have the same value.
    pub const UNIQUE: &str = "unique";
    /// `false`: the planner leaves the index alone.
    pub const ALLOWED_FOR_QUERY: &str = "allowedForQuery";
    /// The beginning of options that name the indexes that will replace this one.
    pub const REPLACED_BY_PREFIX: &str = "replacedBy";
    /// `true`: a counter that comes to zero is cleared.
    pub const CLEAR_WHEN_ZERO: &str = "clearWhenZero";
    /// How many columns of a permuted index stand after the value.
    pub const PERMUTED_SIZE: &str = "permutedSize";
    /// The tokenizer of a text index.
    pub const TEXT_TOKENIZER_NAME: &str = "textTokenizerName";
    /// The tokenizer's version with which a text index writes.
    pub const TEXT_TOKENIZER_VERSION: &str = "textTokenizerVersion";
    /// `true`: a text index adds wider conflict ranges, for speed.
    pub const TEXT_ADD_AGGRESSIVE_CONFLICT_RANGES: &str = "textAddAggressiveConflictRanges";
    /// `true`: a text index keeps no positions.
    pub const TEXT_OMIT_POSITIONS: &str = "textOmitPositions";
    /// How many levels a ranked set has.
    pub const RANK_NLEVELS: &str = "rankNLevels";
    /// The hash function of a ranked set.
    pub const RANK_HASH_FUNCTION: &str = "rankHashFunction";
    /// `true`: a ranked set counts equal values.
    pub const RANK_COUNT_DUPLICATES: &str = "rankCountDuplicates";
}
