//! The account ledger: every attempt that reached the mock, what became of it and what it cost.

use std::collections::{BTreeMap, VecDeque};

use ground::fault::FaultKind;
use ground::ledger::{Ending, Ledger, Row, Totals};
use ground::usage::Usage;

use crate::reply::ids;

/// An attempt as it is kept: no text, so that a million of them stay cheap.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CompactRow {
    pub(crate) seq: u64,
    /// The attempt's identity bits; its ids are made from them.
    pub(crate) bits: u64,
    pub(crate) digest: u64,
    pub(crate) seen: u32,
    /// Whether the client sees UUIDs as ids, as Amazon's do.
    pub(crate) has_uuid: bool,
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
    /// How often the client says that it has asked before (`x-stainless-retry-count`).
    pub(crate) retries: Option<u16>,
}

impl CompactRow {
    /// The request's id as the client sees it in a header.
    pub(crate) fn request_id(&self) -> String {
        if self.has_uuid {
            ids::uuid(self.bits)
        } else {
            ids::request(self.bits)
        }
    }
}

/// A call that has ended, as those are told who listen.
#[derive(Debug)]
pub struct Called {
    /// How many have ended up to this one.
    pub number: u64,
    /// What became of it.
    pub row: Row,
    /// What all calls so far cost, in pico-dollars.
    pub total_pico: u64,
    /// When it ended, in simulated seconds since 1970.
    pub ended_unix_s: u64,
}

/// The ledger while it is written.
#[derive(Debug, Default)]
pub(crate) struct LedgerWriter {
    attempts: u64,
    endings: [u64; Ending::ALL.len()],
    statuses: BTreeMap<u16, u64>,
    usage: Usage,
    cost_pico: u64,
    wasted_pico: u64,
    replied: Usage,
    in_flight: u64,
    max_in_flight: u64,
    rows: VecDeque<(CompactRow, Ending)>,
    max_rows: usize,
}

impl LedgerWriter {
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

    /// How many attempts have ended.
    pub(crate) fn ended(&self) -> u64 {
        self.endings.iter().sum()
    }

    /// Books an ended attempt.
    pub(crate) fn settle(&mut self, row: CompactRow, ending: Ending) {
        self.in_flight -= 1;
        self.endings[ending as usize] += 1;
        self.usage = self.usage.plus(row.usage);
        self.cost_pico += row.cost_pico;
        if ending == Ending::Complete {
            self.replied = self.replied.plus(row.usage);
        } else {
            self.wasted_pico += row.cost_pico;
        }
        if self.max_rows == 0 {
            return;
        }
        if self.rows.len() == self.max_rows {
            self.rows.pop_front();
        }
        self.rows.push_back((row, ending));
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

    /// The `count` attempts that ended last, the latest first.
    pub(crate) fn last(&self, count: usize, models: &[&str]) -> Vec<Row> {
        let last = self.rows.iter().rev().take(count);
        last.map(|(row, ending)| readable(row, *ending, models))
            .collect()
    }

    /// The kept attempts in the order of their arrival.
    pub(crate) fn rows(&self) -> Vec<(CompactRow, Ending)> {
        let mut rows: Vec<_> = self.rows.iter().copied().collect();
        rows.sort_unstable_by_key(|(row, _)| row.seq);
        rows
    }

    /// Everything that was counted; `charged` are the limits' net charges.
    pub(crate) fn totals(&self, charged: (u64, u64)) -> Totals {
        let by_ending = Ending::ALL
            .iter()
            .zip(self.endings)
            .filter(|(_, count)| *count > 0);
        Totals {
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
        }
    }

    /// A readable copy; `models` are the profiles' ids and `charged` the limits' net charges.
    pub(crate) fn snapshot(&self, models: &[&str], charged: (u64, u64)) -> Ledger {
        let mut rows: Vec<Row> = self
            .rows
            .iter()
            .map(|(row, ending)| readable(row, *ending, models))
            .collect();
        rows.sort_unstable_by_key(|row| row.seq);
        Ledger {
            totals: self.totals(charged),
            rows,
        }
    }
}

pub(super) fn readable(row: &CompactRow, ending: Ending, models: &[&str]) -> Row {
    Row {
        seq: row.seq,
        request_id: row.request_id(),
        call: ids::call(row.bits),
        digest: row.digest,
        seen: row.seen,
        model: row
            .model
            .map_or_else(String::new, |index| models[index].to_owned()),
        arrived_ms: row.arrived_ns / NS_PER_MS,
        ended_ms: row.ended_ns / NS_PER_MS,
        service_ms: row.service_ns / NS_PER_MS,
        status: row.status,
        ending,
        fault: row.fault,
        usage: row.usage,
        cost_pico: row.cost_pico,
        max_tokens: row.max_tokens,
    }
}

const NS_PER_MS: u64 = 1_000_000;
