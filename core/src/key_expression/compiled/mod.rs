//! Evaluation: a key expression compiled for one message type, run over encoded records.
//!
//! Columns are written packed, as they will stand in a key; nothing in between holds values. An expression that always gives
//! one row, as primary keys and most indexes do, writes its columns straight into the buffer at hand; the others collect
//! [`Rows`]. What an expression can never evaluate is refused when it is compiled.

mod field;
mod nest;
mod product;
mod rows;

use std::borrow::Cow;

use prost_reflect::MessageDescriptor;
use record_store_kv::tuple::{Element, Encoder, Versionstamp};

use super::function::FunctionNode;
use super::{KeyExpression, Literal, NullStandin};
use crate::wire::{Field, Malformed, MessageRef, find_fields};
use crate::{Error, ErrorKind, Result};

use field::FieldNode;
use nest::NestNode;
pub(super) use rows::{KeySink, Sink};
pub use rows::{Row, Rows};

/// A record as key expressions see it: its fields are found once, for all keys and index entries that are made of it.
#[derive(Clone, Debug)]
pub struct RecordView<'a> {
    fields: Result<Cow<'a, [Field<'a>]>, Malformed>,
    record_type_key: &'a Element,
    version: Option<Versionstamp>,
}

impl<'a> RecordView<'a> {
    /// Looks at an encoded record, without the union around it. `record_type_key` is the key of its type; the version may be
    /// incomplete, and a record that stores none has none. That the bytes are no message is an error of the first evaluation.
    pub fn new(bytes: &'a [u8], record_type_key: &'a Element, version: Option<Versionstamp>) -> Self {
        RecordView {
            fields: find_fields(bytes).map(Cow::Owned),
            record_type_key,
            version,
        }
    }

    /// As [`RecordView::new`], for a record whose fields were found already.
    pub(crate) fn of_fields(
        fields: &'a [Field<'a>],
        record_type_key: &'a Element,
        version: Option<Versionstamp>,
    ) -> Self {
        RecordView {
            fields: Ok(Cow::Borrowed(fields)),
            record_type_key,
            version,
        }
    }

    /// The version, if the record has one.
    pub(crate) fn version(&self) -> Option<Versionstamp> {
        self.version
    }

    /// The fields of the record. Errors: `InvalidRecord` if the bytes are no message.
    pub(crate) fn message(&self) -> Result<MessageRef<'_>> {
        match &self.fields {
            Ok(fields) => Ok(MessageRef::Indexed(fields)),
            Err(malformed) => Err((*malformed).into()),
        }
    }
}

/// A key expression, compiled for one message type. Java: `KeyExpression.evaluate`.
///
/// ```
/// use prost_reflect::DescriptorPool;
/// use record_store::key_expression::{CompiledExpression, RecordView, Rows, concat, field};
/// use record_store_kv::tuple::{Element, Tuple};
///
/// let pool = DescriptorPool::global();
/// let message = pool.get_message_by_name("google.protobuf.EnumValue").unwrap(); // string name = 1; int32 number = 2;
/// let key = CompiledExpression::new(&concat((field("name"), field("number"))), &message)?;
///
/// let record = RecordView::new(b"\x0a\x01a\x10\x07", &Element::Null, None);
/// let mut rows = Rows::default();
/// key.evaluate(&record, &mut rows)?;
/// assert_eq!(rows.iter().map(|row| row.to_tuple().unwrap()).collect::<Vec<_>>(), [Tuple::from(("a", 7))]);
/// # Ok::<(), record_store::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct CompiledExpression {
    expression: KeyExpression,
    key_column_count: usize,
    node: Node,
}

impl CompiledExpression {
    /// Compiles `expression` for records of type `message`. A field that the type does not have counts as one that no record
    /// has, because an index on many types may name fields of some; [`KeyExpression::validate`] is stricter.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidExpression`] for what could not be evaluated on any record, [`ErrorKind::Unsupported`] for collations.
    pub fn new(expression: &KeyExpression, message: &MessageDescriptor) -> Result<Self> {
        let node =
            Node::compile(expression, Some(message)).map_err(|error| error.with("message", message.full_name()))?;
        Ok(CompiledExpression {
            expression: expression.clone(),
            key_column_count: expression.column_count(),
            node,
        })
    }

    /// The expression that was compiled.
    pub fn expression(&self) -> &KeyExpression {
        &self.expression
    }

    /// How many columns a row has: those of the key, then those of the value of a covering index.
    pub fn column_count(&self) -> usize {
        self.node.width()
    }

    /// How many of the columns are the key; the others are the value of a covering index.
    pub fn key_column_count(&self) -> usize {
        self.key_column_count
    }

    /// Whether every record gives exactly one row.
    pub fn is_single_row(&self) -> bool {
        self.node.is_single()
    }

    /// Fills `rows` with the rows of a record; what they held before is gone, but their memory is used again.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRecord`] for malformed bytes and for values that the expression cannot take (an overflow, a message
    /// in place of a scalar), [`ErrorKind::TooLarge`] for more than a million rows or 20 MB.
    pub fn evaluate(&self, record: &RecordView<'_>, rows: &mut Rows) -> Result<()> {
        rows.clear();
        let evaluated = Input::of(record).and_then(|input| self.node.rows(input, rows));
        evaluated.map_err(|error| error.with("expression", &self.expression))
    }

    /// As [`CompiledExpression::evaluate`], on a message of the record instead; none is one that is not there.
    pub(crate) fn evaluate_message(
        &self,
        record: &RecordView<'_>,
        message: Option<MessageRef<'_>>,
        rows: &mut Rows,
    ) -> Result<()> {
        rows.clear();
        let input = Input {
            record_type_key: record.record_type_key,
            version: record.version,
            message,
        };
        let evaluated = self.node.rows(input, rows);
        evaluated.map_err(|error| error.with("expression", &self.expression))
    }

    /// Appends the packed columns of the only row to `key`. Java: `evaluateSingleton`.
    ///
    /// # Errors
    /// As [`CompiledExpression::evaluate`]; [`ErrorKind::InvalidRecord`] also when the record gives another number of rows, or
    /// when a column is a version that is not complete. `key` then holds part of a row.
    pub fn append_key(&self, record: &RecordView<'_>, key: &mut Vec<u8>) -> Result<()> {
        let appended = Input::of(record).and_then(|input| {
            if self.node.is_single() {
                let mut sink = KeySink::new(key);
                self.node.write(input, &mut sink)?;
                return sink.finish();
            }
            let mut rows = Rows::default();
            self.node.rows(input, &mut rows)?;
            let row = rows.only()?;
            key.extend_from_slice(row.bytes());
            row.refuse_incomplete_version()
        });
        appended.map_err(|error| error.with("expression", &self.expression))
    }
}

/// What is evaluated: a message of the record, or the record itself; none where the field that would hold it is unset.
#[derive(Clone, Copy)]
pub(super) struct Input<'a> {
    record_type_key: &'a Element,
    version: Option<Versionstamp>,
    message: Option<MessageRef<'a>>,
}

impl<'a> Input<'a> {
    fn of(record: &'a RecordView<'_>) -> Result<Self> {
        Ok(Input {
            record_type_key: record.record_type_key,
            version: record.version,
            message: Some(record.message()?),
        })
    }

    fn of_message<'b>(self, message: Option<MessageRef<'b>>) -> Input<'b>
    where
        'a: 'b,
    {
        Input { message, ..self }
    }

    /// The message, if it is there.
    pub(super) fn message(&self) -> Option<MessageRef<'a>> {
        self.message
    }
}

/// One compiled part. Roles of columns (grouping, dimensions, key and value) are gone: they do not change the rows.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Field(FieldNode),
    Nest(NestNode),
    /// `single`: each child always gives one row.
    Then {
        children: Vec<Node>,
        single: bool,
    },
    List(Vec<Node>),
    Split {
        joined: Box<Node>,
        size: usize,
    },
    Version,
    RecordTypeKey,
    Constant {
        packed: Vec<u8>,
        standin: Option<NullStandin>,
    },
    Function(Box<FunctionNode>),
}

impl Node {
    /// Compiles for a message type; without one, for a message that is never there.
    pub(super) fn compile(expression: &KeyExpression, message: Option<&MessageDescriptor>) -> Result<Self> {
        let all = |children: &[KeyExpression]| -> Result<Vec<Node>> {
            children.iter().map(|child| Node::compile(child, message)).collect()
        };
        let node = match expression {
            KeyExpression::Grouping(grouping) => return Node::compile(grouping.whole_key(), message),
            KeyExpression::KeyWithValue(covering) => return Node::compile(covering.inner_key(), message),
            KeyExpression::Dimensions(dimensions) => return Node::compile(dimensions.whole_key(), message),
            KeyExpression::Field(field) => Node::Field(FieldNode::compile(field, message)?),
            KeyExpression::Nest(nest) => Node::Nest(NestNode::compile(nest, message)?),
            KeyExpression::Empty(_) => Node::then(Vec::new()),
            KeyExpression::Then(then) => Node::then(all(then.children())?),
            KeyExpression::List(list) => Node::List(all(list.children())?),
            KeyExpression::Split(split) if split.split_size() == 0 => {
                return Err(refused(expression, "a split makes rows of at least one column"));
            }
            KeyExpression::Split(split) => Node::Split {
                joined: Box::new(Node::compile(split.joined(), message)?),
                size: split.split_size(),
            },
            KeyExpression::Version(_) => Node::Version,
            KeyExpression::RecordTypeKey(_) => Node::RecordTypeKey,
            KeyExpression::Literal(literal) => constant(literal),
            KeyExpression::Function(function) => Node::Function(Box::new(FunctionNode::compile(function, message)?)),
        };
        // Java finds out with the first row.
        if node.width() != expression.column_count() {
            return Err(refused(
                expression,
                "a part of the expression gives other columns than it declares",
            ));
        }
        Ok(node)
    }

    fn then(children: Vec<Node>) -> Self {
        let single = children.iter().all(Node::is_single);
        Node::Then { children, single }
    }

    /// How many columns a row has.
    fn width(&self) -> usize {
        match self {
            Node::Nest(nest) => nest.child.width(),
            Node::Then { children, .. } => children.iter().map(Node::width).sum(),
            Node::List(children) => children.len(),
            Node::Split { joined, size } => joined.width() * size,
            Node::Field(_) | Node::Version | Node::RecordTypeKey | Node::Constant { .. } | Node::Function(_) => 1,
        }
    }

    /// Whether there is always exactly one row, which [`Node::write`] writes.
    fn is_single(&self) -> bool {
        match self {
            Node::Field(field) => field.is_single(),
            Node::Nest(nest) => nest.is_single(),
            Node::Then { single, .. } => *single,
            Node::Version | Node::RecordTypeKey | Node::Constant { .. } => true,
            Node::List(_) | Node::Split { .. } | Node::Function(_) => false,
        }
    }

    /// Writes the columns of the only row, for nodes that are single.
    fn write(&self, input: Input<'_>, sink: &mut impl Sink) -> Result<()> {
        match self {
            Node::Field(field) => return field.write(input.message, sink),
            Node::Nest(nest) => return nest.write(input, sink),
            Node::Then { children, .. } => return children.iter().try_for_each(|child| child.write(input, sink)),
            Node::Version => match input.version {
                Some(version) => sink.version(version),
                None => sink.null(NullStandin::Null),
            },
            Node::RecordTypeKey => {
                Encoder::new(sink.bytes()).element(input.record_type_key);
                sink.end_column(None);
            }
            Node::Constant { packed, standin } => {
                sink.bytes().extend_from_slice(packed);
                sink.end_column(*standin);
            }
            Node::List(_) | Node::Split { .. } | Node::Function(_) => unreachable!("these nodes are not single"),
        }
        Ok(())
    }

    /// Appends all rows.
    pub(super) fn rows(&self, input: Input<'_>, rows: &mut Rows) -> Result<()> {
        if self.is_single() {
            self.write(input, rows)?;
            return rows.end_row();
        }
        match self {
            Node::Field(field) => field.fan_out(input.message, rows),
            Node::Nest(nest) => nest.rows(input, rows),
            Node::Then { children, .. } => product::then(children, input, rows),
            Node::List(children) => product::list(children, input, rows),
            Node::Split { joined, size } => rows.combine(|rows, values| {
                joined.rows(input, values)?;
                rows.deal(values, *size)
            }),
            Node::Function(function) => function.rows(input, rows),
            Node::Version | Node::RecordTypeKey | Node::Constant { .. } => unreachable!("these nodes are single"),
        }
    }
}

fn constant(literal: &Literal) -> Node {
    let mut packed = Vec::new();
    let mut encoder = Encoder::new(&mut packed);
    match literal {
        Literal::Null => encoder.null(),
        Literal::Double(value) => encoder.double(*value),
        Literal::Float(value) => encoder.float(*value),
        Literal::Long(value) => encoder.int(*value),
        Literal::Bool(value) => encoder.bool(*value),
        Literal::String(value) => encoder.string(value),
        Literal::Bytes(value) => encoder.bytes(value),
        Literal::Int(value) => encoder.int(i64::from(*value)),
    };
    let standin = matches!(literal, Literal::Null).then_some(NullStandin::Null);
    Node::Constant { packed, standin }
}

fn refused(expression: &KeyExpression, reason: &'static str) -> Error {
    Error::new(ErrorKind::InvalidExpression, reason).with("expression", expression)
}

#[cfg(test)]
mod tests;
