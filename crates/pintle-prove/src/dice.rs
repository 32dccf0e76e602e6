//! Choices, all of which follow from one seed.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

pub struct Dice(StdRng);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(StdRng::seed_from_u64(seed))
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: usize, high: usize) -> usize {
        self.0.random_range(low..=high)
    }

    /// Yes, so many times in a hundred.
    pub fn chance(&mut self, percent: u32) -> bool {
        self.0.random_range(0..100) < percent
    }

    /// One of a list that is not empty.
    pub fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.between(0, list.len() - 1)]
    }

    /// Some of a list in its order, at least `least` of them where there are so many.
    pub fn some<T: Clone>(&mut self, list: &[T], least: usize) -> Vec<T> {
        let mut left: Vec<usize> = (0..list.len()).collect();
        let count = self.between(least.min(list.len()), list.len());
        while left.len() > count {
            let at = self.between(0, left.len() - 1);
            left.remove(at);
        }
        left.into_iter().map(|index| list[index].clone()).collect()
    }

    /// Letters and digits that nobody else has.
    pub fn word(&mut self) -> String {
        format!("{:016x}", self.0.random::<u64>())
    }
}
