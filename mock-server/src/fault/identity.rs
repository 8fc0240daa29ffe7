//! Who asks, for everything that is left to chance.

use ground::chance::mix;

/// Who makes an attempt, for everything left to chance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) seed: u64,
    pub(crate) digest: u64,
    pub(crate) seen: u32,
}

impl Identity {
    /// 64 bits that depend on the identity and on `purpose` alone.
    pub(crate) fn bits(self, purpose: u64) -> u64 {
        mix(&[self.seed, self.digest, u64::from(self.seen), purpose])
    }
}
