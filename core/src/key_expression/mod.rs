//! Key expressions: which columns of a record make a key. Java: package `metadata.expressions`.
//!
//! A [`KeyExpression`] is part of the meta-data: it is written down, compared and checked against a message type here.
//! Compiled for one type, as a [`CompiledExpression`], it turns encoded records into rows of packed columns. Each kind of
//! expression has a file; adding one means a file and a line in the list of this one.
//!
//! ```
//! use record_store::key_expression::{concat, field, record_type};
//! let key = concat((record_type(), field("address").nest(field("city")), field("tags").fan_out()));
//! assert_eq!(key.column_count(), 3);
//! assert!(key.creates_duplicates());
//! assert_eq!(
//!     key.to_string(),
//!     "[RecordTypeKey, Field { 'address' None}/Field { 'city' None}, Field { 'tags' FanOut}]"
//! );
//! ```

mod build;
mod compiled;
mod dimensions;
mod empty;
mod field;
mod function;
mod grouping;
mod key_with_value;
mod list;
mod literal;
mod nest;
mod positions;
mod prefix;
mod record_type_key;
mod split;
mod then;
mod version;

use std::fmt;

use prost_reflect::{FieldDescriptor, MessageDescriptor};

use crate::proto;
use crate::{Error, ErrorKind, Result};

pub use build::{
    KeyExpressions, at_path, concat, dimensions, empty, field, function, key_with_value, list, literal, record_type,
    version, with_value,
};
pub use compiled::{CompiledExpression, RecordView, Row, Rows};
pub use dimensions::Dimensions;
pub use empty::Empty;
pub use field::{FanType, Field, NullStandin};
pub use function::{Function, TupleOrdering};
pub use grouping::Grouping;
pub use key_with_value::KeyWithValue;
pub use list::List;
pub use literal::Literal;
pub use nest::Nest;
pub use positions::primary_key_component_positions;
pub use record_type_key::RecordTypeKey;
pub use split::Split;
pub use then::Then;
pub use version::Version;

/// Which columns of a record make a key. Java: `KeyExpression`.
///
/// Equality is Java's, which its rules rely on: what a missing field stands for ([`NullStandin`]) is not compared. To ask
/// whether two expressions are written alike, compare their [`to_proto`](KeyExpression::to_proto).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyExpression {
    /// One field of the message.
    Field(Field),
    /// Columns of the message in a field.
    Nest(Nest),
    /// The columns of several expressions, one after the other.
    Then(Then),
    /// The columns of several expressions, each packed into one.
    List(List),
    /// Columns of which the last are grouped by the first.
    Grouping(Grouping),
    /// No columns.
    Empty(Empty),
    /// The values of a repeated field, dealt into rows of several columns.
    Split(Split),
    /// The version of the record.
    Version(Version),
    /// A constant.
    Literal(Literal),
    /// A registered function of columns.
    Function(Function),
    /// Columns of which the last go into the value of the index entry.
    KeyWithValue(KeyWithValue),
    /// The key of the record's type.
    RecordTypeKey(RecordTypeKey),
    /// Columns of which some are dimensions of space.
    Dimensions(Dimensions),
}

/// What each kind of expression answers; [`KeyExpression`] hands its questions on.
trait Kind: Clone + fmt::Display {
    /// How many columns of a key it makes.
    fn column_count(&self) -> usize;

    /// The expressions that it is made of.
    fn children(&self) -> Vec<&KeyExpression>;

    /// Whether one record may give several rows.
    fn creates_duplicates(&self) -> bool {
        self.children().iter().any(|child| child.creates_duplicates())
    }

    /// Checks it against a message type; answers with the fields that it reads.
    fn validate(&self, message: &MessageDescriptor) -> Result<Vec<FieldDescriptor>> {
        validate_all(self.children(), message)
    }

    /// One expression for each column.
    fn normalized_columns(&self) -> Vec<KeyExpression>;

    /// The expression of the columns `start..end`, which are some of several and not all.
    fn sub_key(&self, start: usize, end: usize) -> Result<KeyExpression> {
        let _ = (start, end);
        Err(Error::new(
            ErrorKind::InvalidExpression,
            "this kind of key expression cannot be taken apart",
        )
        .with("expression", self))
    }

    /// Its message.
    fn to_proto(&self) -> proto::KeyExpression;
}

macro_rules! each_kind {
    ($expression:expr, $kind:ident => $answer:expr) => {
        match $expression {
            KeyExpression::Field($kind) => $answer,
            KeyExpression::Nest($kind) => $answer,
            KeyExpression::Then($kind) => $answer,
            KeyExpression::List($kind) => $answer,
            KeyExpression::Grouping($kind) => $answer,
            KeyExpression::Empty($kind) => $answer,
            KeyExpression::Split($kind) => $answer,
            KeyExpression::Version($kind) => $answer,
            KeyExpression::Literal($kind) => $answer,
            KeyExpression::Function($kind) => $answer,
            KeyExpression::KeyWithValue($kind) => $answer,
            KeyExpression::RecordTypeKey($kind) => $answer,
            KeyExpression::Dimensions($kind) => $answer,
        }
    };
}

impl KeyExpression {
    /// How many columns of a key the expression makes. Java: `getColumnSize`.
    pub fn column_count(&self) -> usize {
        each_kind!(self, kind => kind.column_count())
    }

    /// Whether one record may give several rows. Java: `createsDuplicates`.
    pub fn creates_duplicates(&self) -> bool {
        each_kind!(self, kind => kind.creates_duplicates())
    }

    /// How many columns are the record's version. Java: `versionColumns`.
    pub fn version_columns(&self) -> usize {
        match self {
            KeyExpression::Version(_) => 1,
            KeyExpression::Function(_) => 0,
            _ => self.children().iter().map(|child| child.version_columns()).sum(),
        }
    }

    /// Whether a column is the key of the record's type. Java: `hasRecordTypeKey`.
    pub fn has_record_type_key(&self) -> bool {
        match self {
            KeyExpression::RecordTypeKey(_) => true,
            KeyExpression::Function(_) => false,
            _ => self.children().iter().any(|child| child.has_record_type_key()),
        }
    }

    /// Whether the first column is the key of the record's type. Java: `Key.Expressions.hasRecordTypePrefix`.
    pub fn has_record_type_prefix(&self) -> bool {
        match self {
            KeyExpression::RecordTypeKey(_) => true,
            KeyExpression::Grouping(grouping) => {
                grouping.grouping_count() > 0 && grouping.whole_key().has_record_type_prefix()
            }
            KeyExpression::KeyWithValue(covering) => {
                covering.split_point() > 0 && covering.inner_key().has_record_type_prefix()
            }
            KeyExpression::Then(then) => then
                .children()
                .first()
                .is_some_and(KeyExpression::has_record_type_prefix),
            KeyExpression::Nest(nest) => nest.child().has_record_type_prefix(),
            _ => false,
        }
    }

    /// Checks the expression against a message type and answers with the fields that it reads, in the order of the columns.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidExpression`] names the expression's part, the message type and what does not fit.
    pub fn validate(&self, message: &MessageDescriptor) -> Result<Vec<FieldDescriptor>> {
        each_kind!(self, kind => kind.validate(message))
    }

    /// One expression for each column, to find columns of one key in another. Java: `normalizeKeyForPositions`.
    ///
    /// ```
    /// use record_store::key_expression::{concat, field};
    /// let key = field("a").nest(concat((field("b"), field("c"))));
    /// assert_eq!(key.normalized_columns(), [field("a").nest(field("b")), field("a").nest(field("c"))]);
    /// ```
    pub fn normalized_columns(&self) -> Vec<KeyExpression> {
        each_kind!(self, kind => kind.normalized_columns())
    }

    /// The expression of the columns `start..end`. Java: `getSubKey`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidExpression`] if there are no such columns, or if they are not one column or all columns of a kind
    /// that cannot be taken apart.
    pub fn sub_key(&self, start: usize, end: usize) -> Result<KeyExpression> {
        let columns = self.column_count();
        if start > end || end > columns {
            return Err(
                Error::new(ErrorKind::InvalidExpression, "the key expression has no such columns")
                    .with("expression", self)
                    .with("columns", format_args!("{start}..{end}")),
            );
        }
        match (start, end) {
            (start, end) if start == end => Ok(empty()),
            (0, end) if end == columns => Ok(self.clone()),
            _ => each_kind!(self, kind => kind.sub_key(start, end)),
        }
    }

    /// The persisted form. Java: `toKeyExpression`.
    pub fn to_proto(&self) -> proto::KeyExpression {
        each_kind!(self, kind => kind.to_proto())
    }

    /// Reads the persisted form. Java: `KeyExpression.fromProto`.
    ///
    /// # Errors
    /// [`ErrorKind::MetaData`] unless exactly one kind is set and its parts are complete; an unknown function is one too.
    pub fn from_proto(expression: &proto::KeyExpression) -> Result<Self> {
        let mut found = Vec::new();
        if let Some(field) = &expression.field {
            found.push(Field::from_proto(field)?.into());
        }
        if let Some(nesting) = &expression.nesting {
            found.push(Nest::from_proto(nesting)?.into());
        }
        if let Some(then) = &expression.then {
            found.push(Then::from_proto(then)?.into());
        }
        if let Some(list) = &expression.list {
            found.push(List::from_proto(list)?.into());
        }
        if let Some(grouping) = &expression.grouping {
            found.push(Grouping::from_proto(grouping)?.into());
        }
        if let Some(split) = &expression.split {
            found.push(Split::from_proto(split)?.into());
        }
        if expression.empty.is_some() {
            found.push(Empty.into());
        }
        if expression.version.is_some() {
            found.push(Version.into());
        }
        if let Some(value) = &expression.value {
            found.push(Literal::from_proto(value)?.into());
        }
        if let Some(function) = &expression.function {
            found.push(Function::from_proto(function)?.into());
        }
        if let Some(covering) = &expression.key_with_value {
            found.push(KeyWithValue::from_proto(covering)?.into());
        }
        if expression.record_type_key.is_some() {
            found.push(RecordTypeKey.into());
        }
        if let Some(dimensions) = &expression.dimensions {
            found.push(Dimensions::from_proto(dimensions)?.into());
        }
        match (found.pop(), found.is_empty()) {
            (Some(expression), true) => Ok(expression),
            _ => Err(malformed("a key expression must be of exactly one kind")),
        }
    }

    /// Refuses an expression that could be written and then not be read.
    ///
    /// Errors: `InvalidExpression` for one that is too deep; as [`KeyExpression::from_proto`].
    pub(crate) fn check_readable(&self) -> Result<()> {
        if self.is_deeper_than(DEPTH_MAX) || self.is_cut_off() {
            return Err(too_deep());
        }
        Self::from_proto(&self.to_proto()).map(drop)
    }

    /// Whether [`part`] has cut something off.
    fn is_cut_off(&self) -> bool {
        match self {
            KeyExpression::Field(field) => field.name() == CUT_OFF,
            _ => self.children().iter().any(|child| child.is_cut_off()),
        }
    }

    fn is_deeper_than(&self, levels: usize) -> bool {
        levels == 0 || self.children().iter().any(|child| child.is_deeper_than(levels - 1))
    }

    pub(crate) fn children(&self) -> Vec<&KeyExpression> {
        each_kind!(self, kind => Kind::children(kind))
    }
}

/// How many key expressions may stand inside each other. Readers of protobuf, Java's among them, go 100 messages deep; an
/// expression is two, and it stands up to three below the meta-data.
pub(crate) const DEPTH_MAX: usize = 48;

/// An expression as it becomes a part of another one. One that is too deep already is cut off, so that no expression exhausts
/// the stack of who walks through it; what is left is refused wherever expressions are checked.
fn part(expression: KeyExpression) -> KeyExpression {
    if expression.is_deeper_than(DEPTH_MAX) {
        return field(CUT_OFF).into();
    }
    expression
}

/// The name of the field that stands for what was cut off; no field has it.
const CUT_OFF: &str = "(too many key expressions inside each other)";

fn too_deep() -> Error {
    Error::new(
        ErrorKind::InvalidExpression,
        "too many key expressions stand inside each other: Java could not read them again",
    )
    .with("limit", DEPTH_MAX)
}

impl fmt::Display for KeyExpression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        each_kind!(self, kind => kind.fmt(f))
    }
}

macro_rules! into_key_expression {
    ($($kind:ident)*) => {
        $(impl From<$kind> for KeyExpression {
            fn from(kind: $kind) -> Self {
                KeyExpression::$kind(kind)
            }
        })*
    };
}

into_key_expression! {
    Field Nest Then List Grouping Empty Split Version Literal Function KeyWithValue RecordTypeKey Dimensions
}

fn validate_all<'a>(
    children: impl IntoIterator<Item = &'a KeyExpression>,
    message: &MessageDescriptor,
) -> Result<Vec<FieldDescriptor>> {
    let mut fields = Vec::new();
    for child in children {
        fields.extend(child.validate(message)?);
    }
    Ok(fields)
}

/// Persisted key expressions that break their own rules.
fn malformed(message: &'static str) -> Error {
    Error::new(ErrorKind::MetaData, message)
}

/// A count of columns as it is persisted.
fn count_from_proto(name: &'static str, count: i32) -> Result<usize> {
    usize::try_from(count).map_err(|_| malformed("a key expression counts less than no columns").with(name, count))
}

/// Counts come from `column_count` and from protobuf's int32: they are small.
fn count_to_proto(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// Java's looks of a list: `[a, b]`.
fn fmt_list(children: &[KeyExpression], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("[")?;
    for (index, child) in children.iter().enumerate() {
        if index > 0 {
            f.write_str(", ")?;
        }
        write!(f, "{child}")?;
    }
    f.write_str("]")
}

#[cfg(test)]
mod tests;
