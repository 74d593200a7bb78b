//! Patterns of SQL's `LIKE`: which are simpler comparisons, and whether a text has the form of one. Java: `LikeOperatorValue`.

use super::{Comparison, ComparisonKind, Operand};
use crate::{Error, ErrorKind, Result};

/// A part of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// Itself.
    Character(char),
    /// `_`: any one character.
    One,
    /// `%`: any text.
    Any,
}

/// A pattern, read once to be held against many texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LikePattern(Vec<Part>);

impl LikePattern {
    /// Errors: `InvalidQuery` for an escape character before one that needs none, at the end, or that is a wildcard itself.
    pub(crate) fn new(pattern: &str, escape: Option<char>) -> Result<Self> {
        let refuse = |reason| Err(Error::new(ErrorKind::InvalidQuery, reason).with("pattern", pattern));
        if matches!(escape, Some('%' | '_')) {
            return refuse("a wildcard of LIKE cannot be its escape character: choose another, such as '\\'");
        }
        let mut parts = Vec::with_capacity(pattern.len());
        let mut characters = pattern.chars();
        while let Some(character) = characters.next() {
            parts.push(match character {
                _ if Some(character) == escape => match characters.next() {
                    Some(next) if next == '%' || next == '_' || Some(next) == escape => Part::Character(next),
                    _ => {
                        return refuse(
                            "the escape character of LIKE stands before a character that needs none: write it twice",
                        );
                    }
                },
                '_' => Part::One,
                '%' => Part::Any,
                _ => Part::Character(character),
            });
        }
        parts.dedup_by(|later, earlier| *later == Part::Any && *earlier == Part::Any);
        Ok(LikePattern(parts))
    }

    /// Whether the whole text has the form of the pattern. It takes at most as many steps as their lengths multiplied.
    pub(crate) fn matches(&self, text: &str) -> bool {
        let (mut parts, mut rest) = (self.0.as_slice(), text.chars());
        // Where to go on when the parts behind the last `%` do not fit: that `%` takes one more character.
        let mut again: Option<(&[Part], std::str::Chars<'_>)> = None;
        loop {
            let fits = match parts.split_first() {
                Some((Part::Any, behind)) => {
                    parts = behind;
                    again = Some((behind, rest.clone()));
                    continue;
                }
                Some((Part::One, behind)) => rest.next().map(|_| behind),
                Some((Part::Character(wanted), behind)) => (rest.next() == Some(*wanted)).then_some(behind),
                None if rest.as_str().is_empty() => return true,
                None => None,
            };
            parts = match (fits, &mut again) {
                (Some(behind), _) => behind,
                (None, Some((behind, from))) => {
                    if from.next().is_none() {
                        return false;
                    }
                    rest = from.clone();
                    behind
                }
                (None, None) => return false,
            };
        }
    }

    /// The text that the pattern begins with, and whether it goes on: with nothing, with a last `%`, or else.
    fn literal(&self) -> Option<(String, bool)> {
        let open = self.0.last() == Some(&Part::Any);
        let parts = self.0.get(..self.0.len() - usize::from(open))?;
        let text: Option<String> = parts
            .iter()
            .map(|part| match part {
                Part::Character(character) => Some(*character),
                Part::One | Part::Any => None,
            })
            .collect();
        Some((text?, open))
    }
}

impl Comparison {
    /// With a pattern of SQL: `%` stands for any text, `_` for any one character. A pattern that says no more than equality
    /// or a beginning becomes that, because indexes answer it.
    ///
    /// ```
    /// use record_store::query::{Comparison, ComparisonKind};
    /// assert_eq!(Comparison::like("P%", None), Comparison::new(ComparisonKind::StartsWith, "P"));
    /// assert_eq!(Comparison::like(r"50\%", Some('\\')), Comparison::new(ComparisonKind::Equals, "50%"));
    /// assert_eq!(Comparison::like("%son", None).kind(), ComparisonKind::Like);
    /// ```
    pub fn like(pattern: impl Into<String>, escape: Option<char>) -> Self {
        let pattern = pattern.into();
        let literal = LikePattern::new(&pattern, escape).ok().and_then(|read| read.literal());
        match literal {
            Some((text, false)) => Comparison::new(ComparisonKind::Equals, text),
            Some((prefix, true)) => Comparison::new(ComparisonKind::StartsWith, prefix),
            None => Comparison {
                kind: ComparisonKind::Like,
                operand: Operand::Pattern { pattern, escape },
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_the_form_of_patterns() {
        let cases = [
            ("", None, "", true),
            ("", None, "a", false),
            ("%", None, "", true),
            ("%%", None, "abc", true),
            ("a%", None, "abc", true),
            ("%c", None, "abcc", true),
            ("%b%", None, "abc", true),
            ("%b%", None, "ac", false),
            ("a_c", None, "abc", true),
            ("a_c", None, "ac", false),
            ("_", None, "😀", true),
            ("__", None, "é", false),
            ("%ab%ab", None, "abxabab", true),
            ("%aab", None, "aaaab", true),
            ("50!%", Some('!'), "50%", true),
            ("50!%", Some('!'), "500", false),
            ("!_!!%", Some('!'), "_!x", true),
            ("a\\%", None, "a\\b", true),
        ];
        for (pattern, escape, text, expected) in cases {
            let pattern = LikePattern::new(pattern, escape).unwrap();
            assert_eq!(pattern.matches(text), expected, "{pattern:?} {text:?}");
        }
    }

    #[test]
    fn many_wildcards_take_no_exponential_time() {
        let pattern = LikePattern::new(&"%a".repeat(200), None).unwrap();
        assert!(!pattern.matches(&("a".repeat(199) + &"b".repeat(20_000))));
    }

    #[test]
    fn escapes_that_escape_nothing_are_refused() {
        for (pattern, escape) in [("a!b", '!'), ("a!", '!'), ("a", '%'), ("a", '_')] {
            let error = LikePattern::new(pattern, Some(escape)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidQuery, "{pattern}");
        }
    }
}
