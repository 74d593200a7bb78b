//! Errors that the machine makes on purpose, to show that the comparison finds them.

/// One error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What goes wrong.
    pub kind: Kind,
    /// The how-manieth time that it could, counted from 0.
    pub at: usize,
}

/// What can go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A change of data is not made.
    ForgottenChange,
    /// A bit of a byte string that an instruction leaves is another one.
    FlippedBit,
}

/// The fault of a run, and how often it could have come.
#[derive(Default)]
pub(super) struct Planted {
    fault: Option<Fault>,
    seen: usize,
}

impl Planted {
    pub(super) fn new(fault: Option<Fault>) -> Self {
        Planted { fault, seen: 0 }
    }

    /// Whether what could go wrong in this way goes wrong now.
    pub(super) fn strikes(&mut self, kind: Kind) -> bool {
        let Some(fault) = self.fault.filter(|fault| fault.kind == kind) else {
            return false;
        };
        self.seen += 1;
        self.seen == fault.at + 1
    }
}
