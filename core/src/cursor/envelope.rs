//! [`PlanStamp`]: the envelope around the continuation of a query, which tells the plan that it belongs to and whether it is
//! damaged.

use std::sync::Arc;

use record_store_kv::Bytes;

use super::position::decoded;
use super::{Continuation, Position};
use crate::proto::QueryContinuation;
use crate::{Error, ErrorKind, Result};

/// By what a plan is known again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PlanStamp {
    hash: u32,
    indexes: Vec<String>,
}

impl PlanStamp {
    /// The stamp of a plan that prints so and reads these indexes.
    pub(crate) fn new(plan: &str, indexes: impl IntoIterator<Item = String>) -> Self {
        PlanStamp {
            hash: crc32c::crc32c(plan.as_bytes()),
            indexes: indexes.into_iter().collect(),
        }
    }

    /// The indexes that the plan reads.
    pub(crate) fn indexes(&self) -> &[String] {
        &self.indexes
    }

    /// Whether this is the stamp of the same plan.
    pub(crate) fn is_of_same_plan(&self, other: &PlanStamp) -> bool {
        self.hash == other.hash
    }

    /// Puts a position into an envelope.
    pub(crate) fn seal(self: &Arc<Self>, inner: Position) -> Position {
        Position::Sealed {
            stamp: Arc::clone(self),
            inner: Box::new(inner),
        }
    }

    /// Takes a continuation out of its envelope. Errors: `InvalidContinuation` for one that is damaged or has none.
    pub(crate) fn open(sealed: &Continuation) -> Result<(PlanStamp, Continuation)> {
        let message: QueryContinuation = decoded(sealed)?;
        let stamp = PlanStamp {
            hash: message.plan_hash(),
            indexes: message.indexes,
        };
        let inner = message.inner.unwrap_or_default();
        if message.checksum != Some(stamp.checksum(&inner)) {
            return Err(Error::new(
                ErrorKind::InvalidContinuation,
                "the continuation is damaged, or none of a query: give the bytes of an earlier page as they were",
            ));
        }
        Ok((stamp, Continuation::from_bytes(inner)))
    }

    pub(super) fn message(&self, inner: Bytes) -> QueryContinuation {
        QueryContinuation {
            plan_hash: Some(self.hash),
            indexes: self.indexes.clone(),
            checksum: Some(self.checksum(&inner)),
            inner: Some(inner),
        }
    }

    fn checksum(&self, inner: &[u8]) -> u32 {
        crc32c::crc32c_append(crc32c::crc32c(&self.hash.to_be_bytes()), inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_and_what_is_damaged_does_not() {
        let stamp = Arc::new(PlanStamp::new("ISCAN(a <,>)", ["a".to_owned()]));
        let inner = Continuation::from_bytes(vec![1, 2, 3]);
        let sealed = stamp.seal(Position::Kept(inner.clone())).to_continuation().unwrap();
        assert_eq!(PlanStamp::open(&sealed).unwrap(), ((*stamp).clone(), inner));

        let (flipped, total) = (1_u8, sealed.as_bytes().len());
        let damaged = (0..total).filter(|at| {
            let mut bytes = sealed.as_bytes().to_vec();
            bytes[*at] ^= flipped;
            match PlanStamp::open(&Continuation::from_bytes(bytes)) {
                Ok((opened, _)) => opened.hash == stamp.hash && opened.indexes == stamp.indexes,
                Err(error) => error.kind() != ErrorKind::InvalidContinuation,
            }
        });
        assert_eq!(damaged.collect::<Vec<_>>(), Vec::<usize>::new());
    }

    #[test]
    fn nothing_is_sealed_at_the_start_and_at_the_end() {
        let stamp = Arc::new(PlanStamp::new("SCAN(<,>)", []));
        assert!(stamp.seal(Position::Start).to_continuation().is_none());
        assert!(stamp.seal(Position::End).is_end());
    }
}
