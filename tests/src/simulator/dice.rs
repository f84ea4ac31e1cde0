//! Chance, from a seed: one stream for each who decides, so that leaving one out does not change what the others do.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};

/// A stream of numbers. ChaCha's streams are the same on every machine.
#[derive(Clone, Debug)]
pub(super) struct Dice(ChaCha8Rng);

/// Who decides.
#[derive(Clone, Copy, Debug)]
pub(super) enum Whose {
    World = 1,
    User = 2,
    Merchant = 3,
    Phone = 4,
    Operator = 5,
    Network = 6,
    Host = 7,
    Stranger = 8,
}

impl Dice {
    pub(super) fn new(seed: u64, whose: Whose, index: usize) -> Self {
        let mut numbers = ChaCha8Rng::seed_from_u64(seed);
        numbers.set_stream((whose as u64) << 32 | index as u64);
        Self(numbers)
    }

    /// From 0 to below `bound`, or 0.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        let wide = u128::from(self.0.next_u64()) * u128::from(bound);
        u64::try_from(wide >> 64).unwrap_or(0)
    }

    /// From `least` to `most`, both included.
    pub(super) fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.below(most.saturating_sub(least) + 1)
    }

    /// So many times of a thousand.
    pub(super) fn often(&mut self, of_1000: u64) -> bool {
        self.below(1_000) < of_1000
    }

    pub(super) fn index(&mut self, of: usize) -> usize {
        usize::try_from(self.below(of as u64)).unwrap_or(0)
    }

    /// One of them.
    pub(super) fn one<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        of.get(self.index(of.len()))
    }
}
