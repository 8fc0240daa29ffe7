//! A request and a call in a few words, as evidence that a student can look for in a log.

use crate::record::exam::{Asked, Call, Fate, Played};
use crate::text::line;

/// Seconds with two places.
fn seconds(ms: u64) -> String {
    format!("{:.2} s", ms as f64 / 1000.0)
}

pub(super) fn request(played: &Played, asked: &Asked) -> String {
    let answer = match (asked.fate, asked.status) {
        (Fate::TimedOut, _) => "no answer".to_owned(),
        (Fate::Closed, _) => "the connection was closed".to_owned(),
        (Fate::Left, _) => "the client left".to_owned(),
        (_, Some(status)) => format!("status {status}"),
        (_, None) => "no status".to_owned(),
    };
    let of = asked.paper.map_or(0, |paper| played.papers[paper].symbols);
    let covered = match of {
        0 => String::new(),
        of => format!(
            ", {} of {of} definitions documented",
            asked.found.documented
        ),
    };
    let took = asked.ended_ms.saturating_sub(asked.at_ms);
    format!(
        "{}, at {}: {answer} after {}{covered}",
        line(&asked.what),
        seconds(asked.at_ms),
        seconds(took)
    )
}

pub(super) fn call(played: &Played, call: &Call) -> String {
    let path = call
        .papers
        .first()
        .and_then(|paper| played.papers.get(*paper))
        .map_or("?", |paper| paper.path.as_str());
    let (from, to) = (call.span.0 + 1, call.span.1 + 1);
    let answer = match call.status {
        Some(status) => format!("answered {status}"),
        None => "given up by the service".to_owned(),
    };
    let cut = if call.cut { ", cut at max_tokens" } else { "" };
    format!(
        "{path} definitions {from}-{to}, at {}: {answer}{cut}",
        seconds(call.at_ms)
    )
}
