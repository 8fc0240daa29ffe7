//! The draws of one author, in the order in which it asks.

use ground::chance::mix;

#[derive(Debug)]
pub(super) struct Chance {
    seed: u64,
    drawn: u64,
}

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, drawn: 0 }
    }

    /// A number below `count`, or 0 if there is none.
    pub(super) fn below(&mut self, count: usize) -> usize {
        self.drawn += 1;
        (mix(&[self.seed, self.drawn]) % count.max(1) as u64) as usize
    }
}
