//! A message that fields are asked of: its bytes, or its fields as they were found in one walk.

use super::reader::{Fields, Malformed, WireValue};

/// An encoded message.
#[derive(Clone, Copy, Debug)]
pub(crate) enum MessageRef<'a> {
    /// Walked anew for each question.
    Encoded(&'a [u8]),
    /// Walked once, for many questions: its fields in wire order. Java has the parsed message for this.
    Indexed(&'a [Field<'a>]),
}

/// A field as a walk finds it: its number and its value.
pub(crate) type Field<'a> = (u32, WireValue<'a>);

/// The fields of a message in wire order.
pub(crate) fn find_fields(bytes: &[u8]) -> Result<Vec<Field<'_>>, Malformed> {
    let mut found = Vec::with_capacity(FIELDS_TYPICAL);
    let mut fields = Fields::new(bytes);
    while let Some(field) = fields.find(|_| true)? {
        found.push(field);
    }
    Ok(found)
}

impl<'a> MessageRef<'a> {
    /// Calls `each` with the fields whose number is `wanted`, in wire order.
    #[inline]
    pub(super) fn each<E: From<Malformed>>(
        self,
        wanted: impl Fn(u32) -> bool,
        mut each: impl FnMut(u32, WireValue<'a>) -> Result<(), E>,
    ) -> Result<(), E> {
        match self {
            MessageRef::Encoded(bytes) => {
                let mut fields = Fields::new(bytes);
                while let Some((number, value)) = fields.find(&wanted)? {
                    each(number, value)?;
                }
            }
            MessageRef::Indexed(fields) => {
                for (number, value) in fields {
                    if wanted(*number) {
                        each(*number, *value)?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// Most records have no more fields.
const FIELDS_TYPICAL: usize = 16;
