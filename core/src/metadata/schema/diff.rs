//! [`SchemaDiff`]: what a schema would change in stored meta-data, for a person who decides about it.

use std::fmt;

use crate::metadata::MetaDataChange;

/// What a schema would change, each change with its cost, or with the rule that it breaks and the way out.
///
/// ```
/// use record_store::Schema;
/// let schema = |id: &str| {
///     Schema::builder()
///         .proto("a.proto", format!("syntax = 'proto3'; message A {{ {id} id = 1; string city = 2; }}"))
///         .record_type("A", |t| t.primary_key("id").index(("by_city", "city")))
///         .build()
/// };
/// let stored = schema("int64")?.merge_into(None)?;
/// assert!(schema("int64")?.diff(&stored)?.is_empty());
///
/// let diff = schema("string")?.diff(&stored)?;
/// assert!(!diff.is_allowed());
/// assert_eq!(
///     diff.to_string(),
///     "field A.id: type changed from int64 to string: refused, the type of a field changed; \
///      way out: keep the field and add one of the new type under a new number"
/// );
/// # Ok::<(), record_store::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SchemaDiff {
    changes: Vec<MetaDataChange>,
}

impl SchemaDiff {
    pub(crate) fn new(changes: Vec<MetaDataChange>) -> Self {
        SchemaDiff { changes }
    }

    /// The changes: properties, record types with their fields, indexes.
    pub fn changes(&self) -> &[MetaDataChange] {
        &self.changes
    }

    /// Whether the schema changes nothing.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Whether no change is refused.
    pub fn is_allowed(&self) -> bool {
        !self.changes.iter().any(|change| change.cost.is_refused())
    }

    pub(crate) fn into_changes(self) -> Vec<MetaDataChange> {
        self.changes
    }

    /// All changes on one line, for the context of an error.
    pub(crate) fn on_one_line(&self) -> String {
        let changes: Vec<String> = self.changes.iter().map(ToString::to_string).collect();
        changes.join(" | ")
    }
}

impl fmt::Display for SchemaDiff {
    /// A line for each change.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("no change");
        }
        for (at, change) in self.changes.iter().enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{change}")?;
        }
        Ok(())
    }
}
