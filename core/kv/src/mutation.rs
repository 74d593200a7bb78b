//! [`MutationType`]: FoundationDB's atomic operations.

/// An atomic operation, with FoundationDB's number. What each does to a missing, a shorter and a longer value is in
/// FoundationDB's documentation of atomic operations; `Add`, `Max` and `Min` treat values as little-endian unsigned numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum MutationType {
    /// Adds two little-endian numbers.
    Add = 2,
    /// Bitwise and. (From API version 510 a missing value becomes the operand.)
    BitAnd = 6,
    /// Bitwise or.
    BitOr = 7,
    /// Bitwise exclusive or.
    BitXor = 8,
    /// Appends the operand if the result is at most 100,000 bytes long.
    AppendIfFits = 9,
    /// The greater of two little-endian numbers.
    Max = 12,
    /// The smaller of two little-endian numbers. (From API version 510 a missing value becomes the operand.)
    Min = 13,
    /// Sets a key into which the commit's versionstamp is written.
    SetVersionstampedKey = 14,
    /// Sets a value into which the commit's versionstamp is written.
    SetVersionstampedValue = 15,
    /// The lexicographically smaller of two byte strings.
    ByteMin = 16,
    /// The lexicographically greater of two byte strings.
    ByteMax = 17,
    /// Clears the key if its value equals the operand.
    CompareAndClear = 20,
}

impl MutationType {
    /// Every operation that a client may name, in the order of the numbers.
    pub const ALL: [MutationType; 12] = [
        MutationType::Add,
        MutationType::BitAnd,
        MutationType::BitOr,
        MutationType::BitXor,
        MutationType::AppendIfFits,
        MutationType::Max,
        MutationType::Min,
        MutationType::SetVersionstampedKey,
        MutationType::SetVersionstampedValue,
        MutationType::ByteMin,
        MutationType::ByteMax,
        MutationType::CompareAndClear,
    ];

    /// FoundationDB's number.
    pub fn code(self) -> i32 {
        self as i32
    }

    /// The operation with this number; 18 and 19 are the client's own spellings of [`MutationType::Min`] and
    /// [`MutationType::BitAnd`] since API version 510.
    pub fn from_code(code: i32) -> Option<Self> {
        match code {
            18 => Some(MutationType::Min),
            19 => Some(MutationType::BitAnd),
            _ => MutationType::ALL.into_iter().find(|mutation| mutation.code() == code),
        }
    }
}

/// Whether a conflict range is one of reads or of writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum ConflictRangeType {
    /// The transaction fails if another one wrote here since its read version.
    Read = 0,
    /// Others that read here since their read version fail.
    Write = 1,
}
