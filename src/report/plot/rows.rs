//! Rows of the timeline: one a request, more where its calls overlap.

use std::collections::BTreeMap;

use crate::record::{Attempt, Ending, Request, Run};

/// A request or, where its calls overlap, a part of it.
pub(super) struct TimeRow<'a> {
    /// The request, in its first row.
    pub(super) request: Option<&'a Request>,
    /// What was sent in it, in the order of time.
    pub(super) attempts: Vec<&'a Attempt>,
}

impl TimeRow<'_> {
    /// Answered without a call, from the cache or by a call that another request made.
    pub(super) fn is_free(&self) -> bool {
        self.attempts.is_empty()
            && self
                .request
                .is_some_and(|request| request.ending == Ending::Ok)
    }
}

/// The rows of `run`, in the order of its requests.
pub(super) fn rows(run: &Run) -> Vec<TimeRow<'_>> {
    let mut attempts: BTreeMap<u64, Vec<&Attempt>> = BTreeMap::new();
    for attempt in &run.attempts.rows {
        attempts.entry(attempt.request).or_default().push(attempt);
    }
    let rows = run.requests.iter().flat_map(|request| {
        let packed = packed(attempts.remove(&request.index).unwrap_or_default());
        packed
            .into_iter()
            .enumerate()
            .map(move |(part, attempts)| TimeRow {
                request: (part == 0).then_some(request),
                attempts,
            })
    });
    rows.collect()
}

/// Puts attempts into as few rows as hold them without overlap; at least one.
fn packed(mut attempts: Vec<&Attempt>) -> Vec<Vec<&Attempt>> {
    attempts.sort_by_key(|attempt| (attempt.started_ms, attempt.call, attempt.attempt));
    let mut rows: Vec<Vec<&Attempt>> = vec![vec![]];
    for attempt in attempts {
        let free = |row: &&mut Vec<&Attempt>| {
            row.last()
                .is_none_or(|last| last.ended_ms <= attempt.started_ms)
        };
        match rows.iter_mut().find(free) {
            Some(row) => row.push(attempt),
            None => rows.push(vec![attempt]),
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::AttemptEnding;

    fn attempt(started_ms: u64, ended_ms: u64) -> Attempt {
        Attempt {
            request: 0,
            call: 0,
            attempt: 0,
            started_ms,
            head_ms: None,
            ended_ms,
            status: None,
            ending: AttemptEnding::Reset,
        }
    }

    #[test]
    fn overlapping_attempts_get_rows_of_their_own() {
        let attempts = [
            attempt(0, 10),
            attempt(5, 15),
            attempt(10, 20),
            attempt(30, 40),
        ];
        let rows = packed(attempts.iter().collect());
        assert_eq!(rows.iter().map(Vec::len).collect::<Vec<_>>(), [3, 1]);
        assert_eq!(packed(vec![]).len(), 1);
    }
}
