//! The tables of the benchmark, in Markdown.

use std::fmt::Write;
use std::time::Duration;

use crate::machine;
use crate::measure::{BATCH, Figures, SCAN};

/// What the peers needed for one workload with one number of records.
pub(crate) struct Table {
    pub(crate) title: &'static str,
    pub(crate) records: i64,
    pub(crate) rows: Vec<(&'static str, Figures)>,
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
        let _ = write!(
            text,
            "\n### {} records\n\n\
             | | save of {BATCH} | slowest save | get | scan of {SCAN} |\n|---|---|---|---|---|\n",
            table.records
        );
        for (name, figures) in &table.rows {
            let _ = writeln!(
                text,
                "| {name} | {} | {} | {} | {} |",
                time(figures.save),
                time(figures.save_slowest),
                time(figures.get),
                time(figures.scan)
            );
        }
        let Some(((ours, first), peers)) = table.rows.split_first() else {
            continue;
        };
        for (name, figures) in peers {
            let _ = writeln!(
                text,
                "| **{ours} : {name}** | {} | {} | {} | {} |",
                ratio(figures.save, first.save),
                ratio(figures.save_slowest, first.save_slowest),
                ratio(figures.get, first.get),
                ratio(figures.scan, first.scan)
            );
        }
    }
    text
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
