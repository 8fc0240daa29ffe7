//! What a server of the API saw: every attempt that reached it, how it ended and what it cost.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::fault::FaultKind;
use crate::usage::Usage;

/// How an attempt ended, seen from the server.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Ending {
    /// 2xx, and the whole body was sent.
    Complete,
    /// An HTTP error, sent whole.
    Refused,
    /// The connection was reset before the head.
    Reset,
    /// The answer broke off or was spoilt in its body.
    Truncated,
    /// The client gave up before the end.
    Abandoned,
}

impl Ending {
    /// Every ending, in order.
    pub const ALL: [Self; 5] = [
        Self::Complete,
        Self::Refused,
        Self::Reset,
        Self::Truncated,
        Self::Abandoned,
    ];

    /// As it is spelt in records and metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// A snapshot of the ledger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct Ledger {
    /// Exact sums over every attempt.
    pub totals: Totals,
    /// The latest ended attempts, by `seq`; at most the settings' `max_rows`.
    pub rows: Vec<Row>,
}

/// Exact sums over every attempt.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Totals {
    /// Attempts that arrived.
    pub attempts: u64,
    /// Heads sent, by status. A reset, a hang or a client that gives up before the head has none.
    pub by_status: BTreeMap<u16, u64>,
    /// Ended attempts by ending.
    pub by_ending: BTreeMap<Ending, u64>,
    /// Tokens billed.
    pub usage: Usage,
    /// Billed pico-dollars.
    pub cost_pico: u64,
    /// The part of `cost_pico` billed to attempts that did not end [`Ending::Complete`].
    pub wasted_pico: u64,
    /// Sum of the usage that whole replies told their clients.
    pub replied: Usage,
    /// Input tokens taken from the limits, net of what was given back.
    pub charged_input_tokens: u64,
    /// Output tokens taken from the limits, net of what was given back.
    pub charged_output_tokens: u64,
    /// Attempts that have not ended.
    pub in_flight: u64,
    /// The most attempts that were ever in flight together.
    pub max_in_flight: u64,
}

/// One ended attempt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Number of arrival, from 0.
    pub seq: u64,
    /// The `request-id` header.
    pub request_id: String,
    /// Identity of the call, 8 hex digits, as in proof tokens.
    pub call: String,
    /// Digest of the request body.
    pub digest: u64,
    /// How often this body had arrived before.
    pub seen: u32,
    /// Model asked for; empty if the request was refused before it was known.
    pub model: String,
    /// Arrival, milliseconds of simulated time.
    pub arrived_ms: u64,
    /// End, milliseconds of simulated time.
    pub ended_ms: u64,
    /// Latency planned for the whole answer if nothing gets in its way, milliseconds.
    pub service_ms: u64,
    /// Status of the head, if one was sent.
    pub status: Option<u16>,
    /// How it ended.
    pub ending: Ending,
    /// The fault that was injected.
    pub fault: Option<FaultKind>,
    /// Tokens billed.
    pub usage: Usage,
    /// Billed pico-dollars.
    pub cost_pico: u64,
    /// The request's `max_tokens`.
    pub max_tokens: u64,
}
