//! [`Heartbeat`]: the sign of life of a builder, by which others know that they are not needed.
//!
//! Java class: `IndexingHeartbeat`, with its keys and message.

use std::time::Duration;

use prost::Message;
use record_store_kv::env::Env;
use record_store_kv::tuple::{Element, Tuple};
use uuid::{Builder, Uuid};

use crate::metadata::Index;
use crate::proto::IndexBuildHeartbeat;
use crate::{Error, ErrorKind, RecordStore, Result};

/// The sign of life of one builder.
pub(super) struct Heartbeat {
    env: Env,
    builder: Uuid,
    created: Duration,
    lease: Duration,
    /// Whether others may live beside it.
    shares: bool,
}

impl Heartbeat {
    /// Of a new builder. Signs of life of others count as long as `lease`, and not at all for one that `shares` the work.
    pub(super) fn new(env: &Env, lease: Duration, shares: bool) -> Self {
        let random = u128::from(env.rng().next_u64()) << 64 | u128::from(env.rng().next_u64());
        Heartbeat {
            builder: Builder::from_random_bytes(random.to_be_bytes()).into_uuid(),
            created: env.clock().unix_time(),
            lease,
            shares,
            env: env.clone(),
        }
    }

    /// Gives the sign beside an index.
    ///
    /// Errors: `IndexBuild` if another builder lives.
    pub(super) async fn beat(&self, store: &RecordStore, index: &Index, method: &str) -> Result<()> {
        let transaction = store.context().transaction();
        let subspace = store.index_context(index).layout().heartbeats();
        let now = millis(self.env.clock().unix_time());
        let mut request = (!self.shares).then(|| subspace.range().request());
        while let Some(wanted) = request {
            let batch = transaction.get_range(&wanted, false).await?;
            request = wanted.after(&batch);
            for row in batch.rows {
                let key: Option<Tuple> = subspace.unpack(&row.key).ok();
                let other = key.as_ref().and_then(|key| key.first());
                if other == Some(&Element::Uuid(self.builder)) {
                    continue;
                }
                // What cannot be read is no sign of life.
                let Ok(heartbeat) = IndexBuildHeartbeat::decode(row.value) else {
                    continue;
                };
                let age = now.saturating_sub(heartbeat.heartbeat_time_milliseconds());
                if age > -DAY_MILLIS && age < millis(self.lease) {
                    return Err(Error::new(
                        ErrorKind::IndexBuild,
                        "another builder works on the index: wait for it, or until its lease is over if it has died",
                    )
                    .with("index", index.name())
                    .with("builder", key.unwrap_or_default())
                    .with("age_ms", age)
                    .with("lease_ms", millis(self.lease)));
                }
            }
        }
        let heartbeat = IndexBuildHeartbeat {
            info: Some(method.to_owned()),
            create_time_milliseconds: Some(millis(self.created)),
            heartbeat_time_milliseconds: Some(now),
        };
        transaction.set(&self.key(store, index), &heartbeat.encode_to_vec());
        Ok(())
    }

    /// Takes the sign away.
    pub(super) fn clear(&self, store: &RecordStore, index: &Index) {
        store.context().clear(&self.key(store, index));
    }

    fn key(&self, store: &RecordStore, index: &Index) -> Vec<u8> {
        let subspace = store.index_context(index).layout().heartbeats();
        subspace.pack(&Tuple::from((self.builder,)))
    }
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

/// A sign that is more than a day ahead comes from no clock.
const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;
