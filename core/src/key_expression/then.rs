//! The columns of several expressions, one after the other. Java: `ThenKeyExpression`.

use std::fmt;

use super::{Empty, KeyExpression, Kind, fmt_list, malformed, part};
use crate::Result;
use crate::proto;

/// The cross product of its children's rows, their columns side by side; the rows of the first child change slowest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Then {
    /// At least two, and none of them a `Then`.
    children: Vec<KeyExpression>,
}

impl Then {
    /// The columns of all `children`; lists within the list are laid flat. No child makes [`Empty`], one child itself.
    pub fn of(children: impl IntoIterator<Item = KeyExpression>) -> KeyExpression {
        let mut flat = flatten(children);
        match flat.len() {
            0 => Empty.into(),
            1 => flat.remove(0),
            _ => Then { children: flat }.into(),
        }
    }

    /// The expressions whose columns follow each other, at least two.
    pub fn children(&self) -> &[KeyExpression] {
        &self.children
    }

    pub(super) fn from_proto(then: &proto::Then) -> Result<Self> {
        let children: Vec<KeyExpression> = then
            .child
            .iter()
            .map(KeyExpression::from_proto)
            .collect::<Result<_>>()?;
        let children = flatten(children);
        if children.len() < 2 {
            return Err(malformed("a then key expression must have at least two children"));
        }
        Ok(Then { children })
    }
}

fn flatten(children: impl IntoIterator<Item = KeyExpression>) -> Vec<KeyExpression> {
    let mut flat = Vec::new();
    for child in children {
        match child {
            KeyExpression::Then(then) => flat.extend(then.children),
            child => flat.push(part(child)),
        }
    }
    flat
}

impl Kind for Then {
    fn column_count(&self) -> usize {
        self.children.iter().map(KeyExpression::column_count).sum()
    }

    fn children(&self) -> Vec<&KeyExpression> {
        self.children.iter().collect()
    }

    fn normalized_columns(&self) -> Vec<KeyExpression> {
        self.children
            .iter()
            .flat_map(KeyExpression::normalized_columns)
            .collect()
    }

    fn sub_key(&self, start: usize, end: usize) -> Result<KeyExpression> {
        let mut parts = Vec::new();
        let mut first = 0;
        for child in &self.children {
            let count = child.column_count();
            let (from, to) = (start.max(first), end.min(first + count));
            // A child without columns belongs to the part that it stands in.
            if from < to || (count == 0 && start <= first && first < end) {
                parts.push(child.sub_key(from - first, to - first)?);
            }
            first += count;
        }
        Ok(Then::of(parts))
    }

    fn to_proto(&self) -> proto::KeyExpression {
        proto::KeyExpression {
            then: Some(proto::Then {
                child: self.children.iter().map(KeyExpression::to_proto).collect(),
            }),
            ..Default::default()
        }
    }
}

impl fmt::Display for Then {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt_list(&self.children, f)
    }
}
