//! Columns of which the last are grouped by the first. Java: `GroupingKeyExpression`.

use std::fmt;

use super::{KeyExpression, Kind, count_from_proto, count_to_proto, part};
use crate::Result;
use crate::proto;

/// Columns of which the last `grouped_count` are the values of an aggregate and the others its groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grouping {
    whole_key: Box<KeyExpression>,
    grouped_count: usize,
}

impl Grouping {
    /// The last `grouped_count` columns of `whole_key` are grouped by the others.
    pub fn new(whole_key: KeyExpression, grouped_count: usize) -> Self {
        Grouping {
            whole_key: Box::new(part(whole_key)),
            grouped_count,
        }
    }

    /// All columns, groups first.
    pub fn whole_key(&self) -> &KeyExpression {
        &self.whole_key
    }

    /// How many columns are grouped.
    pub fn grouped_count(&self) -> usize {
        self.grouped_count
    }

    /// How many columns make the group.
    pub fn grouping_count(&self) -> usize {
        self.column_count().saturating_sub(self.grouped_count)
    }

    /// The columns that make the group. Java: `getGroupingSubKey`.
    ///
    /// # Errors
    /// As [`KeyExpression::sub_key`].
    pub fn grouping_sub_key(&self) -> Result<KeyExpression> {
        self.whole_key.sub_key(0, self.grouping_count())
    }

    /// The columns that are grouped. Java: `getGroupedSubKey`.
    ///
    /// # Errors
    /// As [`KeyExpression::sub_key`].
    pub fn grouped_sub_key(&self) -> Result<KeyExpression> {
        self.whole_key.sub_key(self.grouping_count(), self.column_count())
    }

    pub(super) fn from_proto(grouping: &proto::Grouping) -> Result<Self> {
        let grouped_count = count_from_proto("grouped_count", grouping.grouped_count())?;
        Ok(Grouping::new(
            KeyExpression::from_proto(&grouping.whole_key)?,
            grouped_count,
        ))
    }
}

impl Kind for Grouping {
    fn column_count(&self) -> usize {
        self.whole_key.column_count()
    }

    fn children(&self) -> Vec<&KeyExpression> {
        vec![&self.whole_key]
    }

    fn normalized_columns(&self) -> Vec<KeyExpression> {
        self.whole_key.normalized_columns()
    }

    fn to_proto(&self) -> proto::KeyExpression {
        proto::KeyExpression {
            grouping: Some(Box::new(proto::Grouping {
                whole_key: Box::new(self.whole_key.to_proto()),
                grouped_count: Some(count_to_proto(self.grouped_count)),
            })),
            ..Default::default()
        }
    }
}

impl fmt::Display for Grouping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} group {}", self.whole_key, self.grouped_count)
    }
}
