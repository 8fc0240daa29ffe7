//! One case's part of the upstream: what goes wrong in it, and every call that it saw.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ground::fault::{FaultKind, FaultRule};
use ground::timeline::Timeline;
use mock_claude::MockClaude;
use sha2::{Digest, Sha256};

use crate::examiner::source_files::{FileText, last_line};
use crate::record::exam::{Attempt, Planned, Trouble};

/// Calls that are noted in all: a service that calls without end must not fill the memory.
const MAX_ATTEMPTS: usize = 20_000;

/// Something that goes wrong for the calls that carry a definition.
#[derive(Debug, Clone, Copy)]
pub(in crate::examiner) struct Fault {
    pub(in crate::examiner) file: usize,
    /// Which definition of the file the prompt must contain.
    pub(in crate::examiner) symbol: usize,
    pub(in crate::examiner) trouble: Trouble,
    pub(in crate::examiner) retry_after_s: Option<u64>,
    /// How many calls are hit; `u64::MAX` until it is mended.
    pub(in crate::examiner) left: u64,
    /// How many were.
    pub(in crate::examiner) met: u64,
}

impl Fault {
    /// Trouble for the first `count` calls about a definition.
    pub(in crate::examiner) fn passing(
        file: usize,
        symbol: usize,
        trouble: Trouble,
        count: u64,
    ) -> Self {
        Self {
            file,
            symbol,
            trouble,
            retry_after_s: None,
            left: count,
            met: 0,
        }
    }

    /// Trouble until it is mended.
    pub(in crate::examiner) fn lasting(file: usize, symbol: usize, trouble: Trouble) -> Self {
        Self::passing(file, symbol, trouble, u64::MAX)
    }
}

/// What goes wrong with one call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Struck {
    pub(super) trouble: Trouble,
    pub(super) retry_after_s: Option<u64>,
}

/// How the API differs from a healthy one in a case.
#[derive(Debug, Default)]
pub(in crate::examiner) struct FaultScript {
    pub(in crate::examiner) faults: Vec<Fault>,
    pub(in crate::examiner) at_once: Option<u64>,
    pub(in crate::examiner) reversed: bool,
    /// Added to every answer, in milliseconds.
    pub(in crate::examiner) slow_ms: u64,
    /// What prompts say beside the files is noted.
    pub(in crate::examiner) instructions: bool,
    /// Faults in the words of a scenario, for a case of a rubric's own.
    pub(in crate::examiner) rules: Vec<FaultRule>,
}

/// What a rule of a scenario does to calls, if they fail by it.
fn trouble_of(rule: &FaultRule) -> Option<Trouble> {
    Some(match rule.kind {
        FaultKind::RateLimit => Trouble::Status(429),
        FaultKind::Overloaded => Trouble::Status(529),
        FaultKind::ServerError => Trouble::Status(500),
        FaultKind::Authentication => Trouble::Status(401),
        FaultKind::Billing => Trouble::Status(402),
        FaultKind::Permission => Trouble::Status(403),
        FaultKind::TimeoutError => Trouble::Status(504),
        FaultKind::Reset if rule.after.is_none() => Trouble::LostBefore,
        FaultKind::Reset | FaultKind::TruncateStream => Trouble::LostWithin,
        FaultKind::Hang => Trouble::NoAnswer,
        FaultKind::MalformedJson
        | FaultKind::StreamError
        | FaultKind::TruncateStreamClean
        | FaultKind::BadChunk => Trouble::BrokenOff,
        // These slow or repeat what arrives all the same.
        _ => return None,
    })
}

/// A definition: number of its file, and its place in it.
pub(super) type Place = (usize, usize);

/// One case's part of the upstream.
#[derive(Debug)]
pub(in crate::examiner) struct CaseUpstream {
    index: HashMap<String, Place>,
    /// The last lines of the definitions.
    ends: HashMap<String, Place>,
    /// The files, if what prompts say beside them is to be noted.
    texts: Option<Vec<FileText>>,
    timeline: Timeline,
    began: Duration,
    /// More calls than this at once are refused.
    at_once: u64,
    /// Later parts of a file answer sooner.
    reversed: bool,
    pub(super) slow_ms: u64,
    /// Answers instead of the healthy one.
    pub(super) mock: Option<MockClaude>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    faults: Vec<Fault>,
    attempts: Vec<Attempt>,
    prompted: BTreeSet<Place>,
    whole: BTreeSet<Place>,
    in_flight: u64,
    max_in_flight: u64,
}

impl CaseUpstream {
    pub(super) fn new(
        texts: &[FileText],
        script: FaultScript,
        mock: Option<MockClaude>,
        timeline: Timeline,
    ) -> Self {
        let index = texts.iter().enumerate().flat_map(|(file, text)| {
            let symbols = text.symbols.iter().enumerate();
            symbols.map(move |(n, name)| (name.clone(), (file, n)))
        });
        let index: HashMap<String, Place> = index.collect();
        let ends = index
            .iter()
            .filter(|(_, place)| texts[place.0].lines > 0)
            .map(|(name, place)| (last_line(name, texts[place.0].lines), *place));
        let ruled = script.rules.iter().filter_map(trouble_of);
        let ruled: Vec<Fault> = ruled
            .map(|trouble| Fault::passing(0, 0, trouble, 0))
            .collect();
        let mut faults = script.faults;
        faults.extend(ruled);
        Self {
            ends: ends.collect(),
            index,
            texts: script.instructions.then(|| texts.to_vec()),
            timeline,
            began: timeline.now(),
            at_once: script.at_once.unwrap_or(u64::MAX),
            reversed: script.reversed,
            slow_ms: script.slow_ms,
            mock,
            state: Mutex::new(State {
                faults,
                ..State::default()
            }),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Which file and definition `name` is.
    pub(super) fn place(&self, name: &str) -> Option<Place> {
        self.index.get(name).copied()
    }

    pub(in crate::examiner) fn elapsed_ms(&self) -> u64 {
        self.timeline.now().saturating_sub(self.began).as_millis() as u64
    }

    /// Ends all faults: the API is healthy again.
    pub(in crate::examiner) fn mend(&self) {
        for fault in &mut self.state().faults {
            fault.left = 0;
        }
    }

    /// What was to go wrong, and whether it did.
    pub(in crate::examiner) fn troubles(&self) -> Vec<Planned> {
        let planned = |fault: &Fault| Planned {
            file: fault.file,
            trouble: fault.trouble,
            met: fault.met,
        };
        self.state().faults.iter().map(planned).collect()
    }

    /// Definitions of the first file that were in prompts, but whole in none. Where hardly any was
    /// whole, a service sends something else than the text, and nothing is told.
    pub(in crate::examiner) fn torn(&self) -> Vec<usize> {
        let state = self.state();
        let of_first = |set: &BTreeSet<Place>| set.iter().filter(|place| place.0 == 0).count();
        if 2 * of_first(&state.whole) < of_first(&state.prompted) {
            return Vec::new();
        }
        let torn = state.prompted.difference(&state.whole);
        torn.filter(|place| place.0 == 0)
            .map(|place| place.1)
            .collect()
    }

    pub(in crate::examiner) fn attempts(&self) -> (Vec<Attempt>, u64) {
        let state = self.state();
        (state.attempts.clone(), state.max_in_flight)
    }

    pub(in crate::examiner) fn in_flight(&self) -> u64 {
        self.state().in_flight
    }

    /// Calls that have arrived.
    pub(in crate::examiner) fn arrived(&self) -> usize {
        self.state().attempts.len()
    }

    /// Definitions of `file` that stood in prompts.
    pub(in crate::examiner) fn prompted(&self, file: usize) -> BTreeSet<usize> {
        let state = self.state();
        let of_file = state.prompted.iter().filter(|(of, _)| *of == file);
        of_file.map(|(_, symbol)| *symbol).collect()
    }

    /// Definitions whose last line is in `prompt`.
    fn ended_in(&self, prompt: &str) -> impl Iterator<Item = Place> {
        let lines = prompt.lines().map(str::trim);
        lines.filter_map(|line| self.ends.get(line).copied())
    }

    /// How much longer than others this part of a file is waited for.
    pub(super) fn delay(&self, places: &[Place]) -> Duration {
        let slow = Duration::from_millis(self.slow_ms);
        if !self.reversed {
            return slow;
        }
        let last = self.index.len().max(1) as f64;
        let left = 1.0 - places.first().map_or(0, |place| place.1) as f64 / last;
        slow + Duration::from_secs_f64(0.4 * left)
    }

    /// Whether it is noted what services say beside the files.
    pub(in crate::examiner) fn notes_instructions(&self) -> bool {
        self.texts.is_some()
    }

    /// What `prompt` says beside the files, as a digest that is the same for every file.
    pub(super) fn instruction(&self, model: &str, prompt: &str) -> Option<u64> {
        let mut rest = format!("{model}\n{prompt}");
        for text in self.texts.as_ref()? {
            rest = rest.replace(&text.path, "PATH");
            for (n, name) in text.symbols.iter().enumerate() {
                rest = rest.replace(name, &format!("NAME{n}"));
            }
        }
        Some(digest(rest.as_bytes()))
    }
}

/// A call in flight; it is noted when it arrives, and again when it ends.
pub(super) struct Noted {
    case: Arc<CaseUpstream>,
    seq: u64,
}

impl Noted {
    pub(super) fn new(
        case: &Arc<CaseUpstream>,
        attempt: Attempt,
        places: &[Place],
        prompt: &str,
    ) -> Self {
        let mut state = case.state();
        state.in_flight += 1;
        state.max_in_flight = state.max_in_flight.max(state.in_flight);
        let seq = attempt.seq;
        state.prompted.extend(places);
        let ended = case.ended_in(prompt).filter(|place| places.contains(place));
        state.whole.extend(ended);
        if state.attempts.len() < MAX_ATTEMPTS {
            // Calls get their numbers before they get here, perhaps in another order.
            let at = state.attempts.partition_point(|other| other.seq < seq);
            state.attempts.insert(at, attempt);
        }
        drop(state);
        Self {
            case: Arc::clone(case),
            seq,
        }
    }

    /// What goes wrong with this call, if anything.
    pub(super) fn struck(&self, places: &[Place]) -> Option<Struck> {
        let mut state = self.case.state();
        if state.in_flight > self.case.at_once {
            return Some(Struck {
                trouble: Trouble::Status(429),
                retry_after_s: Some(1),
            });
        }
        let fault = state
            .faults
            .iter_mut()
            .find(|fault| fault.left > 0 && places.contains(&(fault.file, fault.symbol)))?;
        fault.left -= u64::from(fault.left < u64::MAX);
        fault.met += 1;
        let struck = Struck {
            trouble: fault.trouble,
            retry_after_s: fault.retry_after_s,
        };
        self.edit(&mut state, |attempt| attempt.trouble = Some(struck.trouble));
        Some(struck)
    }

    fn edit(&self, state: &mut State, change: impl FnOnce(&mut Attempt)) {
        if let Ok(at) = state
            .attempts
            .binary_search_by_key(&self.seq, |attempt| attempt.seq)
        {
            change(&mut state.attempts[at]);
        }
    }

    /// Notes what went wrong with this call by a rule of the case's own, if there is one that does so.
    pub(super) fn meet(&self, trouble: Trouble) {
        let mut state = self.case.state();
        let mut planned = state.faults.iter_mut();
        if let Some(fault) = planned.find(|fault| fault.trouble == trouble) {
            fault.met += 1;
            self.edit(&mut state, |attempt| attempt.trouble = Some(trouble));
        }
    }

    /// Notes the end of the call.
    pub(super) fn end(&self, status: u16, retry_after_s: Option<u64>, cut: bool) {
        let now = self.case.elapsed_ms();
        self.edit(&mut self.case.state(), |attempt| {
            attempt.status = Some(status);
            attempt.ended_ms = Some(now);
            attempt.retry_after_ms = retry_after_s.map(|seconds| seconds * 1000);
            attempt.cut = cut;
        });
    }
}

impl Noted {
    /// Notes that the connection was lost before any answer.
    pub(super) fn lost(&self) {
        let now = self.case.elapsed_ms();
        self.edit(&mut self.case.state(), |attempt| {
            attempt.ended_ms = Some(now);
        });
    }
}

impl Drop for Noted {
    fn drop(&mut self) {
        self.case.state().in_flight -= 1;
    }
}

/// Equal for equal bodies.
pub(in crate::examiner) fn digest(body: &[u8]) -> u64 {
    let hash = Sha256::digest(body);
    hash.iter()
        .take(8)
        .fold(0, |bits, byte| bits << 8 | u64::from(*byte))
}
