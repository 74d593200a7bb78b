//! Whether bytes are a well-formed message of a type, without decoding them.

use std::collections::HashMap;

use prost_reflect::{Cardinality, FieldDescriptor, MessageDescriptor};

use super::NESTING_MAX;
use super::field::{FieldAccess, ValueKind};
use super::message::{Field, MessageRef};
use super::reader::{Fields, Malformed, WireValue};
use super::scalar::{ScalarKind, utf8};
use crate::{Error, ErrorKind, Result};

/// Says whether bytes are a message of one type; compiled once per record type and used for every save.
///
/// Well-formed means what Java's protobuf runtime takes: complete values, no more than 100 levels, valid UTF-8 in proto3
/// strings, every required proto2 field present. It also means that each known field has its own wire type: the runtime would
/// hide such a value among the unknown fields, and the likely cause is a record of another type.
#[derive(Clone, Debug)]
pub struct RecordValidator {
    messages: Vec<MessageRules>,
}

#[derive(Clone, Debug)]
struct MessageRules {
    name: String,
    /// By number.
    fields: Vec<FieldRules>,
    /// Whether this type, or one below it, has required fields.
    requires: bool,
}

#[derive(Clone, Debug)]
struct FieldRules {
    number: u32,
    name: String,
    access: FieldAccess,
    required: bool,
    /// Where the rules of the field's message type stand.
    message: Option<usize>,
}

/// Checks `bytes` against the message type once; [`RecordValidator`] is for many records.
///
/// # Errors
/// [`ErrorKind::InvalidRecord`]
pub fn validate_record(bytes: &[u8], message: &MessageDescriptor) -> Result<()> {
    RecordValidator::new(message).validate(bytes)
}

impl RecordValidator {
    /// Compiles the rules of a message type and of all types below it.
    pub fn new(message: &MessageDescriptor) -> Self {
        let mut messages = Vec::new();
        collect(message, &mut messages, &mut HashMap::new());
        mark_required(&mut messages);
        RecordValidator { messages }
    }

    /// Checks one record.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRecord`] names the message type, the field where there is one, and what is wrong.
    pub fn validate(&self, bytes: &[u8]) -> Result<()> {
        self.find_fields(bytes, &mut Vec::new())
    }

    /// Checks one record and adds its fields to `fields`, in one walk.
    ///
    /// # Errors
    /// Those of [`RecordValidator::validate`].
    pub(crate) fn find_fields<'a>(&self, bytes: &'a [u8], fields: &mut Vec<Field<'a>>) -> Result<()> {
        let rules = &self.messages[0];
        let before = fields.len();
        let mut hint = 0;
        for field in Fields::new(bytes) {
            let (number, value) = field.map_err(|malformed| rules.invalid(malformed))?;
            self.check_field(rules, number, value, &mut hint, 0)?;
            fields.push((number, value));
        }
        self.check_required(0, MessageRef::Indexed(fields.get(before..).unwrap_or_default()))
    }

    /// Checks a message below the record.
    fn check_form(&self, at: usize, bytes: &[u8], depth: usize) -> Result<()> {
        let rules = &self.messages[at];
        if depth > NESTING_MAX {
            return Err(rules.invalid(Malformed {
                reason: "messages nest deeper than 100",
                offset: 0,
            }));
        }
        let mut hint = 0;
        for field in Fields::nested(bytes, depth) {
            let (number, value) = field.map_err(|malformed| rules.invalid(malformed))?;
            self.check_field(rules, number, value, &mut hint, depth)?;
        }
        Ok(())
    }

    fn check_field(
        &self,
        rules: &MessageRules,
        number: u32,
        value: WireValue<'_>,
        hint: &mut usize,
        depth: usize,
    ) -> Result<()> {
        let Some(field) = rules.field(number, hint) else {
            return Ok(());
        };
        let invalid = |malformed| rules.invalid(malformed).with("field", &field.name);
        match (field.access.kind(), value, field.message) {
            (ValueKind::Message, WireValue::Bytes(inner), Some(message))
            | (ValueKind::Group, WireValue::Group(inner), Some(message)) => self.check_form(message, inner, depth + 1),
            (ValueKind::Scalar(ScalarKind::String { checked: true }), WireValue::Bytes(text), _) => {
                // Most texts are, and that is seen faster.
                if text.is_ascii() {
                    return Ok(());
                }
                utf8(text).map(drop).map_err(invalid)
            }
            (ValueKind::Scalar(kind), value, _) if kind.fits(value) => Ok(()),
            (ValueKind::Scalar(kind), WireValue::Bytes(run), _) if field.access.is_repeated() && kind.is_packable() => {
                kind.decode_packed::<Malformed>(run, |_| Ok(())).map_err(invalid)
            }
            _ => Err(Error::new(
                ErrorKind::InvalidRecord,
                "a field has another wire type than its declaration: are these bytes of another record type?",
            )
            .with("message", &rules.name)
            .with("field", &field.name)
            .with("number", number)),
        }
    }

    /// Occurrences of a singular message merge, so its required fields may be spread over several: this is a second look, at
    /// the merged messages, and only at those that can have required fields.
    fn check_required(&self, at: usize, record: MessageRef<'_>) -> Result<()> {
        let rules = &self.messages[at];
        if !rules.requires {
            return Ok(());
        }
        for field in &rules.fields {
            let below = field.message.filter(|&message| self.messages[message].requires);
            let is_missing = match (field.access.kind(), below) {
                _ if field.access.is_repeated() => {
                    if let Some(message) = below {
                        field
                            .access
                            .each_message(record, |inner| self.check_required(message, MessageRef::Encoded(inner)))?;
                    }
                    false
                }
                (ValueKind::Scalar(_), _) => field.required && field.access.scalar(record)?.is_none(),
                (_, below) => {
                    let inner = field.access.message(record)?;
                    if let (Some(inner), Some(message)) = (&inner, below) {
                        self.check_required(message, MessageRef::Encoded(inner))?;
                    }
                    field.required && inner.is_none()
                }
            };
            if is_missing {
                return Err(Error::new(ErrorKind::InvalidRecord, "a required field is missing")
                    .with("message", &rules.name)
                    .with("field", &field.name));
            }
        }
        Ok(())
    }
}

impl MessageRules {
    fn invalid(&self, malformed: Malformed) -> Error {
        Error::from(malformed).with("message", &self.name)
    }

    /// The rules of a field. Writers put fields in the order of their numbers: the next one is looked for where the last one
    /// was, which `hint` remembers.
    fn field(&self, number: u32, hint: &mut usize) -> Option<&FieldRules> {
        let at = match self.fields.get(*hint) {
            Some(field) if field.number == number => *hint,
            _ => self.fields.binary_search_by_key(&number, |field| field.number).ok()?,
        };
        let field = self.fields.get(at)?;
        *hint = at + usize::from(!field.access.is_repeated());
        Some(field)
    }
}

/// Adds the rules of `message` and of the types below it, and says where they stand.
fn collect(message: &MessageDescriptor, messages: &mut Vec<MessageRules>, known: &mut HashMap<String, usize>) -> usize {
    if let Some(&at) = known.get(message.full_name()) {
        return at;
    }
    let at = messages.len();
    known.insert(message.full_name().to_owned(), at);
    messages.push(MessageRules {
        name: message.full_name().to_owned(),
        fields: Vec::new(),
        requires: false,
    });
    let rules = |field: FieldDescriptor| FieldRules {
        number: field.number(),
        name: field.name().to_owned(),
        access: FieldAccess::new(&field),
        required: field.cardinality() == Cardinality::Required,
        message: field.kind().as_message().map(|inner| collect(inner, messages, known)),
    };
    let mut fields: Vec<FieldRules> = message.fields().map(rules).collect();
    fields.sort_unstable_by_key(|field| field.number);
    messages[at].fields = fields;
    at
}

/// Carries `requires` upwards until nothing changes: message types may contain each other.
fn mark_required(messages: &mut [MessageRules]) {
    loop {
        let requires = |message: &MessageRules| {
            let mut fields = message.fields.iter();
            fields.any(|field| field.required || field.message.is_some_and(|below| messages[below].requires))
        };
        let changed: Vec<usize> = (0..messages.len())
            .filter(|&at| !messages[at].requires && requires(&messages[at]))
            .collect();
        if changed.is_empty() {
            return;
        }
        for at in changed {
            messages[at].requires = true;
        }
    }
}
