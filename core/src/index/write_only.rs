//! [`BuildGate`]: whether a builder has been where a record lies.
//!
//! An index for which indexing twice is not the same as once must leave the records alone that its builder has yet to index.
//! Java class: `StandardIndexMaintainer` (`updateWhileWriteOnly`).

use prost::Message;
use record_store_kv::tuple::{Element, Tuple};
use record_store_kv::{Bytes, Read, Transaction};

use super::structure::{Contains, RangeSet};
use super::{IndexContext, IndexKeyspace};
use crate::proto::IndexBuildIndexingStamp;
use crate::proto::index_build_indexing_stamp::Method;
use crate::{Error, ErrorKind, Result};

/// The reads that tell; they are under way when it is made.
#[must_use]
pub(crate) struct BuildGate {
    transaction: Transaction,
    ranges: RangeSet,
    stamp: Read<Option<Bytes>>,
    record: Contains,
}

/// What a build goes by.
pub(crate) enum BuildMethod {
    /// The records; whether it has indexed this one.
    Records {
        /// Whether it has.
        is_built: bool,
    },
    /// The entries of another index.
    Index(SourceIndex),
}

/// The index by whose entries a build goes.
pub(crate) struct SourceIndex {
    transaction: Transaction,
    ranges: RangeSet,
    subspace_key: Element,
}

/// Whether an index is being built by the entries of another one; the read is under way when this returns. It conflicts with
/// nobody: who begins a build changes the state of the index.
///
/// Errors: `Corrupt`.
pub(crate) fn goes_by_index(context: &IndexContext<'_>) -> impl Future<Output = Result<bool>> + use<> {
    let stamp = context.transaction().get(&context.layout().type_stamp_key(), true);
    async move {
        Ok(match stamp.await? {
            None => false,
            Some(bytes) => decode(bytes)?.method() == Method::ByIndex,
        })
    }
}

fn decode(stamp: Bytes) -> Result<IndexBuildIndexingStamp> {
    IndexBuildIndexingStamp::decode(stamp).map_err(|error| {
        Error::new(
            ErrorKind::Corrupt,
            "what a build of an index noted down cannot be read: rebuild the index",
        )
        .caused_by(error)
    })
}

impl BuildGate {
    /// Asks about the record with this packed primary key.
    ///
    /// Errors: `InvalidArgument` for a key that cannot be asked about.
    pub(crate) fn ask(context: &IndexContext<'_>, primary_key: &[u8]) -> Result<Self> {
        let transaction = context.transaction();
        let ranges = RangeSet::new(context.layout().subspace(IndexKeyspace::BuiltRanges));
        Ok(BuildGate {
            stamp: transaction.get(&context.layout().type_stamp_key(), false),
            record: ranges.contains(transaction, primary_key)?,
            transaction: transaction.clone(),
            ranges,
        })
    }

    /// What the reads tell.
    ///
    /// Errors: `IndexBuild` for a build of a kind that this release does not know; `Corrupt`.
    pub(crate) async fn answer(self) -> Result<BuildMethod> {
        let stamp = match self.stamp.await? {
            None => IndexBuildIndexingStamp {
                method: Some(Method::ByRecords.into()),
                ..Default::default()
            },
            Some(bytes) => decode(bytes)?,
        };
        match stamp.method() {
            Method::ByRecords | Method::MultiTargetByRecords | Method::MutualByRecords => Ok(BuildMethod::Records {
                is_built: self.record.answer().await?,
            }),
            Method::ByIndex => {
                let key = Tuple::unpack(stamp.source_index_subspace_key())?;
                let subspace_key = key.first().cloned().unwrap_or_default();
                Ok(BuildMethod::Index(SourceIndex {
                    transaction: self.transaction,
                    ranges: self.ranges,
                    subspace_key,
                }))
            }
            method => Err(Error::new(
                ErrorKind::IndexBuild,
                "the index is being built in a way that does not allow records to change",
            )
            .with("method", method.as_str_name())),
        }
    }
}

impl SourceIndex {
    /// The subspace key of the index.
    pub(crate) fn subspace_key(&self) -> &Element {
        &self.subspace_key
    }

    /// Whether the build has come past the entry with this key, behind the prefix of the index.
    ///
    /// Errors: FoundationDB's.
    pub(crate) async fn is_built(&self, entry: &[u8]) -> Result<bool> {
        self.ranges.contains(&self.transaction, entry)?.answer().await
    }
}
