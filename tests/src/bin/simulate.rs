//! Runs simulations, seed by seed, on all processors: `cargo xtask sim`.

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use record_store_tests::simulation::{Summary, records, transactions};

/// Arguments: `transactions` or `records`, the first seed, how many.
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (run, first, count) = match &arguments[..] {
        [what, first, count] => match (what.as_str(), first.parse::<u64>(), count.parse::<u64>()) {
            ("transactions", Ok(first), Ok(count)) => (transactions::run as fn(u64) -> _, first, count),
            ("records", Ok(first), Ok(count)) => (records::run as fn(u64) -> _, first, count),
            _ => return usage(),
        },
        _ => return usage(),
    };
    let next = AtomicU64::new(first);
    let total = Mutex::new((Summary::default(), Vec::new()));
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..processors {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + count {
                        return;
                    }
                    let came_to: Result<Summary, String> = run(seed);
                    let mut total = total.lock().expect("no seed panics while it counts");
                    match came_to {
                        Ok(summary) => total.0 += summary,
                        Err(why) => total.1.push(format!("seed {seed}: {why}")),
                    }
                }
            });
        }
    });
    let (summary, failures) = total.into_inner().expect("no seed panics while it counts");
    println!(
        "{count} seeds from {first}: {} attempts, {} committed, {} starts, {} failures",
        summary.attempts,
        summary.committed,
        summary.starts,
        failures.len()
    );
    for failure in failures.iter().take(10) {
        println!("{failure}");
    }
    ExitCode::from(u8::from(!failures.is_empty()))
}

fn usage() -> ExitCode {
    eprintln!("simulate transactions|records FIRST_SEED COUNT");
    ExitCode::FAILURE
}
