//! What a client did wrong, judged from the ledger alone. Each finding names its evidence.

use std::collections::BTreeMap;

use ground::ledger::Ending;
use serde::Serialize;

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
    /// The first request ids that show it, as the client saw them in the `request-id` header.
    pub evidence: Vec<String>,
}

/// Mistakes that clients make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, strum::IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Rule {
    /// Asked again before the recommended wait was over.
    IgnoredRetryAfter,
    /// Asked again more than ten times without success.
    RetryStorm,
    /// Sent again what had been refused for good.
    RetriedNonRetryable,
    /// Never asked again after an answer that broke off.
    AcceptedTruncatedStream,
    /// Paid again for a body that had been answered, or was being answered.
    DuplicateSpending,
    /// Could not have succeeded, given the waits that the client had been told.
    Waste,
}

impl Rule {
    /// Its name, as in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

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

/// More repeats of one call than these are a storm: the official SDKs repeat twice, and whoever doubles
/// the wait each time has waited a quarter of an hour after ten.
const STORM: usize = 10;
/// A call with the same body so long after a failure is a new one.
const NEW_CALL_NS: u64 = 60 * SECOND_NS;
/// Attempts named for one finding: enough to look for in a log.
const EVIDENCE: usize = 20;
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
            .map(|row| row.request_id())
            .collect(),
    }
}

/// Judges the attempts with one body: which of them repeat another, and whether they may.
fn judge_call<'e>(
    attempts: &[&'e (CompactRow, Ending)],
    found: &mut BTreeMap<Rule, Vec<&'e CompactRow>>,
) {
    let mut add = |rule, row: &'e CompactRow| found.entry(rule).or_default().push(row);
    // Failures that nobody has asked again after yet, and how many attempts led to each.
    let mut failures: Vec<(&CompactRow, usize)> = Vec::new();
    for (i, (row, ending)) in attempts.iter().enumerate() {
        let told = row.retries.unwrap_or(0) as usize;
        let failure = failures.iter().position(|(failed, _)| repeats(row, failed));
        let earlier = failure.map(|at| failures.remove(at));
        let repeated = earlier.map_or(0, |(_, count)| count + 1).max(told);
        if let Some((failed, _)) = earlier {
            if is_early(row, failed) {
                add(Rule::IgnoredRetryAfter, row);
            }
            if failed.status.is_some_and(is_final) {
                add(Rule::RetriedNonRetryable, row);
            }
        }
        if repeated > STORM {
            add(Rule::RetryStorm, row);
        }
        match ending {
            Ending::Complete if is_paid_twice(attempts, i, earlier.is_some()) => {
                add(Rule::DuplicateSpending, row)
            }
            Ending::Complete => {}
            _ => failures.push((row, repeated)),
        }
    }
    if let Some((last, Ending::Truncated)) = attempts.last().copied() {
        add(Rule::AcceptedTruncatedStream, last);
    }
}

/// Whether `row` asks again what `failed` did not get: after its end, and soon enough that it is no
/// call of its own.
fn repeats(row: &CompactRow, failed: &CompactRow) -> bool {
    let told = failed.retry_after_s.unwrap_or(0) * SECOND_NS;
    let until = failed.ended_ns + NEW_CALL_NS.max(2 * told);
    (failed.ended_ns..until).contains(&row.arrived_ns)
}

/// Whether `row` came before the wait was over that `failed` was told.
fn is_early(row: &CompactRow, failed: &CompactRow) -> bool {
    let wait = failed.retry_after_s.unwrap_or(0) * SECOND_NS;
    wait > 0 && row.arrived_ns < failed.ended_ns + (wait - wait / 20).saturating_sub(SLACK_NS)
}

/// Whether a status says that asking again cannot help.
fn is_final(status: u16) -> bool {
    (400..500).contains(&status) && ![408, 409, 429].contains(&status)
}

/// Whether the whole answer of attempt `i` was paid although another one was there or on its way: a
/// retry of what had been answered, or an equal call in flight at the same time. Equal calls one
/// after the other are what a client may want.
fn is_paid_twice(attempts: &[&(CompactRow, Ending)], i: usize, after_a_failure: bool) -> bool {
    let row = &attempts[i].0;
    let is_retry = !after_a_failure && row.retries.is_some_and(|count| count > 0);
    let mut answered = attempts[..i]
        .iter()
        .filter(|(_, ending)| *ending == Ending::Complete);
    answered.any(|(other, _)| is_retry || other.ended_ns > row.arrived_ns)
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
