//! Which requests and calls of a case show a measure, so that a student can look for them.

use super::read::{exchanges_where, is_valid, late_attempts};
use crate::record::exam::{Attempt, CaseRecord, Exchange, Outcome};

/// Which requests and calls show a measure that is not as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::grade) enum Telling {
    /// Requests without whole, correct documentation.
    WrongAnswers,
    /// Bodies that are no request and were not refused.
    Accepted,
    /// Requests without any answer.
    Unanswered,
    /// The first request.
    First,
    /// The second request.
    Second,
    /// Answers that document a definition again.
    Repeats,
    /// Answers out of order.
    Disorder,
    /// Answers with entries that are not of their file.
    Foreign,
    /// Answers with the API key.
    Leaks,
    /// The requests that took longest.
    Slowest,
    /// Calls that later requests cost.
    LaterCalls,
    /// Calls that met trouble, and what followed them.
    Trouble,
    /// Calls with the longest prompts.
    LongestPrompts,
    /// Calls after all clients had left.
    LateCalls,
}

/// Indices of requests, and numbers of calls.
pub(in crate::grade) type Shown = (Vec<usize>, Vec<u64>);

impl Telling {
    /// The requests and calls of `record` that show it, the most telling first.
    pub(in crate::grade) fn of(self, record: &CaseRecord) -> Shown {
        let requests =
            |what: &dyn Fn(&Exchange) -> bool| (exchanges_where(record, what), Vec::new());
        match self {
            Self::WrongAnswers => requests(&|one| !is_valid(record, one)),
            Self::Accepted => requests(&|one| !matches!(one.status, Some(400..=499))),
            Self::Unanswered => {
                requests(&|one| matches!(one.outcome, Outcome::TimedOut | Outcome::Closed))
            }
            Self::First => (vec![0], Vec::new()),
            Self::Second => (vec![1], Vec::new()),
            Self::Repeats => requests(&|one| one.found.duplicates > 0),
            Self::Disorder => requests(&|one| one.found.out_of_order > 0),
            Self::Foreign => {
                requests(&|one| one.found.foreign + one.found.stale + one.found.forged > 0)
            }
            Self::Leaks => requests(&|one| one.leaks_key),
            Self::Slowest => (slowest(record), Vec::new()),
            Self::LaterCalls => (Vec::new(), later_calls(record)),
            Self::Trouble => (Vec::new(), around_trouble(record)),
            Self::LongestPrompts => (Vec::new(), longest_prompts(record)),
            Self::LateCalls => (Vec::new(), seqs(late_attempts(record))),
        }
    }
}

fn seqs<'r>(attempts: impl Iterator<Item = &'r Attempt>) -> Vec<u64> {
    attempts.map(|attempt| attempt.seq).collect()
}

fn slowest(record: &CaseRecord) -> Vec<usize> {
    let mut all: Vec<usize> = (0..record.exchanges.len()).collect();
    let took = |at: &usize| {
        let exchange = &record.exchanges[*at];
        exchange.ended_ms.saturating_sub(exchange.at_ms)
    };
    all.sort_by_key(|at| std::cmp::Reverse(took(at)));
    all
}

fn later_calls(record: &CaseRecord) -> Vec<u64> {
    let from = record.exchanges.get(1).map_or(0, |second| second.at_ms);
    let later = record.attempts.iter();
    seqs(later.filter(|one| one.worked() && one.at_ms >= from))
}

/// The first call that met trouble, and those about the same definitions after it.
fn around_trouble(record: &CaseRecord) -> Vec<u64> {
    let Some(first) = record.attempts.iter().find(|one| one.is_broken()) else {
        return Vec::new();
    };
    let alike = record.attempts.iter();
    seqs(alike.filter(|one| one.carried == first.carried && one.seq >= first.seq))
}

fn longest_prompts(record: &CaseRecord) -> Vec<u64> {
    let mut all: Vec<&Attempt> = record.attempts.iter().collect();
    all.sort_by_key(|one| std::cmp::Reverse(one.prompt_bytes));
    seqs(all.into_iter())
}
