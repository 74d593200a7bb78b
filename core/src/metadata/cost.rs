//! [`ChangeCost`]: what a change of meta-data costs the store that gets it.

use std::fmt;

/// What a change costs, or why it is not allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChangeCost {
    /// Nothing but the new meta-data.
    Nothing,
    /// An index is built from records.
    IndexBuild {
        /// How many.
        records: RecordEstimate,
    },
    /// What is left of an index is cleared, in one stroke.
    IndexClear,
    /// The change breaks a rule, and nothing of the new meta-data is taken.
    Refused {
        /// The rule.
        rule: String,
        /// What to do instead.
        way_out: String,
    },
}

/// How many records there are, as far as somebody looked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordEstimate {
    /// Nobody looked.
    Unknown,
    /// So many.
    Exactly(u64),
    /// More than so many, at which counting stopped.
    MoreThan(u64),
}

impl ChangeCost {
    /// Its name in a word, such as `index_build`.
    pub const fn name(&self) -> &'static str {
        match self {
            ChangeCost::Nothing => "nothing",
            ChangeCost::IndexBuild { .. } => "index_build",
            ChangeCost::IndexClear => "index_clear",
            ChangeCost::Refused { .. } => "refused",
        }
    }

    /// Whether the change is refused.
    pub fn is_refused(&self) -> bool {
        matches!(self, ChangeCost::Refused { .. })
    }
}

impl fmt::Display for ChangeCost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ChangeCost::Nothing => f.write_str("no cost"),
            ChangeCost::IndexBuild {
                records: RecordEstimate::Unknown,
            } => f.write_str("the index is built"),
            ChangeCost::IndexBuild { records } => write!(f, "the index is built over {records}"),
            ChangeCost::IndexClear => f.write_str("its entries are cleared"),
            ChangeCost::Refused { rule, way_out } if way_out.is_empty() => write!(f, "refused, {rule}"),
            ChangeCost::Refused { rule, way_out } => write!(f, "refused, {rule}; way out: {way_out}"),
        }
    }
}

impl fmt::Display for RecordEstimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RecordEstimate::Unknown => f.write_str("an unknown number of records"),
            RecordEstimate::Exactly(1) => f.write_str("1 record"),
            RecordEstimate::Exactly(count) => write!(f, "{count} records"),
            RecordEstimate::MoreThan(count) => write!(f, "more than {count} records"),
        }
    }
}
