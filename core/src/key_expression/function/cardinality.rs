//! `cardinality`: how many elements a repeated field has. Java: `CardinalityFunctionKeyExpression` (since 4.2).

pub(super) const NAME: &str = "cardinality";
