//! What a detection found, as every detection says it.

use crate::record::exam::{Attempt, Case};

/// What a detection found.
pub(super) struct Evidence {
    /// Where it showed, if not in the case in which it was looked for.
    pub(super) case: Option<Case>,
    pub(super) seen: String,
    pub(super) exchanges: Vec<usize>,
    pub(super) attempts: Vec<u64>,
}

pub(super) fn shown(seen: String, exchanges: Vec<usize>, attempts: Vec<u64>) -> Option<Evidence> {
    Some(Evidence {
        case: None,
        seen,
        exchanges,
        attempts,
    })
}

pub(super) fn seqs<'c>(attempts: impl IntoIterator<Item = &'c Attempt>) -> Vec<u64> {
    attempts
        .into_iter()
        .take(20)
        .map(|attempt| attempt.seq)
        .collect()
}
