//! Behaviour beyond the core settings: accounting, caching, load, schedules and what clients may force.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::ConfigError;
use crate::endpoints::EndpointLimits;
use crate::fault::FaultKind;

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

/// How long one real answer took.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RecordedLatency {
    /// Milliseconds to the first token, the reading of the prompt included.
    pub ttft_ms: f64,
    /// Tokens written per second from then on.
    pub decode_tokens_per_s: f64,
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

/// A limit on growth: the input tokens of a minute may exceed the most that an earlier minute
/// used by so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ramp {
    /// Input tokens allowed in the first minute.
    pub start: u64,
    /// Input tokens by which each further minute may grow.
    pub step: u64,
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

/// A fault whose probability follows a curve over simulated time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Phase {
    /// What goes wrong.
    pub kind: FaultKind,
    /// Begins at this second.
    pub from_s: f64,
    /// Ends before this second.
    pub to_s: f64,
    /// Probability at the beginning.
    pub from: f64,
    /// Probability at the end; it changes linearly in between. Equal to `from` if absent.
    #[serde(default)]
    pub to: Option<f64>,
    /// Seconds of a square wave: on in the first half of each period, off in the second.
    #[serde(default)]
    pub period_s: Option<f64>,
    /// Attempts in flight at which the probability applies in full; with fewer it falls in
    /// proportion. Without it load does not matter.
    #[serde(default)]
    pub full_at_in_flight: Option<u64>,
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
        in_range(
            "spend_cap_usd",
            self.spend_cap_usd.unwrap_or(0.0),
            "options",
            least,
            most,
        )?;
        in_range("batch_delay_s", self.batch_delay_s, "options", least, 1e9)?;
        if let Some(Capacity {
            slots, slowdown, ..
        }) = self.capacity
        {
            in_range("slots", f64::from(slots), "options.capacity", 1.0, most)?;
            in_range("slowdown", slowdown, "options.capacity", 1.0, 1e9)?;
        }
        for (phase, number) in self.schedule.iter().zip(1..) {
            phase.check(&format!("options.schedule, phase {number}"))?;
        }
        self.recorded_latency
            .iter()
            .zip(1..)
            .try_for_each(|(record, number)| record.check(number))
    }
}

/// Refuses `field` = `value` of `of` unless it lies between `least` and `most`.
fn in_range(
    field: &'static str,
    value: f64,
    of: &str,
    least: f64,
    most: f64,
) -> Result<(), ConfigError> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(ConfigError::OutOfRange {
        field,
        value,
        of: of.to_owned(),
        must: match (least, most) {
            (0.0, 1.0) => "between 0 and 1",
            (1.0, _) => "1 or greater",
            _ => "0 or greater",
        },
    })
}

impl RecordedLatency {
    fn check(&self, number: usize) -> Result<(), ConfigError> {
        let Self {
            ttft_ms,
            decode_tokens_per_s,
        } = *self;
        let mistake = |field, value, must| ConfigError::OutOfRange {
            field,
            value,
            of: format!("recorded_latency, record {number}"),
            must,
        };
        if !ttft_ms.is_finite() || ttft_ms < 0.0 {
            return Err(mistake("ttft_ms", ttft_ms, "a finite number, 0 or greater"));
        }
        if decode_tokens_per_s.is_nan() || decode_tokens_per_s <= 0.0 {
            return Err(mistake(
                "decode_tokens_per_s",
                decode_tokens_per_s,
                "greater than 0",
            ));
        }
        Ok(())
    }
}

impl Phase {
    fn check(&self, of: &str) -> Result<(), ConfigError> {
        in_range("from", self.from, of, 0.0, 1.0)?;
        in_range("to", self.to.unwrap_or(0.0), of, 0.0, 1.0)?;
        in_range("from_s", self.from_s, of, 0.0, f64::INFINITY)?;
        let later = self.to_s > self.from_s;
        let period = self.period_s.unwrap_or(1.0);
        let mistake = |field, value, must| {
            Err(ConfigError::OutOfRange {
                field,
                value,
                of: of.to_owned(),
                must,
            })
        };
        match (later, period > 0.0) {
            (false, _) => mistake("to_s", self.to_s, "greater than from_s"),
            (_, false) => mistake("period_s", period, "greater than 0"),
            _ => Ok(()),
        }
    }

    /// Probability at the simulated second `at` with `in_flight` attempts under way.
    pub(crate) fn probability(&self, at: f64, in_flight: u64) -> f64 {
        if at < self.from_s || at >= self.to_s {
            return 0.0;
        }
        let off = self
            .period_s
            .is_some_and(|p| (at - self.from_s) % p >= p / 2.0);
        if off {
            return 0.0;
        }
        let progress = (at - self.from_s) / (self.to_s - self.from_s);
        let level = self.from + (self.to.unwrap_or(self.from) - self.from) * progress;
        let load = self
            .full_at_in_flight
            .map_or(1.0, |full| in_flight as f64 / full.max(1) as f64);
        level * load.min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PHASE: Phase = Phase {
        kind: FaultKind::Overloaded,
        from_s: 10.0,
        to_s: 20.0,
        from: 0.2,
        to: None,
        period_s: None,
        full_at_in_flight: None,
    };

    #[test]
    fn a_ramp_is_linear_and_ends_before_its_end() {
        let ramp = Phase {
            to: Some(0.6),
            ..PHASE
        };
        let at = |s| ramp.probability(s, 0);
        assert_eq!([9.9, 10.0, 15.0, 20.0].map(at), [0.0, 0.2, 0.4, 0.0]);
        assert!((at(19.999) - 0.6).abs() < 1e-3);
    }

    #[test]
    fn correlation_with_load_grows_to_the_full_probability_and_no_further() {
        let loaded = Phase {
            full_at_in_flight: Some(10),
            ..PHASE
        };
        let at = |load| loaded.probability(12.0, load);
        assert_eq!([0, 5, 10, 1000].map(at), [0.0, 0.1, 0.2, 0.2]);
    }
}
