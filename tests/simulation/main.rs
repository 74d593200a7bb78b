//! Some thousand seeds of each simulation. `cargo xtask sim` runs as many as one likes.

use record_store_tests::simulation::{Summary, records, transactions};

/// Runs seeds until one fails, and says which.
fn all(seeds: std::ops::Range<u64>, run: fn(u64) -> Result<Summary, String>) -> Summary {
    let mut total = Summary::default();
    for seed in seeds {
        match run(seed) {
            Ok(summary) => total += summary,
            Err(why) => panic!("seed {seed}: {why}"),
        }
    }
    total
}

#[test]
fn transactions_are_serializable_and_durable() {
    let total = all(0..3_000, transactions::run);
    // The simulation would prove nothing if all went well, or if nothing did.
    assert!(
        total.committed * 3 > total.attempts && total.committed < total.attempts,
        "{total:?}"
    );
    assert!(total.starts > 2 * 3_000, "{total:?}");
}

#[test]
fn indexes_are_what_the_records_say() {
    let total = all(0..300, records::run);
    assert!(total.committed > 300 && total.starts > 2 * 300, "{total:?}");
}
