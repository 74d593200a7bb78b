//! [`PartialRecordEncoder`]: the bytes of what the entry of an index tells of its record, made of the entry's columns without a
//! message in between.

use std::sync::Arc;

use prost::encoding::{self, WireType};
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use record_store_kv::Bytes;
use record_store_kv::tuple::{Decoder, Element, Tuple};
use smallvec::SmallVec;

use crate::index::{EntryRow, IndexMaintainer};
use crate::query::plan::{EntryPart, PartialRecord};
use crate::{Error, ErrorKind, Result};

/// Encodes the known part of the records of one type.
pub(super) struct PartialRecordEncoder {
    message: Message,
    maintainer: Arc<dyn IndexMaintainer>,
    /// Room for primary keys and records.
    buffer: Vec<u8>,
}

/// The known fields of a message, in the order of their numbers.
struct Message(Vec<KnownField>);

struct KnownField {
    number: u32,
    kind: Kind,
    /// Whether the default value is written: that of a field without presence is not.
    writes_default: bool,
    from: From,
    descriptor: FieldDescriptor,
}

/// From what a field is known.
enum From {
    Column(EntryPart),
    Message(Message),
}

/// The packed columns of an entry.
struct Columns<'a> {
    key: SmallVec<[&'a [u8]; 8]>,
    value: SmallVec<[&'a [u8]; 8]>,
}

impl PartialRecordEncoder {
    pub(super) fn new(
        record: &PartialRecord,
        descriptor: &MessageDescriptor,
        maintainer: Arc<dyn IndexMaintainer>,
    ) -> Self {
        PartialRecordEncoder {
            message: Message::new(record, descriptor),
            maintainer,
            buffer: Vec::new(),
        }
    }

    /// The packed primary key of the record, and what is known of it.
    ///
    /// Errors: `Corrupt` for an entry whose columns do not fit the fields.
    pub(super) fn encode(&mut self, entry: &EntryRow) -> Result<(Bytes, Bytes)> {
        let columns = Columns {
            key: columns(entry.key()).map_err(|error| self.no_entry(entry, error))?,
            value: columns(entry.value()).map_err(|error| self.no_entry(entry, error))?,
        };
        self.buffer.clear();
        self.maintainer.extract_primary_key(entry.key(), &mut self.buffer)?;
        let primary_key = entry.part_of_key(&self.buffer);
        self.buffer.clear();
        self.message
            .encode(&columns, &mut self.buffer)
            .map_err(|error| self.locate(error, entry))?;
        Ok((primary_key, Bytes::copy_from_slice(&self.buffer)))
    }

    fn no_entry(&self, entry: &EntryRow, error: record_store_kv::Error) -> Error {
        let corrupt = Error::new(ErrorKind::Corrupt, "a key of the index is no entry of it").caused_by(error);
        self.locate(corrupt, entry)
    }

    fn locate(&self, error: Error, entry: &EntryRow) -> Error {
        let error = error.with("index", self.maintainer.index().name());
        match Tuple::unpack(entry.key()) {
            Ok(key) => error.with("entry", key),
            Err(_) => error.with("entry", entry.key().escape_ascii()),
        }
    }
}

/// Errors: `InvalidArgument` for bytes that are no tuple.
fn columns(packed: &[u8]) -> Result<SmallVec<[&[u8]; 8]>, record_store_kv::Error> {
    let mut decoder = Decoder::new(packed);
    let mut columns = SmallVec::new();
    while let Some(column) = decoder.skip_element()? {
        columns.push(column);
    }
    Ok(columns)
}

impl Message {
    fn new(record: &PartialRecord, message: &MessageDescriptor) -> Self {
        let mut known = Vec::new();
        let mut add = |name: &str, from: &dyn Fn(&Kind) -> Option<From>| {
            let Some(descriptor) = message.get_field_by_name(name) else {
                return;
            };
            let kind = descriptor.kind();
            known.extend(from(&kind).map(|from| KnownField {
                number: descriptor.number(),
                kind,
                writes_default: descriptor.supports_presence(),
                from,
                descriptor,
            }));
        };
        for (name, part) in record.fields() {
            add(name, &|_| Some(From::Column(part)));
        }
        for (name, inner) in record.messages() {
            add(name, &|kind| {
                let message = kind.as_message()?;
                Some(From::Message(Message::new(inner, message)))
            });
        }
        known.sort_by_key(|field| field.number);
        Message(known)
    }

    fn encode(&self, columns: &Columns<'_>, buffer: &mut Vec<u8>) -> Result<()> {
        for field in &self.0 {
            match &field.from {
                From::Column(part) => {
                    let packed = match part {
                        EntryPart::Key(at) => columns.key.get(*at),
                        EntryPart::Value(at) => columns.value.get(*at),
                    };
                    if let Some(packed) = packed {
                        field.encode(packed, buffer)?;
                    }
                }
                From::Message(inner) => {
                    let mut encoded = Vec::new();
                    inner.encode(columns, &mut encoded)?;
                    // A message of which all known fields are unset may be unset itself; both read alike.
                    if !encoded.is_empty() {
                        encoding::bytes::encode(field.number, &encoded, buffer);
                    }
                }
            }
        }
        Ok(())
    }
}

impl KnownField {
    /// Appends the field with the value of a packed column.
    fn encode(&self, packed: &[u8], buffer: &mut Vec<u8>) -> Result<()> {
        let misfit = || misfit(&self.descriptor);
        if let Kind::String = self.kind
            && let Some(text) = Decoder::new(packed).text().map_err(|error| misfit().caused_by(error))?
        {
            if self.writes_default || !text.is_empty() {
                encoding::encode_key(self.number, WireType::LengthDelimited, buffer);
                encoding::encode_varint(text.len() as u64, buffer);
                buffer.extend_from_slice(text.as_bytes());
            }
            return Ok(());
        }
        let column = Decoder::new(packed).next().transpose();
        match column.map_err(|error| misfit().caused_by(error))? {
            None | Some(Element::Null) => Ok(()),
            Some(column) => self.encode_element(column, buffer).ok_or_else(misfit),
        }
    }

    /// None for a value that the field cannot have.
    fn encode_element(&self, column: Element, buffer: &mut Vec<u8>) -> Option<()> {
        let is_written = |is_default: bool| !is_default || self.writes_default;
        let number = self.number;
        let integer = column.as_i64();
        let int64 = || integer;
        let int32 = || i32::try_from(integer?).ok();
        macro_rules! write {
            ($encoding:ident, $value:expr, $default:expr) => {{
                let value = $value;
                if is_written(value == $default) {
                    encoding::$encoding::encode(number, &value, buffer);
                }
            }};
        }
        match (&self.kind, column) {
            (Kind::Bool, Element::Bool(value)) => write!(bool, value, false),
            (Kind::Bytes, Element::Bytes(value)) => write!(bytes, value, Bytes::new()),
            (Kind::Double, Element::Double(value)) => {
                // -0.0 is no default.
                if is_written(value.to_bits() == 0) {
                    encoding::double::encode(number, &value, buffer);
                }
            }
            (Kind::Float, Element::Float(value)) => {
                if is_written(value.to_bits() == 0) {
                    encoding::float::encode(number, &value, buffer);
                }
            }
            (Kind::Int32 | Kind::Enum(_), _) => write!(int32, int32()?, 0),
            (Kind::Sint32, _) => write!(sint32, int32()?, 0),
            (Kind::Sfixed32, _) => write!(sfixed32, int32()?, 0),
            (Kind::Int64, _) => write!(int64, int64()?, 0),
            (Kind::Sint64, _) => write!(sint64, int64()?, 0),
            (Kind::Sfixed64, _) => write!(sfixed64, int64()?, 0),
            // Java has no unsigned numbers: their keys are those of the signed ones with the same bits.
            (Kind::Uint32, _) => write!(uint32, int32()?.cast_unsigned(), 0),
            (Kind::Fixed32, _) => write!(fixed32, int32()?.cast_unsigned(), 0),
            (Kind::Uint64, _) => write!(uint64, int64()?.cast_unsigned(), 0),
            (Kind::Fixed64, _) => write!(fixed64, int64()?.cast_unsigned(), 0),
            _ => return None,
        }
        Some(())
    }
}

fn misfit(field: &FieldDescriptor) -> Error {
    Error::new(
        ErrorKind::Corrupt,
        "an entry of the index has a column that is no value of its field: rebuild the index",
    )
    .with("field", field.full_name())
}
