//! Which columns of a primary key an index entry has already.

use super::KeyExpression;

/// For each column of the primary key, where it stands among the columns of the index; `None` for one that the index does not
/// have, and for all together if it has none. Entries leave out what they have already. Java:
/// `RecordMetaDataBuilder.buildPrimaryKeyComponentPositions`.
///
/// Java uses it for indexes on one stored record type only; others always append the whole primary key.
///
/// ```
/// use record_store::key_expression::{concat, field, primary_key_component_positions};
/// let index = concat((field("name"), field("id")));
/// let primary_key = concat((field("shop"), field("id")));
/// assert_eq!(primary_key_component_positions(&index, &primary_key), Some(vec![None, Some(1)]));
/// ```
pub fn primary_key_component_positions(
    index: &KeyExpression,
    primary_key: &KeyExpression,
) -> Option<Vec<Option<usize>>> {
    let index = index.normalized_columns();
    let place = |column| index.iter().position(|indexed| *indexed == column);
    let positions: Vec<Option<usize>> = primary_key.normalized_columns().into_iter().map(place).collect();
    positions.iter().any(Option::is_some).then_some(positions)
}
