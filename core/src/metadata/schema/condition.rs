//! Conditions of indexes as a program writes them: values take the types of the fields with which they are compared.
//!
//! In stored meta-data a value has a type of its own, and one of another type than the field never equals it.

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

use crate::error::{Error, ErrorKind, Result};
use crate::key_expression::Literal;
use crate::metadata::{Comparison, IndexPredicate, unknown_field};

/// The condition over records of this message, with values of the types of their fields.
///
/// Errors: `InvalidRecord` for an unknown field; `InvalidExpression` for a value that its field cannot hold.
pub(super) fn conform(predicate: &IndexPredicate, message: &MessageDescriptor) -> Result<IndexPredicate> {
    let all = |children: &[IndexPredicate]| {
        children
            .iter()
            .map(|child| conform(child, message))
            .collect::<Result<Vec<_>>>()
    };
    Ok(match predicate {
        IndexPredicate::And(children) => IndexPredicate::And(all(children)?),
        IndexPredicate::Or(children) => IndexPredicate::Or(all(children)?),
        IndexPredicate::Not(child) => IndexPredicate::Not(Box::new(conform(child, message)?)),
        IndexPredicate::Value { path, comparison } => {
            let field = find(path, message)?;
            let comparison = match comparison {
                Comparison::Simple(kind, value) => Comparison::Simple(*kind, of_field(value, &field)?),
                null => null.clone(),
            };
            let path = path.clone();
            IndexPredicate::Value { path, comparison }
        }
        other => other.clone(),
    })
}

fn find(path: &[String], message: &MessageDescriptor) -> Result<FieldDescriptor> {
    let mut message = message.clone();
    let mut found: Option<FieldDescriptor> = None;
    for name in path {
        if let Some(parent) = found {
            message = parent.kind().as_message().cloned().ok_or_else(|| {
                Error::new(
                    ErrorKind::InvalidExpression,
                    "a dot leads into a field that is no message",
                )
                .with("field", parent.full_name())
            })?;
        }
        found = Some(
            message
                .get_field_by_name(name)
                .ok_or_else(|| unknown_field(&message, name))?,
        );
    }
    found.ok_or_else(|| Error::new(ErrorKind::InvalidExpression, "the condition of an index names no field"))
}

/// The same value in the type of a field.
#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "a number in a condition is written without a type: the nearest value of the field is meant, as in records"
)]
fn of_field(value: &Literal, field: &FieldDescriptor) -> Result<Literal> {
    let misfit = || {
        Error::new(
            ErrorKind::InvalidExpression,
            "the condition of an index compares a field with a value that it cannot hold",
        )
        .with("field", field.full_name())
        .with("value", value)
    };
    Ok(match (field.kind(), value) {
        (_, Literal::Null) => Literal::Null,
        (Kind::Int32 | Kind::Sint32 | Kind::Sfixed32, Literal::Long(value)) => {
            Literal::Int(i32::try_from(*value).map_err(|_| misfit())?)
        }
        (Kind::Int64 | Kind::Sint64 | Kind::Sfixed64, Literal::Int(value)) => Literal::Long((*value).into()),
        (Kind::Enum(_), Literal::Long(value)) => Literal::Int(i32::try_from(*value).map_err(|_| misfit())?),
        (Kind::Enum(known), Literal::String(name)) => {
            Literal::Int(known.get_value_by_name(name).ok_or_else(misfit)?.number())
        }
        (Kind::Double, Literal::Long(value)) => Literal::Double(*value as f64),
        (Kind::Double, Literal::Int(value)) => Literal::Double((*value).into()),
        (Kind::Double, Literal::Float(value)) => Literal::Double((*value).into()),
        (Kind::Float, Literal::Long(value)) => Literal::Float(*value as f32),
        (Kind::Float, Literal::Double(value)) => Literal::Float(*value as f32),
        (Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 | Kind::Enum(_), Literal::Int(_))
        | (Kind::Int64 | Kind::Sint64 | Kind::Sfixed64, Literal::Long(_))
        | (Kind::Double, Literal::Double(_))
        | (Kind::Float, Literal::Float(_))
        | (Kind::Bool, Literal::Bool(_))
        | (Kind::String, Literal::String(_))
        | (Kind::Bytes, Literal::Bytes(_)) => value.clone(),
        _ => return Err(misfit()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Schema;
    use crate::metadata::{ComparisonType, IndexSchema};

    /// The value that an index's condition on a field has in the end.
    fn compared(field: &str, value: Literal) -> Result<Literal> {
        let condition = IndexPredicate::Value {
            path: field.split('.').map(str::to_owned).collect(),
            comparison: Comparison::Simple(ComparisonType::GreaterThan, value),
        };
        let schema = Schema::builder()
            .proto(
                "t.proto",
                "syntax = 'proto3';
                 message T { int64 id = 1; int32 i = 2; double d = 3; float f = 4; string s = 5; E e = 6; T t = 7; }
                 enum E { A = 0; B = 7; }",
            )
            .record_type("T", |t| t.primary_key("id"))
            .index(IndexSchema::new("some", "s").condition(condition))
            .build()?;
        match schema.merge_into(None)?.index("some")?.predicate() {
            Some(IndexPredicate::Value {
                comparison: Comparison::Simple(_, value),
                ..
            }) => Ok(value.clone()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn values_take_the_types_of_their_fields() {
        let table = [
            ("id", Literal::Long(5), Literal::Long(5)),
            ("i", Literal::Long(5), Literal::Int(5)),
            ("t.t.i", Literal::Long(5), Literal::Int(5)),
            ("d", Literal::Long(5), Literal::Double(5.0)),
            ("f", Literal::Double(0.5), Literal::Float(0.5)),
            ("e", Literal::String("B".into()), Literal::Int(7)),
            ("s", Literal::String("B".into()), Literal::String("B".into())),
        ];
        for (field, given, expected) in table {
            assert_eq!(compared(field, given.clone()).unwrap(), expected, "{field} {given}");
        }
        let refused = [
            ("i", Literal::Long(1 << 40)),
            ("s", Literal::Long(5)),
            ("e", Literal::String("C".into())),
            ("iid", Literal::Long(5)),
            ("s.t", Literal::Long(5)),
            ("t", Literal::Long(5)),
        ];
        for (field, given) in refused {
            let error = compared(field, given).unwrap_err();
            assert!(error.to_string().contains("index: some"), "{error}");
        }
    }
}
