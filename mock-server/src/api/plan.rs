//! What becomes of an attempt, decided before anything is waited for.

use bytes::Bytes;

use crate::fault::Fault;
use crate::limits::Flow;
use crate::reply::{Content, Envelope, Latencies};
use crate::state::{Attempt, Prefix};

use super::dialect::Dialect;

/// What an admitted request will get.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) dialect: Dialect,
    pub(crate) stream: bool,
    pub(crate) content: Vec<Content>,
    pub(crate) envelope: Envelope,
    pub(crate) latencies: Latencies,
    pub(crate) fault: Option<Fault>,
    pub(crate) model: usize,
    pub(crate) prefixes: Vec<Prefix>,
}

/// What becomes of an attempt.
pub(crate) enum Decision {
    /// An answer of the model.
    Answer(Box<Plan>),
    /// An answer that costs no model time.
    Info(Bytes),
    /// No answer, ever.
    Hang,
    /// The connection is reset.
    Reset,
}

impl Plan {
    /// When the answer is written if the model begins to read at `begin`, and lets `attempt`
    /// produce it from `now` on.
    pub(crate) fn begin(&self, begin: u64, slowdown: f64, now: u64, attempt: &mut Attempt) -> Flow {
        let start = begin + self.latencies.to_first_token_ns;
        let decode = (self.latencies.decode_ns as f64 * slowdown) as u64;
        let flow = Flow {
            start,
            end: start + decode,
            tokens: self.envelope.usage.output_tokens,
        };
        let spoil = self.fault.and_then(|fault| fault.spoil(self.stream));
        let produced = match spoil {
            Some(spoil) if self.stream && spoil.is_final() => flow.cut(spoil.after),
            _ => flow,
        };
        attempt.produce(produced, now);
        if !self.prefixes.is_empty() {
            let now = attempt.row.arrived_ns;
            let profile = &attempt.live.config.profiles[self.model];
            attempt
                .shared
                .state()
                .cache
                .store(&self.prefixes, profile, now, start);
        }
        flow
    }
}
