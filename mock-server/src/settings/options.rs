//! Behaviour beyond the core settings: accounting, caching, load, schedules and what clients may force.

use ground::limits::EndpointLimits;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::fault::Phase;
use crate::limits::Ramp;
use crate::reply::RecordedLatency;

use super::check;
use super::error::ConfigError;

/// How the service behaves; the default is what the API documents today.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// Usage tier, e.g. `start`: each model has the limits that its profile gives this tier, unless
    /// `limits` says otherwise for all.
    pub tier: Option<String>,
    /// Limits of counting and batches; those of the tier if absent, and none without a tier.
    pub endpoint_limits: Option<EndpointLimits>,
    /// The API keys that are accepted; any key if the list is empty.
    pub keys: Vec<String>,
    /// Whether answers carry the headers of the content delivery network.
    pub edge_headers: bool,
    /// When output is charged to the output limit.
    pub output_accounting: OutputAccounting,
    /// Whether a 429 uses up one request of the limit.
    pub refusals_use_quota: bool,
    /// Spending in dollars after which every request is refused with a 429 that names no wait.
    pub spend_cap_usd: Option<f64>,
    /// Limit on how fast the use of input tokens may grow.
    pub ramp: Option<Ramp>,
    /// Whether `cache_control` caches prompts.
    pub prompt_caching: bool,
    /// Slots for answers written at once; without it, load never slows the model.
    pub capacity: Option<Capacity>,
    /// Faults that change with time or load; looked at before the fault rules.
    pub schedule: Vec<Phase>,
    /// Whether clients may force faults with `x-mock-fault` headers.
    pub forced_faults: bool,
    /// Answers unknown ids with synthetic objects and checks no meaning, so that test suites
    /// written against a schema mock run.
    pub conformance: bool,
    /// Seconds of simulated time that a batch takes.
    pub batch_delay_s: f64,
    /// Latencies measured elsewhere. If there are any, each answer replays one of them, chosen by
    /// its identity, instead of drawing from the model's distribution.
    pub recorded_latency: Vec<RecordedLatency>,
}

/// When output is charged to the output limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OutputAccounting {
    /// Token by token as they are written; `max_tokens` plays no part (the API since 2026).
    #[default]
    AsProduced,
    /// `max_tokens` at admission, corrected at the end (the API until 2025).
    Reserved,
    /// All at the end of the answer.
    AtEnd,
}

/// A model's serving capacity.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Capacity {
    /// Answers written at once; further ones wait in order of arrival.
    pub slots: u32,
    /// Answers that may wait; more are refused with 529.
    pub queue: u32,
    /// How many times slower a token is when all slots are busy than when one is.
    pub slowdown: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            tier: None,
            endpoint_limits: None,
            keys: vec![],
            edge_headers: false,
            output_accounting: OutputAccounting::default(),
            refusals_use_quota: false,
            spend_cap_usd: None,
            ramp: None,
            prompt_caching: true,
            capacity: None,
            schedule: vec![],
            forced_faults: true,
            conformance: false,
            batch_delay_s: 5.0,
            recorded_latency: vec![],
        }
    }
}

impl Options {
    /// Checks what types cannot.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let (least, most) = (0.0, f64::INFINITY);
        check::in_range(
            "spend_cap_usd",
            self.spend_cap_usd.unwrap_or(0.0),
            "options",
            least,
            most,
        )?;
        check::in_range("batch_delay_s", self.batch_delay_s, "options", least, 1e9)?;
        if let Some(Capacity {
            slots, slowdown, ..
        }) = self.capacity
        {
            check::in_range("slots", f64::from(slots), "options.capacity", 1.0, most)?;
            check::in_range("slowdown", slowdown, "options.capacity", 1.0, 1e9)?;
        }
        for (phase, number) in self.schedule.iter().zip(1..) {
            check::phase(phase, &format!("options.schedule, phase {number}"))?;
        }
        self.recorded_latency
            .iter()
            .zip(1..)
            .try_for_each(|(record, number)| check::recorded(record, number))
    }
}
