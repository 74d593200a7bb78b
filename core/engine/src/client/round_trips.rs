//! [`RoundTrips`]: whether somebody waited for the database meanwhile.
//!
//! Calls are answered at once here. Over a network an answer that nobody waits for comes while the client waits for another one, and
//! programs can tell: so what is on its way counts as arrived when a call of the same handle has been answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// The calls of a handle that waited for the database, counted while something is on its way.
#[derive(Default)]
pub(crate) struct RoundTrips {
    on_their_way: AtomicUsize,
    count: AtomicU64,
}

/// Something on its way.
pub(crate) struct Flight {
    trips: Arc<RoundTrips>,
    began: u64,
}

impl RoundTrips {
    /// A call has waited for the database.
    #[inline]
    pub(crate) fn note(&self) {
        if self.on_their_way.load(Ordering::Relaxed) > 0 {
            self.count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Something sets out.
    pub(crate) fn begin(self: &Arc<Self>) -> Flight {
        self.on_their_way.fetch_add(1, Ordering::Relaxed);
        Flight {
            began: self.count.load(Ordering::Relaxed),
            trips: self.clone(),
        }
    }
}

impl Flight {
    /// Whether a call has waited since it set out.
    pub(crate) fn is_over(&self) -> bool {
        self.trips.count.load(Ordering::Relaxed) != self.began
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.trips.on_their_way.fetch_sub(1, Ordering::Relaxed);
    }
}
