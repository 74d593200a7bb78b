//! A plan for people: Java's line, and a tree that says what each step reads and what it costs.

use std::fmt::Write;

use super::{IndexScan, Plan, text};

/// The text of a plan.
pub(super) fn explain(plan: &Plan) -> String {
    let mut explained = text::plan(plan);
    explained.push('\n');
    step(plan, 0, &mut explained);
    explained
}

fn step(plan: &Plan, depth: usize, explained: &mut String) {
    let indent = "  ".repeat(depth);
    writeln!(explained, "{indent}- {}", line(plan)).expect("a string takes all text");
    for child in plan.children() {
        step(child, depth + 1, explained);
    }
}

fn line(plan: &Plan) -> String {
    match plan {
        Plan::Scan { comparisons, reverse } if comparisons.narrows_type_only() => {
            let of_type = comparisons.record_type().map(|name| format!("type {name}"));
            let whole = of_type.as_deref().unwrap_or("the store");
            format!("full scan: reads every record of {whole}{}", backwards(*reverse))
        }
        Plan::Scan { comparisons, reverse } => {
            format!(
                "scan of primary keys {}{}",
                text::range(comparisons),
                backwards(*reverse)
            )
        }
        Plan::Index(scan) => format!("{}, then loads each record", index(scan)),
        Plan::Covering { scan, record, .. } => format!("{}, which holds all that is asked for: {record}", index(scan)),
        Plan::Fetch(_) => "loads the records that are left".to_owned(),
        Plan::Filter { filters, .. } => {
            format!("residual filter, tested on each record: {}", text::conjunction(filters))
        }
        Plan::TypeFilter { types, .. } => format!("drops the records of other types than {}", types.join(", ")),
        Plan::Union { comparison_key, .. } => format!("union, each record once, in the order of {comparison_key}"),
        Plan::UnorderedUnion { .. } => "union, in no order".to_owned(),
        Plan::Intersection { comparison_key, .. } => {
            format!("intersection, in the order of {comparison_key}")
        }
        Plan::InJoin { source, .. } => format!("once for each value of {} in a list", source.binding),
        Plan::InUnion {
            sources,
            comparison_key,
            ..
        } => {
            let bindings: Vec<&str> = sources.iter().map(|source| source.binding.as_str()).collect();
            format!(
                "once for each combination of the values of {} in lists, merged in the order of {comparison_key}",
                bindings.join(", ")
            )
        }
        Plan::Distinct(_) => "each record once, remembered by primary key".to_owned(),
        Plan::Sort { key, reverse, .. } => format!(
            "sort in memory by {key}{}: no index has this order",
            if *reverse { ", descending" } else { "" }
        ),
    }
}

fn index(scan: &IndexScan) -> String {
    match scan.comparisons.is_empty() {
        true => format!("all entries of index {}{}", scan.index, backwards(scan.reverse)),
        false => format!("entries of index {}", text::index_scan(scan)),
    }
}

fn backwards(reverse: bool) -> &'static str {
    if reverse { ", backwards" } else { "" }
}
