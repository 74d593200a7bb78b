//! A message that fields are asked of: its bytes, or its fields as they were found in one walk.

use smallvec::SmallVec;

use super::reader::{Fields, Malformed, WireValue};

/// An encoded message.
#[derive(Clone, Copy, Debug)]
pub(crate) enum MessageRef<'a> {
    /// Walked anew for each question.
    Encoded(&'a [u8]),
    /// Walked once, for many questions.
    Indexed(&'a [(u32, WireValue<'a>)]),
}

/// The fields of a message in wire order, found in one walk. Java has the parsed message for this.
#[derive(Clone, Debug, Default)]
pub(crate) struct MessageIndex<'a>(SmallVec<[(u32, WireValue<'a>); FIELDS_INLINE]>);

impl<'a> MessageIndex<'a> {
    /// Walks the message.
    pub(crate) fn new(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut index = MessageIndex::default();
        let mut fields = Fields::new(bytes);
        while let Some((number, value)) = fields.find(|_| true)? {
            index.push(number, value);
        }
        Ok(index)
    }

    /// Adds the next field that a walk has found.
    pub(super) fn push(&mut self, number: u32, value: WireValue<'a>) {
        self.0.push((number, value));
    }

    /// The message, to ask fields of.
    pub(crate) fn message(&self) -> MessageRef<'_> {
        MessageRef::Indexed(&self.0)
    }
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

/// Most records have no more fields: their index needs no allocation.
const FIELDS_INLINE: usize = 24;
