//! The call of a mapped range read: which errors come first, and what happens when its version lies ahead.

use record_store_kv::{Error, MappedRangeBatch, RangeRequest, Read, Result, fdb_code};

use crate::client::EngineTransaction;
use crate::client::legality::SYSTEM_KEYS_END;
use crate::client::range::RangeRead;
use crate::client::special;
use crate::client::state::State;

impl EngineTransaction {
    /// Reads a batch of a mapped range.
    pub(crate) fn mapped_range(&self, request: &RangeRequest, mapper: &[u8], snapshot: bool) -> Read<MappedRangeBatch> {
        let read = match RangeRead::new(request) {
            Ok(read) => read,
            Err(error) => return Read::ready(Err(error)),
        };
        let mut state = self.lock();
        if let Err(error) = check(&mut state, request) {
            return Read::ready(Err(error));
        }
        self.wait(&mut state);
        let result = state.get_mapped_range((request, &read), mapper, snapshot);
        let arrival = state.snapshot.take_arrival().filter(|_| result.is_err());
        let Some(arrival) = arrival else {
            return Read::ready(result);
        };
        let (attempt, fate) = (state.attempt, state.fate());
        drop(state);
        let (me, request, mapper) = (self.me.clone(), request.clone(), mapper.to_vec());
        // The commit does not wait for it, and the writes that matter are those of when it is executed: it needs no copy of the state.
        fate.guard(self.env(), async move {
            arrival.await?;
            let cancelled = || Error::fdb(fdb_code::TRANSACTION_CANCELLED);
            let me = me.upgrade().ok_or_else(cancelled)?;
            let mut state = me.lock();
            if state.attempt != attempt {
                return Err(cancelled());
            }
            state.get_mapped_range((&request, &read), &mapper, snapshot)
        })
    }
}

/// The checks before the read itself.
fn check(state: &mut State, request: &RangeRequest) -> Result<()> {
    state.check_deferred()?;
    if special::has(state, &request.begin.key) && request.end.key >= SYSTEM_KEYS_END {
        return Err(Error::fdb(fdb_code::CLIENT_INVALID_OPERATION));
    }
    state.check_usable()
}
