//! A registered function of columns. Java: `FunctionKeyExpression`.
//!
//! A family of functions has a file and a line in [`Family::of`]. Programs in Java can register functions of their own; here an
//! unknown name is an error.

mod arithmetic;
mod cardinality;
mod collate;
mod order;

use std::fmt;
use std::ops::RangeInclusive;

use prost_reflect::{FieldDescriptor, MessageDescriptor};

use super::compiled::{Input, Node, Rows};
use super::{KeyExpression, Kind, part};
use crate::proto;
use crate::{Error, ErrorKind, Result};

use arithmetic::Arithmetic;
use cardinality::Count;
pub use order::TupleOrdering;

/// A function of the columns of its arguments, in one column.
#[derive(Clone, Debug)]
pub struct Function {
    name: String,
    arguments: Box<KeyExpression>,
    family: Family,
}

/// What a name stands for.
#[derive(Clone, Copy, Debug)]
enum Family {
    Order(TupleOrdering),
    Arithmetic(&'static Arithmetic),
    Cardinality,
    Collate,
}

impl Family {
    fn of(name: &str) -> Option<Self> {
        order::named(name)
            .map(Family::Order)
            .or_else(|| arithmetic::named(name).map(Family::Arithmetic))
            .or_else(|| (name == cardinality::NAME).then_some(Family::Cardinality))
            .or_else(|| collate::NAMES.contains(&name).then_some(Family::Collate))
    }

    fn argument_counts(self) -> RangeInclusive<usize> {
        match self {
            Family::Order(_) | Family::Cardinality => 1..=1,
            Family::Arithmetic(arithmetic) => arithmetic.argument_counts(),
            Family::Collate => 1..=3,
        }
    }
}

impl Function {
    /// The function `name` of the columns of `arguments`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidExpression`] if there is no such function or it takes another number of columns.
    pub fn new(name: &str, arguments: KeyExpression) -> Result<Self> {
        let refuse = |reason| Error::new(ErrorKind::InvalidExpression, reason).with("function", name);
        let family = Family::of(name).ok_or_else(|| refuse("there is no function of this name"))?;
        let counts = family.argument_counts();
        if !counts.contains(&arguments.column_count()) {
            return Err(refuse("the function takes another number of columns")
                .with("columns", arguments.column_count())
                .with("takes", format_args!("{} to {}", counts.start(), counts.end())));
        }
        Ok(Function {
            name: name.to_owned(),
            arguments: Box::new(part(arguments)),
            family,
        })
    }

    /// The function's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The expression whose columns the function takes.
    pub fn arguments(&self) -> &KeyExpression {
        &self.arguments
    }

    /// The order of an `order_*` function, to encode a value that its column is compared with.
    pub fn ordering(&self) -> Option<TupleOrdering> {
        match self.family {
            Family::Order(ordering) => Some(ordering),
            _ => None,
        }
    }

    pub(super) fn from_proto(function: &proto::Function) -> Result<Self> {
        let arguments = KeyExpression::from_proto(&function.arguments)?;
        Function::new(&function.name, arguments).map_err(|error| {
            Error::new(
                ErrorKind::MetaData,
                "a key expression calls a function that cannot be had here",
            )
            .with("function", &function.name)
            .caused_by(error)
        })
    }
}

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.arguments == other.arguments
    }
}

impl Eq for Function {}

impl Kind for Function {
    fn column_count(&self) -> usize {
        1
    }

    fn children(&self) -> Vec<&KeyExpression> {
        vec![&self.arguments]
    }

    fn creates_duplicates(&self) -> bool {
        !matches!(self.family, Family::Cardinality) && self.arguments.creates_duplicates()
    }

    fn validate(&self, message: &MessageDescriptor) -> Result<Vec<FieldDescriptor>> {
        if matches!(self.family, Family::Cardinality) && self.arguments.creates_duplicates() {
            return Err(Error::new(
                ErrorKind::InvalidExpression,
                "the argument of cardinality must be one value: concatenate the field instead of fanning it out",
            )
            .with("expression", self));
        }
        self.arguments.validate(message)
    }

    fn normalized_columns(&self) -> Vec<KeyExpression> {
        vec![self.clone().into()]
    }

    fn to_proto(&self) -> proto::KeyExpression {
        proto::KeyExpression {
            function: Some(Box::new(proto::Function {
                name: self.name.clone(),
                arguments: Box::new(self.arguments.to_proto()),
            })),
            ..Default::default()
        }
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", self.name, self.arguments)
    }
}

/// A function, compiled.
#[derive(Clone, Debug)]
pub(super) struct FunctionNode {
    arguments: Node,
    call: Call,
}

#[derive(Clone, Debug)]
enum Call {
    Order(TupleOrdering),
    Arithmetic(&'static Arithmetic),
    Cardinality(Count),
}

impl FunctionNode {
    pub(super) fn compile(function: &Function, message: Option<&MessageDescriptor>) -> Result<Self> {
        let call = match function.family {
            Family::Order(ordering) => Call::Order(ordering),
            Family::Arithmetic(arithmetic) => Call::Arithmetic(arithmetic),
            Family::Cardinality => Call::Cardinality(Count::compile(&function.arguments, message)),
            Family::Collate => return Err(collate::unsupported(&function.name)),
        };
        Ok(FunctionNode {
            arguments: Node::compile(&function.arguments, message)?,
            call,
        })
    }

    /// Appends a row for each row of the arguments.
    pub(super) fn rows(&self, input: Input<'_>, rows: &mut Rows) -> Result<()> {
        if let (Call::Cardinality(count), Some(message)) = (&self.call, input.message())
            && count.row(message, rows)?
        {
            return Ok(());
        }
        rows.combine(|rows, arguments| {
            self.arguments.rows(input, arguments)?;
            for row in arguments.iter() {
                match &self.call {
                    Call::Order(ordering) => order::write(*ordering, row, rows)?,
                    Call::Arithmetic(arithmetic) => arithmetic.write(row, rows)?,
                    Call::Cardinality(_) => cardinality::write(row, rows)?,
                }
                rows.end_row()?;
            }
            Ok(())
        })
    }
}
