//! Evaluates several expressions and combines each row of one with each row of the others. Java: `ThenKeyExpression`,
//! `ListKeyExpression`.

use std::ops::Range;

use super::{Input, Node, Row, Rows};
use crate::Result;

/// Columns side by side.
pub(super) fn then(children: &[Node], input: Input<'_>, rows: &mut Rows) -> Result<()> {
    combine(children, input, rows, Rows::append)
}

/// One column for each child.
pub(super) fn list(children: &[Node], input: Input<'_>, rows: &mut Rows) -> Result<()> {
    combine(children, input, rows, Rows::append_nested)
}

fn combine(children: &[Node], input: Input<'_>, rows: &mut Rows, append: fn(&mut Rows, Row<'_>)) -> Result<()> {
    let mut parts = Rows::default();
    let mut ranges: Vec<Range<usize>> = Vec::with_capacity(children.len());
    for child in children {
        let start = parts.len();
        child.rows(input, &mut parts)?;
        ranges.push(start..parts.len());
    }
    if ranges.iter().any(Range::is_empty) {
        return Ok(());
    }
    // The row of each child that is next; the last child's changes fastest.
    let mut chosen: Vec<usize> = ranges.iter().map(|range| range.start).collect();
    loop {
        for part in chosen.iter().filter_map(|&index| parts.get(index)) {
            append(rows, part);
        }
        rows.end_row()?;
        let mut moved = false;
        for (index, range) in chosen.iter_mut().zip(&ranges).rev() {
            *index += 1;
            moved = *index < range.end;
            if moved {
                break;
            }
            *index = range.start;
        }
        if !moved {
            return Ok(());
        }
    }
}
