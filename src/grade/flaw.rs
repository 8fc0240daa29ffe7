//! Typical mistakes, recognised by what a service does. Each names its evidence.

use serde::{Deserialize, Serialize};

use crate::record::exam::{Call, Exam, Play, Played};

use known::{KNOWN, UNTOLD};

mod cache;
mod chunks;
mod integrity;
mod known;
mod load;
mod retry;
mod words;

/// A mistake that was recognised.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Flaw {
    /// E.g. `F4`.
    pub id: String,
    /// One line.
    pub title: String,
    /// The play in which it showed.
    pub play: Play,
    /// What was seen.
    pub seen: String,
    /// What was expected instead.
    pub expected: String,
    /// Some of the requests and calls below, in words.
    #[serde(default)]
    pub evidence: Vec<String>,
    /// Requests of that play that show it.
    pub requests: Vec<usize>,
    /// Upstream calls that show it, by `seq`.
    pub calls: Vec<u64>,
}

/// What a detection found.
struct Evidence {
    /// Where it showed, if not in the play in which it was looked for.
    play: Option<Play>,
    seen: String,
    requests: Vec<usize>,
    calls: Vec<u64>,
}

/// Ids and titles of all mistakes that can be recognised.
pub fn known() -> impl Iterator<Item = (&'static str, &'static str)> {
    KNOWN.iter().map(|known| (known.id, known.title))
}

/// Id, title and reason of mistakes that cannot be recognised from outside.
pub fn untold() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    UNTOLD.into_iter()
}

/// Those that show even if nothing gets from the API to the client; others cannot be told then.
const ALWAYS: [&str; 7] = ["F1", "F2", "F26", "F31", "F34", "F36", "F38"];

/// All mistakes that `exam` shows, in the order of their ids.
#[must_use]
pub fn find(exam: &Exam) -> Vec<Flaw> {
    let works = works(exam);
    let shown = KNOWN
        .iter()
        .filter(|known| works || ALWAYS.contains(&known.id));
    shown
        .filter_map(|known| {
            let evidence = (known.detect)(exam, exam.plays.get(&known.play)?)?;
            let play = evidence.play.unwrap_or(known.play);
            Some(Flaw {
                id: known.id.to_owned(),
                title: known.title.to_owned(),
                play,
                seen: evidence.seen,
                expected: known.expected.to_owned(),
                evidence: told(exam.plays.get(&play)?, &evidence.requests, &evidence.calls),
                requests: evidence.requests,
                calls: evidence.calls,
            })
        })
        .collect()
}

/// Requests and calls of a flaw that are told in words; the record has all.
const TOLD: usize = 3;

fn told(played: &Played, requests: &[usize], calls: &[u64]) -> Vec<String> {
    let requests = requests.iter().take(TOLD).filter_map(|index| {
        let asked = played.requests.get(*index)?;
        Some(format!(
            "request {index}, {}",
            words::request(played, asked)
        ))
    });
    let calls = calls.iter().take(TOLD).filter_map(|seq| {
        let call = played.calls.iter().find(|call| call.seq == *seq)?;
        Some(format!("call {seq}, {}", words::call(played, call)))
    });
    requests.chain(calls).collect()
}

/// A single small file gets through.
fn works(exam: &Exam) -> bool {
    let single = exam.plays.get(&Play::Single);
    single.is_some_and(|played| {
        played
            .requests
            .iter()
            .any(|asked| asked.found.documented > 0)
    })
}

fn shown(seen: String, requests: Vec<usize>, calls: Vec<u64>) -> Option<Evidence> {
    Some(Evidence {
        play: None,
        seen,
        requests,
        calls,
    })
}

fn seqs<'c>(calls: impl IntoIterator<Item = &'c Call>) -> Vec<u64> {
    calls.into_iter().take(20).map(|call| call.seq).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_nearly_all_have_a_service_that_shows_them() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/students");
        let names: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        let mut ids = std::collections::BTreeSet::new();
        for (id, title) in known() {
            assert!(ids.insert(id), "{id} is there twice");
            let prefix = format!("f{:0>2}_", &id[1..]);
            assert!(
                names.iter().any(|name| name.starts_with(&prefix)),
                "{id} {title} has no example"
            );
        }
    }
}
