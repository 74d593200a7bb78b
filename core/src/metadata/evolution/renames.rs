//! A key expression with the names that its fields have now. Java: `RenameFieldsVisitor`.

use prost_reflect::MessageDescriptor;

use super::{refused, rule};
use crate::error::Result;
use crate::key_expression::{Field, Function, Grouping, KeyExpression, concat, dimensions, key_with_value, list};

/// Writes an expression over `old` as one over `new`, by the numbers of its fields.
///
/// **Errors**: `MetaDataEvolution` when a field is in one of the messages only.
pub(super) fn rename_fields(
    expression: &KeyExpression,
    old: &MessageDescriptor,
    new: &MessageDescriptor,
) -> Result<KeyExpression> {
    let rename = |expression: &KeyExpression| rename_fields(expression, old, new);
    let rename_all = |children: &[KeyExpression]| children.iter().map(rename).collect::<Result<Vec<_>>>();
    Ok(match expression {
        KeyExpression::Field(field) => rename_field(field, old, new)?.into(),
        KeyExpression::Nest(nest) => {
            let parent = rename_field(nest.parent(), old, new)?;
            let child = rename_fields(
                nest.child(),
                &message_in(nest.parent(), old)?,
                &message_in(&parent, new)?,
            )?;
            parent.nest(child)
        }
        KeyExpression::Then(then) => concat(rename_all(then.children())?),
        KeyExpression::List(children) => list(rename_all(children.children())?),
        KeyExpression::Grouping(grouping) => {
            Grouping::new(rename(grouping.whole_key())?, grouping.grouped_count()).into()
        }
        KeyExpression::Split(split) => rename(split.joined())?.split(split.split_size()),
        KeyExpression::Function(function) => Function::new(function.name(), rename(function.arguments())?)?.into(),
        KeyExpression::KeyWithValue(covering) => key_with_value(rename(covering.inner_key())?, covering.split_point()),
        KeyExpression::Dimensions(space) => {
            dimensions(rename(space.whole_key())?, space.prefix_size(), space.dimensions_size())
        }
        KeyExpression::Empty(_)
        | KeyExpression::Version(_)
        | KeyExpression::Literal(_)
        | KeyExpression::RecordTypeKey(_) => expression.clone(),
    })
}

fn rename_field(field: &Field, old: &MessageDescriptor, new: &MessageDescriptor) -> Result<Field> {
    let renamed = old
        .get_field_by_name(field.name())
        .and_then(|old_field| new.get_field(old_field.number()))
        .ok_or_else(|| {
            refused(rule::KEY_FIELD_GONE)
                .with("field", field.name())
                .with("old", old.full_name())
                .with("new", new.full_name())
        })?;
    Ok(Field::new(renamed.name())
        .with_fan_type(field.fan_type())
        .with_null_standin(field.null_standin()))
}

fn message_in(field: &Field, message: &MessageDescriptor) -> Result<MessageDescriptor> {
    message
        .get_field_by_name(field.name())
        .and_then(|field| field.kind().as_message().cloned())
        .ok_or_else(|| {
            refused(rule::KEY_NOT_MESSAGE)
                .with("field", field.name())
                .with("message", message.full_name())
        })
}
