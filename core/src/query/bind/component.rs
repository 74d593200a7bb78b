//! [`Binder`]: walks a filter and the messages that it looks into side by side.

use prost_reflect::{FieldDescriptor, MessageDescriptor};

use super::column::ColumnType;
use super::invalid;
use super::slots::Slots;
use crate::key_expression::{CompiledExpression, KeyExpression};
use crate::metadata::unknown;
use crate::metadata::{RecordMetaData, RecordType};
use crate::query::{Comparison, ComparisonKind, QueryComponent};
use crate::{Error, Result};

pub(super) struct Binder<'a> {
    meta_data: &'a RecordMetaData,
    /// A field that only some of the types have is null in the others.
    lenient: bool,
    /// The fields that lead to the message at hand.
    path: Vec<String>,
    /// Where parameters become slots, for a query that is planned for all values.
    slots: Option<Slots>,
}

impl<'a> Binder<'a> {
    pub(super) fn new(meta_data: &'a RecordMetaData, lenient: bool) -> Self {
        Binder {
            meta_data,
            lenient,
            path: Vec::new(),
            slots: None,
        }
    }

    /// With slots in place of parameters.
    pub(super) fn with_slots(self, slots: Slots) -> Self {
        Binder {
            slots: Some(slots),
            ..self
        }
    }

    /// The slots of the filters that were bound.
    pub(super) fn into_slots(self) -> Option<Slots> {
        self.slots
    }

    /// The filter, bound for records of these types.
    pub(super) fn bind(&mut self, filter: &QueryComponent, types: &[&RecordType]) -> Result<QueryComponent> {
        let messages: Vec<MessageDescriptor> = types.iter().map(|known| known.descriptor().clone()).collect();
        self.component(filter, &messages)
    }

    fn component(&mut self, component: &QueryComponent, messages: &[MessageDescriptor]) -> Result<QueryComponent> {
        Ok(match component {
            QueryComponent::And(children) => QueryComponent::And(self.all(children, messages)?),
            QueryComponent::Or(children) => QueryComponent::Or(self.all(children, messages)?),
            QueryComponent::Not(child) => QueryComponent::Not(Box::new(self.component(child, messages)?)),
            QueryComponent::Field { name, comparison } => {
                let fields = self.fields(messages, name)?;
                QueryComponent::Field {
                    name: name.clone(),
                    comparison: self.compare_field(&fields, comparison)?,
                }
            }
            QueryComponent::OneOfThem { name, comparison } => {
                let fields = self.fields(messages, name)?;
                self.expect_repeated(&fields, true)?;
                QueryComponent::OneOfThem {
                    name: name.clone(),
                    comparison: self.convert(&fields, comparison)?,
                }
            }
            QueryComponent::Nested { name, child } => QueryComponent::Nested {
                name: name.clone(),
                child: Box::new(self.nested(messages, name, child, false)?),
            },
            QueryComponent::OneOfThemNested { name, child } => QueryComponent::OneOfThemNested {
                name: name.clone(),
                child: Box::new(self.nested(messages, name, child, true)?),
            },
            QueryComponent::RecordType(name) => {
                self.meta_data.record_type(name)?;
                if let Some(field) = self.path.last() {
                    return Err(
                        invalid("only records have a record type: ask for it outside the nested message")
                            .with("field", field),
                    );
                }
                component.clone()
            }
            QueryComponent::Version(comparison) => {
                let converted = ColumnType::Version.convert(comparison)?;
                QueryComponent::Version(self.place(&[ColumnType::Version], converted))
            }
            QueryComponent::KeyExpression { expression, comparison } => QueryComponent::KeyExpression {
                expression: expression.clone(),
                comparison: self.compare_column(messages, expression, comparison)?,
            },
        })
    }

    fn all(&mut self, children: &[QueryComponent], messages: &[MessageDescriptor]) -> Result<Vec<QueryComponent>> {
        children.iter().map(|child| self.component(child, messages)).collect()
    }

    /// The field `name` of the messages that have it. After this, the path ends with it until it is left.
    fn fields(&mut self, messages: &[MessageDescriptor], name: &str) -> Result<Vec<FieldDescriptor>> {
        let mut fields = Vec::with_capacity(messages.len());
        let mut without = None;
        for message in messages {
            match message.get_field_by_name(name) {
                Some(field) => fields.push(field),
                None => without = without.or(Some(message)),
            }
        }
        match without {
            Some(message) if fields.is_empty() || !self.lenient => {
                let known: Vec<FieldDescriptor> = message.fields().collect();
                let error = invalid("the query asks for a field that the message does not have");
                let error = unknown(error, "field", name, known.iter().map(FieldDescriptor::name));
                Err(self.locate(error.with("message", message.full_name())))
            }
            _ => Ok(fields),
        }
    }

    fn compare_field(&mut self, fields: &[FieldDescriptor], comparison: &Comparison) -> Result<Comparison> {
        if matches!(comparison.kind(), ComparisonKind::IsEmpty | ComparisonKind::NotEmpty) {
            self.expect_repeated(fields, true)?;
            return Ok(Comparison::unary(comparison.kind()));
        }
        self.expect_repeated(fields, false)?;
        self.convert(fields, comparison)
    }

    fn nested(
        &mut self,
        messages: &[MessageDescriptor],
        name: &str,
        child: &QueryComponent,
        repeated: bool,
    ) -> Result<QueryComponent> {
        let fields = self.fields(messages, name)?;
        self.expect_repeated(&fields, repeated)?;
        let mut inner = Vec::with_capacity(fields.len());
        for field in &fields {
            match (field.kind().as_message(), ColumnType::of(field)) {
                (Some(message), ColumnType::Message(_)) => inner.push(message.clone()),
                (_, column) => {
                    let error = invalid("the query looks into a field that holds no message: compare the field itself");
                    return Err(self.locate(error.with("field", name).with("type", column)));
                }
            }
        }
        self.path.push(name.to_owned());
        let bound = self.component(child, &inner);
        self.path.pop();
        bound
    }

    fn expect_repeated(&self, fields: &[FieldDescriptor], repeated: bool) -> Result<()> {
        match fields
            .iter()
            .find(|field| field.cardinality() == prost_reflect::Cardinality::Repeated)
        {
            Some(field) if !repeated => {
                let error = invalid("the field is repeated: say that one of its values compares so, with any(...)");
                Err(self.locate(error.with("field", field.name())))
            }
            None if repeated => {
                let error = invalid("the field is not repeated: compare it without any(...)");
                let name = fields.first().map(FieldDescriptor::name).unwrap_or_default();
                Err(self.locate(error.with("field", name)))
            }
            _ => Ok(()),
        }
    }

    /// The comparison as the columns of all these fields have it.
    fn convert(&mut self, fields: &[FieldDescriptor], comparison: &Comparison) -> Result<Comparison> {
        let columns: Vec<ColumnType> = fields.iter().map(ColumnType::of).collect();
        let mut bound: Option<Comparison> = None;
        for (field, column) in fields.iter().zip(&columns) {
            let named = |error: Error| self.locate(error.with("field", field.name()));
            let converted = column.convert(comparison).map_err(named)?;
            match &bound {
                Some(before) if *before != converted => {
                    return Err(named(invalid(
                        "the field is of different types in the types of the query: query them one by one",
                    )));
                }
                _ => bound = Some(converted),
            }
        }
        let bound = bound.unwrap_or_else(|| comparison.clone());
        Ok(self.place(&columns, bound))
    }

    /// The comparison with a slot in place of its parameter, where parameters become slots.
    fn place(&mut self, columns: &[ColumnType], comparison: Comparison) -> Comparison {
        match &mut self.slots {
            Some(slots) => slots.place(columns, comparison),
            None => comparison,
        }
    }

    fn compare_column(
        &mut self,
        messages: &[MessageDescriptor],
        expression: &KeyExpression,
        comparison: &Comparison,
    ) -> Result<Comparison> {
        let refuse = |reason| invalid(reason).with("expression", expression);
        if expression.column_count() != 1 {
            return Err(refuse(
                "the query compares a key expression of more or less than one column",
            ));
        }
        let mut column = ColumnType::Unknown;
        for message in messages {
            let invalid_expression = |error: Error| {
                refuse("the query compares a key expression that does not fit the message").caused_by(error)
            };
            let fields = match expression.validate(message) {
                Ok(fields) => fields,
                Err(_) if self.lenient => continue,
                Err(error) => return Err(invalid_expression(error)),
            };
            if expression.creates_duplicates() {
                return Err(refuse("the query compares a key expression that gives several values"));
            }
            CompiledExpression::new(expression, message)?;
            column = match (expression, fields.last()) {
                (KeyExpression::Field(_) | KeyExpression::Nest(_), Some(field)) => ColumnType::of(field),
                (KeyExpression::Version(_), _) => ColumnType::Version,
                (KeyExpression::Function(function), _) => match function.ordering() {
                    Some(_) => ColumnType::Bytes,
                    None => ColumnType::Integer,
                },
                _ => ColumnType::Unknown,
            };
        }
        let converted = column
            .convert(comparison)
            .map_err(|error| error.with("expression", expression))?;
        Ok(self.place(&[column], converted))
    }

    /// Adds the message within which the error is.
    fn locate(&self, error: Error) -> Error {
        match self.path.is_empty() {
            true => error,
            false => error.with("within", self.path.join(".")),
        }
    }
}
