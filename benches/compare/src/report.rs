//! The tables of the benchmark, in Markdown.

use std::fmt::Write;
use std::time::Duration;

use crate::machine;

/// What the peers needed for one workload with one number of records: a row for each peer, a time for each column.
pub(crate) struct Table {
    pub(crate) title: &'static str,
    pub(crate) records: i64,
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<(&'static str, Vec<Duration>)>,
}

/// The tables: the figures, and how many times as fast as each peer the first row is.
pub(crate) fn markdown(tables: &[Table]) -> String {
    let mut text = format!("Machine: {}\n", machine::describe());
    let mut title = "";
    for table in tables {
        if table.title != title {
            title = table.title;
            let _ = write!(text, "\n## {title}\n");
        }
        let _ = write!(text, "\n### {} records\n\n", table.records);
        row(&mut text, "| ", &table.columns);
        let _ = writeln!(text, "|---{}|", "|---".repeat(table.columns.len()));
        for (name, times) in &table.rows {
            let times: Vec<String> = times.iter().copied().map(time).collect();
            row(&mut text, &format!("| {name} "), &times);
        }
        let Some(((ours, first), peers)) = table.rows.split_first() else {
            continue;
        };
        for (name, times) in peers {
            let ratios: Vec<String> = times
                .iter()
                .zip(first)
                .map(|(peer, ours)| ratio(*peer, *ours))
                .collect();
            row(&mut text, &format!("| **{ours} : {name}** "), &ratios);
        }
    }
    text
}

fn row(text: &mut String, head: &str, cells: &[String]) {
    let _ = writeln!(text, "{head}| {} |", cells.join(" | "));
}

fn time(time: Duration) -> String {
    let micros = time.as_secs_f64() * 1e6;
    if micros >= 1000.0 {
        format!("{:.2} ms", micros / 1000.0)
    } else {
        format!("{micros:.2} µs")
    }
}

/// How many times as fast we are: above 1 is faster.
fn ratio(peer: Duration, ours: Duration) -> String {
    format!("**{:.2}×**", peer.as_secs_f64() / ours.as_secs_f64().max(1e-9))
}
