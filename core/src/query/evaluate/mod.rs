//! [`RecordFilter`]: whether a filter is true of a record, asked of its encoded bytes. Java: `QueryComponent.eval`.
//!
//! Nothing is decoded that the filter does not ask for. Logic has three values; what is null is written `None` here.

mod value;

use std::borrow::Cow;

use prost_reflect::MessageDescriptor;
use record_store_kv::tuple::Element;

use self::value::{ValueTest, scalar_of};
use crate::key_expression::{CompiledExpression, RecordView, Rows};
use crate::metadata::RecordType;
use crate::query::{Comparison, ComparisonKind, QueryComponent};
use crate::wire::{FieldAccess, MessageRef, Scalar, TupleField, ValueKind};
use crate::{Error, ErrorKind, Result};

/// A filter, compiled for the records of one type.
///
/// The filter is one that [`RecordQuery::bind`](super::RecordQuery::bind) has held against the schema; a field that this
/// type does not have is null.
///
/// ```
/// use record_store::key_expression::RecordView;
/// use record_store::query::{RecordFilter, field};
/// use record_store::Schema;
/// # let schema = Schema::builder()
/// #     .proto("t.proto", "syntax = 'proto3'; message User { int64 id = 1; int32 age = 2; }")
/// #     .record_type("User", |t| t.primary_key("id"))
/// #     .build()?;
/// # let meta_data = schema.merge_into(None)?;
/// let user = meta_data.record_type("User")?;
/// let adult = RecordFilter::new(&field("age").ge(18), user)?;
/// let record = |bytes| RecordView::new(bytes, user.record_type_key(), None);
/// assert_eq!(adult.evaluate(&record(b"\x08\x01\x10\x14"))?, Some(true)); // {id: 1, age: 20}
/// assert_eq!(adult.evaluate(&record(b"\x08\x01"))?, None); // {id: 1}
/// # Ok::<(), record_store::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct RecordFilter(Node);

impl RecordFilter {
    /// Compiles `filter` for records of `record_type`.
    ///
    /// **Errors**: [`ErrorKind::InvalidQuery`] for a parameter without its value and for what no record of the type could be
    /// asked; [`ErrorKind::Unsupported`] for collations.
    pub fn new(filter: &QueryComponent, record_type: &RecordType) -> Result<Self> {
        filter.check_depth()?;
        let compiler = Compiler {
            record_type: record_type.name(),
        };
        compiler
            .node(filter, Some(record_type.descriptor()))
            .map(RecordFilter)
            .map_err(|error| error.with("record_type", record_type.name()))
    }

    /// True, false, or null (`None`).
    ///
    /// **Errors**: [`ErrorKind::InvalidRecord`] for malformed bytes and for values that a key expression cannot take.
    pub fn evaluate(&self, record: &RecordView<'_>) -> Result<Option<bool>> {
        self.0.evaluate(record, Some(record.message()?))
    }

    /// Whether the filter is true of the record. Errors: as [`RecordFilter::evaluate`].
    pub fn holds(&self, record: &RecordView<'_>) -> Result<bool> {
        Ok(self.evaluate(record)? == Some(true))
    }
}

#[derive(Clone, Debug)]
enum Node {
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    Constant(Option<bool>),
    /// A singular scalar, or a message that stands for one.
    Field(Box<Column>, ValueTest),
    /// Whether a message is there.
    Presence {
        access: FieldAccess,
        null: bool,
    },
    OneOfThem(Box<Column>, ValueTest),
    /// Whether a repeated field is empty.
    Empty {
        access: FieldAccess,
        empty: bool,
    },
    /// The child asks a message, or none where the type has no such field.
    Nested(Option<FieldAccess>, Box<Node>),
    OneOfThemNested(FieldAccess, Box<Node>),
    Version(ValueTest),
    Key(Box<CompiledExpression>, ValueTest),
}

/// A field whose values compare.
#[derive(Clone, Debug)]
struct Column {
    access: FieldAccess,
    tuple_field: Option<TupleField>,
}

struct Compiler<'a> {
    record_type: &'a str,
}

impl Compiler<'_> {
    /// Compiles for a message type; without one, for a message that is never there.
    fn node(&self, component: &QueryComponent, message: Option<&MessageDescriptor>) -> Result<Node> {
        let all = |children: &[QueryComponent]| -> Result<Vec<Node>> {
            children.iter().map(|child| self.node(child, message)).collect()
        };
        let field = |name: &str| message.and_then(|message| message.get_field_by_name(name));
        Ok(match component {
            QueryComponent::And(children) => Node::And(all(children)?),
            QueryComponent::Or(children) => Node::Or(all(children)?),
            QueryComponent::Not(child) => Node::Not(Box::new(self.node(child, message)?)),
            QueryComponent::RecordType(name) => Node::Constant(message.map(|_| name == self.record_type)),
            QueryComponent::Version(comparison) => Node::Version(ValueTest::new(comparison)?),
            QueryComponent::Field { name, comparison } => match field(name) {
                Some(descriptor) => self.compare(&descriptor, comparison)?,
                None => Node::Constant(of_nothing(comparison)?),
            },
            QueryComponent::OneOfThem { name, comparison } => match field(name) {
                Some(descriptor) => {
                    let column = Column::new(&descriptor, true)?;
                    Node::OneOfThem(Box::new(column), ValueTest::new(comparison)?)
                }
                None => Node::Constant(ValueTest::new(comparison)?.evaluate(None)),
            },
            QueryComponent::Nested { name, child } => match field(name) {
                Some(descriptor) => {
                    let (access, inner) = nested(&descriptor, false)?;
                    Node::Nested(Some(access), Box::new(self.node(child, Some(&inner))?))
                }
                None => Node::Nested(None, Box::new(self.node(child, None)?)),
            },
            QueryComponent::OneOfThemNested { name, child } => match field(name) {
                Some(descriptor) => {
                    let (access, inner) = nested(&descriptor, true)?;
                    Node::OneOfThemNested(access, Box::new(self.node(child, Some(&inner))?))
                }
                None => Node::Constant(None),
            },
            QueryComponent::KeyExpression { expression, comparison } => match message {
                Some(message) => {
                    let compiled = CompiledExpression::new(expression, message)?;
                    Node::Key(Box::new(compiled), ValueTest::new(comparison)?)
                }
                None => Node::Constant(ValueTest::new(comparison)?.evaluate(None)),
            },
        })
    }

    fn compare(&self, field: &prost_reflect::FieldDescriptor, comparison: &Comparison) -> Result<Node> {
        let access = FieldAccess::new(field);
        let kind = comparison.kind();
        if access.is_repeated() && matches!(kind, ComparisonKind::IsEmpty | ComparisonKind::NotEmpty) {
            return Ok(Node::Empty {
                access,
                empty: kind == ComparisonKind::IsEmpty,
            });
        }
        let is_null = matches!(kind, ComparisonKind::IsNull | ComparisonKind::NotNull);
        if is_null && !access.is_repeated() && !matches!(access.kind(), ValueKind::Scalar(_)) {
            return Ok(Node::Presence {
                access,
                null: kind == ComparisonKind::IsNull,
            });
        }
        Ok(Node::Field(
            Box::new(Column::new(field, false)?),
            ValueTest::new(comparison)?,
        ))
    }
}

impl Column {
    fn new(field: &prost_reflect::FieldDescriptor, repeated: bool) -> Result<Self> {
        let access = FieldAccess::new(field);
        let tuple_field = field.kind().as_message().and_then(TupleField::of);
        let compares = matches!(access.kind(), ValueKind::Scalar(_)) || tuple_field.is_some();
        if access.is_repeated() != repeated || !compares {
            return Err(does_not_fit(field.name()));
        }
        Ok(Column { access, tuple_field })
    }

    /// Of the field's only value. What is not set is null, whatever default the schema spells out, as it is in keys: else an
    /// index would find other records.
    fn evaluate(&self, message: MessageRef<'_>, test: &ValueTest) -> Result<Option<bool>> {
        let Some(tuple_field) = &self.tuple_field else {
            return Ok(test.evaluate(self.access.scalar(message)?.as_ref()));
        };
        match self.access.message(message)? {
            Some(inner) => Ok(test.evaluate(Some(&tuple_field.decode(&inner)?))),
            None => Ok(test.evaluate(None)),
        }
    }

    /// Whether a value of the field passes; none without values.
    fn any(&self, message: MessageRef<'_>, test: &ValueTest) -> Result<Option<bool>> {
        let mut answer = None;
        let mut pass = |scalar: &Scalar<'_>| {
            if answer != Some(true) {
                answer = Some(test.evaluate(Some(scalar)) == Some(true));
            }
        };
        match &self.tuple_field {
            None => self.access.each_scalar::<Error>(message, |scalar| {
                pass(&scalar);
                Ok(())
            })?,
            Some(tuple_field) => self.access.each_message::<Error>(message, |inner| {
                pass(&tuple_field.decode(inner)?);
                Ok(())
            })?,
        }
        Ok(answer)
    }
}

impl Node {
    /// Of a message of the record, or of none where the field that would hold it is unset.
    fn evaluate(&self, record: &RecordView<'_>, message: Option<MessageRef<'_>>) -> Result<Option<bool>> {
        match self {
            Node::And(children) => decide(children, record, message, false),
            Node::Or(children) => decide(children, record, message, true),
            Node::Not(child) => Ok(child.evaluate(record, message)?.map(|holds| !holds)),
            Node::Constant(answer) => Ok(*answer),
            Node::Version(test) => {
                let version = record.version();
                let bytes = version
                    .as_ref()
                    .map(|version| Scalar::Bytes(Cow::Borrowed(version.as_bytes())));
                Ok(test.evaluate(bytes.as_ref()))
            }
            Node::Field(column, test) => match message {
                Some(message) => column.evaluate(message, test),
                None => Ok(test.evaluate(None)),
            },
            Node::Presence { access, null } => match message {
                Some(message) => Ok(Some(access.message(message)?.is_none() == *null)),
                None => Ok(Some(*null)),
            },
            Node::OneOfThem(column, test) => match message {
                Some(message) => column.any(message, test),
                None => Ok(test.evaluate(None)),
            },
            Node::Empty { access, empty } => match message {
                Some(message) => Ok(Some((access.count(message)? == 0) == *empty)),
                None => Ok(None),
            },
            Node::Nested(access, child) => {
                let inner = match (access, message) {
                    (Some(access), Some(message)) => access.message(message)?,
                    _ => None,
                };
                child.evaluate(record, inner.as_deref().map(MessageRef::Encoded))
            }
            Node::OneOfThemNested(access, child) => match message {
                Some(message) => {
                    let mut answer = None;
                    access.each_message::<Error>(message, |inner| {
                        if answer != Some(true) {
                            let holds = child.evaluate(record, Some(MessageRef::Encoded(inner)))?;
                            answer = Some(holds == Some(true));
                        }
                        Ok(())
                    })?;
                    Ok(answer)
                }
                None => Ok(None),
            },
            Node::Key(expression, test) => {
                let mut rows = Rows::default();
                expression.evaluate_message(record, message, &mut rows)?;
                let column = rows.get(0).map(|row| row.to_tuple()).transpose()?;
                let element = column
                    .as_ref()
                    .and_then(|tuple| tuple.first())
                    .unwrap_or(&Element::Null);
                Ok(test.evaluate(scalar_of(element).as_ref()))
            }
        }
    }
}

/// The answer of a list of which one member with the answer `deciding` decides.
fn decide(
    children: &[Node],
    record: &RecordView<'_>,
    message: Option<MessageRef<'_>>,
    deciding: bool,
) -> Result<Option<bool>> {
    let mut answer = Some(!deciding);
    for child in children {
        match child.evaluate(record, message)? {
            Some(decided) if decided == deciding => return Ok(Some(deciding)),
            Some(_) => {}
            None => answer = None,
        }
    }
    Ok(answer)
}

/// What a field answers that the type does not have.
fn of_nothing(comparison: &Comparison) -> Result<Option<bool>> {
    match comparison.kind() {
        ComparisonKind::IsEmpty | ComparisonKind::NotEmpty => Ok(None),
        _ => Ok(ValueTest::new(comparison)?.evaluate(None)),
    }
}

fn nested(field: &prost_reflect::FieldDescriptor, repeated: bool) -> Result<(FieldAccess, MessageDescriptor)> {
    let access = FieldAccess::new(field);
    match field.kind().as_message() {
        Some(inner) if access.is_repeated() == repeated => Ok((access, inner.clone())),
        _ => Err(does_not_fit(field.name())),
    }
}

fn does_not_fit(field: &str) -> Error {
    Error::new(
        ErrorKind::InvalidQuery,
        "the filter asks of a field what it cannot answer: bind the query to the schema first",
    )
    .with("field", field)
}

#[cfg(test)]
mod tests;
