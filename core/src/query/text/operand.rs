//! The sides of a comparison: what is asked, and with what it is compared.

use prost::Message;
use record_store_kv::tuple::{BigInt, Element, Versionstamp};
use sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, ObjectNamePart, UnaryOperator, Value,
    ValueWithSpan,
};
use uuid::Uuid;

use super::read::{Reader, locate, unsupported};
use super::{at, names};
use crate::key_expression::{self, KeyExpression, Literal};
use crate::query::{
    Comparison, ComparisonKind, Operand, ParameterName, QueryComponent, field, key_expression as key_column,
    record_version,
};
use crate::{Error, ErrorKind, Result, proto};

/// One side of a comparison.
pub(super) enum Side {
    Asked(Asked),
    Given(Operand),
}

/// What a comparison asks.
#[derive(Clone, Debug)]
pub(super) enum Asked {
    Field(Vec<String>),
    OneOfThem(Vec<String>),
    RecordType,
    Version,
    Column(KeyExpression),
}

impl Asked {
    pub(super) fn compare(self, comparison: Comparison) -> Result<QueryComponent> {
        Ok(match self {
            Asked::Field(path) => field(path.join(".")).compare(comparison),
            Asked::OneOfThem(path) => field(path.join(".")).one_of_them().compare(comparison),
            Asked::Version => record_version().compare(comparison),
            Asked::Column(expression) => key_column(expression).compare(comparison),
            Asked::RecordType => record_type(&comparison)?,
        })
    }

    pub(super) fn unary(self, kind: ComparisonKind) -> Result<QueryComponent> {
        self.compare(Comparison::unary(kind))
    }
}

/// A record type is one of some names, or is not.
fn record_type(comparison: &Comparison) -> Result<QueryComponent> {
    let named = |value: &Element| value.as_str().map(|name| QueryComponent::RecordType(name.to_owned()));
    let component = match (comparison.kind(), comparison.operand()) {
        (ComparisonKind::Equals, Operand::Value(value)) => named(value),
        (ComparisonKind::NotEquals, Operand::Value(value)) => named(value).map(|component| !component),
        (ComparisonKind::In, Operand::List(values)) => {
            let members: Option<Vec<QueryComponent>> = values.iter().map(named).collect();
            members.map(QueryComponent::or)
        }
        _ => None,
    };
    component.ok_or_else(|| {
        Error::new(
            ErrorKind::InvalidQuery,
            "a record type is compared with names: record_type() = 'User', or IN ('User', 'Order')",
        )
    })
}

impl Reader {
    pub(super) fn side(&self, expression: &Expr) -> Result<Side> {
        match expression {
            Expr::Nested(inner) => self.side(inner),
            Expr::Identifier(_) | Expr::CompoundIdentifier(_) => Ok(Side::Asked(Asked::Field(path(expression)?))),
            Expr::Value(value) => Ok(Side::Given(self.value(value)?)),
            Expr::UnaryOp {
                op: UnaryOperator::Minus,
                expr,
            } => match &**expr {
                Expr::Value(ValueWithSpan {
                    value: Value::Number(digits, _),
                    span,
                }) => {
                    let number = number(&format!("-{digits}")).map_err(|message| at(span.start, message))?;
                    Ok(Side::Given(Operand::Value(number)))
                }
                _ => Err(unsupported(expression, "a minus stands before numbers only")),
            },
            Expr::Function(function) => self.function(expression, function),
            Expr::BinaryOp { .. } => Err(unsupported(
                expression,
                "a comparison takes a field and a value: for arithmetic use functions, as in add(price, tax) < 100",
            )),
            Expr::Subquery(_) | Expr::Exists { .. } => Err(unsupported(expression, "subqueries are not known")),
            Expr::Cast { .. } => Err(unsupported(
                expression,
                "casts are not known: values become what their field holds, and uuid('…'), float(1.5) are values",
            )),
            _ => Err(unsupported(
                expression,
                "neither a field nor a value: compare a field with a value",
            )),
        }
    }

    fn value(&self, value: &ValueWithSpan) -> Result<Operand> {
        let refuse = |message| at(value.span.start, message);
        Ok(Operand::Value(match &value.value {
            Value::Number(digits, _) => number(digits).map_err(refuse)?,
            Value::SingleQuotedString(text) => Element::String(text.clone()),
            Value::HexStringLiteral(digits) => Element::from(bytes(digits).map_err(refuse)?),
            Value::Boolean(value) => Element::Bool(*value),
            Value::Null => Element::Null,
            Value::Placeholder(name) => return self.parameter(name, value).map(Operand::Parameter),
            other => {
                return Err(refuse(
                    "a value of this form is not known: use 'text', numbers, TRUE, FALSE, NULL, X'00FF', uuid('…')",
                )
                .with("value", other));
            }
        }))
    }

    fn parameter(&self, name: &str, value: &ValueWithSpan) -> Result<ParameterName> {
        let numbered = |digits: &str| {
            digits
                .parse::<usize>()
                .ok()?
                .checked_sub(1)
                .map(ParameterName::Positional)
        };
        let parameter = match name.split_at_checked(1) {
            Some(("?", "")) => {
                let before = self.placeholders.binary_search(&value.span.start).ok();
                before.map(ParameterName::Positional)
            }
            Some(("?" | "$", digits)) => numbered(digits),
            Some((":", name)) if !name.is_empty() => Some(ParameterName::Named(name.to_owned())),
            _ => None,
        };
        parameter.ok_or_else(|| {
            at(value.span.start, "parameters are written ?, ?2 (from one) or :name").with("parameter", name)
        })
    }

    /// A function that is a side of a comparison.
    fn function(&self, expression: &Expr, function: &Function) -> Result<Side> {
        let name = function_name(expression, function)?;
        let arguments = arguments(expression, function)?;
        let given = |argument: &Expr| match self.side(argument)? {
            Side::Given(Operand::Value(value)) => Ok(value),
            _ => Err(unsupported(argument, "a value must stand here")),
        };
        let value = |element: Option<Element>| match element {
            Some(element) => Ok(Side::Given(Operand::Value(element))),
            None => Err(unsupported(expression, "the argument is no such value").with("function", &name)),
        };
        match (name.as_str(), arguments.as_slice()) {
            (names::ANY, [repeated]) => Ok(Side::Asked(Asked::OneOfThem(path(repeated)?))),
            (names::RECORD_TYPE, []) => Ok(Side::Asked(Asked::RecordType)),
            (names::RECORD_VERSION, []) => Ok(Side::Asked(Asked::Version)),
            (names::UUID, [text]) => value(match given(text)? {
                Element::String(text) => Uuid::parse_str(&text).ok().map(Element::Uuid),
                Element::Bytes(bytes) => Uuid::from_slice(&bytes).ok().map(Element::Uuid),
                _ => None,
            }),
            (names::FLOAT, [number]) => value(match given(number)? {
                Element::String(text) => text.parse().ok().map(Element::Float),
                number => double(&number).map(|number| Element::Float(number as f32)),
            }),
            (names::DOUBLE, [number]) => value(match given(number)? {
                Element::String(text) => text.parse().ok().map(Element::Double),
                number => double(&number).map(Element::Double),
            }),
            (names::VERSIONSTAMP, [bytes]) => value(match given(bytes)? {
                Element::Bytes(bytes) => <[u8; 12]>::try_from(&bytes[..])
                    .ok()
                    .map(|bytes| Element::Versionstamp(Versionstamp::from_bytes(bytes))),
                _ => None,
            }),
            (names::KEY_EXPRESSION, [message]) => {
                let Element::Bytes(message) = given(message)? else {
                    return Err(unsupported(
                        message,
                        "the message of a key expression must stand here, as X'…'",
                    ));
                };
                let read = proto::KeyExpression::decode(message).map_err(|error| {
                    unsupported(expression, "the bytes are no message of a key expression").caused_by(error)
                })?;
                let column = KeyExpression::from_proto(&read).map_err(|error| locate(error, expression))?;
                Ok(Side::Asked(Asked::Column(column)))
            }
            (names::MATCHES | names::STARTS_WITH | names::IS_EMPTY | names::IS_NOT_EMPTY, _) | (names::ANY, [_, _]) => {
                Err(unsupported(
                    expression,
                    "a condition is compared: join conditions with AND, OR and NOT",
                )
                .with("function", name))
            }
            _ => Ok(Side::Asked(Asked::Column(self.call_column(expression, function)?))),
        }
    }

    /// The column of a key expression's function.
    fn call_column(&self, expression: &Expr, function: &Function) -> Result<KeyExpression> {
        let name = function_name(expression, function)?;
        let columns: Result<Vec<KeyExpression>> = arguments(expression, function)?
            .into_iter()
            .map(|argument| self.column(argument))
            .collect();
        key_expression::function(&name, key_expression::concat(columns?)).map_err(|error| {
            unsupported(expression, "the query calls a function that there is not")
                .with("function", &name)
                .with("reason", error.message())
                .caused_by(error)
        })
    }

    /// An argument of a key expression's function.
    fn column(&self, argument: &Expr) -> Result<KeyExpression> {
        if let Expr::Function(function) = argument {
            let arguments = arguments(argument, function)?;
            return match (function_name(argument, function)?.as_str(), arguments.as_slice()) {
                (names::INT, [number]) => match self.side(number)? {
                    Side::Given(Operand::Value(Element::Int(value))) => match i32::try_from(value) {
                        Ok(value) => Ok(Literal::Int(value).into()),
                        Err(_) => Err(unsupported(number, "an integer of 32 bits must stand here")),
                    },
                    _ => Err(unsupported(number, "an integer of 32 bits must stand here")),
                },
                _ => self.call_column(argument, function),
            };
        }
        let literal = match self.side(argument)? {
            Side::Asked(Asked::Field(path)) => return Ok(column_of(&path)),
            Side::Given(Operand::Value(value)) => match value {
                Element::Int(value) => Some(Literal::Long(value)),
                Element::Double(value) => Some(Literal::Double(value)),
                Element::Bool(value) => Some(Literal::Bool(value)),
                Element::String(value) => Some(Literal::String(value)),
                _ => None,
            },
            _ => None,
        };
        literal.map(KeyExpression::from).ok_or_else(|| {
            unsupported(
                argument,
                "the function of a column takes fields, numbers, texts and functions",
            )
        })
    }
}

fn column_of(path: &[String]) -> KeyExpression {
    match path {
        [name] => key_expression::field(name).into(),
        [name, rest @ ..] => key_expression::field(name).nest(column_of(rest)),
        [] => key_expression::empty(),
    }
}

/// The names of a field's path.
fn path(expression: &Expr) -> Result<Vec<String>> {
    let idents: &[Ident] = match expression {
        Expr::Identifier(ident) => std::slice::from_ref(ident),
        Expr::CompoundIdentifier(idents) => idents,
        Expr::Nested(inner) => return path(inner),
        _ => return Err(unsupported(expression, "a field must stand here")),
    };
    match idents.iter().find(|ident| ident.value.contains('.')) {
        Some(ident) => {
            Err(unsupported(expression, "no field has a dot in its name: leave out the quotes").with("field", ident))
        }
        None => Ok(idents.iter().map(|ident| ident.value.clone()).collect()),
    }
}

/// The function's name in lower case.
pub(super) fn function_name(expression: &Expr, function: &Function) -> Result<String> {
    match function.name.0.as_slice() {
        [ObjectNamePart::Identifier(name)] => Ok(name.value.to_ascii_lowercase()),
        _ => Err(unsupported(expression, "there is no function of this name").with("function", &function.name)),
    }
}

/// The function's arguments, if they are just that.
pub(super) fn arguments<'a>(expression: &Expr, function: &'a Function) -> Result<Vec<&'a Expr>> {
    let refuse =
        || unsupported(expression, "a function takes arguments and nothing else").with("function", &function.name);
    let plain = function.parameters == FunctionArguments::None
        && function.within_group.is_empty()
        && function.filter.is_none()
        && function.over.is_none()
        && function.null_treatment.is_none();
    let FunctionArguments::List(list) = &function.args else {
        return Err(refuse());
    };
    if !plain || list.duplicate_treatment.is_some() || !list.clauses.is_empty() {
        return Err(refuse());
    }
    let arguments = list.args.iter().map(|argument| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expression)) => Some(expression),
        _ => None,
    });
    arguments.collect::<Option<Vec<_>>>().ok_or_else(refuse)
}

fn number(digits: &str) -> Result<Element, &'static str> {
    if digits.contains(['.', 'e', 'E']) {
        return match digits.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(Element::Double(value)),
            _ => Err("the number is larger than any double"),
        };
    }
    match digits.parse::<i64>() {
        Ok(value) => Ok(Element::Int(value)),
        Err(_) => match digits.parse::<BigInt>() {
            Ok(value) => Ok(Element::from(value)),
            Err(_) => Err("the number is no integer that a key can hold"),
        },
    }
}

fn double(number: &Element) -> Option<f64> {
    match number {
        Element::Int(value) => Some(*value as f64),
        Element::Double(value) => Some(*value),
        _ => None,
    }
}

fn bytes(digits: &str) -> Result<Vec<u8>, &'static str> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let bytes: Option<Vec<u8>> = digits
        .as_bytes()
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
            _ => None,
        })
        .collect();
    bytes.ok_or("bytes are written as two hexadecimal digits each")
}
