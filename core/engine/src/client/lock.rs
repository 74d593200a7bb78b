//! [`Locked`]: a transaction's state while a call holds it.

use std::ops::{Deref, DerefMut};

use parking_lot::{Mutex, MutexGuard};

use super::fate::wake;
use super::state::State;

/// The state, locked. Whoever waits for what the call did is woken when the lock is free again: a task that is woken may use the
/// transaction at once, on the same thread.
pub(crate) struct Locked<'a>(Option<MutexGuard<'a, State>>);

impl<'a> Locked<'a> {
    /// Waits for the lock.
    #[inline]
    pub(crate) fn new(state: &'a Mutex<State>) -> Self {
        Locked(Some(state.lock()))
    }
}

impl Deref for Locked<'_> {
    type Target = State;

    #[inline]
    fn deref(&self) -> &State {
        self.0.as_ref().expect("the lock is held until this is dropped")
    }
}

impl DerefMut for Locked<'_> {
    #[inline]
    fn deref_mut(&mut self) -> &mut State {
        self.0.as_mut().expect("the lock is held until this is dropped")
    }
}

impl Drop for Locked<'_> {
    #[inline]
    fn drop(&mut self) {
        let Some(mut state) = self.0.take() else { return };
        if state.wakers.is_empty() {
            return;
        }
        let wakers = std::mem::take(&mut state.wakers);
        drop(state);
        wake(wakers);
    }
}
