//! Typical mistakes, recognised by what a service does. Each names its evidence.

use serde::{Deserialize, Serialize};

use super::measure::{self, calls_of, is_valid, requests_where, throttled_papers};
use crate::record::exam::{Asked, Exam, Fate, Gap, Play, Played};

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
        detect: canned,
    },
    Known {
        id: "F2",
        title: "the API's answer is thrown away",
        expected: "the documentation contains what the API wrote",
        play: Play::Single,
        detect: own_text,
    },
    Known {
        id: "F4",
        title: "no cache",
        expected: "one call for equal requests",
        play: Play::Repeat,
        detect: no_cache,
    },
    Known {
        id: "F5",
        title: "cache by path",
        expected: "changed content is documented anew",
        play: Play::Edited,
        detect: stale,
    },
    Known {
        id: "F7",
        title: "cache by a lossy key",
        expected: "different contents have different keys",
        play: Play::Twins,
        detect: lossy_key,
    },
    Known {
        id: "F8",
        title: "cache stampede",
        expected: "equal requests in flight share one call",
        play: Play::AtOnce,
        detect: stampede,
    },
    Known {
        id: "F9",
        title: "failures are cached",
        expected: "a file that failed is tried again when it is asked for again",
        play: Play::Outage,
        detect: cached_failure,
    },
    Known {
        id: "F11",
        title: "documentation of another client's file",
        expected: "each client gets its own",
        play: Play::Burst,
        detect: leak,
    },
    Known {
        id: "F12",
        title: "large files are cut off or sent whole",
        expected: "every part of the file is in some prompt that fits",
        play: Play::Long,
        detect: truncated,
    },
    Known {
        id: "F13",
        title: "chunks get lost",
        expected: "what the API answered is in the documentation",
        play: Play::Long,
        detect: lost_chunk,
    },
    Known {
        id: "F14",
        title: "chunks are cut inside a definition",
        expected: "chunks begin at a definition",
        play: Play::Long,
        detect: cut_inside,
    },
    Known {
        id: "F15",
        title: "overlaps are documented twice",
        expected: "each definition is documented once",
        play: Play::Long,
        detect: twice,
    },
    Known {
        id: "F16",
        title: "chunks are out of order",
        expected: "the order of the source",
        play: Play::Long,
        detect: disordered,
    },
    Known {
        id: "F17",
        title: "a failed chunk vanishes in silence",
        expected: "a partial answer says what is missing",
        play: Play::Hole,
        detect: silent_hole,
    },
    Known {
        id: "F18",
        title: "answers cut at max_tokens pass as whole",
        expected: "stop_reason is looked at",
        play: Play::Dense,
        detect: ignores_stop_reason,
    },
    Known {
        id: "F19",
        title: "no retry",
        expected: "an overloaded API is asked again",
        play: Play::Transient,
        detect: no_retry,
    },
    Known {
        id: "F20",
        title: "retries without end",
        expected: "at most eight attempts, and none after the answer",
        play: Play::Outage,
        detect: storm,
    },
    Known {
        id: "F21",
        title: "retries of retries",
        expected: "one place retries: the SDK or the code around it",
        play: Play::Outage,
        detect: multiplied,
    },
    Known {
        id: "F22",
        title: "no random wait before a retry",
        expected: "waits differ between clients",
        play: Play::Transient,
        detect: no_jitter,
    },
    Known {
        id: "F23",
        title: "retry-after is ignored",
        expected: "no retry before retry-after is over",
        play: Play::RetryAfter,
        detect: impatient,
    },
    Known {
        id: "F24",
        title: "permanent errors are retried",
        expected: "one attempt for a 400",
        play: Play::Rejected,
        detect: stubborn,
    },
    Known {
        id: "F25",
        title: "errors pass as success",
        expected: "a failure has a status of 400 or more, or an error in the answer",
        play: Play::Outage,
        detect: swallowed,
    },
    Known {
        id: "F26",
        title: "bad requests break it",
        expected: "4xx and a reason",
        play: Play::BadInput,
        detect: breaks_on_input,
    },
    Known {
        id: "F27",
        title: "no bound on calls at once",
        expected: "a queue before the API",
        play: Play::Burst,
        detect: unbounded,
    },
    Known {
        id: "F28",
        title: "one call at a time",
        expected: "several calls side by side",
        play: Play::Burst,
        detect: serial,
    },
    Known {
        id: "F29",
        title: "no time-out on calls",
        expected: "an answer within 20 s, whatever the API does",
        play: Play::Silence,
        detect: no_timeout,
    },
    Known {
        id: "F30",
        title: "work goes on for clients that left",
        expected: "no call is begun for nobody",
        play: Play::Leavers,
        detect: zombie,
    },
    Known {
        id: "F31",
        title: "the service dies",
        expected: "an ordinary request works afterwards",
        play: Play::BadInput,
        detect: dies,
    },
    Known {
        id: "F32",
        title: "one bad file fails a whole batch",
        expected: "the other files are answered",
        play: Play::Batch,
        detect: all_or_nothing,
    },
    Known {
        id: "F33",
        title: "files of a batch are lost or swapped",
        expected: "one answer a file, in order, with its path",
        play: Play::Batch,
        detect: lost_files,
    },
    Known {
        id: "F35",
        title: "the same text is sent again and again",
        expected: "prompts are together about as long as the file",
        play: Play::Long,
        detect: wasteful,
    },
    Known {
        id: "F40",
        title: "clients are turned away instead of queued",
        expected: "clients wait their turn",
        play: Play::Burst,
        detect: turns_away,
    },
];

/// Detections that look at all plays and not at one.
const EVERYWHERE: [(&str, &str, &str, fn(&Asked) -> bool); 2] = [
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

fn canned(_: &Exam, played: &Played) -> Option<Evidence> {
    let first = played.requests.first()?;
    let canned =
        first.fate == Fate::Whole && played.calls.is_empty() && first.found.documented == 0;
    canned.then(|| Evidence {
        seen: "a file that nobody can have seen before was documented without a call".to_owned(),
        requests: vec![0],
        calls: Vec::new(),
    })
}

fn own_text(_: &Exam, played: &Played) -> Option<Evidence> {
    let first = played.requests.first()?;
    let delivered = played.calls.iter().any(|call| call.worked());
    let lost = first.fate == Fate::Whole && first.found.documented + first.found.forged == 0;
    (lost && delivered).then(|| Evidence {
        seen: "the API documented the file, but none of its reference codes are in the answer"
            .to_owned(),
        requests: vec![0],
        calls: seqs(&played.calls),
    })
}

fn worked(played: &Played) -> usize {
    played.calls.iter().filter(|call| call.worked()).count()
}

fn no_cache(_: &Exam, played: &Played) -> Option<Evidence> {
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

fn stale(_: &Exam, played: &Played) -> Option<Evidence> {
    let stale = played.requests.get(1)?.found.stale;
    (stale > 0).then_some(())?;
    shown(
        format!("{stale} entries belong to the earlier content of the path"),
        vec![1],
        Vec::new(),
    )
}

fn lossy_key(_: &Exam, played: &Played) -> Option<Evidence> {
    let foreign = played.requests.get(1)?.found.foreign;
    (foreign > 0).then_some(())?;
    shown(
        format!("{foreign} entries belong to another file of equal length, beginning and end"),
        vec![1],
        Vec::new(),
    )
}

fn stampede(exam: &Exam, played: &Played) -> Option<Evidence> {
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

fn cached_failure(exam: &Exam, _: &Played) -> Option<Evidence> {
    [Play::Outage, Play::Rejected].iter().find_map(|play| {
        let played = exam.plays.get(play)?;
        let [first, again] = played.requests.as_slice() else { return None };
        let called = played.calls.iter().any(|call| call.at_ms >= again.at_ms);
        // A service that hangs in its own retries has not cached anything.
        let cached = !is_valid(played, again) && !called && again.fate != Fate::TimedOut && first.fate != Fate::TimedOut;
        cached.then(|| Evidence {
            seen: "the API was well again, but the second request caused no call and got no documentation".to_owned(),
            requests: vec![0, 1],
            calls: seqs(&played.calls),
        })
    })
}

fn leak(_: &Exam, played: &Played) -> Option<Evidence> {
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

/// The gap at the end of the file that no prompt ever held, as a share of the file.
fn unsent_tail(played: &Played) -> Option<f64> {
    let symbols = played.papers.first()?.symbols;
    let last = played.requests.first()?.found.gaps.last()?;
    (last.to + 1 == symbols && !last.prompted)
        .then(|| (last.to - last.from + 1) as f64 / symbols as f64)
}

/// Share of the file from which a lost end is a cut and not a forgotten chunk.
const CUT_OFF: f64 = 0.35;

fn truncated(_: &Exam, played: &Played) -> Option<Evidence> {
    let symbols = played.papers.first()?.symbols;
    let whole = !played.calls.is_empty()
        && played
            .calls
            .iter()
            .all(|call| call.span == (0, symbols - 1))
        && worked(played) == 0;
    if whole {
        return shown(
            "the whole file went into one prompt, which the API refused as too long".to_owned(),
            vec![0],
            seqs(&played.calls),
        );
    }
    let tail = unsent_tail(played).filter(|tail| *tail >= CUT_OFF)?;
    shown(
        format!(
            "the last {:.0} % of the definitions were in no prompt",
            tail * 100.0
        ),
        vec![0],
        Vec::new(),
    )
}

fn gaps(played: &Played, what: impl Fn(&Gap) -> bool) -> Vec<Gap> {
    let found = played
        .requests
        .first()
        .map(|asked| asked.found.gaps.clone());
    found.unwrap_or_default().into_iter().filter(what).collect()
}

fn told(gaps: &[Gap]) -> String {
    let list: Vec<String> = gaps
        .iter()
        .take(5)
        .map(|gap| format!("{}-{}", gap.from + 1, gap.to + 1))
        .collect();
    list.join(", ")
}

fn lost_chunk(exam: &Exam, played: &Played) -> Option<Evidence> {
    if truncated(exam, played).is_some() || played.requests.first()?.fate != Fate::Whole {
        return None;
    }
    let lost = gaps(played, |gap| {
        gap.delivered || (!gap.prompted && gap.to > gap.from)
    });
    (!lost.is_empty()).then_some(())?;
    shown(
        format!(
            "definitions {} are missing, although nothing went wrong",
            told(&lost)
        ),
        vec![0],
        Vec::new(),
    )
}

fn cut_inside(_: &Exam, played: &Played) -> Option<Evidence> {
    let cut = gaps(played, |gap| !gap.prompted && gap.from == gap.to);
    (!cut.is_empty()).then_some(())?;
    shown(
        format!(
            "definitions {} stood whole in no prompt: a chunk ends inside them",
            told(&cut)
        ),
        vec![0],
        Vec::new(),
    )
}

fn twice(_: &Exam, played: &Played) -> Option<Evidence> {
    let duplicates = played.requests.first()?.found.duplicates;
    (duplicates > 0).then_some(())?;
    shown(
        format!("{duplicates} entries repeat a definition"),
        vec![0],
        Vec::new(),
    )
}

fn disordered(_: &Exam, played: &Played) -> Option<Evidence> {
    let out = played.requests.first()?.found.out_of_order;
    (out > 0).then_some(())?;
    shown(
        format!("{out} entries break the order of the source; later chunks were answered first"),
        vec![0],
        Vec::new(),
    )
}

fn silent_hole(_: &Exam, played: &Played) -> Option<Evidence> {
    let asked = played.requests.first()?;
    let broken: Vec<_> = played.calls.iter().filter(|call| call.broken).collect();
    let hole = gaps(played, |gap| gap.prompted && !gap.delivered);
    (asked.fate == Fate::Whole
        && !broken.is_empty()
        && !hole.is_empty()
        && asked.found.documented > 0)
        .then_some(())?;
    shown(
        format!(
            "the API refused a chunk, and definitions {} are missing without a word",
            told(&hole)
        ),
        vec![0],
        seqs(broken),
    )
}

fn ignores_stop_reason(_: &Exam, played: &Played) -> Option<Evidence> {
    let asked = played.requests.first()?;
    let cut: Vec<_> = played.calls.iter().filter(|call| call.cut).collect();
    let short = asked.found.documented < played.papers.first()?.symbols;
    (asked.fate == Fate::Whole && short && !cut.is_empty()).then_some(())?;
    shown(
        format!(
            "{} answers ended at max_tokens; {} of {} definitions are documented, and the answer calls that whole",
            cut.len(),
            asked.found.documented,
            played.papers[0].symbols
        ),
        vec![0],
        seqs(cut),
    )
}

fn no_retry(_: &Exam, played: &Played) -> Option<Evidence> {
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
const MOST_ATTEMPTS: f64 = 8.0;

fn storm(exam: &Exam, played: &Played) -> Option<Evidence> {
    let attempts = measure::attempts(played)?;
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

fn multiplied(_: &Exam, played: &Played) -> Option<Evidence> {
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

fn no_jitter(_: &Exam, played: &Played) -> Option<Evidence> {
    let delays = measure::first_delays(played);
    let mean = delays.iter().sum::<f64>() / delays.len() as f64;
    let cv = measure::delay_cv(played);
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

fn impatient(_: &Exam, played: &Played) -> Option<Evidence> {
    let waits = measure::waits(played);
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

fn stubborn(_: &Exam, played: &Played) -> Option<Evidence> {
    let attempts = measure::attempts(played)?;
    (attempts > 1.0).then_some(())?;
    shown(
        format!("the API answered 400, and was asked {attempts} times"),
        vec![0],
        seqs(&played.calls),
    )
}

fn swallowed(exam: &Exam, _: &Played) -> Option<Evidence> {
    [Play::Outage, Play::Rejected].iter().find_map(|play| {
        let first = exam.plays.get(play)?.requests.first()?;
        (first.fate == Fate::Whole && first.found.documented == 0).then(|| Evidence {
            seen: format!(
                "the API refused the file, the client got 200: {}",
                first.said
            ),
            requests: vec![0],
            calls: Vec::new(),
        })
    })
}

fn breaks_on_input(_: &Exam, played: &Played) -> Option<Evidence> {
    let broke = |asked: &Asked| {
        asked.status.is_some_and(|status| status >= 500)
            || matches!(asked.fate, Fate::Closed | Fate::TimedOut)
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

fn unbounded(_: &Exam, played: &Played) -> Option<Evidence> {
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

fn serial(_: &Exam, played: &Played) -> Option<Evidence> {
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

fn no_timeout(_: &Exam, played: &Played) -> Option<Evidence> {
    let late = requests_where(played, |asked| asked.fate == Fate::TimedOut);
    late.contains(
        &played
            .requests
            .iter()
            .position(|asked| asked.paper == Some(0))?,
    )
    .then_some(())?;
    shown(
        "a call never answered, and its client was still waiting after 20 s".to_owned(),
        late,
        Vec::new(),
    )
}

/// Calls that may have slipped through when clients left.
const SLIPPED: f64 = 3.0;

fn zombie(_: &Exam, played: &Played) -> Option<Evidence> {
    let late = measure::late_calls(played)?;
    (late > SLIPPED).then_some(())?;
    shown(
        format!("{late} calls were begun after all clients had left"),
        Vec::new(),
        Vec::new(),
    )
}

fn dies(exam: &Exam, _: &Played) -> Option<Evidence> {
    // While a call hangs a service may be slow; that is the time-out's flaw.
    let dead = exam
        .plays
        .iter()
        .find(|(play, played)| !played.alive_after && **play != Play::Silence)?;
    shown(
        format!(
            "an ordinary request got no answer after the play `{:?}`",
            dead.0
        ),
        Vec::new(),
        Vec::new(),
    )
}

fn all_or_nothing(_: &Exam, played: &Played) -> Option<Evidence> {
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

fn lost_files(_: &Exam, played: &Played) -> Option<Evidence> {
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

/// Prompts may be this much longer than the file.
const FRUGAL: f64 = 1.6;

fn wasteful(_: &Exam, played: &Played) -> Option<Evidence> {
    let ratio = measure::prompt_ratio(played)?;
    (ratio > FRUGAL).then_some(())?;
    shown(
        format!("the prompts for one file were together {ratio:.1} times as long as the file"),
        Vec::new(),
        seqs(&played.calls),
    )
}

/// Clients turned away that make a habit.
const TURNED_AWAY: usize = 3;

fn turns_away(_: &Exam, played: &Played) -> Option<Evidence> {
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
