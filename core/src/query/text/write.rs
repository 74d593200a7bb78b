//! Writes a filter as the text that reads as the same filter.

use std::fmt::{self, Display, Formatter};

use record_store_kv::tuple::Element;

use super::names::{self, quoted};
use crate::key_expression::{FanType, KeyExpression, Literal, NullStandin};
use crate::query::{Comparison, ComparisonKind, Operand, QueryComponent};

impl Display for QueryComponent {
    /// The text that [`QueryComponent::parse`] reads, on one line.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            QueryComponent::And(children) => list(children, " AND ", "TRUE", f),
            QueryComponent::Or(children) => list(children, " OR ", "FALSE", f),
            QueryComponent::Not(child) => {
                f.write_str("NOT ")?;
                member(child, false, f)
            }
            component => within(&mut Vec::new(), component, f),
        }
    }
}

fn list(children: &[QueryComponent], separator: &str, of_none: &str, f: &mut Formatter<'_>) -> fmt::Result {
    if children.is_empty() {
        return f.write_str(of_none);
    }
    for (index, child) in children.iter().enumerate() {
        if index > 0 {
            f.write_str(separator)?;
        }
        member(child, separator == " OR ", f)?;
    }
    Ok(())
}

/// A part of a larger filter, in parentheses where its operators would bind less than those around it.
fn member(child: &QueryComponent, in_or: bool, f: &mut Formatter<'_>) -> fmt::Result {
    let apart = match child {
        QueryComponent::And(children) => children.len() > 1 && !in_or,
        QueryComponent::Or(children) => children.len() > 1,
        _ => false,
    };
    match apart {
        true => write!(f, "({child})"),
        false => child.fmt(f),
    }
}

/// A component that asks of one thing, within the messages in the fields of `path`.
fn within<'a>(path: &mut Vec<&'a str>, component: &'a QueryComponent, f: &mut Formatter<'_>) -> fmt::Result {
    match component {
        QueryComponent::Nested { name, child } => {
            path.push(name);
            match &**child {
                QueryComponent::Field { .. }
                | QueryComponent::OneOfThem { .. }
                | QueryComponent::Nested { .. }
                | QueryComponent::OneOfThemNested { .. } => within(path, child, f),
                child => write!(f, "{}({}, {child})", names::MATCHES, Path(path)),
            }
        }
        QueryComponent::OneOfThemNested { name, child } => {
            path.push(name);
            write!(f, "{}({}, {child})", names::ANY, Path(path))
        }
        QueryComponent::Field { name, comparison } => {
            path.push(name);
            compare(&Path(path), comparison, f)
        }
        QueryComponent::OneOfThem { name, comparison } => {
            path.push(name);
            compare(&format_args!("{}({})", names::ANY, Path(path)), comparison, f)
        }
        QueryComponent::RecordType(name) => write!(f, "{}() = {}", names::RECORD_TYPE, Text(name)),
        QueryComponent::Version(comparison) => compare(&format_args!("{}()", names::RECORD_VERSION), comparison, f),
        QueryComponent::KeyExpression { expression, comparison } => compare(&Column(expression), comparison, f),
        list => list.fmt(f),
    }
}

fn compare(left: &dyn Display, comparison: &Comparison, f: &mut Formatter<'_>) -> fmt::Result {
    let operator = match comparison.kind() {
        ComparisonKind::Equals => "=",
        ComparisonKind::NotEquals => "<>",
        ComparisonKind::LessThan => "<",
        ComparisonKind::LessThanOrEquals => "<=",
        ComparisonKind::GreaterThan => ">",
        ComparisonKind::GreaterThanOrEquals => ">=",
        ComparisonKind::StartsWith => {
            return write!(f, "{}({left}, {})", names::STARTS_WITH, comparison.operand());
        }
        ComparisonKind::In => {
            return match comparison.operand() {
                Operand::Parameter(name) => write!(f, "{left} = ANY({name})"),
                operand => write!(f, "{left} IN {operand}"),
            };
        }
        ComparisonKind::IsNull => return write!(f, "{left} IS NULL"),
        ComparisonKind::NotNull => return write!(f, "{left} IS NOT NULL"),
        ComparisonKind::IsEmpty => return write!(f, "{}({left})", names::IS_EMPTY),
        ComparisonKind::NotEmpty => return write!(f, "{}({left})", names::IS_NOT_EMPTY),
        ComparisonKind::Like => "LIKE",
    };
    write!(f, "{left} {operator} {}", comparison.operand())
}

impl Display for Operand {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Operand::None => Ok(()),
            Operand::Value(element) => Value(element).fmt(f),
            Operand::List(elements) => values(elements, f),
            Operand::Parameter(name) => name.fmt(f),
            Operand::Pattern { pattern, escape } => {
                Text(pattern).fmt(f)?;
                match escape {
                    Some(escape) => write!(f, " ESCAPE {}", Text(escape.encode_utf8(&mut [0; 4]))),
                    None => Ok(()),
                }
            }
        }
    }
}

fn values(elements: &[Element], f: &mut Formatter<'_>) -> fmt::Result {
    f.write_str("(")?;
    for (index, element) in elements.iter().enumerate() {
        if index > 0 {
            f.write_str(", ")?;
        }
        Value(element).fmt(f)?;
    }
    f.write_str(")")
}

/// Names with dots between.
struct Path<'a>(&'a [&'a str]);

impl Display for Path<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (index, name) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(".")?;
            }
            f.write_str(&quoted(name))?;
        }
        Ok(())
    }
}

/// A text in quotes.
struct Text<'a>(&'a str);

impl Display for Text<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "'{}'", self.0.replace('\'', "''"))
    }
}

/// Bytes as a hexadecimal literal.
struct Hex<'a>(&'a [u8]);

impl Display for Hex<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("X'")?;
        for byte in self.0 {
            write!(f, "{byte:02X}")?;
        }
        f.write_str("'")
    }
}

/// A value.
struct Value<'a>(&'a Element);

impl Display for Value<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Element::Null => f.write_str("NULL"),
            Element::Bool(true) => f.write_str("TRUE"),
            Element::Bool(false) => f.write_str("FALSE"),
            Element::Int(value) => value.fmt(f),
            Element::BigInt(value) => value.fmt(f),
            Element::Double(value) if value.is_finite() => write!(f, "{value:?}"),
            Element::Double(value) => write!(f, "{}('{value}')", names::DOUBLE),
            Element::Float(value) if value.is_finite() => write!(f, "{}({value:?})", names::FLOAT),
            Element::Float(value) => write!(f, "{}('{value}')", names::FLOAT),
            Element::String(value) => Text(value).fmt(f),
            Element::Bytes(value) => Hex(value).fmt(f),
            Element::Uuid(value) => write!(f, "{}('{value}')", names::UUID),
            Element::Versionstamp(value) => write!(f, "{}({})", names::VERSIONSTAMP, Hex(value.as_bytes())),
            Element::Tuple(elements) => values(elements, f),
        }
    }
}

/// A key expression: a function's call where all its arguments can be written, else its message.
struct Column<'a>(&'a KeyExpression);

impl Display for Column<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match call(self.0) {
            Some(call) => f.write_str(&call),
            None => {
                let message = prost::Message::encode_to_vec(&self.0.to_proto());
                write!(f, "{}({})", names::KEY_EXPRESSION, Hex(&message))
            }
        }
    }
}

fn call(expression: &KeyExpression) -> Option<String> {
    let KeyExpression::Function(function) = expression else {
        return None;
    };
    let arguments = match function.arguments() {
        KeyExpression::Then(then) => then.children(),
        argument => std::slice::from_ref(argument),
    };
    let arguments: Option<Vec<String>> = arguments.iter().map(argument).collect();
    Some(format!("{}({})", function.name(), arguments?.join(", ")))
}

fn argument(expression: &KeyExpression) -> Option<String> {
    Some(match expression {
        KeyExpression::Literal(Literal::Long(value)) => Value(&Element::Int(*value)).to_string(),
        KeyExpression::Literal(Literal::Int(value)) => format!("{}({value})", names::INT),
        KeyExpression::Literal(Literal::Bool(value)) => Value(&Element::Bool(*value)).to_string(),
        KeyExpression::Literal(Literal::Double(value)) if value.is_finite() => {
            Value(&Element::Double(*value)).to_string()
        }
        KeyExpression::Literal(Literal::String(value)) => Text(value).to_string(),
        KeyExpression::Function(_) => call(expression)?,
        column => {
            let mut path = Vec::new();
            column_path(column, &mut path)?;
            Path(&path).to_string()
        }
    })
}

/// The names that lead to a column that is just a field.
fn column_path<'a>(expression: &'a KeyExpression, path: &mut Vec<&'a str>) -> Option<()> {
    let (field, child) = match expression {
        KeyExpression::Field(field) => (field, None),
        KeyExpression::Nest(nest) => (nest.parent(), Some(nest.child())),
        _ => return None,
    };
    let plain = field.fan_type() == FanType::None && field.null_standin() == NullStandin::default();
    path.push(plain.then_some(field.name())?);
    match child {
        Some(child) => column_path(child, path),
        None => Some(()),
    }
}
