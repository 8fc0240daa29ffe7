//! The part of a schedule that one of several processes carries out.

/// Every `of`-th request from the `index`-th on (from 0): parts that are disjoint and complete
/// without anybody telling the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// Which part, from 0.
    pub index: u64,
    /// How many parts there are.
    pub of: u64,
}

impl Default for Share {
    fn default() -> Self {
        Self { index: 0, of: 1 }
    }
}

impl Share {
    /// Whether request (or run) `index` belongs to it.
    #[must_use]
    pub fn holds(self, index: u64) -> bool {
        index % self.of == self.index
    }

    /// How many of `total` belong to it.
    #[must_use]
    pub fn count(self, total: u64) -> u64 {
        (total + self.of - 1 - self.index) / self.of
    }
}
