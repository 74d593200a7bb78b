//! The instructions of the tuple layer.

use bytes::Bytes;
use record_store_kv::Subspace;
use record_store_kv::tuple::{Element, Tuple};

use super::{Machine, Stop, Wrong};

impl Machine {
    /// Runs an instruction of the tuple layer; says if it is one.
    pub(super) fn tuples(&mut self, name: &str) -> Result<bool, Stop> {
        match name {
            "TUPLE_PACK" => {
                let tuple = self.stack.tuple()?;
                self.stack.push(tuple.pack());
            }
            "TUPLE_PACK_WITH_VERSIONSTAMP" => self.pack_with_versionstamp()?,
            "TUPLE_UNPACK" => {
                let packed = self.stack.bytes()?;
                for element in Tuple::unpack(&packed)?.into_elements() {
                    self.stack.push(Tuple::new().with(element).pack());
                }
            }
            "TUPLE_RANGE" => {
                let range = Subspace::default().subspace(&self.stack.tuple()?).range();
                self.stack.push(range.begin);
                self.stack.push(range.end);
            }
            "TUPLE_SORT" => {
                let mut tuples = Vec::new();
                for packed in self.stack.tuple()?.iter() {
                    tuples.push(Tuple::unpack(packed.as_bytes().ok_or(Wrong("no packed tuple"))?)?);
                }
                tuples.sort();
                for tuple in tuples {
                    self.stack.push(tuple.pack());
                }
            }
            "ENCODE_FLOAT" => {
                let bits = self.bits()?;
                self.stack.push(f32::from_be_bytes(bits));
            }
            "ENCODE_DOUBLE" => {
                let bits = self.bits()?;
                self.stack.push(f64::from_be_bytes(bits));
            }
            "DECODE_FLOAT" => {
                let value = self.stack.pop()?.as_f32().ok_or(Wrong("no float"))?;
                self.stack.push(&value.to_be_bytes());
            }
            "DECODE_DOUBLE" => {
                let value = self.stack.pop()?.as_f64().ok_or(Wrong("no double"))?;
                self.stack.push(&value.to_be_bytes());
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Leaves what came of it, and the packed tuple if it has one place for a stamp.
    fn pack_with_versionstamp(&mut self) -> Result<(), Wrong> {
        let prefix = self.stack.bytes()?;
        let tuple = self.stack.tuple()?;
        match (
            tuple.pack_with_versionstamp(&prefix),
            tuple.has_incomplete_versionstamp(),
        ) {
            (Ok(packed), _) => {
                self.stack.push(b"OK");
                self.stack.push(packed);
            }
            (Err(_), false) => self.stack.push(b"ERROR: NONE"),
            (Err(_), true) => self.stack.push(b"ERROR: MULTIPLE"),
        }
        Ok(())
    }

    fn bits<const N: usize>(&mut self) -> Result<[u8; N], Wrong> {
        match self.stack.pop()? {
            Element::Bytes(bytes) => Bytes::as_ref(&bytes).try_into().map_err(|_| Wrong("not as many bytes")),
            _ => Err(Wrong("no byte string")),
        }
    }
}
