//! What a store has under a key, and what it holds in all.

use std::time::Duration;

/// What changes each time a lease is taken or renewed. Who sees the same one for [`LEASE`] knows that nobody works on it,
/// without comparing clocks.
pub(super) type Token = u64;

/// How long work is left to whoever began it and has not been heard of since.
pub(super) const LEASE: Duration = Duration::from_secs(12);

/// Why an access failed, in words.
pub(super) type StoreError = String;

/// What a store has under a key.
#[derive(Debug, PartialEq)]
pub(super) enum Found {
    Answer(String),
    /// Somebody is at work on it.
    Leased(Token),
    Nothing,
}

/// What a store holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StoreStats {
    /// Answers that may be handed out.
    pub answers: u64,
    /// Bytes of their text.
    pub bytes: u64,
    /// Pieces of work that somebody has begun.
    pub leases: u64,
}
