//! [`CompiledPredicate`]: whether a record belongs into an index of some records only, asked of its encoded bytes.
//!
//! Three-valued logic: what compares with null is neither true nor false, and only what is true is indexed. Java classes:
//! `IndexPredicate`, `Comparisons`, `MessageHelpers`.

use std::borrow::Cow;
use std::cmp::Ordering;

use prost_reflect::{Kind, MessageDescriptor};

use crate::key_expression::Literal;
use crate::metadata::{Comparison, ComparisonType, IndexPredicate};
use crate::wire::{FieldAccess, MessageRef, Scalar, TupleField, ValueKind, double_order};
use crate::{Error, ErrorKind, Result};

/// A predicate, compiled for one message type.
#[derive(Clone, Debug)]
pub(crate) struct CompiledPredicate(Node);

impl CompiledPredicate {
    /// Errors: `InvalidExpression` for a field that the type does not have and for comparisons that make no sense.
    pub(crate) fn new(predicate: &IndexPredicate, message: &MessageDescriptor) -> Result<Self> {
        Node::compile(predicate, message)
            .map(CompiledPredicate)
            .map_err(|error| error.with("message", message.full_name()))
    }

    /// Whether the predicate is true of a record.
    ///
    /// Errors: `InvalidRecord` for malformed bytes.
    pub(crate) fn holds(&self, record: MessageRef<'_>) -> Result<bool> {
        Ok(self.0.evaluate(record)? == Some(true))
    }
}

#[derive(Clone, Debug)]
enum Node {
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    Constant(Option<bool>),
    Compare(Box<Path>, Test),
}

/// What is asked of a value.
#[derive(Clone, Debug)]
enum Test {
    IsNull(bool),
    /// Against a value of the same Java class.
    Against(ComparisonType, Scalar<'static>),
    /// Against a value of another Java class, or null: the same answer for every value, none for null.
    Always(Option<bool>),
}

impl Node {
    fn compile(predicate: &IndexPredicate, message: &MessageDescriptor) -> Result<Self> {
        let all = |children: &[IndexPredicate]| -> Result<Vec<Node>> {
            children.iter().map(|child| Node::compile(child, message)).collect()
        };
        Ok(match predicate {
            IndexPredicate::And(children) => Node::And(all(children)?),
            IndexPredicate::Or(children) => Node::Or(all(children)?),
            IndexPredicate::Not(child) => Node::Not(Box::new(Node::compile(child, message)?)),
            IndexPredicate::Constant(value) => Node::Constant(*value),
            // Only vector indexes look at the window; for all others every record is in it.
            IndexPredicate::RowNumberWindow(_) => Node::Constant(Some(true)),
            IndexPredicate::Value { path, comparison } => {
                let path = Path::compile(path, message)?;
                let test = match comparison {
                    Comparison::Null(is_null) => Test::IsNull(*is_null),
                    Comparison::Simple(ComparisonType::IsNull, _) => Test::IsNull(true),
                    Comparison::Simple(ComparisonType::NotNull, _) => Test::IsNull(false),
                    Comparison::Simple(comparison, operand) => path.test(*comparison, operand)?,
                };
                Node::Compare(Box::new(path), test)
            }
        })
    }

    fn evaluate(&self, record: MessageRef<'_>) -> Result<Option<bool>> {
        match self {
            Node::And(children) => decide(children, record, false),
            Node::Or(children) => decide(children, record, true),
            Node::Not(child) => Ok(child.evaluate(record)?.map(|holds| !holds)),
            Node::Constant(value) => Ok(*value),
            Node::Compare(path, test) => path.evaluate(record, test),
        }
    }
}

/// The answer of a list of which one member with the answer `deciding` decides.
fn decide(children: &[Node], record: MessageRef<'_>, deciding: bool) -> Result<Option<bool>> {
    let mut answer = Some(!deciding);
    for child in children {
        match child.evaluate(record)? {
            Some(decided) if decided == deciding => return Ok(Some(deciding)),
            Some(_) => {}
            None => answer = None,
        }
    }
    Ok(answer)
}

/// A field, from the record down.
#[derive(Clone, Debug)]
struct Path {
    name: String,
    parents: Vec<FieldAccess>,
    leaf: FieldAccess,
    class: Class,
    tuple_field: Option<TupleField>,
    /// What an unset field is: only a default that the schema spells out counts.
    default: Option<Scalar<'static>>,
}

/// What Java's runtime makes of a field; values of different classes are never equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Integer,
    Long,
    Float,
    Double,
    Boolean,
    String,
    Bytes,
    /// A message, a UUID, or a repeated field: it may be null or not, and equals no literal.
    Other,
}

impl Path {
    fn compile(path: &[String], message: &MessageDescriptor) -> Result<Self> {
        let refuse = |reason, name: &str| {
            Err(Error::new(ErrorKind::InvalidExpression, reason)
                .with("field", name)
                .with("path", path.join(".")))
        };
        let Some((last, names)) = path.split_last() else {
            return refuse("the predicate of an index names no field", "");
        };
        let mut parents = Vec::new();
        let mut message = message.clone();
        for name in names {
            let Some(field) = message.get_field_by_name(name) else {
                return refuse(
                    "the predicate of an index names a field that the message does not have",
                    name,
                );
            };
            let access = FieldAccess::new(&field);
            let inner = match field.kind() {
                Kind::Message(inner) if !access.is_repeated() => inner,
                _ => return refuse("the predicate of an index looks into a field that is no message", name),
            };
            parents.push(access);
            message = inner;
        }
        let Some(field) = message.get_field_by_name(last) else {
            return refuse(
                "the predicate of an index names a field that the message does not have",
                last,
            );
        };
        let leaf = FieldAccess::new(&field);
        let tuple_field = field
            .kind()
            .as_message()
            .and_then(TupleField::of)
            .filter(|_| !leaf.is_repeated());
        let spelled_out = field.field_descriptor_proto().default_value.is_some();
        Ok(Path {
            name: last.clone(),
            parents,
            class: match &field.kind() {
                _ if leaf.is_repeated() => Class::Other,
                Kind::Message(message) => Class::of_tuple_field(message.name()),
                kind => Class::of(kind),
            },
            tuple_field,
            default: leaf.default().filter(|_| spelled_out).cloned(),
            leaf,
        })
    }

    /// Errors: `InvalidExpression` for an order between values of different classes.
    fn test(&self, comparison: ComparisonType, operand: &Literal) -> Result<Test> {
        let (class, operand) = match operand {
            Literal::Null => return Ok(Test::Always(None)),
            Literal::Int(value) => (Class::Integer, Scalar::Int(i64::from(*value))),
            Literal::Long(value) => (Class::Long, Scalar::Int(*value)),
            Literal::Float(value) => (Class::Float, Scalar::Float(*value)),
            Literal::Double(value) => (Class::Double, Scalar::Double(*value)),
            Literal::Bool(value) => (Class::Boolean, Scalar::Bool(*value)),
            Literal::String(value) => (Class::String, Scalar::String(value.clone().into())),
            Literal::Bytes(value) => (Class::Bytes, Scalar::Bytes(value.to_vec().into())),
        };
        let comparable = self.class == class
            && (comparison != ComparisonType::StartsWith || matches!(class, Class::String | Class::Bytes));
        match comparison {
            _ if comparable => Ok(Test::Against(comparison, operand)),
            ComparisonType::Equals => Ok(Test::Always(Some(false))),
            ComparisonType::NotEquals => Ok(Test::Always(Some(true))),
            _ => Err(Error::new(
                ErrorKind::InvalidExpression,
                "the predicate of an index compares a field with a value of another type",
            )
            .with("field", &self.name)),
        }
    }

    fn evaluate(&self, record: MessageRef<'_>, test: &Test) -> Result<Option<bool>> {
        let Some((parent, parents)) = self.parents.split_first() else {
            return self.evaluate_leaf(record, test);
        };
        let Some(mut message) = parent.message(record)? else {
            return Ok(test_null(test));
        };
        for parent in parents {
            message = match parent.message(MessageRef::Encoded(&message))? {
                Some(inner) => Cow::Owned(inner.into_owned()),
                None => return Ok(test_null(test)),
            };
        }
        self.evaluate_leaf(MessageRef::Encoded(&message), test)
    }

    fn evaluate_leaf(&self, message: MessageRef<'_>, test: &Test) -> Result<Option<bool>> {
        if self.leaf.is_repeated() {
            // A list is never null.
            return Ok(test_other(test));
        }
        match (self.leaf.kind(), &self.tuple_field) {
            (ValueKind::Scalar(_), _) => match (self.leaf.scalar(message)?, &self.default) {
                (Some(value), _) => Ok(test_value(test, &value)),
                (None, Some(default)) => Ok(test_value(test, default)),
                (None, None) => Ok(test_null(test)),
            },
            (_, Some(tuple_field)) => match self.leaf.message(message)? {
                Some(inner) => Ok(test_value(test, &tuple_field.decode(&inner)?)),
                None => Ok(test_null(test)),
            },
            (_, None) => match self.leaf.message(message)? {
                Some(_) => Ok(test_other(test)),
                None => Ok(test_null(test)),
            },
        }
    }
}

impl Class {
    fn of(kind: &Kind) -> Self {
        match kind {
            Kind::Int32 | Kind::Uint32 | Kind::Sint32 | Kind::Fixed32 | Kind::Sfixed32 | Kind::Enum(_) => {
                Class::Integer
            }
            Kind::Int64 | Kind::Uint64 | Kind::Sint64 | Kind::Fixed64 | Kind::Sfixed64 => Class::Long,
            Kind::Float => Class::Float,
            Kind::Double => Class::Double,
            Kind::Bool => Class::Boolean,
            Kind::String => Class::String,
            Kind::Bytes => Class::Bytes,
            Kind::Message(_) => Class::Other,
        }
    }

    /// Of Apple's messages that stand for scalars, by their names.
    fn of_tuple_field(name: &str) -> Self {
        match name {
            "NullableInt32" => Class::Integer,
            "NullableInt64" => Class::Long,
            "NullableFloat" => Class::Float,
            "NullableDouble" => Class::Double,
            "NullableBool" => Class::Boolean,
            "NullableString" => Class::String,
            "NullableBytes" => Class::Bytes,
            _ => Class::Other,
        }
    }
}

fn test_null(test: &Test) -> Option<bool> {
    match test {
        Test::IsNull(is_null) => Some(*is_null),
        Test::Against(..) | Test::Always(_) => None,
    }
}

/// Of a value that equals no literal.
fn test_other(test: &Test) -> Option<bool> {
    match test {
        Test::IsNull(is_null) => Some(!is_null),
        Test::Always(answer) => *answer,
        Test::Against(..) => None,
    }
}

fn test_value(test: &Test, value: &Scalar<'_>) -> Option<bool> {
    let (comparison, operand) = match test {
        Test::Against(comparison, operand) => (comparison, operand),
        _ => return test_other(test),
    };
    if *comparison == ComparisonType::StartsWith {
        return match (value, operand) {
            (Scalar::String(value), Scalar::String(prefix)) => Some(value.starts_with(&**prefix)),
            (Scalar::Bytes(value), Scalar::Bytes(prefix)) => Some(value.starts_with(prefix)),
            _ => None,
        };
    }
    let order = java_order(value, operand)?;
    Some(match comparison {
        ComparisonType::Equals => order.is_eq(),
        ComparisonType::NotEquals => order.is_ne(),
        ComparisonType::LessThan => order.is_lt(),
        ComparisonType::LessThanOrEquals => order.is_le(),
        ComparisonType::GreaterThan => order.is_gt(),
        ComparisonType::GreaterThanOrEquals => order.is_ge(),
        ComparisonType::StartsWith | ComparisonType::NotNull | ComparisonType::IsNull => return None,
    })
}

/// The order of Java's `compareTo`, which agrees with its `equals`: strings by UTF-16 units, −0.0 before 0.0, NaN last.
fn java_order(left: &Scalar<'_>, right: &Scalar<'_>) -> Option<Ordering> {
    Some(match (left, right) {
        (Scalar::Int(left), Scalar::Int(right)) => left.cmp(right),
        (Scalar::Float(left), Scalar::Float(right)) => double_order((*left).into(), (*right).into()),
        (Scalar::Double(left), Scalar::Double(right)) => double_order(*left, *right),
        (Scalar::Bool(left), Scalar::Bool(right)) => left.cmp(right),
        (Scalar::String(left), Scalar::String(right)) => left.encode_utf16().cmp(right.encode_utf16()),
        (Scalar::Bytes(left), Scalar::Bytes(right)) => left.cmp(right),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use prost_reflect::DescriptorPool;

    use super::*;

    const PROTO: &str = r#"
        syntax = "proto2";
        message R {
            optional int64 n = 1;
            optional string s = 2;
            optional R inner = 3;
            optional int32 small = 4 [default = 7];
            repeated int64 many = 5;
            optional double d = 6;
        }
    "#;

    fn message() -> MessageDescriptor {
        use protox::file::{File, FileResolver};
        struct Only;
        impl FileResolver for Only {
            fn open_file(&self, name: &str) -> std::result::Result<File, protox::Error> {
                File::from_source(name, PROTO)
            }
        }
        let mut compiler = protox::Compiler::with_file_resolver(Only);
        let files = compiler.open_file("r.proto").unwrap().file_descriptor_set();
        let pool = DescriptorPool::from_file_descriptor_set(files).unwrap();
        pool.get_message_by_name("R").unwrap()
    }

    fn compare(path: &str, comparison: ComparisonType, operand: impl Into<Literal>) -> IndexPredicate {
        IndexPredicate::Value {
            path: path.split('.').map(str::to_owned).collect(),
            comparison: Comparison::Simple(comparison, operand.into()),
        }
    }

    fn null(path: &str, is_null: bool) -> IndexPredicate {
        IndexPredicate::Value {
            path: path.split('.').map(str::to_owned).collect(),
            comparison: Comparison::Null(is_null),
        }
    }

    #[test]
    fn predicates_are_true_false_or_neither() {
        use ComparisonType::{Equals, GreaterThan, LessThan, NotEquals, StartsWith};
        // n: 5, s: "abc", inner { n: 1 }, d: -0.0
        let record = b"\x08\x05\x12\x03abc\x1a\x02\x08\x01\x31\0\0\0\0\0\0\0\x80";
        let not = |predicate| IndexPredicate::Not(Box::new(predicate));
        let table = [
            (compare("n", Equals, 5i64), Some(true)),
            (compare("n", Equals, 6i64), Some(false)),
            (compare("n", GreaterThan, 4i64), Some(true)),
            // An int32 literal is no int64 for Java.
            (compare("n", Equals, 5i32), Some(false)),
            (compare("n", NotEquals, 5i32), Some(true)),
            (compare("s", StartsWith, "ab"), Some(true)),
            (compare("s", LessThan, "abd"), Some(true)),
            (compare("inner.n", Equals, 1i64), Some(true)),
            (compare("inner.s", Equals, "x"), None),
            (not(compare("inner.s", Equals, "x")), None),
            (compare("inner.inner.n", Equals, 1i64), None),
            (null("inner.inner", true), Some(true)),
            (null("inner", true), Some(false)),
            (null("inner.inner.n", false), Some(false)),
            (compare("small", Equals, 7i32), Some(true)),
            (null("small", true), Some(false)),
            (null("many", true), Some(false)),
            (compare("many", Equals, 7i64), Some(false)),
            (compare("d", Equals, 0.0), Some(false)),
            (compare("d", LessThan, 0.0), Some(true)),
            (compare("n", Equals, Literal::Null), None),
            (
                IndexPredicate::And(vec![
                    IndexPredicate::Constant(None),
                    IndexPredicate::Constant(Some(false)),
                ]),
                Some(false),
            ),
            (
                IndexPredicate::Or(vec![
                    IndexPredicate::Constant(None),
                    IndexPredicate::Constant(Some(true)),
                ]),
                Some(true),
            ),
            (IndexPredicate::And(vec![IndexPredicate::Constant(None)]), None),
            (IndexPredicate::And(Vec::new()), Some(true)),
        ];
        for (predicate, expected) in table {
            let compiled = CompiledPredicate::new(&predicate, &message()).unwrap();
            assert_eq!(
                compiled.0.evaluate(MessageRef::Encoded(record)).unwrap(),
                expected,
                "{predicate:?}"
            );
            assert_eq!(
                compiled.holds(MessageRef::Encoded(record)).unwrap(),
                expected == Some(true)
            );
        }
    }

    #[test]
    fn what_cannot_be_compared_is_refused_when_it_is_compiled() {
        for (predicate, field) in [
            (compare("missing", ComparisonType::Equals, 1i64), "missing"),
            (compare("n.n", ComparisonType::Equals, 1i64), "n"),
            (compare("n", ComparisonType::LessThan, "x"), "n"),
            (compare("n", ComparisonType::StartsWith, 1i64), "n"),
        ] {
            let error = CompiledPredicate::new(&predicate, &message()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidExpression);
            assert_eq!(error.fact("field"), Some(field));
        }
    }
}
