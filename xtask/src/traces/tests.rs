use super::*;

/// The programs of a file whose replay in memory is known to differ.
fn failures(file: &str) -> Vec<String> {
    let mut tally = Tally::default();
    for program in program::load(&folder().join(file)).expect("the recorded programs are in the checkout") {
        let outcome = replay(&program, "memory:").expect("a database in memory opens");
        tally.add(&program.name, outcome);
    }
    assert!(tally.passed > 0, "{file} holds programs");
    tally.failed
}

#[test]
fn directed_programs_see_what_foundationdb_shows() {
    assert_eq!(failures("scripted.jsonl.gz"), [""; 0]);
}

#[test]
fn random_programs_see_what_foundationdb_shows() {
    assert_eq!(failures("random.jsonl.gz"), [""; 0]);
}
