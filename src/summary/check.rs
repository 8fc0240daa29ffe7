//! Conservation laws: what one side sent is what the other side saw.

use ground::ledger::Ending as MockEnding;

use crate::record::{AttemptEnding, Run};

/// The laws that `run` breaks, in words; empty for a valid run.
#[must_use]
pub fn violations(run: &Run) -> Vec<String> {
    let ended: u64 = run.endings.values().sum();
    let attempts = &run.attempts;
    let ledger = &run.ledger.totals;
    let whole = ledger
        .by_ending
        .get(&MockEnding::Complete)
        .copied()
        .unwrap_or(0);
    let unreachable = attempts
        .by_ending
        .get(&AttemptEnding::Unreachable)
        .copied()
        .unwrap_or(0);
    let latencies: u64 = run
        .latency
        .values()
        .map(|latencies| latencies.micros().len())
        .sum();
    let dropped = run
        .endings
        .get(&crate::record::Ending::Dropped)
        .copied()
        .unwrap_or(0);
    let equal = [
        ("requests offered", run.offered, "requests ended", ended),
        (
            "requests sent",
            ended - dropped,
            "latencies recorded",
            latencies,
        ),
        (
            "attempts sent",
            attempts.sent,
            "attempts ended",
            attempts.by_ending.values().sum(),
        ),
        (
            "attempts that connected",
            attempts.sent - unreachable,
            "attempts the mock saw",
            ledger.attempts,
        ),
        (
            "attempts the mock saw",
            ledger.attempts,
            "attempts it ended",
            ledger.by_ending.values().sum(),
        ),
        (
            "replied input tokens",
            attempts.replied_input_tokens,
            "the ledger's",
            whole_input(run),
        ),
        (
            "replied output tokens",
            attempts.replied_output_tokens,
            "the ledger's",
            ledger.replied.output_tokens,
        ),
    ];
    let mut found: Vec<String> = equal
        .iter()
        .filter(|(_, left, _, right)| left != right)
        .map(|(a, left, b, right)| format!("{a} ({left}) and {b} ({right}) differ"))
        .collect();
    let answered = attempts.by_status.get(&200).copied().unwrap_or(0);
    if answered < whole {
        found.push(format!(
            "the mock completed {whole} answers, but only {answered} arrived"
        ));
    }
    found
}

fn whole_input(run: &Run) -> u64 {
    run.ledger.totals.replied.prompt_tokens()
}
