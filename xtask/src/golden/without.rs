//! A case without some of its indexes: what is left of it can be replayed where the record layer does not maintain them.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use prost::Message;
use record_store::{RecordMetaData, StoreKeyspace, Tuple, proto};
use serde_json::Value;

use super::case::Case;
use super::report::{Part, Report};

/// A case, and what it does not have any more.
pub(super) struct Without {
    pub(super) case: Case,
    /// The indexes that are left out, with the reason.
    indexes: BTreeMap<String, String>,
    /// What the keys of those indexes begin with.
    prefixes: Vec<Vec<u8>>,
}

impl Without {
    /// The whole case.
    pub(super) fn nothing(case: &Case) -> Self {
        Without {
            case: case.clone(),
            indexes: BTreeMap::new(),
            prefixes: Vec::new(),
        }
    }

    /// The case without one more index.
    pub(super) fn and_without(mut self, name: &str, why: String) -> Result<Self> {
        ensure!(
            !self.indexes.contains_key(name),
            "index {name} is left out, and is asked for"
        );
        for metadata in &mut self.case.metadata {
            let Some(index) = metadata.indexes().find(|index| index.name() == name) else {
                continue;
            };
            for keyspace in StoreKeyspace::ALL {
                let key = match keyspace {
                    StoreKeyspace::Index
                    | StoreKeyspace::IndexSecondary
                    | StoreKeyspace::IndexRange
                    | StoreKeyspace::IndexUniquenessViolations
                    | StoreKeyspace::IndexBuild
                    | StoreKeyspace::IndexSlidingWindow => index.subspace_key().clone(),
                    StoreKeyspace::IndexState => name.into(),
                    StoreKeyspace::StoreInfo
                    | StoreKeyspace::Record
                    | StoreKeyspace::RecordCount
                    | StoreKeyspace::RecordVersion => continue,
                };
                self.prefixes.push(Tuple::from((keyspace.number(), key)).pack());
            }
            let mut message = proto::MetaData::decode(metadata.to_proto_bytes().as_slice())?;
            message.indexes.retain(|index| index.name() != name);
            *metadata = RecordMetaData::from_proto_bytes(message.encode_to_vec())
                .with_context(|| format!("the meta-data without index {name}"))?;
        }
        self.indexes.insert(name.to_owned(), why);
        Ok(self)
    }

    /// Whether there were indexes and all are left out: then nothing is left of what the case is about.
    pub(super) fn has_no_index(&self) -> bool {
        !self.indexes.is_empty()
            && self
                .case
                .metadata
                .iter()
                .all(|metadata| metadata.indexes().next().is_none())
    }

    /// Whether a key belongs to an index that is left out.
    pub(super) fn leaves_out_key(&self, key: &[u8]) -> bool {
        self.prefixes.iter().any(|prefix| key.starts_with(prefix))
    }

    /// The reason, if this index is left out.
    pub(super) fn leaves_out_index(&self, name: &Value) -> Option<&str> {
        self.indexes.get(name.as_str()?).map(String::as_str)
    }

    /// The reason why Java may have refused what works here: an index that is left out. Only exceptions that Java throws for
    /// anything are taken for that.
    pub(super) fn may_refuse(&self, javas: &Value) -> Option<&str> {
        let is_anything = javas["class"] == "RecordCoreException";
        self.indexes.values().next().filter(|_| is_anything).map(String::as_str)
    }

    pub(super) fn into_report(self) -> Report {
        let mut report = Report::default();
        for (name, why) in self.indexes {
            report.leave_out(Part::Index(name), why);
        }
        report
    }
}
