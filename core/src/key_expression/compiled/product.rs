//! Evaluates several expressions and combines each row of one with each row of the others. Java: `ThenKeyExpression`,
//! `ListKeyExpression`.

use std::ops::Range;

use smallvec::SmallVec;

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
    rows.combine(|rows, parts| {
        let mut ranges: SmallVec<[Range<usize>; CHILDREN_INLINE]> = SmallVec::new();
        for child in children {
            let start = parts.len();
            child.rows(input, parts)?;
            ranges.push(start..parts.len());
        }
        if ranges.iter().any(Range::is_empty) {
            return Ok(());
        }
        // The row of each child that is next; the last child's changes fastest.
        let mut chosen: SmallVec<[usize; CHILDREN_INLINE]> = ranges.iter().map(|range| range.start).collect();
        loop {
            for part in chosen.iter().filter_map(|&index| parts.get(index)) {
                append(rows, part);
            }
            rows.end_row()?;
            if !advance(&mut chosen, &ranges) {
                return Ok(());
            }
        }
    })
}

/// Chooses the next combination; false after the last.
fn advance(chosen: &mut [usize], ranges: &[Range<usize>]) -> bool {
    for (index, range) in chosen.iter_mut().zip(ranges).rev() {
        *index += 1;
        if *index < range.end {
            return true;
        }
        *index = range.start;
    }
    false
}

/// Most keys have no more parts: combining them needs no allocation.
const CHILDREN_INLINE: usize = 8;
