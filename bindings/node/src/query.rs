//! Queries: from what `node/lib/query.js` packs to the core's.

use record_store::{RecordSpace, Result, SpaceQuery};

use crate::filter::{read_filters, read_texts};
use crate::key_expression::read_key;
use crate::packed::{Reader, Token};

/// The query that was packed: types, filters, the columns of its order and whether it is reversed, the most results, how many
/// to leave out, and the indexes that may answer; null for what was not said.
pub(crate) fn to_query(space: &RecordSpace, packed: &[u8]) -> Result<SpaceQuery> {
    let mut reader = Reader::new(packed);
    let mut query = space.query("");
    for record_type in read_texts(&mut reader)? {
        query = query.record_type(record_type);
    }
    for filter in read_filters(&mut reader)? {
        query = query.filter(filter);
    }
    if reader.next()? == Token::Bool(true) {
        query = query.order_by(read_key(&mut reader)?);
    }
    if reader.next()? == Token::Bool(true) {
        query = query.reverse();
    }
    if let Some(limit) = number(&mut reader)? {
        query = query.limit(limit);
    }
    if let Some(skip) = number(&mut reader)? {
        query = query.skip(skip);
    }
    if reader.next()? == Token::Bool(true) {
        query = query.allowed_indexes(read_texts(&mut reader)?);
    }
    Ok(query)
}

fn number(reader: &mut Reader<'_>) -> Result<Option<usize>> {
    Ok(match reader.next()? {
        // The package lets through integers from 0 alone.
        Token::Number(number) => Some(number as usize),
        _ => None,
    })
}
