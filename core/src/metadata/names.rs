//! Names that do not exist, and the one that was probably meant.

use prost_reflect::{FieldDescriptor, MessageDescriptor};

use crate::error::{Error, ErrorKind};

/// The error for a field that a record's message, or one within it, does not have, with the name that was probably meant.
///
/// For those who build records from values of their own language.
pub fn unknown_field(message: &MessageDescriptor, name: &str) -> Error {
    let error = Error::new(ErrorKind::InvalidRecord, "the message has no such field");
    let fields: Vec<FieldDescriptor> = message.fields().collect();
    unknown(error, "field", name, fields.iter().map(FieldDescriptor::name)).with("message", message.full_name())
}

/// Adds to `error` the unknown name, the nearest known one, and what there is when that is few.
pub(crate) fn unknown<'a>(error: Error, what: &'static str, name: &str, known: impl Iterator<Item = &'a str>) -> Error {
    let known: Vec<&str> = known.collect();
    let error = error.with(what, name);
    match nearest(name, &known) {
        Some(near) => error.with("did_you_mean", near),
        None if known.len() <= LISTED_MAX => error.with("known", known.join(", ")),
        None => error,
    }
}

const LISTED_MAX: usize = 20;

/// The known name within a third of the length in edits (two letters swapped are one), letter case aside.
fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let name = name.to_lowercase();
    known
        .iter()
        .map(|candidate| (strsim::osa_distance(&name, &candidate.to_lowercase()), *candidate))
        .filter(|(distance, candidate)| *distance <= candidate.chars().count().max(3) / 3)
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found_or_none() {
        let known = ["User", "Order", "OrderLine"];
        let cases = [
            ("user", Some("User")),
            ("Usr", Some("User")),
            ("OrderLines", Some("OrderLine")),
            ("Odrer", Some("Order")),
            ("Invoice", None),
            ("", None),
        ];
        for (name, expected) in cases {
            assert_eq!(nearest(name, &known), expected, "{name}");
        }
    }
}
