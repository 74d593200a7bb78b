//! [`IndexState`]: what may be done with an index of a store. The store keeps and changes states; maintainers only ask.

use record_store_kv::tuple::{Element, Tuple};

use crate::{Error, ErrorKind, Result};

/// What may be done with an index of a store.
///
/// Java class: `IndexState`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum IndexState {
    /// It has all records: it is maintained and may be scanned.
    #[default]
    Readable,
    /// It is maintained but does not have all records yet.
    WriteOnly,
    /// It is neither maintained nor scanned, and has no entries.
    Disabled,
    /// It has all records and may be scanned, but some of them break its uniqueness.
    ReadableUniquePending,
    /// Changes are queued for the builder, which applies them. Only Java's layer does so.
    WriteOnlyWithQueue,
}

impl IndexState {
    /// Every state, in the order of their codes.
    pub const ALL: [IndexState; 5] = [
        IndexState::Readable,
        IndexState::WriteOnly,
        IndexState::Disabled,
        IndexState::ReadableUniquePending,
        IndexState::WriteOnlyWithQueue,
    ];

    /// The number that is stored; readable indexes have none stored.
    pub fn code(self) -> i64 {
        match self {
            IndexState::Readable => 0,
            IndexState::WriteOnly => 1,
            IndexState::Disabled => 2,
            IndexState::ReadableUniquePending => 3,
            IndexState::WriteOnlyWithQueue => 4,
        }
    }

    /// Java's name.
    pub fn name(self) -> &'static str {
        match self {
            IndexState::Readable => "READABLE",
            IndexState::WriteOnly => "WRITE_ONLY",
            IndexState::Disabled => "DISABLED",
            IndexState::ReadableUniquePending => "READABLE_UNIQUE_PENDING",
            IndexState::WriteOnlyWithQueue => "WRITE_ONLY_WITH_QUEUE",
        }
    }

    /// The state of this name.
    ///
    /// ```
    /// # use record_store::{ErrorKind, IndexState};
    /// assert_eq!(IndexState::from_name("WRITE_ONLY")?, IndexState::WriteOnly);
    /// assert_eq!(IndexState::from_name("writable").unwrap_err().kind(), ErrorKind::InvalidArgument);
    /// # Ok::<(), record_store::Error>(())
    /// ```
    ///
    /// **Errors**: `InvalidArgument` for a name that no state has.
    pub fn from_name(name: &str) -> Result<Self> {
        let named = IndexState::ALL.into_iter().find(|state| state.name() == name);
        named.ok_or_else(|| {
            let known = IndexState::ALL.map(IndexState::name).join(", ");
            Error::new(ErrorKind::InvalidArgument, "no state of an index has this name")
                .with("state", name)
                .with("known", known)
        })
    }

    /// Whether the index has all records, so that scans find what they should.
    pub fn is_scannable(self) -> bool {
        matches!(self, IndexState::Readable | IndexState::ReadableUniquePending)
    }

    /// Whether the index is maintained without having all records.
    pub fn is_write_only(self) -> bool {
        matches!(self, IndexState::WriteOnly | IndexState::WriteOnlyWithQueue)
    }

    /// The stored form: a tuple of the code.
    pub(crate) fn to_bytes(self) -> Vec<u8> {
        Tuple::from((self.code(),)).pack()
    }

    /// Reads the stored form.
    ///
    /// Errors: `Corrupt` for what is no tuple of a number, `NewerFormat` for an unknown number.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let code = Tuple::unpack(bytes)
            .ok()
            .and_then(|tuple| tuple.first().and_then(Element::as_i64))
            .ok_or_else(|| Error::new(ErrorKind::Corrupt, "the state of an index is no number"))?;
        IndexState::ALL
            .into_iter()
            .find(|state| state.code() == code)
            .ok_or_else(|| {
                Error::new(
                    ErrorKind::NewerFormat,
                    "the index has a state that this release does not know; open the store with a newer release",
                )
                .with("state", code)
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_stored_as_java_stores_them() {
        for state in IndexState::ALL {
            assert_eq!(IndexState::from_bytes(&state.to_bytes()).unwrap(), state);
        }
        assert_eq!(IndexState::WriteOnly.to_bytes(), [0x15, 1]);
        assert_eq!(
            IndexState::from_bytes(&[0x15, 5]).unwrap_err().kind(),
            ErrorKind::NewerFormat
        );
        assert_eq!(
            IndexState::from_bytes(b"\x02a\x00").unwrap_err().kind(),
            ErrorKind::Corrupt
        );
        assert_eq!(IndexState::from_bytes(&[]).unwrap_err().kind(), ErrorKind::Corrupt);
    }
}
