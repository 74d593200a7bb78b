//! How fast commits may come while the base is behind: each waits a little, the more the less room there is, so that none ever
//! waits for long.
//!
//! What the base takes in a second is measured. While less than half of the room is in use nobody waits. From there on commits
//! get a turn each, at twice that pace at first and ever slower towards the end of the room: somewhere in between changes come
//! as fast as they go.

use std::time::Duration;

use parking_lot::Mutex;

use crate::limits::{VERSION_WINDOW, VERSIONS_PER_SECOND};

/// Hands out turns to commits.
pub(crate) struct Pace {
    /// How much memory changes may take.
    room: usize,
    state: Mutex<State>,
}

struct State {
    /// How many bytes of changes the base takes in a second, lately; none known before its first batch.
    taken: Option<usize>,
    /// When the last turn ends, on the monotonic clock.
    next: Duration,
}

impl Pace {
    /// Changes should take at most `room` bytes.
    pub(crate) fn new(room: usize) -> Self {
        Pace {
            room,
            state: Mutex::new(State {
                taken: None,
                next: Duration::ZERO,
            }),
        }
    }

    /// Notes that the base took `bytes` of changes in `time`.
    pub(crate) fn note(&self, bytes: usize, time: Duration) {
        let micros = time.as_micros().max(1);
        let now = to_u128(bytes) * MICROS / micros;
        let mut state = self.state.lock();
        let before = state.taken.map_or(now, to_u128);
        state.taken = usize::try_from((before + now) / 2).ok();
    }

    /// Whether commits wait while `used` of the room is in use.
    pub(crate) fn is_crowded(&self, used: usize) -> bool {
        self.room.saturating_sub(used) < self.room / 2
    }

    /// How long a commit whose changes take `bytes` has to wait at `now` while `used` of the room is in use.
    pub(crate) fn turn(&self, bytes: usize, used: usize, now: Duration) -> Duration {
        if !self.is_crowded(used) {
            return Duration::ZERO;
        }
        let free = self.room.saturating_sub(used);
        let mut state = self.state.lock();
        // Changes stay for the time of the window however fast the base is, and take all room if they come faster than this.
        let stay = to_u128(self.room) * u128::from(VERSIONS_PER_SECOND.unsigned_abs())
            / u128::from(VERSION_WINDOW.unsigned_abs() + VERSIONS_PER_SECOND.unsigned_abs());
        let pace = state.taken.map_or(stay, |taken| to_u128(taken).min(stay));
        let share = (to_u128(free) * 4 * PARTS / to_u128(self.room).max(1)).max(1);
        let rate = (pace * share / PARTS).max(1);
        let turn = to_u128(bytes) * MICROS / rate;
        let turn = Duration::from_micros(u64::try_from(turn).unwrap_or(u64::MAX));
        // What a client does between two turns is no reason to wait longer: the turns follow one another, not their commits.
        let begin = state.next.max(now.saturating_sub(CREDIT));
        state.next = begin.saturating_add(turn).min(now + LONGEST_WAIT);
        state.next.saturating_sub(now)
    }
}

fn to_u128(bytes: usize) -> u128 {
    u128::try_from(bytes).unwrap_or(u128::MAX)
}

const MICROS: u128 = 1_000_000;
/// A share of the pace is counted in so many parts.
const PARTS: u128 = 1_024;
/// Turns that nobody took for so long may be taken later: the time in which a commit is on its way, and a stop of the disk.
const CREDIT: Duration = Duration::from_millis(50);
/// A commit waits no longer than this for its turn, however large it is: its transaction would become too old.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: usize = 600 << 20;
    const NOW: Duration = Duration::from_secs(9);

    fn paced() -> Pace {
        let pace = Pace::new(ROOM);
        pace.note(10 << 20, Duration::from_secs(1));
        pace
    }

    #[test]
    fn nobody_waits_while_half_of_the_room_is_free() {
        assert_eq!(paced().turn(10 << 20, ROOM / 2, NOW), Duration::ZERO);
    }

    #[test]
    fn the_wait_grows_with_what_is_in_use_and_with_the_commit() {
        let wait = |bytes, used| paced().turn(bytes, used, NOW) + CREDIT;
        // A tenth of a second at the base's own pace, which is the pace where three quarters are in use.
        assert_eq!(wait(1 << 20, ROOM / 4 * 3), Duration::from_millis(100));
        assert_eq!(wait(2 << 20, ROOM / 4 * 3), Duration::from_millis(200));
        assert!(wait(1 << 20, ROOM / 8 * 5) < Duration::from_millis(100));
        assert!(wait(1 << 20, ROOM / 8 * 7) > Duration::from_millis(100));
    }

    #[test]
    fn turns_come_one_after_the_other_up_to_a_second() {
        let pace = paced();
        let waits: Vec<_> = (0..12)
            .map(|_| pace.turn(1 << 20, ROOM / 4 * 3, NOW).as_millis())
            .collect();
        assert_eq!(waits, [50, 150, 250, 350, 450, 550, 650, 750, 850, 950, 1_000, 1_000]);
        assert_eq!(pace.turn(1 << 20, ROOM, NOW + Duration::from_secs(60)), LONGEST_WAIT);
    }

    #[test]
    fn time_between_turns_counts_and_long_idleness_does_not() {
        let pace = paced();
        let wait = |at| {
            pace.turn(1 << 20, ROOM / 4 * 3, NOW + Duration::from_millis(at))
                .as_millis()
        };
        // Turns of 100 milliseconds end 50, 150 and 250 milliseconds after the first began, whenever they are asked for.
        assert_eq!([wait(0), wait(90), wait(180), wait(9_000)], [50, 60, 70, 50]);
    }

    #[test]
    fn a_fast_base_does_not_let_changes_outgrow_the_window() {
        let pace = Pace::new(ROOM);
        pace.note(ROOM, Duration::from_millis(1));
        assert_eq!(pace.turn(100 << 20, ROOM / 4 * 3, NOW) + CREDIT, Duration::from_secs(1));
    }
}
