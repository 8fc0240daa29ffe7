//! Facts of a run, as they were observed: what was asked for, what came back, what went over the wire.
//!
//! Nothing here is computed from anything else here; [`crate::summary`] does that. All times are
//! simulated. Rows are kept up to a bound, counts and histograms always cover everything.
//!
//! ```
//! use breaklab::record::{Base, Mode, Protection};
//!
//! let mode: Mode = "hardened-without-cache".parse()?;
//! assert_eq!(mode, Mode::hardened_without(Protection::Cache));
//! assert_eq!(mode.base(), Base::Hardened);
//! assert!(mode.has(Protection::Retry) && !mode.has(Protection::Cache));
//! # Ok::<(), breaklab::record::UnknownName>(())
//! ```

use std::collections::BTreeMap;

use ground::ledger::Ledger;
use ground::limits::Limits;
use ground::prices::ModelPrice;
use serde::{Deserialize, Serialize};

pub use histogram::Latencies;
pub use host::Host;
pub use invocations::{FunctionSetting, Invocations};
pub use merge::{MergeError, Part, Shard, Span, Unit, merge};
pub use mode::{Mode, by_name};
pub use protection::{Base, Protection, UnknownName};
pub use subject::Subject;

pub mod exam;

mod histogram;
mod host;
mod invocations;
mod merge;
mod mode;
mod protection;
mod subject;

/// Version of the layout below; readers refuse any other.
pub const SCHEMA: &str = "breaklab/record/v2";

/// Most stretches of missing symbols that are kept of a request.
pub const MAX_GAPS: usize = 50;

/// Everything one invocation of `breaklab run` observed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// [`SCHEMA`].
    pub schema: String,
    /// Version of breaklab that made it.
    pub version: String,
    /// `virtual` or `real`.
    pub clock: ClockKind,
    /// Simulated seconds per wall second (1 in virtual time).
    pub speed: f64,
    /// Seed of documents, latencies and faults.
    pub seed: u64,
    /// The machine; absent in virtual time, which depends on none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<Host>,
    /// True when the user stopped it; what had finished is here.
    pub interrupted: bool,
    /// One entry per scenario and mode, in the order in which they were asked for.
    pub runs: Vec<Run>,
}

impl Record {
    /// The facts of `runs` that went to their end on a clock of this kind and speed, as this breaklab
    /// writes them. Real time adds the machine, on which it depends.
    #[must_use]
    pub fn new((clock, speed): (ClockKind, f64), seed: u64, runs: Vec<Run>) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            clock,
            speed,
            seed,
            host: (clock == ClockKind::Real).then(Host::here),
            interrupted: false,
            runs,
        }
    }
}

/// Which clock a run used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockKind {
    /// Simulated: exact and repeatable.
    Virtual,
    /// The wall clock over loopback sockets.
    Real,
}

/// One scenario in one mode.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// Scenario id, e.g. `rate-limits`.
    pub scenario: String,
    /// Scenario title, one line.
    pub title: String,
    /// SHA-256 of the scenario's settings, hexadecimal.
    pub digest: String,
    /// The service that it is about.
    pub subject: Subject,
    /// What the run stood on.
    pub setting: Setting,
    /// Requests that the load offered.
    pub offered: u64,
    /// How they ended.
    pub endings: BTreeMap<Ending, u64>,
    /// HTTP statuses of the service's answers.
    pub statuses: BTreeMap<u16, u64>,
    /// Latency from the scheduled moment to the end, by ending.
    pub latency: BTreeMap<Ending, Latencies>,
    /// How late the load driver itself sent each request.
    pub lag: Latencies,
    /// Time from the first scheduled request to the last ending, in milliseconds.
    pub makespan_ms: u64,
    /// Error texts that the service gave, and how often (the most frequent ones).
    pub errors: BTreeMap<String, u64>,
    /// What the documentation contained, summed over all requests.
    pub docs: Docs,
    /// The first requests, in the order in which they were scheduled.
    pub requests: Vec<Request>,
    /// Attempts as the client's transport saw them.
    pub attempts: Attempts,
    /// Attempts as the mock saw them.
    pub ledger: Ledger,
    /// What the platform did; absent where it does not bill by the invocation, and outside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invocations: Option<Invocations>,
}

/// The assumptions of a run, for the report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// What the service ran on; unknown where it was only seen from outside.
    pub service: Option<ServiceSetting>,
    /// The platform's time limit in milliseconds, if any; outside, the longest wait for an answer.
    pub time_limit_ms: Option<u64>,
    /// The documents, in words.
    pub documents: String,
    /// Whether they were real files and no synthetic ones.
    pub real_files: bool,
    /// The arrivals, in words.
    pub arrivals: String,
}

/// What a service of our own ran on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceSetting {
    /// Model id.
    pub model: String,
    /// Name of the tier whose limits were in force.
    pub tier: String,
    /// Those limits; none when unlimited.
    pub limits: Option<Limits>,
    /// Platform preset.
    pub platform: String,
    /// Price book, e.g. `chapter`.
    pub prices: String,
    /// Day of the prices.
    pub prices_as_of: String,
    /// Rupees per dollar.
    pub inr_per_usd: f64,
    /// What the model's tokens cost.
    pub price: Option<ModelPrice>,
    /// The functions that it ran as, where the platform bills by the invocation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub functions: Option<FunctionSetting>,
}

/// How a request to the service ended.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Ending {
    /// Whole documentation.
    Ok,
    /// Documentation with named gaps.
    Degraded,
    /// The provider's 429, passed on.
    RateLimited,
    /// The platform's time limit killed the work.
    TimeLimit,
    /// The gateway gave up before the service had answered; the work went on.
    GatewayTimeout,
    /// The platform had no instance for it.
    Throttled,
    /// The provider failed in another way.
    UpstreamFailed,
    /// The service or provider refused the input (other 4xx).
    Rejected,
    /// No answer reached the client.
    Unreachable,
    /// The load driver never sent it.
    Dropped,
}

impl Ending {
    /// As it is spelt in the record.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Whether documentation came back, whole or with named gaps.
    #[must_use]
    pub fn is_answered(self) -> bool {
        matches!(self, Self::Ok | Self::Degraded)
    }
}

/// One request of a client to the service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Position in the schedule, from 0.
    pub index: u64,
    /// Path of the document.
    pub document: String,
    /// When it should have started, in milliseconds.
    pub scheduled_ms: u64,
    /// When it did.
    pub started_ms: u64,
    /// When it ended.
    pub ended_ms: u64,
    /// HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// How it ended.
    pub ending: Ending,
    /// What the documentation contained.
    pub docs: Docs,
    /// Symbols of the source that it does not contain: first and last position of each stretch,
    /// from 0; at most [`MAX_GAPS`], the last of which then reaches to the last missing symbol.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<(u64, u64)>,
}

/// What documentation contains, judged by the proof tokens in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Docs {
    /// Symbols in the source.
    pub symbols: u64,
    /// Of these, documented at least once with a valid token.
    pub documented: u64,
    /// Entries beyond the first of their symbol.
    pub duplicates: u64,
    /// Entries that break the order of the source.
    pub out_of_order: u64,
    /// Entries with a false token, or for a symbol the source does not have.
    pub foreign: u64,
}

impl Docs {
    /// Adds `other`, field by field.
    pub fn add(&mut self, other: Self) {
        self.symbols += other.symbols;
        self.documented += other.documented;
        self.duplicates += other.duplicates;
        self.out_of_order += other.out_of_order;
        self.foreign += other.foreign;
    }
}

/// Attempts as the transport saw them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attempts {
    /// Requests sent to the provider.
    pub sent: u64,
    /// Statuses received.
    pub by_status: BTreeMap<u16, u64>,
    /// How they ended.
    pub by_ending: BTreeMap<AttemptEnding, u64>,
    /// Input tokens in the `usage` of whole 2xx answers (prompt-cache tokens included).
    pub replied_input_tokens: u64,
    /// Output tokens in the `usage` of whole 2xx answers.
    pub replied_output_tokens: u64,
    /// The first attempts, in the order in which they were sent.
    pub rows: Vec<Attempt>,
}

/// How an attempt ended for the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptEnding {
    /// A whole answer, of whatever status.
    Answered,
    /// The connection died before the head.
    Reset,
    /// The connection died inside the body.
    Cut,
    /// We gave up: a time-out, or the work was killed.
    Abandoned,
    /// No connection could be made.
    Unreachable,
}

/// One try of one call to the provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attempt {
    /// Index of the request it served.
    pub request: u64,
    /// Number of the call within that request (its chunk), from 0.
    pub call: u32,
    /// Number of the try, from 0.
    pub attempt: u32,
    /// When it was sent, in milliseconds.
    pub started_ms: u64,
    /// When the head came.
    pub head_ms: Option<u64>,
    /// When it ended.
    pub ended_ms: u64,
    /// HTTP status, if a head came.
    pub status: Option<u16>,
    /// How it ended.
    pub ending: AttemptEnding,
}

#[cfg(test)]
mod tests {
    use strum::VariantArray;

    use super::*;

    #[test]
    fn an_ending_is_named_as_the_record_spells_it() {
        for ending in Ending::VARIANTS {
            assert_eq!(serde_json::to_value(ending).unwrap(), ending.name());
        }
    }
}
