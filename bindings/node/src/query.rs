//! Queries: from what `node/lib/query.js` packs to the core's.

use record_store::{RecordSpace, Result, SpaceQuery};

use crate::filter::{read_filters, read_texts};
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
    if let Some(columns) = optional(&mut reader)? {
        query = query.order_by(columns);
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
    if let Some(indexes) = optional(&mut reader)? {
        query = query.allowed_indexes(indexes);
    }
    Ok(query)
}

fn optional(reader: &mut Reader<'_>) -> Result<Option<Vec<String>>> {
    match reader.next()? {
        Token::Bool(true) => read_texts(reader).map(Some),
        _ => Ok(None),
    }
}

fn number(reader: &mut Reader<'_>) -> Result<Option<usize>> {
    Ok(match reader.next()? {
        // The package lets through integers from 0 alone.
        Token::Number(number) => Some(number as usize),
        _ => None,
    })
}
