//! The account book: every attempt that reached the mock, what became of it and what it cost.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::fault::FaultKind;
use crate::ids;
use crate::prices::Usage;
use crate::proof::CALL_DIGITS;

/// How an attempt ended, seen from the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
}

/// A snapshot of the account book.
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

/// An attempt as it is kept: no text, so that a million of them stay cheap.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) seq: u64,
    /// The attempt's identity bits; its ids are made from them.
    pub(crate) bits: u64,
    pub(crate) digest: u64,
    pub(crate) seen: u32,
    /// Hash of the customer's key.
    pub(crate) key: u64,
    /// Index of the model among the profiles.
    pub(crate) model: Option<usize>,
    pub(crate) arrived_ns: u64,
    pub(crate) ended_ns: u64,
    pub(crate) service_ns: u64,
    pub(crate) status: Option<u16>,
    pub(crate) fault: Option<FaultKind>,
    pub(crate) usage: Usage,
    pub(crate) cost_pico: u64,
    pub(crate) max_tokens: u64,
    /// The wait that a refusal recommended.
    pub(crate) retry_after_s: Option<u64>,
}

/// First 8 hex digits of an attempt's identity bits.
pub(crate) fn call_id(bits: u64) -> String {
    let mut digits = [0; CALL_DIGITS];
    hex::encode_to_slice(((bits >> 32) as u32).to_be_bytes(), &mut digits)
        .expect("two digits fit each byte");
    String::from_utf8_lossy(&digits).into_owned()
}

/// The book while it is written.
#[derive(Debug, Default)]
pub(crate) struct Book {
    attempts: u64,
    endings: [u64; Ending::ALL.len()],
    statuses: BTreeMap<u16, u64>,
    usage: Usage,
    cost_pico: u64,
    wasted_pico: u64,
    replied: Usage,
    in_flight: u64,
    max_in_flight: u64,
    rows: VecDeque<(Entry, Ending)>,
    max_rows: usize,
}

impl Book {
    pub(crate) fn new(max_rows: usize) -> Self {
        Self {
            max_rows,
            ..Self::default()
        }
    }

    /// Counts an arrival and numbers it.
    pub(crate) fn arrive(&mut self) -> u64 {
        let seq = self.attempts;
        self.attempts += 1;
        self.in_flight += 1;
        self.max_in_flight = self.max_in_flight.max(self.in_flight);
        seq
    }

    pub(crate) fn head_sent(&mut self, status: u16) {
        *self.statuses.entry(status).or_default() += 1;
    }

    /// Books an ended attempt.
    pub(crate) fn settle(&mut self, entry: Entry, ending: Ending) {
        self.in_flight -= 1;
        self.endings[ending as usize] += 1;
        self.usage = self.usage.plus(entry.usage);
        self.cost_pico += entry.cost_pico;
        if ending == Ending::Complete {
            self.replied = self.replied.plus(entry.usage);
        } else {
            self.wasted_pico += entry.cost_pico;
        }
        if self.max_rows == 0 {
            return;
        }
        if self.rows.len() == self.max_rows {
            self.rows.pop_front();
        }
        self.rows.push_back((entry, ending));
    }

    /// Starts over; what is in flight stays so.
    pub(crate) fn reset(&mut self) {
        let in_flight = self.in_flight;
        *self = Self {
            attempts: in_flight,
            in_flight,
            ..Self::new(self.max_rows)
        };
        self.max_in_flight = in_flight;
    }

    /// Keeps at most `max_rows` rows from now on.
    pub(crate) fn resize(&mut self, max_rows: usize) {
        self.max_rows = max_rows;
        let surplus = self.rows.len().saturating_sub(max_rows);
        self.rows.drain(..surplus);
    }

    pub(crate) fn cost_pico(&self) -> u64 {
        self.cost_pico
    }

    pub(crate) fn in_flight(&self) -> u64 {
        self.in_flight
    }

    /// The kept attempts in the order of their arrival.
    pub(crate) fn entries(&self) -> Vec<(Entry, Ending)> {
        let mut entries: Vec<_> = self.rows.iter().copied().collect();
        entries.sort_unstable_by_key(|(entry, _)| entry.seq);
        entries
    }

    /// A readable copy; `models` are the profiles' ids and `charged` the limits' net charges.
    pub(crate) fn snapshot(&self, models: &[&str], charged: (u64, u64)) -> Ledger {
        let by_ending = Ending::ALL
            .iter()
            .zip(self.endings)
            .filter(|(_, count)| *count > 0);
        let mut rows: Vec<Row> = self
            .rows
            .iter()
            .map(|(e, ending)| row(e, *ending, models))
            .collect();
        rows.sort_unstable_by_key(|row| row.seq);
        Ledger {
            totals: Totals {
                attempts: self.attempts,
                by_status: self.statuses.clone(),
                by_ending: by_ending.map(|(ending, count)| (*ending, count)).collect(),
                usage: self.usage,
                cost_pico: self.cost_pico,
                wasted_pico: self.wasted_pico,
                replied: self.replied,
                charged_input_tokens: charged.0,
                charged_output_tokens: charged.1,
                in_flight: self.in_flight,
                max_in_flight: self.max_in_flight,
            },
            rows,
        }
    }
}

fn row(entry: &Entry, ending: Ending, models: &[&str]) -> Row {
    Row {
        seq: entry.seq,
        request_id: ids::request(entry.bits),
        call: call_id(entry.bits),
        digest: entry.digest,
        seen: entry.seen,
        model: entry
            .model
            .map_or_else(String::new, |index| models[index].to_owned()),
        arrived_ms: entry.arrived_ns / NS_PER_MS,
        ended_ms: entry.ended_ns / NS_PER_MS,
        service_ms: entry.service_ns / NS_PER_MS,
        status: entry.status,
        ending,
        fault: entry.fault,
        usage: entry.usage,
        cost_pico: entry.cost_pico,
        max_tokens: entry.max_tokens,
    }
}

const NS_PER_MS: u64 = 1_000_000;
