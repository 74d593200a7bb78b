//! Records and their keys: from packed JavaScript values to the core's and back.

use record_store::kv::tuple::Element;
use record_store::{Error, ErrorKind, Record, RecordKey, RecordMetaData, Result, StoredRecord, Tuple};

use crate::packed::{Reader, Token, Writer};
use crate::value;

/// The core's records for a list of them; each is its type, or null where the space says it, and an object.
///
/// **Errors**: `InvalidRecord` for fields that do not fit; `InvalidArgument` for a record whose type must be told.
pub(crate) fn to_records(packed: &[u8], metadata: &RecordMetaData) -> Result<Vec<Record>> {
    let mut reader = Reader::new(packed);
    let mut records = Vec::new();
    let Token::List(count) = reader.next()? else {
        return Ok(records);
    };
    for _ in 0..count {
        let record_type = match reader.next()? {
            Token::Text(name) => metadata.record_type(name)?,
            _ => metadata.only_record_type()?,
        };
        let message = value::to_message(record_type.descriptor(), &mut reader)?;
        records.push(Record::from_dynamic(&message));
    }
    Ok(records)
}

/// Writes a record as an object.
pub(crate) fn write_record(writer: &mut Writer, stored: &StoredRecord) -> Result<()> {
    value::write_message(writer, &stored.to_dynamic()?);
    Ok(())
}

/// Writes what saving a record gives back: its type, its primary key, its version.
pub(crate) fn write_saved(writer: &mut Writer, saved: &StoredRecord) {
    writer.list(3);
    writer.text(saved.record_type());
    write_primary_key(writer, saved.primary_key());
    match saved.version() {
        Some(version) => writer.version(version),
        None => writer.null(),
    }
}

/// The key of a record or an entry: a column, a list of columns, or a whole primary key as it came from a space.
pub(crate) fn to_key(packed: &[u8], record_type: Option<String>) -> Result<RecordKey> {
    let mut reader = Reader::new(packed);
    let columns = match reader.next()? {
        Token::PrimaryKey(count) => return Ok(RecordKey::primary_key(read_columns(&mut reader, count)?)),
        first => columns_from(first, &mut reader)?,
    };
    Ok(match record_type {
        None => RecordKey::from(columns),
        Some(record_type) => RecordKey::of(record_type, columns),
    })
}

/// The bound of a scan that is read next, if there is one: a column or a list of columns.
pub(crate) fn read_bound(reader: &mut Reader<'_>) -> Result<Option<RecordKey>> {
    let first = reader.next()?;
    match first {
        Token::Null => Ok(None),
        first => columns_from(first, reader).map(|columns| Some(RecordKey::from(columns))),
    }
}

/// The columns that are read next: one, or a list of them.
pub(crate) fn read_tuple(reader: &mut Reader<'_>) -> Result<Tuple> {
    let first = reader.next()?;
    columns_from(first, reader)
}

fn columns_from(first: Token<'_>, rest: &mut Reader<'_>) -> Result<Tuple> {
    match first {
        Token::PrimaryKey(count) | Token::List(count) => read_columns(rest, count),
        column => Ok(Tuple::from(vec![element(column)?])),
    }
}

/// So many columns, which are read next.
pub(crate) fn read_columns(reader: &mut Reader<'_>, count: usize) -> Result<Tuple> {
    (0..count).map(|_| element(reader.next()?)).collect()
}

/// A column of a key, or a value to compare with.
pub(crate) fn element(column: Token<'_>) -> Result<Element> {
    Ok(match column {
        Token::Null => Element::Null,
        Token::Bool(value) => Element::Bool(value),
        Token::Number(value) => match value::integer(column).and_then(|value| value.try_into().ok()) {
            Some(integer) => Element::Int(integer),
            None => Element::Double(value),
        },
        Token::Int(value) => Element::Int(value),
        Token::Text(value) => Element::String(value.to_owned()),
        Token::Bytes(value) => Element::Bytes(value.to_vec().into()),
        Token::Version(version) => Element::Versionstamp(version.into()),
        Token::Uuid(value) => Element::Uuid(value),
        Token::Uint(_) => return Err(refused("a key's bigint has 64 bits and a sign", column)),
        _ => {
            return Err(refused(
                "a column of a key, or a value to compare with, is null, a boolean, number, bigint, string, Uint8Array, Uuid or RecordVersion",
                column,
            ));
        }
    })
}

fn refused(message: &'static str, column: Token<'_>) -> Error {
    Error::new(ErrorKind::InvalidArgument, message)
        .with("given", column.shown())
        .with("type", column.type_name())
}

/// Writes the columns of a tuple as a list.
pub(crate) fn write_tuple(writer: &mut Writer, tuple: &Tuple) {
    writer.list(tuple.len());
    tuple.iter().for_each(|column| write_element(writer, column));
}

/// Writes a whole primary key.
pub(crate) fn write_primary_key(writer: &mut Writer, key: &Tuple) {
    writer.primary_key(key.len());
    key.iter().for_each(|column| write_element(writer, column));
}

fn write_element(writer: &mut Writer, element: &Element) {
    match element {
        Element::Null => writer.null(),
        Element::Bytes(value) => writer.bytes(value),
        Element::String(value) => writer.text(value),
        Element::Tuple(value) => write_tuple(writer, value),
        Element::Int(value) => writer.int(*value),
        Element::BigInt(value) => writer.big_int(value),
        Element::Float(value) => writer.number((*value).into()),
        Element::Double(value) => writer.number(*value),
        Element::Bool(value) => writer.bool(*value),
        Element::Uuid(value) => writer.uuid(value),
        Element::Versionstamp(stamp) => writer.version((*stamp).into()),
    }
}
