//! Functions and methods that write key expressions down in a program. Java: `Key.Expressions`.

use super::{
    Dimensions, Empty, Field, Function, Grouping, KeyExpression, KeyWithValue, List, Literal, Nest, RecordTypeKey,
    Split, Then, Version,
};
use crate::{Error, ErrorKind, Result};

/// The field `name` of a message.
pub fn field(name: impl Into<String>) -> Field {
    Field::new(name)
}

/// The columns that `of` gives of the last field of a path, within the messages to which the fields before it lead.
///
/// ```
/// use record_store::key_expression::{FanType, at_path, concat, field};
/// let city = at_path("address.city", Into::into);
/// assert_eq!(city, field("address").nest(field("city")));
/// let lines = at_path("order.lines", |lines| lines.with_fan_type(FanType::FanOut).nest(field("count")));
/// assert_eq!(lines.column_count(), 1);
/// ```
pub fn at_path(path: &str, of: impl FnOnce(Field) -> KeyExpression) -> KeyExpression {
    let mut names = path.rsplit('.');
    let last = of(field(names.next().unwrap_or_default()));
    names.fold(last, |inner, name| field(name).nest(inner))
}

/// The columns of all `children`, one after the other; children that are such a list themselves are laid flat. No child
/// means [`empty`], one child means itself.
pub fn concat(children: impl KeyExpressions) -> KeyExpression {
    Then::of(children.into_key_expressions())
}

/// The columns of each child, packed into one column.
pub fn list(children: impl KeyExpressions) -> KeyExpression {
    List::new(children.into_key_expressions()).into()
}

/// No columns.
pub fn empty() -> KeyExpression {
    Empty.into()
}

/// The version of the record.
pub fn version() -> KeyExpression {
    Version.into()
}

/// The key of the record's type.
pub fn record_type() -> KeyExpression {
    RecordTypeKey.into()
}

/// A constant.
pub fn literal(value: impl Into<Literal>) -> KeyExpression {
    value.into().into()
}

/// The columns of `inner_key`, of which those from `split_point` on go into the value of an index entry.
pub fn key_with_value(inner_key: impl Into<KeyExpression>, split_point: usize) -> KeyExpression {
    KeyWithValue::new(inner_key.into(), split_point).into()
}

/// The columns of `key` as the key of an index entry and those of `value` as its value.
pub fn with_value(key: impl Into<KeyExpression>, value: impl Into<KeyExpression>) -> KeyExpression {
    let (key, value) = (key.into(), value.into());
    let split_point = key.column_count();
    key_with_value(concat((key, value)), split_point)
}

/// The columns of `whole_key`, of which `dimensions_size` after the first `prefix_size` are dimensions of space.
pub fn dimensions(whole_key: impl Into<KeyExpression>, prefix_size: usize, dimensions_size: usize) -> KeyExpression {
    Dimensions::new(whole_key.into(), prefix_size, dimensions_size).into()
}

/// The function `name` of the columns of `arguments`.
///
/// # Errors
/// [`ErrorKind::InvalidExpression`] if there is no such function or it takes another number of columns.
///
/// ```
/// use record_store::key_expression::{concat, field, function, literal};
/// let bucket = function("bitmap_bucket_offset", concat((field("n"), literal(16))))?;
/// assert_eq!(bucket.column_count(), 1);
/// assert!(function("shuffle", field("n")).is_err());
/// # Ok::<(), record_store::Error>(())
/// ```
pub fn function(name: &str, arguments: impl Into<KeyExpression>) -> Result<KeyExpression> {
    Ok(Function::new(name, arguments.into())?.into())
}

impl KeyExpression {
    /// All columns are grouped, by nothing. Java: `ungrouped`.
    pub fn ungrouped(self) -> KeyExpression {
        let grouped_count = self.column_count();
        Grouping::new(self, grouped_count).into()
    }

    /// The columns of this expression are grouped by those of others. Java: `groupBy`.
    ///
    /// ```
    /// use record_store::key_expression::field;
    /// let points_of_a_team = field("points").group_by(field("team"));
    /// assert_eq!(points_of_a_team.to_string(), "[Field { 'team' None}, Field { 'points' None}] group 1");
    /// ```
    pub fn group_by(self, by: impl KeyExpressions) -> KeyExpression {
        let grouped_count = self.column_count();
        let mut whole_key = by.into_key_expressions();
        whole_key.push(self);
        Grouping::new(Then::of(whole_key), grouped_count).into()
    }

    /// The last `grouped_count` columns are grouped by the others. Java: `ThenKeyExpression.group`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidExpression`] if there are fewer columns.
    pub fn group(self, grouped_count: usize) -> Result<KeyExpression> {
        if grouped_count > self.column_count() {
            return Err(
                Error::new(ErrorKind::InvalidExpression, "more columns are grouped than there are")
                    .with("expression", self)
                    .with("grouped_count", grouped_count),
            );
        }
        Ok(Grouping::new(self, grouped_count).into())
    }

    /// The rows of this one-column expression, dealt into rows of `split_size` columns. Java: `split`.
    pub fn split(self, split_size: usize) -> KeyExpression {
        Split::new(self, split_size).into()
    }
}

impl Field {
    /// The columns of `child` in the message that this field holds.
    pub fn nest(self, child: impl Into<KeyExpression>) -> KeyExpression {
        Nest::new(self, child.into()).into()
    }

    /// As [`KeyExpression::ungrouped`].
    pub fn ungrouped(self) -> KeyExpression {
        KeyExpression::from(self).ungrouped()
    }

    /// As [`KeyExpression::group_by`].
    pub fn group_by(self, by: impl KeyExpressions) -> KeyExpression {
        KeyExpression::from(self).group_by(by)
    }

    /// As [`KeyExpression::split`].
    pub fn split(self, split_size: usize) -> KeyExpression {
        KeyExpression::from(self).split(split_size)
    }
}

/// One or several key expressions: an expression, a tuple of up to eight, a vector or an array.
pub trait KeyExpressions {
    /// The list of them.
    fn into_key_expressions(self) -> Vec<KeyExpression>;
}

impl KeyExpressions for KeyExpression {
    fn into_key_expressions(self) -> Vec<KeyExpression> {
        vec![self]
    }
}

impl KeyExpressions for Field {
    fn into_key_expressions(self) -> Vec<KeyExpression> {
        vec![self.into()]
    }
}

impl<E: Into<KeyExpression>> KeyExpressions for Vec<E> {
    fn into_key_expressions(self) -> Vec<KeyExpression> {
        self.into_iter().map(Into::into).collect()
    }
}

impl<E: Into<KeyExpression>, const N: usize> KeyExpressions for [E; N] {
    fn into_key_expressions(self) -> Vec<KeyExpression> {
        self.into_iter().map(Into::into).collect()
    }
}

macro_rules! tuples_of_key_expressions {
    ($(($($child:ident: $type:ident),+))+) => {
        $(impl<$($type: Into<KeyExpression>),+> KeyExpressions for ($($type,)+) {
            fn into_key_expressions(self) -> Vec<KeyExpression> {
                let ($($child,)+) = self;
                vec![$($child.into()),+]
            }
        })+
    };
}

tuples_of_key_expressions! {
    (a: A)
    (a: A, b: B)
    (a: A, b: B, c: C)
    (a: A, b: B, c: C, d: D)
    (a: A, b: B, c: C, d: D, e: E)
    (a: A, b: B, c: C, d: D, e: E, f: F)
    (a: A, b: B, c: C, d: D, e: E, f: F, g: G)
    (a: A, b: B, c: C, d: D, e: E, f: F, g: G, h: H)
}
