//! [`Chance`]: random numbers from a seed, the same ones in this machine and in the Python one.

use std::sync::atomic::{AtomicU64, Ordering};

use record_store_kv::env::Rng;

/// SplitMix64: five lines in any language.
pub(super) struct Chance(AtomicU64);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Chance(AtomicU64::new(seed))
    }

    /// A number in `[0, below)`.
    pub(super) fn below(&self, below: u64) -> u64 {
        let wide = u128::from(self.next_u64()) * u128::from(below);
        u64::try_from(wide >> 64).unwrap_or(0)
    }

    /// As [`Chance::below`], for what is counted in memory.
    pub(super) fn index(&self, below: usize) -> usize {
        usize::try_from(self.below(below as u64)).unwrap_or(0)
    }

    /// As [`Chance::below`], for integers of programs.
    pub(super) fn int(&self, below: u32) -> i64 {
        i64::try_from(self.below(below.into())).unwrap_or(0)
    }

    /// True once in `n` times.
    pub(super) fn once_in(&self, n: u64) -> bool {
        self.below(n) == 0
    }

    pub(super) fn pick<'a, T>(&self, from: &'a [T]) -> &'a T {
        &from[self.index(from.len())]
    }

    /// Bytes, fewer than `below`; every other one is an end of the alphabet, where encodings have their corners.
    pub(super) fn bytes(&self, below: usize) -> Vec<u8> {
        let byte = |_| match self.below(4) {
            0 => 0x00,
            1 => 0xFF,
            _ => u8::try_from(self.below(256)).unwrap_or(0),
        };
        (0..self.index(below)).map(byte).collect()
    }
}

impl Rng for Chance {
    fn next_u64(&self) -> u64 {
        const STEP: u64 = 0x9E37_79B9_7F4A_7C15;
        let mut bits = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    }
}
