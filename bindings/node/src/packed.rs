//! Values on their way between JavaScript and Rust: any number of them in one buffer.
//!
//! A call across the border costs more than most values, and objects can only be touched on the JavaScript thread. So
//! records, keys and results cross as bytes: a tag, then what belongs to it, numbers in little-endian order. The twin of
//! this file is `node/lib/packed.js`; nobody else knows the form, and nothing is stored in it.

use std::collections::HashMap;

use record_store::kv::tuple::BigInt;
use record_store::{Error, ErrorKind, RecordVersion, Result};

/// What a value is.
mod tag {
    pub(super) const NULL: u8 = 0;
    pub(super) const FALSE: u8 = 1;
    pub(super) const TRUE: u8 = 2;
    pub(super) const NUMBER: u8 = 3;
    pub(super) const INT: u8 = 4;
    pub(super) const UINT: u8 = 5;
    pub(super) const TEXT: u8 = 6;
    /// Text of ASCII letters alone, which JavaScript reads faster.
    pub(super) const ASCII: u8 = 7;
    pub(super) const BYTES: u8 = 8;
    pub(super) const LIST: u8 = 9;
    pub(super) const MAP: u8 = 10;
    pub(super) const OBJECT: u8 = 11;
    /// An object whose field names were said before.
    pub(super) const RECORD: u8 = 12;
    /// The field names of the objects that follow, then the first of them.
    pub(super) const SHAPE: u8 = 13;
    pub(super) const VERSION: u8 = 14;
    pub(super) const UUID: u8 = 15;
    pub(super) const BIG_INT: u8 = 16;
    pub(super) const OTHER: u8 = 17;
    pub(super) const PRIMARY_KEY: u8 = 18;
}

/// Writes values for JavaScript.
#[derive(Default)]
pub(crate) struct Writer {
    bytes: Vec<u8>,
    shapes: HashMap<String, u32>,
}

impl Writer {
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    pub(crate) fn null(&mut self) {
        self.bytes.push(tag::NULL);
    }

    pub(crate) fn bool(&mut self, value: bool) {
        self.bytes.push(if value { tag::TRUE } else { tag::FALSE });
    }

    /// A number.
    pub(crate) fn number(&mut self, value: f64) {
        self.bytes.push(tag::NUMBER);
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    /// A bigint.
    pub(crate) fn int(&mut self, value: i64) {
        self.bytes.push(tag::INT);
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    /// A bigint.
    pub(crate) fn uint(&mut self, value: u64) {
        self.bytes.push(tag::UINT);
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    /// A bigint of any size.
    pub(crate) fn big_int(&mut self, value: &BigInt) {
        self.bytes.push(tag::BIG_INT);
        self.bytes.push(value.is_negative().into());
        self.sized(value.magnitude());
    }

    pub(crate) fn text(&mut self, value: &str) {
        self.bytes.push(if value.is_ascii() { tag::ASCII } else { tag::TEXT });
        self.sized(value.as_bytes());
    }

    pub(crate) fn bytes(&mut self, value: &[u8]) {
        self.bytes.push(tag::BYTES);
        self.sized(value);
    }

    /// A list of so many values, which follow.
    pub(crate) fn list(&mut self, count: usize) {
        self.bytes.push(tag::LIST);
        self.length(count);
    }

    /// A primary key of so many columns, which follow.
    pub(crate) fn primary_key(&mut self, count: usize) {
        self.bytes.push(tag::PRIMARY_KEY);
        self.length(count);
    }

    /// A map of so many entries, which follow, key by value.
    pub(crate) fn map(&mut self, count: usize) {
        self.bytes.push(tag::MAP);
        self.length(count);
    }

    /// An object of the type `full_name`; the values of `fields` follow in their order. The names cross once in a buffer.
    pub(crate) fn object<'a>(&mut self, full_name: &str, name: &str, fields: impl ExactSizeIterator<Item = &'a str>) {
        if let Some(&shape) = self.shapes.get(full_name) {
            self.bytes.push(tag::RECORD);
            self.bytes.extend_from_slice(&shape.to_le_bytes());
            return;
        }
        let shape = u32::try_from(self.shapes.len()).expect("a schema has fewer types than a number has values");
        self.shapes.insert(full_name.to_owned(), shape);
        self.bytes.push(tag::SHAPE);
        self.text(name);
        self.length(fields.len());
        fields.for_each(|field| self.text(field));
    }

    pub(crate) fn version(&mut self, version: RecordVersion) {
        self.bytes.push(tag::VERSION);
        self.bytes.extend_from_slice(&version.to_bytes());
    }

    pub(crate) fn uuid(&mut self, uuid: &uuid::Uuid) {
        self.bytes.push(tag::UUID);
        self.bytes.extend_from_slice(uuid.as_bytes());
    }

    fn sized(&mut self, value: &[u8]) {
        self.length(value.len());
        self.bytes.extend_from_slice(value);
    }

    fn length(&mut self, length: usize) {
        let length = u32::try_from(length).expect("what a transaction reads is far below 4 GB");
        self.bytes.extend_from_slice(&length.to_le_bytes());
    }
}

/// A value from JavaScript, or the beginning of one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Token<'a> {
    Null,
    Bool(bool),
    Number(f64),
    Int(i64),
    Uint(u64),
    Text(&'a str),
    Bytes(&'a [u8]),
    /// So many values follow.
    List(usize),
    /// So many keys follow, each with its value.
    Map(usize),
    /// So many names follow, each with its value.
    Object(usize),
    /// So many columns follow.
    PrimaryKey(usize),
    Version(RecordVersion),
    Uuid(uuid::Uuid),
    /// What no field and no key can be: the name of its type, and how JavaScript shows it.
    Other {
        type_name: &'a str,
        shown: &'a str,
    },
}

impl Token<'_> {
    /// The name of the type in JavaScript.
    pub(crate) fn type_name(&self) -> &str {
        match self {
            Token::Null => "null",
            Token::Bool(_) => "boolean",
            Token::Number(_) => "number",
            Token::Int(_) | Token::Uint(_) => "bigint",
            Token::Text(_) => "string",
            Token::Bytes(_) => "Uint8Array",
            Token::List(_) => "Array",
            Token::Map(_) => "Map",
            Token::Object(_) => "Object",
            Token::PrimaryKey(_) => "PrimaryKey",
            Token::Version(_) => "RecordVersion",
            Token::Uuid(_) => "Uuid",
            Token::Other { type_name, .. } => type_name,
        }
    }

    /// The value as JavaScript would show it, cut at [`SHOWN_MAX`].
    pub(crate) fn shown(&self) -> String {
        let text = match self {
            Token::Null => "null".to_owned(),
            Token::Bool(value) => value.to_string(),
            Token::Number(value) if value.is_infinite() => {
                if *value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned()
            }
            Token::Number(value) => value.to_string(),
            Token::Int(value) => format!("{value}n"),
            Token::Uint(value) => format!("{value}n"),
            Token::Text(value) => format!("{value:?}"),
            Token::Bytes(value) => format!("Uint8Array({})", value.len()),
            Token::List(count) => format!("Array({count})"),
            Token::Map(count) => format!("Map({count})"),
            Token::Object(_) => "Object".to_owned(),
            Token::PrimaryKey(count) => format!("PrimaryKey({count})"),
            Token::Version(version) => format!("RecordVersion({version})"),
            Token::Uuid(uuid) => format!("Uuid({uuid})"),
            Token::Other { shown, .. } => (*shown).to_owned(),
        };
        match text.char_indices().nth(SHOWN_MAX) {
            Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
            None => text,
        }
    }
}

/// Reads values from JavaScript.
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Reader(bytes)
    }

    /// The next value.
    ///
    /// Errors: `Internal` for bytes that our own package cannot have written.
    pub(crate) fn next(&mut self) -> Result<Token<'a>> {
        self.token().ok_or_else(|| {
            Error::new(
                ErrorKind::Internal,
                "the package and its addon are of different releases, or a value was changed while it was converted",
            )
        })
    }

    fn token(&mut self) -> Option<Token<'a>> {
        let [tag] = self.array()?;
        Some(match tag {
            tag::NULL => Token::Null,
            tag::FALSE => Token::Bool(false),
            tag::TRUE => Token::Bool(true),
            tag::NUMBER => Token::Number(f64::from_le_bytes(self.array()?)),
            tag::INT => Token::Int(i64::from_le_bytes(self.array()?)),
            tag::UINT => Token::Uint(u64::from_le_bytes(self.array()?)),
            tag::TEXT => Token::Text(self.text()?),
            tag::BYTES => Token::Bytes(self.sized()?),
            tag::LIST => Token::List(self.length()?),
            tag::MAP => Token::Map(self.length()?),
            tag::OBJECT => Token::Object(self.length()?),
            tag::PRIMARY_KEY => Token::PrimaryKey(self.length()?),
            tag::VERSION => Token::Version(RecordVersion::from_bytes(&self.array::<12>()?).ok()?),
            tag::UUID => Token::Uuid(uuid::Uuid::from_bytes(self.array()?)),
            tag::OTHER => Token::Other {
                type_name: self.text()?,
                shown: self.text()?,
            },
            _ => return None,
        })
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*array)
    }

    fn length(&mut self) -> Option<usize> {
        usize::try_from(u32::from_le_bytes(self.array()?)).ok()
    }

    fn sized(&mut self) -> Option<&'a [u8]> {
        let length = self.length()?;
        let (value, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(value)
    }

    fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.sized()?).ok()
    }
}

/// A value in an error message is cut at so many characters.
const SHOWN_MAX: usize = 80;
