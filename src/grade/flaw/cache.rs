//! Flaws: text that does not come from the API, and text that is kept under the wrong key.

use super::{Evidence, seqs, shown};
use crate::grade::measure::apart::mixes_options;
use crate::grade::measure::read::is_valid;
use crate::record::exam::{Exam, Fate, Play, Played};

pub(super) fn canned(_: &Exam, played: &Played) -> Option<Evidence> {
    let first = played.requests.first()?;
    let canned =
        first.fate == Fate::Whole && played.calls.is_empty() && first.found.documented == 0;
    canned.then(|| Evidence {
        play: None,
        seen: "a file that nobody can have seen before was documented without a call".to_owned(),
        requests: vec![0],
        calls: Vec::new(),
    })
}

pub(super) fn own_text(_: &Exam, played: &Played) -> Option<Evidence> {
    let first = played.requests.first()?;
    let delivered = played.calls.iter().any(|call| call.worked());
    let lost = first.fate == Fate::Whole && first.found.documented + first.found.forged == 0;
    (lost && delivered).then(|| Evidence {
        play: None,
        seen: "the API documented the file, but none of its reference codes are in the answer"
            .to_owned(),
        requests: vec![0],
        calls: seqs(&played.calls),
    })
}

pub(super) fn worked(played: &Played) -> usize {
    played.calls.iter().filter(|call| call.worked()).count()
}

pub(super) fn no_cache(_: &Exam, played: &Played) -> Option<Evidence> {
    let calls = worked(played);
    (calls > 1).then_some(())?;
    shown(
        format!(
            "{} equal requests, one after the other, cost {calls} calls",
            played.requests.len()
        ),
        Vec::new(),
        seqs(&played.calls),
    )
}

pub(super) fn stale(_: &Exam, played: &Played) -> Option<Evidence> {
    let stale = played.requests.get(1)?.found.stale;
    (stale > 0).then_some(())?;
    shown(
        format!("{stale} entries belong to the earlier content of the path"),
        vec![1],
        Vec::new(),
    )
}

pub(super) fn lossy_key(_: &Exam, played: &Played) -> Option<Evidence> {
    let foreign = played.requests.get(1)?.found.foreign;
    (foreign > 0).then_some(())?;
    shown(
        format!("{foreign} entries belong to another file of equal length, beginning and end"),
        vec![1],
        Vec::new(),
    )
}

pub(super) fn stampede(exam: &Exam, played: &Played) -> Option<Evidence> {
    let cached = exam
        .plays
        .get(&Play::Repeat)
        .is_none_or(|repeat| worked(repeat) <= 1);
    let calls = worked(played);
    (cached && calls > 1).then_some(())?;
    shown(
        format!(
            "{} equal requests at once cost {calls} calls",
            played.requests.len()
        ),
        Vec::new(),
        seqs(&played.calls),
    )
}

pub(super) fn cached_failure(exam: &Exam, _: &Played) -> Option<Evidence> {
    [Play::Outage, Play::Rejected].iter().find_map(|play| {
        let played = exam.plays.get(play)?;
        let [first, again] = played.requests.as_slice() else { return None };
        let called = played.calls.iter().any(|call| call.at_ms >= again.at_ms);
        // A service that hangs in its own retries has not cached anything.
        let cached = !is_valid(played, again) && !called && again.fate != Fate::TimedOut && first.fate != Fate::TimedOut;
        cached.then(|| Evidence {
            play: Some(*play),
            seen: "the API was well again, but the second request caused no call and got no documentation".to_owned(),
            requests: vec![0, 1],
            calls: seqs(&played.calls),
        })
    })
}

pub(super) fn ignores_options(_: &Exam, played: &Played) -> Option<Evidence> {
    (mixes_options(played)?).then_some(())?;
    shown(
        "style, language and model change what the API is asked; yet the same file with others got the first answer, \
         without a call"
            .to_owned(),
        vec![0, 3],
        seqs(&played.calls),
    )
}
