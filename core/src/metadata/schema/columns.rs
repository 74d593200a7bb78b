//! [`Columns`]: keys as a program writes them, by the names of fields, and their key expressions.

use prost_reflect::{FieldDescriptor, MessageDescriptor};

use crate::error::{Error, ErrorKind, Result};
use crate::key_expression::{DEPTH_MAX, Field, KeyExpression, concat, field};
use crate::metadata::names;

/// The columns of a key: the name of a field, of several, or a whole key expression. A dot leads into a message:
/// `address.city`. The elements of a repeated field are indexed one by one.
///
/// ```
/// use record_store::key_expression::field;
/// use record_store::metadata::Columns;
/// let one = Columns::from("address.city");
/// let two = Columns::from(["last_name", "first_name"]);
/// let whole = Columns::from(field("tags").concatenate());
/// assert!(one != two && two != whole);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Columns(Kind);

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Paths(Vec<String>),
    Expression(KeyExpression),
}

impl Columns {
    /// The names of the fields; none where a program wrote a key expression.
    pub(crate) fn paths(&self) -> Option<&[String]> {
        match &self.0 {
            Kind::Paths(paths) => Some(paths),
            Kind::Expression(_) => None,
        }
    }

    /// The key expression over records of this message.
    ///
    /// **Errors**: those of [`resolve`](Columns::resolve).
    pub(crate) fn to_expression(&self, message: &MessageDescriptor) -> Result<KeyExpression> {
        self.resolve(message).map(|(expression, _)| expression)
    }

    /// The key expression over records of this message, and whether a program wrote it itself.
    ///
    /// **Errors**: `InvalidExpression` for an unknown field, with the name that was probably meant.
    pub(super) fn resolve(&self, message: &MessageDescriptor) -> Result<(KeyExpression, Written)> {
        match &self.0 {
            Kind::Expression(expression) => Ok((expression.clone(), Written::AsExpression)),
            Kind::Paths(paths) => {
                let columns = paths
                    .iter()
                    .map(|path| shallow(path).and_then(|path| column(path, message)))
                    .collect::<Result<Vec<_>>>()?;
                Ok((concat(columns), Written::AsNames))
            }
        }
    }
}

/// How a key was written down.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Written {
    AsNames,
    AsExpression,
}

/// The path, unless it is deeper than a key expression may be.
fn shallow(path: &str) -> Result<&str> {
    if path.split('.').count() > DEPTH_MAX {
        return Err(Error::new(
            ErrorKind::InvalidExpression,
            "the path of a column is too deep to be stored",
        )
        .with("limit", DEPTH_MAX));
    }
    Ok(path)
}

fn column(path: &str, message: &MessageDescriptor) -> Result<KeyExpression> {
    match path.split_once('.') {
        None => Ok(fanned(&find(path, message)?).into()),
        Some((first, rest)) => {
            let parent = find(first, message)?;
            let Some(inner) = parent.kind().as_message().cloned() else {
                return Err(Error::new(
                    ErrorKind::InvalidExpression,
                    "a dot leads into a field that is no message",
                )
                .with("field", parent.full_name())
                .with("column", path));
            };
            Ok(fanned(&parent).nest(column(rest, &inner)?))
        }
    }
}

fn find(name: &str, message: &MessageDescriptor) -> Result<FieldDescriptor> {
    message.get_field_by_name(name).ok_or_else(|| {
        let error = Error::new(ErrorKind::InvalidExpression, "the message has no such field");
        let fields: Vec<FieldDescriptor> = message.fields().collect();
        names::unknown(error, "field", name, fields.iter().map(FieldDescriptor::name))
            .with("message", message.full_name())
    })
}

fn fanned(descriptor: &FieldDescriptor) -> Field {
    let column = field(descriptor.name());
    if descriptor.is_list() || descriptor.is_map() {
        column.fan_out()
    } else {
        column
    }
}

impl From<&str> for Columns {
    fn from(path: &str) -> Self {
        Columns(Kind::Paths(vec![path.to_owned()]))
    }
}

impl From<String> for Columns {
    fn from(path: String) -> Self {
        Columns(Kind::Paths(vec![path]))
    }
}

impl<S: Into<String>> From<Vec<S>> for Columns {
    fn from(paths: Vec<S>) -> Self {
        Columns(Kind::Paths(paths.into_iter().map(Into::into).collect()))
    }
}

impl<S: Into<String>, const N: usize> From<[S; N]> for Columns {
    fn from(paths: [S; N]) -> Self {
        Vec::from(paths).into()
    }
}

impl From<KeyExpression> for Columns {
    fn from(expression: KeyExpression) -> Self {
        Columns(Kind::Expression(expression))
    }
}

impl From<Field> for Columns {
    fn from(field: Field) -> Self {
        KeyExpression::from(field).into()
    }
}
