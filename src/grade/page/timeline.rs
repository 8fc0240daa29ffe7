//! One case over time: each request, and below it the calls that were made for it.

use maud::{Markup, html};

use super::super::words;
use super::bar::{Bar, WIDTH, drawn};
use crate::record::exam::{Attempt, CaseRecord, Exchange, Outcome};
use crate::text::figures::seconds;

/// Requests that are drawn; `exam.json` has all.
const DRAWN: usize = 16;

/// Draws the requests of `record` with their calls.
pub(super) fn timeline(record: &CaseRecord) -> Markup {
    let end = record.exchanges.iter().map(|one| one.ended_ms);
    let end = end.max().unwrap_or(0).max(1);
    let rest = record.exchanges.len().saturating_sub(DRAWN);
    html! {
        p.quiet { "Above, each request from when it was sent until it was answered; below it, the calls to the API about its file." }
        div.rows {
            @for (at, exchange) in record.exchanges.iter().enumerate().take(DRAWN) { (row(record, at, exchange, end)) }
            div.ends { span { "0 s" } span { (seconds(end as f64 / 1000.0)) } }
        }
        @if rest > 0 { p.quiet { (rest) " more are in exam.json." } }
    }
}

fn row(record: &CaseRecord, at: usize, exchange: &Exchange, end: u64) -> Markup {
    let place = |ms: u64| WIDTH * ms.min(end) as f64 / end as f64;
    let bar = |from: u64, to: u64, top, height, class| Bar {
        from: place(from),
        length: place(to) - place(from),
        top,
        height,
        class,
    };
    let attempts = attempts_for(record, exchange);
    let mut bars = vec![
        bar(0, end, 7.0, 1.0, "track"),
        bar(
            exchange.at_ms,
            exchange.ended_ms,
            0.0,
            6.0,
            of_request(exchange.outcome),
        ),
    ];
    let ended = |one: &Attempt| one.ended_ms.unwrap_or(exchange.ended_ms);
    let spans: Vec<_> = attempts.iter().map(|one| (one.at_ms, ended(one))).collect();
    bars.extend(attempts.iter().zip(lanes(&spans)).map(|(one, lane)| {
        bar(
            one.at_ms,
            ended(one),
            9.0 + LANE * lane as f64,
            LANE - 1.0,
            of_attempt(one),
        )
    }));
    let words = format!(
        "request {at}, {}; {}",
        words::exchange(record, exchange),
        calls(&attempts)
    );
    html! { p { (words) } (drawn(&words, &bars)) }
}

/// Height of a lane of calls, with the gap below it.
const LANE: f64 = 5.0;
/// Lanes that are drawn; calls beyond them share the last.
const LANES: usize = 12;

/// A lane for each call, so that those in flight together lie side by side.
fn lanes(spans: &[(u64, u64)]) -> Vec<usize> {
    let mut free_at: Vec<u64> = Vec::new();
    let lane = |(from, to): &(u64, u64)| {
        let found = free_at.iter().position(|free| free <= from);
        let lane = found.unwrap_or(free_at.len()).min(LANES - 1);
        free_at.resize(free_at.len().max(lane + 1), 0);
        free_at[lane] = *to;
        lane
    };
    spans.iter().map(lane).collect()
}

/// Calls about the file of a request while it was open.
fn attempts_for<'r>(record: &'r CaseRecord, exchange: &Exchange) -> Vec<&'r Attempt> {
    let during = |one: &&Attempt| (exchange.at_ms..=exchange.ended_ms).contains(&one.at_ms);
    let about = |one: &&Attempt| exchange.file.is_some_and(|file| one.files.contains(&file));
    record
        .attempts
        .iter()
        .filter(during)
        .filter(about)
        .collect()
}

/// Calls that are told one by one.
const TOLD: usize = 6;

fn calls(attempts: &[&Attempt]) -> String {
    let answers = attempts
        .iter()
        .take(TOLD)
        .map(|one| match (one.trouble, one.status) {
            (Some(trouble), _) => trouble.to_string(),
            (None, Some(status)) => status.to_string(),
            (None, None) => "given up".to_owned(),
        });
    let answers: Vec<String> = answers.collect();
    let more = if attempts.len() > TOLD { ", …" } else { "" };
    match attempts.len() {
        0 => "no call".to_owned(),
        1 => format!("1 call: {}", answers.join(", ")),
        count => format!("{count} calls: {}{more}", answers.join(", ")),
    }
}

fn of_request(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Whole => "well",
        Outcome::Partial => "gaps",
        Outcome::Left => "left",
        _ => "ill",
    }
}

fn of_attempt(attempt: &Attempt) -> &'static str {
    match attempt.status {
        Some(200) if attempt.worked() => "well",
        None if attempt.trouble.is_none() => "left",
        _ => "ill",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_in_flight_together_lie_in_lanes_of_their_own() {
        assert_eq!(lanes(&[(0, 10), (2, 5), (5, 7), (10, 12)]), [0, 1, 1, 0]);
        let many = lanes(&[(0, 9); 40]);
        assert_eq!(many.iter().max(), Some(&(LANES - 1)));
    }
}
