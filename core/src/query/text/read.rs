//! [`Reader`]: from the tree of SQL to the tree of a filter.

use sqlparser::ast::{BinaryOperator, Expr, Function, InTarget, Spanned, UnaryOperator, Value};
use sqlparser::tokenizer::Location;

use super::operand::{Asked, Side, arguments, function_name};
use super::{at, names};
use crate::query::component::LikePattern;
use crate::query::{Comparison, ComparisonKind, Operand, QueryComponent, field};
use crate::{Error, Result};

pub(super) struct Reader {
    /// Where the parameters without a name or a number stand, in order.
    pub(super) placeholders: Vec<Location>,
}

impl Reader {
    pub(super) fn new(placeholders: Vec<Location>) -> Self {
        Reader { placeholders }
    }

    /// A condition.
    pub(super) fn component(&self, expression: &Expr) -> Result<QueryComponent> {
        match expression {
            Expr::Nested(inner) => self.component(inner),
            Expr::UnaryOp {
                op: UnaryOperator::Not,
                expr,
            } => Ok(!self.component(expr)?),
            Expr::BinaryOp { op, .. } if *op == BinaryOperator::And => {
                Ok(QueryComponent::and(self.chain(expression, &BinaryOperator::And)?))
            }
            Expr::BinaryOp { op, .. } if *op == BinaryOperator::Or => {
                Ok(QueryComponent::or(self.chain(expression, &BinaryOperator::Or)?))
            }
            Expr::BinaryOp { left, op, right } => match kind(op) {
                Some(kind) => self.compare(left, kind, right),
                None => Err(
                    unsupported(expression, "an operator compares nothing: use =, <>, <, <=, > or >=")
                        .with("operator", op),
                ),
            },
            Expr::AnyOp {
                left,
                compare_op,
                right,
                ..
            } => match kind(compare_op) {
                Some(kind) => self.compare_any(left, kind, right),
                None => Err(unsupported(expression, "ANY goes with =, <>, <, <=, > or >=")),
            },
            Expr::IsNull(asked) => self.asked(asked)?.unary(ComparisonKind::IsNull),
            Expr::IsNotNull(asked) => self.asked(asked)?.unary(ComparisonKind::NotNull),
            Expr::In {
                expr,
                target: InTarget::List(items),
                negated,
                ..
            } => Ok(negate(*negated, self.one_of(expr, items)?)),
            Expr::Between {
                expr,
                negated,
                low,
                high,
            } => {
                let from = self.compare(expr, ComparisonKind::GreaterThanOrEquals, low)?;
                let to = self.compare(expr, ComparisonKind::LessThanOrEquals, high)?;
                Ok(negate(*negated, from & to))
            }
            Expr::Like {
                negated,
                any: false,
                expr,
                pattern,
                escape_char,
            } => Ok(negate(*negated, self.like(expr, pattern, escape_char.as_deref())?)),
            Expr::Value(value) => match value.value {
                Value::Boolean(true) => Ok(QueryComponent::and([])),
                Value::Boolean(false) => Ok(QueryComponent::or([])),
                _ => Err(unsupported(
                    expression,
                    "a value alone is no condition: compare a field with it",
                )),
            },
            Expr::Identifier(_) | Expr::CompoundIdentifier(_) => {
                let truth = Comparison::new(ComparisonKind::Equals, true);
                self.asked(expression)?.compare(truth)
            }
            Expr::Function(function) => self.call(expression, function),
            _ => Err(unsupported(expression, hint(expression))),
        }
    }

    /// The members of `a AND b AND c`, which SQL's tree holds in pairs, the first one deepest.
    fn chain(&self, expression: &Expr, operator: &BinaryOperator) -> Result<Vec<QueryComponent>> {
        let mut members = Vec::new();
        let mut rest = expression;
        while let Expr::BinaryOp { left, op, right } = rest {
            if op != operator {
                break;
            }
            members.push(&**right);
            rest = left;
        }
        members.push(rest);
        members.into_iter().rev().map(|member| self.component(member)).collect()
    }

    fn asked(&self, expression: &Expr) -> Result<Asked> {
        match self.side(expression)? {
            Side::Asked(asked) => Ok(asked),
            Side::Given(_) => Err(unsupported(expression, "a field must stand here, not a value")),
        }
    }

    fn given(&self, expression: &Expr) -> Result<Operand> {
        match self.side(expression)? {
            Side::Given(operand) => Ok(operand),
            Side::Asked(_) => Err(unsupported(
                expression,
                match expression {
                    Expr::Identifier(name) if name.quote_style == Some('"') => {
                        "a value must stand here, and names are what stands in double quotes: write texts in single ones"
                    }
                    _ => "a value must stand here: fields do not compare with fields",
                },
            )),
        }
    }

    fn compare(&self, left: &Expr, kind: ComparisonKind, right: &Expr) -> Result<QueryComponent> {
        match self.side(left)? {
            Side::Asked(asked) => asked.compare(Comparison::new(kind, self.given(right)?)),
            Side::Given(operand) => match self.side(right)? {
                Side::Asked(asked) => asked.compare(Comparison::new(turned(kind), operand)),
                Side::Given(_) => Err(unsupported(left, "a value is compared with a value: name a field")),
            },
        }
        .map_err(|error| locate(error, left))
    }

    /// `value = ANY(repeated)`, and `field = ANY(:list)`.
    fn compare_any(&self, left: &Expr, kind: ComparisonKind, right: &Expr) -> Result<QueryComponent> {
        match (self.side(left)?, self.side(right)?) {
            (Side::Given(operand), Side::Asked(Asked::Field(path))) => {
                Asked::OneOfThem(path).compare(Comparison::new(turned(kind), operand))
            }
            (Side::Asked(asked), Side::Given(Operand::Parameter(name))) if kind == ComparisonKind::Equals => {
                asked.compare(Comparison::new(ComparisonKind::In, name))
            }
            _ => Err(unsupported(
                left,
                "ANY compares a value with a repeated field, or equals a field to a parameter: 'x' = ANY(tags), city = ANY(:cities)",
            )),
        }
        .map_err(|error| locate(error, left))
    }

    fn one_of(&self, asked: &Expr, items: &[Expr]) -> Result<QueryComponent> {
        let asked_of = self.asked(asked)?;
        let (mut values, mut parameters) = (Vec::new(), Vec::new());
        for item in items {
            match self.given(item)? {
                Operand::Value(value) => values.push(value),
                parameter => parameters.push(parameter),
            }
        }
        let list = (!values.is_empty() || parameters.is_empty()).then(|| Comparison::one_of(values));
        let single = parameters
            .into_iter()
            .map(|name| Comparison::new(ComparisonKind::Equals, name));
        let members: Result<Vec<QueryComponent>> = list
            .into_iter()
            .chain(single)
            .map(|comparison| asked_of.clone().compare(comparison))
            .collect();
        Ok(QueryComponent::or(members.map_err(|error| locate(error, asked))?))
    }

    fn like(&self, asked: &Expr, pattern: &Expr, escape: Option<&Expr>) -> Result<QueryComponent> {
        let asked_of = self.asked(asked)?;
        let escape = escape.map(|escape| self.escape(escape)).transpose()?;
        let comparison = match (self.given(pattern)?, escape) {
            (Operand::Value(value), escape) => match value.as_str() {
                Some(text) => {
                    LikePattern::new(text, escape).map_err(|error| locate(error, pattern))?;
                    Comparison::like(text, escape)
                }
                None => return Err(unsupported(pattern, "LIKE takes a text")),
            },
            (parameter, None) => Comparison::new(ComparisonKind::Like, parameter),
            (_, Some(_)) => {
                return Err(unsupported(
                    pattern,
                    "a pattern that is a parameter has no escape character: give a text",
                ));
            }
        };
        asked_of.compare(comparison).map_err(|error| locate(error, asked))
    }

    fn escape(&self, expression: &Expr) -> Result<char> {
        let operand = self.given(expression)?;
        let text = match &operand {
            Operand::Value(value) => value.as_str().unwrap_or_default(),
            _ => "",
        };
        let mut characters = text.chars();
        match (characters.next(), characters.next()) {
            (Some(escape), None) => Ok(escape),
            _ => Err(unsupported(expression, "ESCAPE takes one character")),
        }
    }

    /// A function that is a condition.
    fn call(&self, expression: &Expr, function: &Function) -> Result<QueryComponent> {
        let name = function_name(expression, function)?;
        let arguments = arguments(expression, function)?;
        let path = |asked: &Expr| match self.asked(asked)? {
            Asked::Field(path) => Ok(path.join(".")),
            _ => Err(unsupported(asked, "a field must stand here")),
        };
        match (name.as_str(), arguments.as_slice()) {
            (names::STARTS_WITH, [asked, prefix]) => {
                let comparison = Comparison::new(ComparisonKind::StartsWith, self.given(prefix)?);
                self.asked(asked)?.compare(comparison)
            }
            (names::ANY, [repeated, condition]) => Ok(field(path(repeated)?).any(self.component(condition)?)),
            (names::MATCHES, [message, condition]) => Ok(field(path(message)?).matches(self.component(condition)?)),
            (names::IS_EMPTY, [repeated]) => Ok(field(path(repeated)?).is_empty()),
            (names::IS_NOT_EMPTY, [repeated]) => Ok(field(path(repeated)?).is_not_empty()),
            (names::STARTS_WITH | names::ANY | names::MATCHES | names::IS_EMPTY | names::IS_NOT_EMPTY, arguments) => {
                Err(unsupported(
                    expression,
                    "a function has another number of arguments: starts_with(name, 'P'), any(lines, count > 1), \
                 matches(address, city = 'Oslo'), is_empty(tags), is_not_empty(tags)",
                )
                .with("function", name)
                .with("arguments", arguments.len()))
            }
            _ => Err(
                unsupported(expression, "a function alone is no condition: compare it with a value")
                    .with("function", name),
            ),
        }
    }
}

fn negate(negated: bool, component: QueryComponent) -> QueryComponent {
    if negated { !component } else { component }
}

fn kind(operator: &BinaryOperator) -> Option<ComparisonKind> {
    Some(match operator {
        BinaryOperator::Eq => ComparisonKind::Equals,
        BinaryOperator::NotEq => ComparisonKind::NotEquals,
        BinaryOperator::Lt => ComparisonKind::LessThan,
        BinaryOperator::LtEq => ComparisonKind::LessThanOrEquals,
        BinaryOperator::Gt => ComparisonKind::GreaterThan,
        BinaryOperator::GtEq => ComparisonKind::GreaterThanOrEquals,
        _ => return None,
    })
}

/// The comparison with its sides changed.
fn turned(kind: ComparisonKind) -> ComparisonKind {
    match kind {
        ComparisonKind::LessThan => ComparisonKind::GreaterThan,
        ComparisonKind::LessThanOrEquals => ComparisonKind::GreaterThanOrEquals,
        ComparisonKind::GreaterThan => ComparisonKind::LessThan,
        ComparisonKind::GreaterThanOrEquals => ComparisonKind::LessThanOrEquals,
        kind => kind,
    }
}

/// What to write instead of something that SQL knows and filters do not.
fn hint(expression: &Expr) -> &'static str {
    match expression {
        Expr::IsTrue(_) | Expr::IsFalse(_) | Expr::IsNotTrue(_) | Expr::IsNotFalse(_) => {
            "IS TRUE and its like are not known: compare with = TRUE or = FALSE"
        }
        Expr::IsUnknown(_) | Expr::IsNotUnknown(_) => "IS UNKNOWN is not known: ask for IS NULL",
        Expr::IsDistinctFrom(..) | Expr::IsNotDistinctFrom(..) => "IS DISTINCT FROM is not known: use <> and IS NULL",
        Expr::ILike { .. } => "ILIKE is not known: LIKE tells letter cases apart",
        Expr::SimilarTo { .. } | Expr::RLike { .. } => "regular expressions are not known: use LIKE",
        Expr::Exists { .. } | Expr::Subquery(_) | Expr::In { .. } => {
            "subqueries are not known: of repeated messages ask any(lines, count > 1)"
        }
        Expr::Like { .. } => "LIKE ANY is not known: join several LIKE with OR",
        Expr::AllOp { .. } => "ALL is not known: negate any(...)",
        Expr::Case { .. } => "CASE is not known: use AND, OR and NOT",
        Expr::Cast { .. } => "casts are not known: values become what their field holds",
        _ => "this is no condition of a filter",
    }
}

/// An error about a part of the text.
pub(super) fn unsupported(expression: &Expr, message: &'static str) -> Error {
    at(start(expression), message)
}

/// Adds the place to an error that has none.
pub(super) fn locate(error: Error, expression: &Expr) -> Error {
    if error.fact("line").is_some() {
        return error;
    }
    let start = start(expression);
    error.with("line", start.line).with("column", start.column)
}

/// Where an expression begins. Chains of operators are as deep as they are long, which is too deep for the tree's own answer.
fn start(mut expression: &Expr) -> Location {
    loop {
        expression = match expression {
            Expr::BinaryOp { left: first, .. }
            | Expr::AnyOp { left: first, .. }
            | Expr::AllOp { left: first, .. }
            | Expr::In { expr: first, .. }
            | Expr::Between { expr: first, .. }
            | Expr::Like { expr: first, .. }
            | Expr::ILike { expr: first, .. }
            | Expr::SimilarTo { expr: first, .. }
            | Expr::RLike { expr: first, .. }
            | Expr::Cast { expr: first, .. }
            | Expr::Collate { expr: first, .. }
            | Expr::AtTimeZone { timestamp: first, .. }
            | Expr::UnaryOp { expr: first, .. }
            | Expr::CompoundFieldAccess { root: first, .. }
            | Expr::IsDistinctFrom(first, _)
            | Expr::IsNotDistinctFrom(first, _)
            | Expr::IsNormalized { expr: first, .. }
            | Expr::IsJson { expr: first, .. }
            | Expr::IsNull(first)
            | Expr::IsNotNull(first)
            | Expr::IsTrue(first)
            | Expr::IsNotTrue(first)
            | Expr::IsFalse(first)
            | Expr::IsNotFalse(first)
            | Expr::IsUnknown(first)
            | Expr::IsNotUnknown(first)
            | Expr::Nested(first) => first,
            expression => return expression.span().start,
        }
    }
}
