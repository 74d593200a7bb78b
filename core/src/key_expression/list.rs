//! The columns of several expressions, each packed into one. Java: `ListKeyExpression`.

use std::fmt;

use super::{KeyExpression, Kind, fmt_list, part};
use crate::Result;
use crate::proto;

/// The cross product of its children's rows, each child's row a nested tuple in one column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    children: Vec<KeyExpression>,
}

impl List {
    /// One column for each child.
    pub fn new(children: Vec<KeyExpression>) -> Self {
        List {
            children: children.into_iter().map(part).collect(),
        }
    }

    /// The expressions, one for each column.
    pub fn children(&self) -> &[KeyExpression] {
        &self.children
    }

    pub(super) fn from_proto(list: &proto::List) -> Result<Self> {
        Ok(List::new(
            list.child
                .iter()
                .map(KeyExpression::from_proto)
                .collect::<Result<_>>()?,
        ))
    }
}

impl Kind for List {
    fn column_count(&self) -> usize {
        self.children.len()
    }

    fn children(&self) -> Vec<&KeyExpression> {
        self.children.iter().collect()
    }

    fn normalized_columns(&self) -> Vec<KeyExpression> {
        match self.children.as_slice() {
            [_] => vec![self.clone().into()],
            children => children
                .iter()
                .map(|child| List::new(vec![child.clone()]).into())
                .collect(),
        }
    }

    fn sub_key(&self, start: usize, end: usize) -> Result<KeyExpression> {
        Ok(List::new(self.children.get(start..end).unwrap_or_default().to_vec()).into())
    }

    fn to_proto(&self) -> proto::KeyExpression {
        proto::KeyExpression {
            list: Some(proto::List {
                child: self.children.iter().map(KeyExpression::to_proto).collect(),
            }),
            ..Default::default()
        }
    }
}

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt_list(&self.children, f)
    }
}
