//! Columns of which some are dimensions of space. Java: `DimensionsKeyExpression`.

use std::fmt;

use prost_reflect::{FieldDescriptor, Kind as FieldKind, MessageDescriptor};

use super::{KeyExpression, Kind, count_from_proto, count_to_proto, part};
use crate::proto;
use crate::{Error, ErrorKind, Result};

/// The columns of a multidimensional index: a prefix, the dimensions, a suffix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dimensions {
    whole_key: Box<KeyExpression>,
    prefix_size: usize,
    dimensions_size: usize,
}

impl Dimensions {
    /// The columns of `whole_key`, of which `dimensions_size` after the first `prefix_size` are dimensions.
    pub fn new(whole_key: KeyExpression, prefix_size: usize, dimensions_size: usize) -> Self {
        Dimensions {
            whole_key: Box::new(part(whole_key)),
            prefix_size,
            dimensions_size,
        }
    }

    /// All columns.
    pub fn whole_key(&self) -> &KeyExpression {
        &self.whole_key
    }

    /// How many columns stand before the dimensions.
    pub fn prefix_size(&self) -> usize {
        self.prefix_size
    }

    /// How many columns are dimensions.
    pub fn dimensions_size(&self) -> usize {
        self.dimensions_size
    }

    fn dimensions_end(&self) -> usize {
        self.prefix_size.saturating_add(self.dimensions_size)
    }

    pub(super) fn from_proto(dimensions: &proto::Dimensions) -> Result<Self> {
        let prefix_size = count_from_proto("prefix_size", dimensions.prefix_size())?;
        let dimensions_size = count_from_proto("dimensions_size", dimensions.dimensions_size())?;
        let whole_key = KeyExpression::from_proto(&dimensions.whole_key)?;
        Ok(Dimensions::new(whole_key, prefix_size, dimensions_size))
    }
}

impl Kind for Dimensions {
    fn column_count(&self) -> usize {
        self.whole_key.column_count()
    }

    fn children(&self) -> Vec<&KeyExpression> {
        vec![&self.whole_key]
    }

    fn validate(&self, message: &MessageDescriptor) -> Result<Vec<FieldDescriptor>> {
        if self.dimensions_end() > self.column_count() {
            return Err(Error::new(
                ErrorKind::InvalidExpression,
                "prefix and dimensions are more columns than the whole",
            )
            .with("expression", self));
        }
        let fields = self.whole_key.validate(message)?;
        for column in self.prefix_size..self.dimensions_end() {
            match fields.get(column) {
                Some(field) if field.kind() == FieldKind::Int64 => {}
                _ => {
                    return Err(Error::new(
                        ErrorKind::InvalidExpression,
                        "a dimension must be a field of type int64",
                    )
                    .with("expression", self)
                    .with("column", column));
                }
            }
        }
        Ok(fields)
    }

    fn normalized_columns(&self) -> Vec<KeyExpression> {
        self.whole_key.normalized_columns()
    }

    fn sub_key(&self, start: usize, end: usize) -> Result<KeyExpression> {
        self.whole_key.sub_key(start, end)
    }

    fn to_proto(&self) -> proto::KeyExpression {
        proto::KeyExpression {
            dimensions: Some(Box::new(proto::Dimensions {
                whole_key: Box::new(self.whole_key.to_proto()),
                prefix_size: Some(count_to_proto(self.prefix_size)),
                dimensions_size: Some(count_to_proto(self.dimensions_size)),
            })),
            ..Default::default()
        }
    }
}

impl fmt::Display for Dimensions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} dimensions({}, {}",
            self.whole_key, self.prefix_size, self.dimensions_size
        )?;
        match self.column_count().saturating_sub(self.dimensions_end()) {
            0 => f.write_str(")"),
            rest => write!(f, ", {rest})"),
        }
    }
}
