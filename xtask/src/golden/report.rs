//! What a case proved and what it left out; the verdict that follows.
//!
//! A case of which something was left out never counts as passed whole.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use anyhow::{Error, Result};
use record_store::ErrorKind;

/// What became of a case.
pub(super) enum Verdict {
    /// Everything in it holds.
    Passed,
    /// What could be done holds; the rest was left out.
    InPart(Report),
    /// Nothing in it could be done.
    NotApplicable(Report),
    Failed(Error),
}

impl Verdict {
    pub(super) fn new(checked: Result<()>, report: Report) -> Self {
        match checked {
            Err(error) => Verdict::Failed(error),
            Ok(()) if report.left_out.is_empty() => Verdict::Passed,
            Ok(()) if report.done.is_empty() => Verdict::NotApplicable(report),
            Ok(()) => Verdict::InPart(report),
        }
    }
}

/// A part of a case.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// An index, by its name: its entries, its state and what is asked of it.
    Index(String),
    /// The transactions from this one on.
    Transactions(usize),
    /// An operation of a transaction that changes nothing, because Java refuses it; or one on an index that is left out.
    Operation(usize, usize),
    /// A read check.
    Read(usize),
    Vector(usize),
}

/// The parts of a case that were done, and those that were left out with the reason.
#[derive(Default)]
pub(super) struct Report {
    done: BTreeSet<Part>,
    left_out: BTreeMap<Part, String>,
}

impl Report {
    pub(super) fn done(&mut self, part: Part) {
        self.done.insert(part);
    }

    pub(super) fn leave_out(&mut self, part: Part, why: impl Into<String>) {
        self.left_out.entry(part).or_insert_with(|| why.into());
    }

    /// Joins two ways to use one case: what one of them left out is left out.
    pub(super) fn join(&mut self, other: Report) {
        self.done.extend(other.done);
        for (part, why) in other.left_out {
            self.leave_out(part, why);
        }
    }

    /// Keeps the result of a part: done, left out, or a failure.
    pub(super) fn keep(&mut self, part: Part, result: Result<()>) -> Result<()> {
        match result {
            Ok(()) => self.done(part),
            Err(error) => match why_not_applicable(&error) {
                Some(why) => self.leave_out(part, why),
                None => return Err(error),
            },
        }
        Ok(())
    }

    /// The reasons, each once.
    pub(super) fn reasons(&self) -> BTreeSet<&str> {
        self.left_out.values().map(String::as_str).collect()
    }
}

/// What was left out: `12 reads: query; index rnk: indexes of type rank`.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut groups: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
        for (part, why) in &self.left_out {
            let (one, name) = match part {
                Part::Index(name) => ("index", name.clone()),
                Part::Transactions(0) => ("all transactions", String::new()),
                Part::Transactions(first) => ("transactions from", format!("{first} on")),
                Part::Operation(..) => ("operation", String::new()),
                Part::Read(_) => ("read", String::new()),
                Part::Vector(_) => ("vector", String::new()),
            };
            groups.entry((one, why)).or_default().push(name);
        }
        for (at, ((one, why), names)) in groups.iter().enumerate() {
            let separator = if at == 0 { "" } else { "; " };
            match (names.len(), names.iter().any(String::is_empty)) {
                (1, true) if one.starts_with("all") => write!(f, "{separator}{one}: {why}")?,
                (1, true) => write!(f, "{separator}1 {one}: {why}")?,
                (count, true) => write!(f, "{separator}{count} {one}s: {why}")?,
                (1, false) => write!(f, "{separator}{one} {}: {why}", names.join(", "))?,
                (_, false) => write!(f, "{separator}{one}es {}: {why}", names.join(", "))?,
            }
        }
        Ok(())
    }
}

/// What the record layer does not do: the case proves nothing about it.
#[derive(Debug)]
struct NotApplicable(String);

impl fmt::Display for NotApplicable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotApplicable {}

/// The error of a case that asks what we do not do.
pub(super) fn not_applicable(why: impl Into<String>) -> Error {
    NotApplicable(why.into()).into()
}

/// Why an error proves nothing: the case asks what we do not do, or the record layer itself says that it does not.
pub(super) fn why_not_applicable(error: &Error) -> Option<String> {
    if let Some(NotApplicable(why)) = error.downcast_ref() {
        return Some(why.clone());
    }
    unsupported(error).map(reason)
}

/// The record layer's own error that it does not do this.
pub(super) fn unsupported(error: &Error) -> Option<&record_store::Error> {
    let unsupported = |error: &&record_store::Error| error.kind() == ErrorKind::Unsupported;
    error.downcast_ref().filter(unsupported)
}

/// What the record layer does not do, in a few words that are the same for every record and index.
fn reason(error: &record_store::Error) -> String {
    let message = error.message().split([':', ',']).next();
    lack(error).unwrap_or_else(|| message.unwrap_or_default().to_owned())
}

/// What the record layer lacks, if that is why it refuses; `None` if what was asked makes no sense there.
pub(super) fn lack(error: &record_store::Error) -> Option<String> {
    if error.kind() != ErrorKind::Unsupported {
        return None;
    }
    if error.fact("synthetic_record_type").is_some() {
        return Some("indexes of synthetic record types".to_owned());
    }
    let function = error.fact("function").map(|function| format!("function {function}"));
    // Indexes of these types have no groups, and refuse what only groups have.
    let kind = error.fact("type").filter(|kind| !["value", "version"].contains(kind));
    let kind = || kind.map(|kind| format!("indexes of type {kind}"));
    let form = || error.fact("form").map(|form| format!("{form} records"));
    function.or_else(kind).or_else(form)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_keeps_a_case_from_passing() {
        let mut report = Report::default();
        report.done(Part::Read(0));
        assert!(matches!(Verdict::new(Ok(()), Report::default()), Verdict::Passed));
        report.leave_out(Part::Read(1), "query");
        report.leave_out(Part::Read(2), "query");
        report.leave_out(Part::Index("r".to_owned()), "indexes of type rank");
        assert_eq!(report.to_string(), "index r: indexes of type rank; 2 reads: query");
        assert!(matches!(Verdict::new(Ok(()), report), Verdict::InPart(_)));
    }
}
