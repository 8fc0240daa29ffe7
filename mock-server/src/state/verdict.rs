//! What a client did wrong, judged from the ledger alone. Each finding names its evidence.

use std::collections::BTreeMap;

use ground::ledger::Ending;
use serde::Serialize;

use crate::reply::ids;

use super::ledger::CompactRow;

/// The judgement on everything that is in the ledger.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verdict {
    /// Whether nothing was found.
    pub clean: bool,
    /// Attempts that were judged.
    pub attempts: usize,
    /// What was found, in the order of the rules.
    pub findings: Vec<Finding>,
}

/// One kind of mistake.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// Which mistake.
    pub rule: Rule,
    /// What it means and what to do instead.
    pub advice: &'static str,
    /// How often it happened.
    pub count: usize,
    /// Pico-dollars it cost.
    pub cost_pico: u64,
    /// The first request ids that show it.
    pub evidence: Vec<String>,
}

/// Mistakes that clients make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Asked again before the recommended wait was over.
    IgnoredRetryAfter,
    /// The same body more than ten times.
    RetryStorm,
    /// Sent again what had been refused for good.
    RetriedNonRetryable,
    /// Never asked again after an answer that broke off.
    AcceptedTruncatedStream,
    /// Paid again for a body that had been answered.
    DuplicateSpending,
    /// Could not have succeeded, given the waits that the client had been told.
    Waste,
}

impl Rule {
    fn advice(self) -> &'static str {
        match self {
            Self::IgnoredRetryAfter => "wait as long as `retry-after` says before the next attempt",
            Self::RetryStorm => "bound the attempts of a call and give up with a partial result",
            Self::RetriedNonRetryable => {
                "do not repeat a request that was refused with a 4xx other than 408, 409 and 429"
            }
            Self::AcceptedTruncatedStream => {
                "treat a stream without `message_stop` as failed and ask again"
            }
            Self::DuplicateSpending => {
                "cache answers by content, and share one call among equal requests in flight"
            }
            Self::Waste => "after a 429, hold back all requests until the wait is over",
        }
    }
}

const STORM: usize = 10;
const EVIDENCE: usize = 5;
const SECOND_NS: u64 = 1_000_000_000;
/// A wait may be short by 5 % and 50 ms, for clocks and rounding.
const SLACK_NS: u64 = 50_000_000;

/// Judges attempts in the order of their arrival.
pub(crate) fn judge(rows: &[(CompactRow, Ending)]) -> Verdict {
    let mut found: BTreeMap<Rule, Vec<&CompactRow>> = BTreeMap::new();
    let mut by_body: BTreeMap<(u64, u64), Vec<&(CompactRow, Ending)>> = BTreeMap::new();
    for attempt in rows.iter().filter(|(row, _)| row.model.is_some()) {
        let call = (attempt.0.key, attempt.0.digest);
        by_body.entry(call).or_default().push(attempt);
    }
    for attempts in by_body.values() {
        judge_call(attempts, &mut found);
    }
    judge_waste(rows, &mut found);
    let findings: Vec<Finding> = found
        .into_iter()
        .map(|(rule, hits)| finding(rule, &hits))
        .collect();
    Verdict {
        clean: findings.is_empty(),
        attempts: rows.len(),
        findings,
    }
}

fn finding(rule: Rule, hits: &[&CompactRow]) -> Finding {
    Finding {
        rule,
        advice: rule.advice(),
        count: hits.len(),
        cost_pico: hits.iter().map(|row| row.cost_pico).sum(),
        evidence: hits
            .iter()
            .take(EVIDENCE)
            .map(|row| ids::request(row.bits))
            .collect(),
    }
}

fn judge_call<'e>(
    attempts: &[&'e (CompactRow, Ending)],
    found: &mut BTreeMap<Rule, Vec<&'e CompactRow>>,
) {
    let mut add = |rule, row: &'e CompactRow| found.entry(rule).or_default().push(row);
    for pair in attempts.windows(2) {
        let ((before, _), (after, _)) = (pair[0], pair[1]);
        let wait = before.retry_after_s.unwrap_or(0) * SECOND_NS;
        if after.arrived_ns < before.ended_ns + (wait - wait / 20).saturating_sub(SLACK_NS)
            && wait > 0
        {
            add(Rule::IgnoredRetryAfter, after);
        }
        let refused = before
            .status
            .is_some_and(|s| (400..500).contains(&s) && ![408, 409, 429].contains(&s));
        if refused && after.arrived_ns >= before.ended_ns {
            add(Rule::RetriedNonRetryable, after);
        }
    }
    for (row, _) in attempts.iter().skip(STORM) {
        add(Rule::RetryStorm, row);
    }
    let complete = |(_, ending): &&&'e (CompactRow, Ending)| *ending == Ending::Complete;
    for (row, _) in attempts.iter().filter(complete).skip(1) {
        add(Rule::DuplicateSpending, row);
    }
    if let Some((last, Ending::Truncated)) = attempts.last().copied() {
        add(Rule::AcceptedTruncatedStream, last);
    }
}

/// Requests refused by a limit whose wait the same customer had been told for the same model and
/// which was not over.
fn judge_waste<'e>(
    rows: &'e [(CompactRow, Ending)],
    found: &mut BTreeMap<Rule, Vec<&'e CompactRow>>,
) {
    let mut told: BTreeMap<(u64, usize), Vec<(u64, u64)>> = BTreeMap::new();
    for (row, _) in rows {
        let (Some(model), Some(seconds)) = (row.model, row.retry_after_s) else {
            continue;
        };
        let waits = told.entry((row.key, model)).or_default();
        let hopeless = waits.iter().any(|(told_at, until)| {
            *told_at < row.arrived_ns && row.arrived_ns + SLACK_NS < *until
        });
        if hopeless {
            found.entry(Rule::Waste).or_default().push(row);
        }
        waits.retain(|(_, until)| *until > row.arrived_ns);
        waits.push((row.ended_ns, row.ended_ns + seconds * SECOND_NS));
    }
}
