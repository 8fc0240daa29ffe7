//! One case's part of the upstream: what goes wrong in it, and every call that it saw.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ground::timeline::Timeline;
use sha2::{Digest, Sha256};

use crate::examiner::source_files::FileText;
use crate::record::exam::Attempt;

/// Calls that are noted in all: a service that calls without end must not fill the memory.
const MAX_ATTEMPTS: usize = 20_000;

/// Something that goes wrong for the calls that carry a definition.
#[derive(Debug, Clone)]
pub(in crate::examiner) struct Fault {
    pub(in crate::examiner) file: usize,
    /// Which definition of the file the prompt must contain.
    pub(in crate::examiner) symbol: usize,
    pub(in crate::examiner) kind: FaultKind,
    /// How many calls are hit; `u64::MAX` until it is mended.
    pub(in crate::examiner) left: u64,
}

#[derive(Debug, Clone, Copy)]
pub(in crate::examiner) enum FaultKind {
    Refuse {
        status: u16,
        retry_after_s: Option<u64>,
    },
    Hang,
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
}

/// One case's part of the upstream.
#[derive(Debug)]
pub(in crate::examiner) struct CaseUpstream {
    index: HashMap<String, (usize, usize)>,
    /// The files, if what prompts say beside them is to be noted.
    texts: Option<Vec<FileText>>,
    timeline: Timeline,
    began: Duration,
    /// More calls than this at once are refused.
    at_once: u64,
    /// Later parts of a file answer sooner.
    reversed: bool,
    pub(super) slow_ms: u64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    faults: Vec<Fault>,
    attempts: Vec<Attempt>,
    prompted: HashMap<u64, Vec<(usize, usize)>>,
    in_flight: u64,
    max_in_flight: u64,
}

impl CaseUpstream {
    pub(super) fn new(texts: &[FileText], script: FaultScript, timeline: Timeline) -> Self {
        let index = texts.iter().enumerate().flat_map(|(file, text)| {
            let symbols = text.symbols.iter().enumerate();
            symbols.map(move |(n, name)| (name.clone(), (file, n)))
        });
        Self {
            index: index.collect(),
            texts: script.instructions.then(|| texts.to_vec()),
            timeline,
            began: timeline.now(),
            at_once: script.at_once.unwrap_or(u64::MAX),
            reversed: script.reversed,
            slow_ms: script.slow_ms,
            state: Mutex::new(State {
                faults: script.faults,
                ..State::default()
            }),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Which file and definition `name` is.
    pub(super) fn place(&self, name: &str) -> Option<(usize, usize)> {
        self.index.get(name).copied()
    }

    pub(in crate::examiner) fn elapsed_ms(&self) -> u64 {
        self.timeline.now().saturating_sub(self.began).as_millis() as u64
    }

    /// Ends all faults: the API is healthy again.
    pub(in crate::examiner) fn mend(&self) {
        self.state().faults.clear();
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

    /// Definitions of `file` that stood in prompts: of all calls, or of those that were answered whole.
    pub(in crate::examiner) fn prompted(&self, file: usize, answered: bool) -> BTreeSet<usize> {
        let state = self.state();
        let attempts = state
            .attempts
            .iter()
            .filter(|attempt| !answered || (attempt.worked() && !attempt.cut));
        attempts
            .filter_map(|attempt| state.prompted.get(&attempt.seq))
            .flatten()
            .filter(|(of, _)| *of == file)
            .map(|(_, symbol)| *symbol)
            .collect()
    }

    /// How much longer than others this part of a file is waited for.
    pub(super) fn delay(&self, places: &[(usize, usize)]) -> Duration {
        let slow = Duration::from_millis(self.slow_ms);
        if !self.reversed {
            return slow;
        }
        let last = self.index.len().max(1) as f64;
        let left = 1.0 - places.first().map_or(0, |place| place.1) as f64 / last;
        slow + Duration::from_secs_f64(0.4 * left)
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
        places: &[(usize, usize)],
    ) -> Self {
        let mut state = case.state();
        state.in_flight += 1;
        state.max_in_flight = state.max_in_flight.max(state.in_flight);
        let seq = attempt.seq;
        if state.attempts.len() < MAX_ATTEMPTS {
            state.prompted.insert(seq, places.to_vec());
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
    pub(super) fn fault(&self, places: &[(usize, usize)]) -> Option<FaultKind> {
        let mut state = self.case.state();
        if state.in_flight > self.case.at_once {
            return Some(FaultKind::Refuse {
                status: 429,
                retry_after_s: Some(1),
            });
        }
        let fault = state
            .faults
            .iter_mut()
            .find(|fault| fault.left > 0 && places.contains(&(fault.file, fault.symbol)))?;
        fault.left -= u64::from(fault.left < u64::MAX);
        let kind = fault.kind;
        self.edit(&mut state, |attempt| attempt.broken = true);
        Some(kind)
    }

    fn edit(&self, state: &mut State, change: impl FnOnce(&mut Attempt)) {
        if let Ok(at) = state
            .attempts
            .binary_search_by_key(&self.seq, |attempt| attempt.seq)
        {
            change(&mut state.attempts[at]);
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

impl Drop for Noted {
    fn drop(&mut self) {
        self.case.state().in_flight -= 1;
    }
}

/// Equal for equal bodies.
pub(super) fn digest(body: &[u8]) -> u64 {
    let hash = Sha256::digest(body);
    hash.iter()
        .take(8)
        .fold(0, |bits, byte| bits << 8 | u64::from(*byte))
}
