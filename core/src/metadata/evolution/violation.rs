//! [`Violations`]: every rule that a step of evolution breaks, with the thing that breaks it.

use super::rule;
use crate::error::{Error, Result};
use crate::metadata::changes::Subject;

/// A rule that a change breaks.
pub(in crate::metadata) struct Violation {
    pub(in crate::metadata) subject: Subject,
    /// The name of the thing; the old one when it was renamed.
    pub(in crate::metadata) name: String,
    /// Which part of the thing, in the words of its change; `None` for the whole.
    pub(in crate::metadata) part: Option<&'static str>,
    pub(in crate::metadata) error: Error,
}

/// The rules that were broken so far.
#[derive(Default)]
pub(in crate::metadata) struct Violations(Vec<Violation>);

impl Violations {
    /// Notes down what a rule says of a thing.
    pub(super) fn check(
        &mut self,
        subject: Subject,
        name: impl Into<String>,
        part: Option<&'static str>,
        result: Result<()>,
    ) {
        if let Err(error) = result {
            let way_out = rule::way_out(error.message());
            self.0.push(Violation {
                subject,
                name: name.into(),
                part,
                error: match way_out {
                    "" => error,
                    way_out => error.with("way_out", way_out),
                },
            });
        }
    }

    pub(in crate::metadata) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(in crate::metadata) fn iter(&self) -> std::slice::Iter<'_, Violation> {
        self.0.iter()
    }

    /// The error of the first.
    pub(in crate::metadata) fn into_result(self) -> Result<()> {
        match self.0.into_iter().next() {
            None => Ok(()),
            Some(first) => Err(first.error),
        }
    }
}
