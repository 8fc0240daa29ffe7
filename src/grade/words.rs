//! Requests and calls in a few words, as evidence that a student can look for in a log.

use crate::record::exam::{Attempt, CaseRecord, Exchange, Outcome, Trouble};
use crate::text::line;

/// Requests and calls that are told of each kind; the record has all.
const TOLD: usize = 3;

/// Requests by their index and calls by their `seq`, in words.
pub(super) fn told(record: &CaseRecord, exchanges: &[usize], attempts: &[u64]) -> Vec<String> {
    let exchanges = exchanges.iter().take(TOLD).filter_map(|index| {
        let one = record.exchanges.get(*index)?;
        Some(format!("request {index}, {}", exchange(record, one)))
    });
    let attempts = attempts.iter().take(TOLD).filter_map(|seq| {
        let one = record.attempts.iter().find(|one| one.seq == *seq)?;
        Some(format!("attempt {seq}, {}", attempt(record, one)))
    });
    exchanges.chain(attempts).collect()
}

/// Seconds with two places.
fn seconds(ms: u64) -> String {
    format!("{:.2} s", ms as f64 / 1000.0)
}

pub(super) fn exchange(record: &CaseRecord, exchange: &Exchange) -> String {
    let answer = match (exchange.outcome, exchange.status) {
        (Outcome::TimedOut, _) => "no answer".to_owned(),
        (Outcome::Closed, _) => "the connection was closed".to_owned(),
        (Outcome::Left, _) => "the client left".to_owned(),
        (Outcome::Whole, Some(status)) => format!("status {status}"),
        (_, Some(status)) => format!("status {status} \"{}\"", line(&exchange.said)),
        (_, None) => "no status".to_owned(),
    };
    let of = exchange.file.map_or(0, |file| record.files[file].symbols);
    let covered = match of {
        0 => String::new(),
        of => format!(
            ", {} of {of} definitions documented",
            exchange.found.documented
        ),
    };
    let took = exchange.ended_ms.saturating_sub(exchange.at_ms);
    format!(
        "{}, at {}: {answer} after {}{covered}",
        line(&exchange.what),
        seconds(exchange.at_ms),
        seconds(took)
    )
}

pub(super) fn attempt(record: &CaseRecord, attempt: &Attempt) -> String {
    let path = attempt
        .files
        .first()
        .and_then(|file| record.files.get(*file))
        .map_or("?", |file| file.path.as_str());
    let (from, to) = (attempt.span.0 + 1, attempt.span.1 + 1);
    let answer = match (attempt.trouble, attempt.status) {
        (Some(trouble), _) => format!("met {trouble}"),
        (None, Some(status)) => format!("answered {status}"),
        (None, None) => "given up by the service".to_owned(),
    };
    let cut = if attempt.cut && attempt.trouble != Some(Trouble::Cut) {
        ", cut at max_tokens"
    } else {
        ""
    };
    format!(
        "{path} definitions {from}-{to}, at {}: {answer}{cut}",
        seconds(attempt.at_ms)
    )
}
