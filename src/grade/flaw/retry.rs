//! Flaws: what a service does when the API fails, refuses, or is silent.

use super::{Evidence, seqs, shown};
use crate::grade::measure::read::{self, calls_of, is_valid, requests_where};
use crate::record::exam::{Exam, Fate, Play, Played};

pub(super) fn no_retry(_: &Exam, played: &Played) -> Option<Evidence> {
    let papers = played.papers.len();
    let once = (0..papers)
        .filter(|paper| calls_of(played, *paper).len() == 1)
        .count();
    (papers > 0 && 2 * once > papers).then_some(())?;
    let failed = requests_where(played, |asked| !is_valid(played, asked));
    shown(
        format!("the API was overloaded; {once} of {papers} files were given up after one attempt"),
        failed,
        seqs(&played.calls),
    )
}

/// Attempts for one request beyond which nobody can call it patience.
const MOST_ATTEMPTS: f64 = 10.0;

pub(super) fn storm(exam: &Exam, played: &Played) -> Option<Evidence> {
    let attempts = read::attempts(played)?;
    let answered = played.requests.first()?.ended_ms;
    let after = played
        .calls
        .iter()
        .filter(|call| call.broken && call.at_ms > answered + 100)
        .count();
    let multiplied = multiplied(exam, played).is_some();
    (!multiplied && (attempts > MOST_ATTEMPTS || after > 0)).then_some(())?;
    shown(
        format!(
            "one request during an outage cost {attempts} attempts, {after} of them after its client had been answered"
        ),
        vec![0],
        seqs(&played.calls),
    )
}

pub(super) fn multiplied(_: &Exam, played: &Played) -> Option<Evidence> {
    let first = played
        .calls
        .iter()
        .filter(|call| call.broken && call.sdk_retry == Some(0))
        .count();
    let again = played
        .calls
        .iter()
        .any(|call| call.broken && call.sdk_retry.is_some_and(|count| count > 0));
    (first > 1 && again).then_some(())?;
    shown(
        format!(
            "the SDK's own count of retries began anew {first} times: a loop repeats what the SDK repeats already"
        ),
        vec![0],
        seqs(&played.calls),
    )
}

/// Waits that vary less than this are equal; timers alone stay below it.
const EQUAL_WAITS: f64 = 0.03;
/// A mean wait below this is none, in milliseconds.
const NO_WAIT_MS: f64 = 20.0;

pub(super) fn no_jitter(_: &Exam, played: &Played) -> Option<Evidence> {
    let delays = read::first_delays(played);
    let mean = delays.iter().sum::<f64>() / delays.len() as f64;
    let cv = read::delay_cv(played);
    let none = delays.len() >= 5 && mean < NO_WAIT_MS;
    (none || cv.is_some_and(|cv| cv < EQUAL_WAITS)).then_some(())?;
    shown(
        format!(
            "{} first retries came {mean:.0} ms after the failure, varying by {:.1} %",
            delays.len(),
            cv.unwrap_or(0.0) * 100.0
        ),
        Vec::new(),
        Vec::new(),
    )
}

pub(super) fn impatient(_: &Exam, played: &Played) -> Option<Evidence> {
    let waits = read::waits(played);
    let early = waits.iter().filter(|waited| !**waited).count();
    (early > 1 || (early == 1 && waits.len() == 1)).then_some(())?;
    shown(
        format!(
            "{early} of {} retries came before the time in retry-after was over",
            waits.len()
        ),
        Vec::new(),
        seqs(&played.calls),
    )
}

pub(super) fn stubborn(_: &Exam, played: &Played) -> Option<Evidence> {
    let attempts = read::attempts(played)?;
    (attempts > 1.0).then_some(())?;
    shown(
        format!("the API answered 400, and was asked {attempts} times"),
        vec![0],
        seqs(&played.calls),
    )
}

pub(super) fn swallowed(exam: &Exam, _: &Played) -> Option<Evidence> {
    [Play::Outage, Play::Rejected].iter().find_map(|play| {
        let first = exam.plays.get(play)?.requests.first()?;
        (first.fate == Fate::Whole && first.found.documented == 0).then(|| Evidence {
            play: Some(*play),
            seen: format!(
                "the API refused the file, the client got 200: {}",
                first.said
            ),
            requests: vec![0],
            calls: Vec::new(),
        })
    })
}

pub(super) fn no_timeout(_: &Exam, played: &Played) -> Option<Evidence> {
    let late = requests_where(played, |asked| asked.fate == Fate::TimedOut);
    let waits = late
        .iter()
        .any(|index| played.requests[*index].paper == Some(0));
    // Whoever calls again has given the first call up: patience, not the lack of a time-out.
    (waits && calls_of(played, 0).len() == 1).then_some(())?;
    shown(
        "a call never answered, and its client was still waiting after 20 s".to_owned(),
        late,
        seqs(calls_of(played, 0)),
    )
}
