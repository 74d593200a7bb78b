//! Which kinds of plans the questions had, so that a change of what is made by chance does not leave one out unseen.

use std::collections::BTreeMap;
use std::fmt;

/// What was asked so far.
#[derive(Default)]
pub(crate) struct Tally {
    questions: u64,
    records: usize,
    kinds: BTreeMap<&'static str, u64>,
    failures: Vec<String>,
}

impl Tally {
    pub(crate) fn count(&mut self, seed: u64, number: u64, found: usize, plan: &str) {
        if std::env::var_os("RECORD_STORE_SHOW_QUERIES").is_some() {
            println!("{seed}:{number} {found} records: {plan}");
        }
        self.questions += 1;
        self.records += found;
        for (kind, word) in KINDS {
            *self.kinds.entry(kind).or_default() += u64::from(plan.contains(word));
        }
    }

    /// Notes a question that was answered wrongly; after some, more would say nothing new.
    pub(crate) fn fail(&mut self, question: String) {
        eprintln!("{question}");
        self.failures.push(question);
        assert!(
            self.failures.len() < FAILURES_MAX,
            "too many questions were answered wrongly"
        );
    }

    /// Fails if a question was answered wrongly.
    pub(crate) fn assert_no_failures(&self) {
        assert!(
            self.failures.is_empty(),
            "{} questions were answered wrongly",
            self.failures.len()
        );
    }

    /// Fails if a kind of plan was not seen.
    pub(crate) fn assert_all_seen(&self) {
        let unseen: Vec<_> = self.kinds.iter().filter(|(_, count)| **count == 0).collect();
        assert!(unseen.is_empty(), "no question had such a plan: {unseen:?}");
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} questions, {} records found; plans with",
            self.questions, self.records
        )?;
        for (kind, count) in &self.kinds {
            write!(f, " {kind} {count},")?;
        }
        Ok(())
    }
}

/// What stands in the text of a plan.
const KINDS: [(&str, &str); 11] = [
    ("a scan of records", "SCAN(<"),
    ("an index", "ISCAN("),
    ("covering entries", "COVERING("),
    ("a union", "∪"),
    ("an unordered union", "⊎"),
    ("an intersection", "∩"),
    ("a list", "INJOIN"),
    ("merged lists", "INUNION"),
    ("duplicates dropped", "DISTINCT"),
    ("a sort in memory", "SORT BY"),
    ("a filter", "FILTER"),
];

/// How many wrong answers are looked for.
const FAILURES_MAX: usize = 30;
