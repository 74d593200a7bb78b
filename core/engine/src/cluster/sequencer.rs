//! Versions: those of commits follow the clock, about a million a second, and never go back. A read version is that of the
//! latest commit; while nobody commits it goes on in leaps of two seconds, as if an empty group had been committed.
//!
//! Three rules keep them honest. A read version is at least the version of every acknowledged commit. It is below the
//! version of a group whose commit is under way, else its holder would miss that group and not conflict with it. And no
//! version is handed out past the *lease*, the version up to which the disk promises that a later start begins above.
//!
//! When the clock arrives at the lease it stands still there until the lease is renewed, instead of leaping ahead
//! afterwards: a leap would make transactions too old that have only just begun.

use std::sync::atomic::{AtomicI64, Ordering};

use parking_lot::Mutex;
use record_store_kv::env::Env;

use crate::limits::{VERSION_WINDOW, VERSIONS_PER_SECOND};

/// Hands out versions.
pub(crate) struct Sequencer {
    env: Env,
    /// What to add to the microseconds of the monotonic clock to get the version of this moment.
    offset: AtomicI64,
    /// The highest version that may be handed out by the clock alone.
    lease: AtomicI64,
    /// The newest version that a read may use without waiting.
    latest: AtomicI64,
    /// The version of the group under way. Holding it orders read versions and group starts.
    in_flight: Mutex<Option<i64>>,
}

impl Sequencer {
    /// Starts at version `start`; the clock may go up to `lease`.
    pub(crate) fn new(env: Env, start: i64, lease: i64) -> Self {
        let sequencer = Sequencer {
            offset: AtomicI64::new(0),
            lease: AtomicI64::new(lease),
            latest: AtomicI64::new(start),
            in_flight: Mutex::new(None),
            env,
        };
        sequencer.offset.store(start - sequencer.elapsed(), Ordering::Release);
        sequencer
    }

    /// The newest version that a read may use.
    pub(crate) fn read_version(&self) -> i64 {
        let latest = self.latest();
        if Self::idle_until(latest, self.now()) == latest {
            return latest;
        }
        let in_flight = self.in_flight.lock();
        if in_flight.is_none() {
            let now = self.tick();
            let version = Self::idle_until(self.latest(), now);
            self.latest.store(version, Ordering::Release);
        }
        self.latest()
    }

    /// The newest version that was handed out or published, without a look at the clock.
    pub(crate) fn latest(&self) -> i64 {
        self.latest.load(Ordering::Acquire)
    }

    /// The oldest version that may still be read at this moment.
    pub(crate) fn oldest_readable(&self) -> i64 {
        let now = self.now();
        Self::idle_until(self.latest(), now) - VERSION_WINDOW
    }

    /// Gives a group its version: above everything handed out before. One group at a time.
    pub(crate) fn begin_group(&self) -> i64 {
        let mut in_flight = self.in_flight.lock();
        assert!(in_flight.is_none(), "groups commit one after the other");
        let version = self.tick().max(self.latest.load(Ordering::Acquire) + 1);
        *in_flight = Some(version);
        version
    }

    /// The group under way is durable and visible from now on.
    pub(crate) fn publish_group(&self, version: i64) {
        let mut in_flight = self.in_flight.lock();
        assert_eq!(*in_flight, Some(version), "the group under way is the one published");
        self.latest.fetch_max(version, Ordering::AcqRel);
        *in_flight = None;
    }

    /// The disk now promises that a later start begins above `lease`.
    pub(crate) fn extend_lease(&self, lease: i64) {
        self.lease.fetch_max(lease, Ordering::AcqRel);
    }

    /// Whether at `version` more than half of the lease is used up.
    pub(crate) fn lease_is_short(&self, version: i64) -> bool {
        self.lease.load(Ordering::Acquire) - version < LEASE_LENGTH / 2
    }

    /// The version of this moment; stops the clock at the lease. Call it with `in_flight` locked.
    fn tick(&self) -> i64 {
        let lease = self.lease.load(Ordering::Acquire);
        let now = self.elapsed().saturating_add(self.offset.load(Ordering::Acquire));
        if now > lease {
            self.offset.fetch_sub(now - lease, Ordering::AcqRel);
        }
        now.min(lease)
    }

    /// The version of this moment.
    fn now(&self) -> i64 {
        // The lease first: whoever sees a renewed lease also sees the offset that was corrected before it.
        let lease = self.lease.load(Ordering::Acquire);
        let now = self.elapsed().saturating_add(self.offset.load(Ordering::Acquire));
        now.min(lease)
    }

    /// The version of the last empty group that an idle database would have committed since `latest`.
    fn idle_until(latest: i64, now: i64) -> i64 {
        latest + (now - latest).max(0) / IDLE_GROUPS * IDLE_GROUPS
    }

    fn elapsed(&self) -> i64 {
        const { assert!(VERSIONS_PER_SECOND == 1_000_000, "a version lasts a microsecond") };
        i64::try_from(self.env.clock().monotonic().as_micros()).unwrap_or(i64::MAX / 2)
    }
}

/// How often an idle database moves on: `MAX_COMMIT_BATCH_INTERVAL` of FoundationDB's proxies.
const IDLE_GROUPS: i64 = 2 * VERSIONS_PER_SECOND;
/// How far ahead of the latest version the lease is renewed to: a minute.
pub(crate) const LEASE_LENGTH: i64 = 60 * VERSIONS_PER_SECOND;

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::cluster::testing::ManualClock;

    fn start(lease: i64) -> (Sequencer, Arc<ManualClock>) {
        let (env, clock) = ManualClock::env();
        (Sequencer::new(env, 1_000, lease), clock)
    }

    #[test]
    fn commits_follow_the_clock_and_read_versions_follow_commits() {
        let (sequencer, clock) = start(i64::MAX);
        clock.advance(Duration::from_micros(10));
        assert_eq!(sequencer.read_version(), 1_000);
        let group = sequencer.begin_group();
        assert_eq!(group, 1_010);
        sequencer.publish_group(group);
        assert_eq!((sequencer.latest(), sequencer.read_version()), (1_010, 1_010));
        let group = sequencer.begin_group();
        assert_eq!(group, 1_011);
    }

    #[test]
    fn an_idle_database_moves_on_every_two_seconds() {
        let (sequencer, clock) = start(i64::MAX);
        for (wait, version) in [(1_999, 1_000), (1, 2_001_000), (1_999, 2_001_000), (5_000, 8_001_000)] {
            clock.advance(Duration::from_millis(wait));
            assert_eq!(sequencer.oldest_readable(), version - VERSION_WINDOW);
            assert_eq!(sequencer.read_version(), version);
        }
    }

    #[test]
    fn a_read_version_stays_below_the_group_under_way() {
        let (sequencer, clock) = start(i64::MAX);
        let group = sequencer.begin_group();
        clock.advance(Duration::from_secs(3));
        assert_eq!(sequencer.read_version(), group - 1);
        sequencer.publish_group(group);
        assert_eq!(sequencer.read_version(), group + 2_000_000);
    }

    #[test]
    fn the_clock_waits_at_the_lease_and_goes_on_from_there() {
        let (sequencer, clock) = start(61_000_000);
        clock.advance(Duration::from_secs(90));
        assert_eq!(sequencer.read_version(), 60_001_000);
        assert!(sequencer.lease_is_short(60_001_000));
        assert_eq!(sequencer.begin_group(), 61_000_000);
        sequencer.publish_group(61_000_000);
        sequencer.extend_lease(121_000_000);
        clock.advance(Duration::from_secs(2));
        assert_eq!(sequencer.read_version(), 63_000_000);
        assert_eq!(sequencer.oldest_readable(), 58_000_000);
    }
}
