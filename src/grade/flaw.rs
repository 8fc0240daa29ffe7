//! Typical mistakes, recognised by what a service does. Each names its evidence.

use serde::{Deserialize, Serialize};

use super::measure::requests_where;
use crate::record::exam::{Asked, Exam, Play, Played};

mod cache;
mod chunks;
mod load;
mod retry;

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
    /// Requests of that play that show it.
    pub requests: Vec<usize>,
    /// Upstream calls that show it, by `seq`.
    pub calls: Vec<u64>,
}

/// What a detection found.
struct Evidence {
    seen: String,
    requests: Vec<usize>,
    calls: Vec<u64>,
}

/// A mistake that can be recognised.
struct Known {
    id: &'static str,
    title: &'static str,
    expected: &'static str,
    play: Play,
    detect: fn(&Exam, &Played) -> Option<Evidence>,
}

const KNOWN: [Known; 32] = [
    Known {
        id: "F1",
        title: "canned documentation",
        expected: "the text comes from the API",
        play: Play::Single,
        detect: cache::canned,
    },
    Known {
        id: "F2",
        title: "the API's answer is thrown away",
        expected: "the documentation contains what the API wrote",
        play: Play::Single,
        detect: cache::own_text,
    },
    Known {
        id: "F4",
        title: "no cache",
        expected: "one call for equal requests",
        play: Play::Repeat,
        detect: cache::no_cache,
    },
    Known {
        id: "F5",
        title: "cache by path",
        expected: "changed content is documented anew",
        play: Play::Edited,
        detect: cache::stale,
    },
    Known {
        id: "F7",
        title: "cache by a lossy key",
        expected: "different contents have different keys",
        play: Play::Twins,
        detect: cache::lossy_key,
    },
    Known {
        id: "F8",
        title: "cache stampede",
        expected: "equal requests in flight share one call",
        play: Play::AtOnce,
        detect: cache::stampede,
    },
    Known {
        id: "F9",
        title: "failures are cached",
        expected: "a file that failed is tried again when it is asked for again",
        play: Play::Outage,
        detect: cache::cached_failure,
    },
    Known {
        id: "F11",
        title: "documentation of another client's file",
        expected: "each client gets its own",
        play: Play::Burst,
        detect: load::leak,
    },
    Known {
        id: "F12",
        title: "large files are cut off or sent whole",
        expected: "every part of the file is in some prompt that fits",
        play: Play::Long,
        detect: chunks::truncated,
    },
    Known {
        id: "F13",
        title: "chunks get lost",
        expected: "what the API answered is in the documentation",
        play: Play::Long,
        detect: chunks::lost_chunk,
    },
    Known {
        id: "F14",
        title: "chunks are cut inside a definition",
        expected: "chunks begin at a definition",
        play: Play::Long,
        detect: chunks::cut_inside,
    },
    Known {
        id: "F15",
        title: "overlaps are documented twice",
        expected: "each definition is documented once",
        play: Play::Long,
        detect: chunks::twice,
    },
    Known {
        id: "F16",
        title: "chunks are out of order",
        expected: "the order of the source",
        play: Play::Long,
        detect: chunks::disordered,
    },
    Known {
        id: "F17",
        title: "a failed chunk vanishes in silence",
        expected: "a partial answer says what is missing",
        play: Play::Hole,
        detect: chunks::silent_hole,
    },
    Known {
        id: "F18",
        title: "answers cut at max_tokens pass as whole",
        expected: "stop_reason is looked at",
        play: Play::Dense,
        detect: chunks::ignores_stop_reason,
    },
    Known {
        id: "F19",
        title: "no retry",
        expected: "an overloaded API is asked again",
        play: Play::Transient,
        detect: retry::no_retry,
    },
    Known {
        id: "F20",
        title: "retries without end",
        expected: "at most ten attempts, and none after the answer",
        play: Play::Outage,
        detect: retry::storm,
    },
    Known {
        id: "F21",
        title: "retries of retries",
        expected: "one place retries: the SDK or the code around it",
        play: Play::Outage,
        detect: retry::multiplied,
    },
    Known {
        id: "F22",
        title: "no random wait before a retry",
        expected: "waits differ between clients",
        play: Play::Transient,
        detect: retry::no_jitter,
    },
    Known {
        id: "F23",
        title: "retry-after is ignored",
        expected: "no retry before retry-after is over",
        play: Play::RetryAfter,
        detect: retry::impatient,
    },
    Known {
        id: "F24",
        title: "permanent errors are retried",
        expected: "one attempt for a 400",
        play: Play::Rejected,
        detect: retry::stubborn,
    },
    Known {
        id: "F25",
        title: "errors pass as success",
        expected: "a failure has a status of 400 or more, or an error in the answer",
        play: Play::Outage,
        detect: retry::swallowed,
    },
    Known {
        id: "F26",
        title: "bad requests break it",
        expected: "4xx and a reason",
        play: Play::BadInput,
        detect: load::breaks_on_input,
    },
    Known {
        id: "F27",
        title: "no bound on calls at once",
        expected: "a queue before the API",
        play: Play::Burst,
        detect: load::unbounded,
    },
    Known {
        id: "F28",
        title: "one call at a time",
        expected: "several calls side by side",
        play: Play::Burst,
        detect: load::serial,
    },
    Known {
        id: "F29",
        title: "no time-out on calls",
        expected: "an answer within 20 s, whatever the API does",
        play: Play::Silence,
        detect: retry::no_timeout,
    },
    Known {
        id: "F30",
        title: "work goes on for clients that left",
        expected: "no call is begun for nobody",
        play: Play::Leavers,
        detect: load::zombie,
    },
    Known {
        id: "F31",
        title: "the service dies",
        expected: "an ordinary request works afterwards",
        play: Play::BadInput,
        detect: load::dies,
    },
    Known {
        id: "F32",
        title: "one bad file fails a whole batch",
        expected: "the other files are answered",
        play: Play::Batch,
        detect: load::all_or_nothing,
    },
    Known {
        id: "F33",
        title: "files of a batch are lost or swapped",
        expected: "one answer a file, in order, with its path",
        play: Play::Batch,
        detect: load::lost_files,
    },
    Known {
        id: "F35",
        title: "the same text is sent again and again",
        expected: "prompts are together about as long as the file",
        play: Play::Long,
        detect: chunks::wasteful,
    },
    Known {
        id: "F40",
        title: "clients are turned away instead of queued",
        expected: "clients wait their turn",
        play: Play::Burst,
        detect: load::turns_away,
    },
];

/// Id, title, what is expected, and the answers that show it.
type Everywhere = (&'static str, &'static str, &'static str, fn(&Asked) -> bool);

/// Detections that look at all plays and not at one.
const EVERYWHERE: [Everywhere; 2] = [
    (
        "F34",
        "reference codes of elsewhere",
        "every reference code was written in this examination",
        |asked| asked.found.forged > 0,
    ),
    (
        "F36",
        "the API key shows",
        "the key stays in the service",
        |asked| asked.leaks_key,
    ),
];

/// Ids and titles of all mistakes that can be recognised.
pub fn known() -> impl Iterator<Item = (&'static str, &'static str)> {
    let known = KNOWN.iter().map(|known| (known.id, known.title));
    known.chain(EVERYWHERE.iter().map(|(id, title, ..)| (*id, *title)))
}

/// All mistakes that `exam` shows, in the order of their ids.
#[must_use]
pub fn find(exam: &Exam) -> Vec<Flaw> {
    let mut flaws: Vec<Flaw> = KNOWN
        .iter()
        .filter_map(|known| {
            // Without a working path from the API to the client nothing else can be told.
            let basic = works(exam) || matches!(known.id, "F1" | "F2" | "F26" | "F31");
            let played = exam.plays.get(&known.play).filter(|_| basic)?;
            let evidence = (known.detect)(exam, played)?;
            Some(Flaw {
                id: known.id.to_owned(),
                title: known.title.to_owned(),
                play: known.play,
                seen: evidence.seen,
                expected: known.expected.to_owned(),
                requests: evidence.requests,
                calls: evidence.calls,
            })
        })
        .collect();
    for (id, title, expected, shows) in EVERYWHERE {
        let places = exam
            .plays
            .iter()
            .map(|(play, played)| (*play, requests_where(played, shows)));
        if let Some((play, requests)) = places
            .into_iter()
            .find(|(_, requests)| !requests.is_empty())
        {
            flaws.push(Flaw {
                id: id.to_owned(),
                title: title.to_owned(),
                play,
                seen: format!("{} answers of this play show it", requests.len()),
                expected: expected.to_owned(),
                requests,
                calls: Vec::new(),
            });
        }
    }
    flaws
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
        seen,
        requests,
        calls,
    })
}

fn seqs<'c>(calls: impl IntoIterator<Item = &'c crate::record::exam::Call>) -> Vec<u64> {
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
