//! `SchemaDiff` and `Change`: what a schema would change, and what that costs.

use pyo3::prelude::*;
use record_store::metadata::{Action, ChangeCost, MetaDataChange, RecordEstimate};

/// What a schema would change in a space, as `RecordSpace.plan` says it. `print` shows a line for each change.
///
/// >>> plan = users.plan(record_store.Schema.from_messages(
/// ...     User, primary_key="id", indexes=[record_store.Index("by_name", "name")]
/// ... ))
/// >>> print(plan)
/// index by_name added: the index is built over 1 record
/// >>> plan.allowed, [change.cost for change in plan.changes]
/// (True, ['index_build'])
#[pyclass(frozen, module = "record_store")]
pub(crate) struct SchemaDiff(record_store::metadata::SchemaDiff);

/// One thing that a schema has otherwise than the space.
#[pyclass(frozen, module = "record_store")]
pub(crate) struct Change(MetaDataChange);

impl SchemaDiff {
    pub(crate) fn new(diff: record_store::metadata::SchemaDiff) -> Self {
        SchemaDiff(diff)
    }
}

#[pymethods]
impl SchemaDiff {
    /// The changes: properties, record types with their fields, indexes.
    #[getter]
    fn changes(&self) -> Vec<Change> {
        self.0.changes().iter().cloned().map(Change).collect()
    }

    /// Whether no change is refused.
    #[getter]
    fn allowed(&self) -> bool {
        self.0.is_allowed()
    }

    fn __len__(&self) -> usize {
        self.0.changes().len()
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __repr__(&self) -> String {
        format!("SchemaDiff({})", self.0.changes().len())
    }
}

#[pymethods]
impl Change {
    /// What kind of thing it is: `record type`, `message`, `field`, `enum value`, `index`, `former index` or `property`.
    #[getter]
    fn subject(&self) -> &'static str {
        self.0.subject.name()
    }

    /// Its name; the old one when it was renamed.
    #[getter]
    fn name(&self) -> &str {
        &self.0.name
    }

    /// What happened to it: `added`, `removed`, `renamed`, `changed` or `contradicts`.
    #[getter]
    fn action(&self) -> &'static str {
        self.0.action.name()
    }

    /// Which part of it changed, or `None`.
    #[getter]
    fn part(&self) -> Option<&'static str> {
        match self.0.action {
            Action::Changed { part, .. } => Some(part),
            _ => None,
        }
    }

    /// What the part was, or `None`.
    #[getter]
    fn before(&self) -> Option<&str> {
        match &self.0.action {
            Action::Changed { from, .. } => Some(from),
            _ => None,
        }
    }

    /// What the part is now, or the new name, or `None`.
    #[getter]
    fn after(&self) -> Option<&str> {
        match &self.0.action {
            Action::Changed { to, .. } | Action::Renamed { to } => Some(to),
            _ => None,
        }
    }

    /// What that costs: `nothing`, `index_build`, `index_clear`, or `refused` for what is not allowed.
    #[getter]
    fn cost(&self) -> &'static str {
        self.0.cost.name()
    }

    /// Over how many records an index is built, or at least how many; `None` for no build.
    #[getter]
    fn records(&self) -> Option<u64> {
        match self.0.cost {
            ChangeCost::IndexBuild {
                records: RecordEstimate::Exactly(count) | RecordEstimate::MoreThan(count),
            } => Some(count),
            _ => None,
        }
    }

    /// The rule for which it is refused, or `None`.
    #[getter]
    fn rule(&self) -> Option<&str> {
        match &self.0.cost {
            ChangeCost::Refused { rule, .. } => Some(rule),
            _ => None,
        }
    }

    /// What to do instead of what is refused, or `None`.
    #[getter]
    fn way_out(&self) -> Option<&str> {
        match &self.0.cost {
            ChangeCost::Refused { way_out, .. } => Some(way_out),
            _ => None,
        }
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __repr__(&self) -> String {
        format!("Change('{}')", self.0)
    }
}
