//! The tables of the benchmark, in Markdown.

use std::fmt::Write;
use std::time::Duration;

use crate::machine;
use crate::measure::{BATCH, Figures, SCAN};

/// One table for each number of records: the figures, and how many times as fast as each peer the first row is.
pub(crate) fn markdown(tables: &[(i64, Vec<(&str, Figures)>)]) -> String {
    let mut text = format!("Machine: {}\n", machine::describe());
    for (records, rows) in tables {
        let _ = write!(
            text,
            "\n### {records} records\n\n\
             | | save of {BATCH}, synced | slowest save | get | scan of {SCAN} |\n|---|---|---|---|---|\n"
        );
        for (name, figures) in rows {
            let _ = writeln!(
                text,
                "| {name} | {} | {} | {} | {} |",
                time(figures.save),
                time(figures.save_slowest),
                time(figures.get),
                time(figures.scan)
            );
        }
        let Some(((ours, first), peers)) = rows.split_first() else {
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
