//! One play's part of the upstream: what goes wrong in it, and every call that it saw.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ground::timeline::Timeline;

use super::note;
use crate::probe::papers::Text;
use crate::record::exam::Call;

/// Calls that are noted in all: a service that calls without end must not fill the memory.
const MAX_CALLS: usize = 20_000;

/// Something that goes wrong for the calls that carry a definition.
#[derive(Debug, Clone)]
pub(in crate::probe) struct Trouble {
    pub(in crate::probe) paper: usize,
    /// Which definition of the paper the prompt must contain.
    pub(in crate::probe) symbol: usize,
    pub(in crate::probe) kind: Kind,
    /// How many calls are hit; `u64::MAX` until it is mended.
    pub(in crate::probe) left: u64,
}

#[derive(Debug, Clone, Copy)]
pub(in crate::probe) enum Kind {
    Refuse {
        status: u16,
        retry_after_s: Option<u64>,
    },
    Hang,
}

/// How a stage differs from a healthy API.
#[derive(Debug, Default)]
pub(in crate::probe) struct Setting {
    pub(in crate::probe) troubles: Vec<Trouble>,
    pub(in crate::probe) at_once: Option<u64>,
    pub(in crate::probe) reversed: bool,
    /// Added to every answer, in milliseconds.
    pub(in crate::probe) slow_ms: u64,
    /// What prompts say beside the files is noted.
    pub(in crate::probe) instructions: bool,
}

/// One play's part of the upstream.
#[derive(Debug)]
pub(in crate::probe) struct Stage {
    index: HashMap<String, (usize, usize)>,
    /// The files, if what prompts say beside them is to be noted.
    texts: Option<Vec<Text>>,
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
    troubles: Vec<Trouble>,
    calls: Vec<Call>,
    prompted: HashMap<u64, Vec<(usize, usize)>>,
    in_flight: u64,
    max_in_flight: u64,
}

impl Stage {
    pub(super) fn new(texts: &[Text], setting: Setting, timeline: Timeline) -> Self {
        let index = texts.iter().enumerate().flat_map(|(paper, text)| {
            let symbols = text.symbols.iter().enumerate();
            symbols.map(move |(n, name)| (name.clone(), (paper, n)))
        });
        Self {
            index: index.collect(),
            texts: setting.instructions.then(|| texts.to_vec()),
            timeline,
            began: timeline.now(),
            at_once: setting.at_once.unwrap_or(u64::MAX),
            reversed: setting.reversed,
            slow_ms: setting.slow_ms,
            state: Mutex::new(State {
                troubles: setting.troubles,
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

    pub(in crate::probe) fn elapsed_ms(&self) -> u64 {
        self.timeline.now().saturating_sub(self.began).as_millis() as u64
    }

    /// Ends all troubles: the API is healthy again.
    pub(in crate::probe) fn mend(&self) {
        self.state().troubles.clear();
    }

    pub(in crate::probe) fn calls(&self) -> (Vec<Call>, u64) {
        let state = self.state();
        (state.calls.clone(), state.max_in_flight)
    }

    pub(in crate::probe) fn in_flight(&self) -> u64 {
        self.state().in_flight
    }

    /// Calls that have arrived.
    pub(in crate::probe) fn arrived(&self) -> usize {
        self.state().calls.len()
    }

    /// Definitions of `paper` that stood in prompts: of all calls, or of those that were answered whole.
    pub(in crate::probe) fn prompted(&self, paper: usize, answered: bool) -> BTreeSet<usize> {
        let state = self.state();
        let calls = state
            .calls
            .iter()
            .filter(|call| !answered || (call.worked() && !call.cut));
        calls
            .filter_map(|call| state.prompted.get(&call.seq))
            .flatten()
            .filter(|(of, _)| *of == paper)
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
        Some(note::digest(rest.as_bytes()))
    }
}

/// A call in flight; it is noted when it arrives, and again when it ends.
pub(super) struct Noted {
    stage: Arc<Stage>,
    seq: u64,
}

impl Noted {
    pub(super) fn new(stage: &Arc<Stage>, call: Call, places: &[(usize, usize)]) -> Self {
        let mut state = stage.state();
        state.in_flight += 1;
        state.max_in_flight = state.max_in_flight.max(state.in_flight);
        let seq = call.seq;
        if state.calls.len() < MAX_CALLS {
            state.prompted.insert(seq, places.to_vec());
            // Calls get their numbers before they get here, perhaps in another order.
            let at = state.calls.partition_point(|other| other.seq < seq);
            state.calls.insert(at, call);
        }
        drop(state);
        Self {
            stage: Arc::clone(stage),
            seq,
        }
    }

    /// What goes wrong with this call, if anything.
    pub(super) fn trouble(&self, places: &[(usize, usize)]) -> Option<Kind> {
        let mut state = self.stage.state();
        if state.in_flight > self.stage.at_once {
            return Some(Kind::Refuse {
                status: 429,
                retry_after_s: Some(1),
            });
        }
        let trouble = state.troubles.iter_mut().find(|trouble| {
            trouble.left > 0 && places.contains(&(trouble.paper, trouble.symbol))
        })?;
        trouble.left -= u64::from(trouble.left < u64::MAX);
        let kind = trouble.kind;
        self.edit(&mut state, |call| call.broken = true);
        Some(kind)
    }

    fn edit(&self, state: &mut State, change: impl FnOnce(&mut Call)) {
        if let Ok(at) = state.calls.binary_search_by_key(&self.seq, |call| call.seq) {
            change(&mut state.calls[at]);
        }
    }

    /// Notes the end of the call.
    pub(super) fn end(&self, status: u16, retry_after_s: Option<u64>, cut: bool) {
        let now = self.stage.elapsed_ms();
        self.edit(&mut self.stage.state(), |call| {
            call.status = Some(status);
            call.ended_ms = Some(now);
            call.retry_after_ms = retry_after_s.map(|seconds| seconds * 1000);
            call.cut = cut;
        });
    }
}

impl Drop for Noted {
    fn drop(&mut self) {
        self.stage.state().in_flight -= 1;
    }
}
