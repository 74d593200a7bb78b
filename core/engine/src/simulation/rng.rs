//! [`SplitMix`]: random numbers from a seed.

use parking_lot::Mutex;
use record_store_kv::env::Rng;

/// SplitMix64, from a seed that a failure prints.
pub(crate) struct SplitMix(Mutex<u64>);

impl SplitMix {
    /// The numbers of a seed.
    pub(crate) fn new(seed: u64) -> Self {
        SplitMix(Mutex::new(seed))
    }

    /// A number below `bound`, which is not 0.
    pub(crate) fn below(&self, bound: u64) -> u64 {
        self.next_u64() % bound
    }

    /// A place among `length` things, of which there is at least one.
    pub(crate) fn index(&self, length: usize) -> usize {
        let length = u64::try_from(length).unwrap_or(u64::MAX);
        usize::try_from(self.below(length)).unwrap_or(0)
    }

    /// True at this rate: never at 0, always at 1.
    pub(crate) fn happens(&self, rate: f64) -> bool {
        // 53 bits: every number that a double tells apart in [0, 1).
        const DOUBLES: f64 = (1_u64 << 53) as f64;
        rate > 0.0 && ((self.next_u64() >> 11) as f64) < rate * DOUBLES
    }
}

impl Rng for SplitMix {
    fn next_u64(&self) -> u64 {
        let mut state = self.0.lock();
        *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (*state ^ (*state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}
