//! Flaws: what a service does to many clients, bad ones, and those that leave.

use super::{Evidence, shown};
use crate::grade::measure::read::{self, requests_where, throttled_papers};
use crate::record::exam::{Asked, Exam, Fate, Play, Played};

pub(super) fn leak(_: &Exam, played: &Played) -> Option<Evidence> {
    let wrong = requests_where(played, |asked| asked.found.foreign > 0);
    (!wrong.is_empty()).then_some(())?;
    shown(
        format!(
            "{} of {} clients got entries of another client's file",
            wrong.len(),
            played.requests.len()
        ),
        wrong,
        Vec::new(),
    )
}

pub(super) fn breaks_on_input(_: &Exam, played: &Played) -> Option<Evidence> {
    // A service that died answers nothing afterwards; that is a flaw of its own.
    let alive = played.alive_after;
    let broke = |asked: &Asked| {
        asked.status.is_some_and(|status| status >= 500)
            || (alive && matches!(asked.fate, Fate::Closed | Fate::TimedOut))
    };
    let broken = requests_where(played, broke);
    (!broken.is_empty()).then_some(())?;
    let what: Vec<&str> = broken
        .iter()
        .map(|index| played.requests[*index].what.as_str())
        .collect();
    shown(
        format!("{} ended with 5xx or no answer", what.join(", ")),
        broken,
        Vec::new(),
    )
}

pub(super) fn unbounded(_: &Exam, played: &Played) -> Option<Evidence> {
    let most = played.max_in_flight;
    (most as f64 >= 0.75 * played.papers.len() as f64).then_some(())?;
    shown(
        format!(
            "{} clients made {most} calls at once",
            played.requests.len()
        ),
        Vec::new(),
        Vec::new(),
    )
}

pub(super) fn serial(_: &Exam, played: &Played) -> Option<Evidence> {
    (played.max_in_flight == 1 && played.calls.len() >= 10).then_some(())?;
    shown(
        format!(
            "{} clients came at once, but there was never more than one call under way",
            played.requests.len()
        ),
        Vec::new(),
        Vec::new(),
    )
}

/// Calls that may have slipped through when clients left.
const SLIPPED: f64 = 3.0;

pub(super) fn zombie(_: &Exam, played: &Played) -> Option<Evidence> {
    let late = read::late_calls(played)?;
    (late > SLIPPED).then_some(())?;
    shown(
        format!("{late} calls were begun after all clients had left"),
        Vec::new(),
        Vec::new(),
    )
}

pub(super) fn dies(exam: &Exam, _: &Played) -> Option<Evidence> {
    // While a call hangs a service may be slow; that is the time-out's flaw.
    let dead = exam
        .plays
        .iter()
        .find(|(play, played)| !played.alive_after && **play != Play::Silence)?;
    shown(
        format!(
            "an ordinary request got no answer after the play `{}`",
            dead.0.name()
        ),
        Vec::new(),
        Vec::new(),
    )
}

pub(super) fn all_or_nothing(_: &Exam, played: &Played) -> Option<Evidence> {
    let [only] = played.requests.as_slice() else {
        return None;
    };
    // A service that offers no batches lacks a feature; that is no wrong answer.
    let offered = only
        .status
        .is_some_and(|status| !matches!(status, 404 | 405 | 501));
    (offered && only.fate == Fate::Failed && !played.calls.is_empty()).then_some(())?;
    shown(
        "one of five files was refused by the API, and none was delivered".to_owned(),
        vec![0],
        Vec::new(),
    )
}

pub(super) fn lost_files(exam: &Exam, played: &Played) -> Option<Evidence> {
    // Whose answers get mixed up everywhere mixes them up in a batch as well.
    if exam
        .plays
        .get(&Play::Burst)
        .is_some_and(|burst| leak(exam, burst).is_some())
    {
        return None;
    }
    (played.requests.len() > 1
        || played
            .requests
            .first()
            .is_some_and(|asked| asked.paper.is_some()))
    .then_some(())?;
    let order: Vec<Option<usize>> = played.requests.iter().map(|asked| asked.paper).collect();
    let expected: Vec<Option<usize>> = (0..played.papers.len()).map(Some).collect();
    (order != expected).then_some(())?;
    shown(
        format!(
            "{} files were sent; the answers belong to files {:?}",
            expected.len(),
            order.iter().flatten().collect::<Vec<_>>()
        ),
        Vec::new(),
        Vec::new(),
    )
}

/// Clients turned away that make a habit.
const TURNED_AWAY: usize = 3;

pub(super) fn turns_away(_: &Exam, played: &Played) -> Option<Evidence> {
    let throttled = throttled_papers(played);
    let away = requests_where(played, |asked| {
        asked.status == Some(429) && asked.paper.is_some_and(|paper| !throttled.contains(&paper))
    });
    (away.len() >= TURNED_AWAY).then_some(())?;
    shown(
        format!(
            "{} clients got 429 although the API had refused nothing of theirs",
            away.len()
        ),
        away,
        Vec::new(),
    )
}
