//! [`Versionstamp`]: the place of a commit in the order of all commits.

use std::fmt;

use crate::TransactionVersion;

/// 12 bytes: the 10 bytes of a transaction's version, which its commit decides, and 2 bytes that its user chooses.
///
/// ```
/// use record_store_kv::tuple::Versionstamp;
/// let waiting = Versionstamp::incomplete(7);
/// assert!(!waiting.is_complete());
/// assert!(Versionstamp::complete([0; 10], 7) < waiting);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Versionstamp([u8; 12]);

impl Versionstamp {
    /// A versionstamp of a commit that happened.
    pub fn complete(transaction_version: TransactionVersion, user_version: u16) -> Self {
        let mut bytes = [0; 12];
        let (transaction, user) = bytes.split_at_mut(10);
        transaction.copy_from_slice(&transaction_version);
        user.copy_from_slice(&user_version.to_be_bytes());
        Versionstamp(bytes)
    }

    /// A versionstamp whose first 10 bytes the commit fills in; until then they are `FF`.
    pub fn incomplete(user_version: u16) -> Self {
        Versionstamp::complete(INCOMPLETE, user_version)
    }

    /// A versionstamp from its 12 bytes.
    pub const fn from_bytes(bytes: [u8; 12]) -> Self {
        Versionstamp(bytes)
    }

    /// The 12 bytes.
    pub const fn as_bytes(&self) -> &[u8; 12] {
        &self.0
    }

    /// The first 10 bytes, which the commit decides.
    pub fn transaction_version(&self) -> TransactionVersion {
        let [version @ .., _, _] = self.0;
        version
    }

    /// The last 2 bytes, which order the versionstamps of one transaction.
    pub fn user_version(&self) -> u16 {
        let [.., high, low] = self.0;
        u16::from_be_bytes([high, low])
    }

    /// Whether the commit has happened.
    pub fn is_complete(&self) -> bool {
        self.transaction_version() != INCOMPLETE
    }
}

impl fmt::Display for Versionstamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Versionstamp(")?;
        if self.is_complete() {
            for byte in self.transaction_version() {
                write!(f, "{byte:02x}")?;
            }
        } else {
            f.write_str("incomplete")?;
        }
        write!(f, ", {})", self.user_version())
    }
}

impl fmt::Debug for Versionstamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

const INCOMPLETE: TransactionVersion = [0xFF; 10];
