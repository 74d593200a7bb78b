//! Whether one key begins as another does.

use super::KeyExpression;

impl KeyExpression {
    /// Whether the columns of `key` begin with those of this expression. Java: `isPrefixKey`.
    ///
    /// ```
    /// use record_store::key_expression::{concat, field, record_type};
    /// let key = concat((record_type(), field("a").nest(concat((field("b"), field("c"))))));
    /// assert!(concat((record_type(), field("a").nest(field("b")))).is_prefix_of(&key));
    /// assert!(!concat((record_type(), field("a").nest(field("c")))).is_prefix_of(&key));
    /// ```
    pub fn is_prefix_of(&self, key: &KeyExpression) -> bool {
        if matches!(self, KeyExpression::Empty(_)) || self == key {
            return true;
        }
        if matches!(self, KeyExpression::Grouping(grouping) if grouping.grouped_count() > 0) {
            return false;
        }
        // Both are taken apart from the left, as stacks whose top is the next part.
        let (mut prefixes, mut keys) = (vec![self.clone()], vec![key.clone()]);
        while let Some(prefix) = prefixes.pop() {
            let Some(part) = keys.pop() else {
                prefixes.push(prefix);
                return prefixes.iter().all(|rest| matches!(rest, KeyExpression::Empty(_)));
            };
            match (prefix.is_atom(), part.is_atom()) {
                (true, true) => {
                    if !prefix.equals_atomic(&part) {
                        return false;
                    }
                    push_parts(&mut prefixes, &prefix);
                    push_parts(&mut keys, &part);
                }
                (true, false) => {
                    prefixes.push(prefix);
                    push_parts(&mut keys, &part);
                }
                (false, true) => {
                    keys.push(part);
                    push_parts(&mut prefixes, &prefix);
                }
                (false, false) => {
                    push_parts(&mut prefixes, &prefix);
                    push_parts(&mut keys, &part);
                }
            }
        }
        true
    }

    /// Whether the expression is compared as a whole, before its parts.
    fn is_atom(&self) -> bool {
        matches!(
            self,
            KeyExpression::Field(_)
                | KeyExpression::Nest(_)
                | KeyExpression::Split(_)
                | KeyExpression::Version(_)
                | KeyExpression::Literal(_)
                | KeyExpression::Function(_)
                | KeyExpression::RecordTypeKey(_)
        )
    }

    fn equals_atomic(&self, other: &KeyExpression) -> bool {
        match (self, other) {
            (KeyExpression::Nest(nest), KeyExpression::Nest(other)) => nest.parent() == other.parent(),
            _ => self == other,
        }
    }
}

/// Pushes the parts of an expression, the first on top.
fn push_parts(stack: &mut Vec<KeyExpression>, expression: &KeyExpression) {
    match expression {
        KeyExpression::Split(_) => {}
        KeyExpression::Grouping(grouping) => stack.extend(grouping.grouping_sub_key().ok()),
        KeyExpression::KeyWithValue(covering) => stack.extend(covering.key_expression().ok()),
        _ => stack.extend(expression.children().into_iter().rev().cloned()),
    }
}
