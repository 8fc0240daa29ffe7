//! How requests ended, counted as they come in.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::target::RequestResult;
use crate::corpus::Findings;
use crate::load::Slot;
use crate::record::{Docs, Ending, Latencies, Request, Span};

/// Rows of each kind that a record keeps; counts and histograms cover everything.
pub const MAX_ROWS: usize = 10_000;

/// Distinct error texts that are kept; a service that invents texts must not fill the memory.
const MAX_ERRORS: usize = 20;

/// One request that has ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) slot: Slot,
    pub(super) started: Duration,
    pub(super) ended: Duration,
    pub(super) path: String,
    pub(super) result: RequestResult,
    pub(super) findings: Findings,
}

/// A tally that requests on any thread add to.
#[derive(Debug, Clone)]
pub(super) struct SharedTally(Arc<Mutex<Tally>>);

impl SharedTally {
    pub(super) fn new(max_rows: usize) -> Self {
        Self(Arc::new(Mutex::new(Tally::new(max_rows))))
    }

    pub(super) fn add(&self, request: Ended) {
        self.tally().add(request);
    }

    /// Takes the tally out, once `sent` of the `offered` requests were sent; the others never were.
    pub(super) fn finish(&self, sent: u64, offered: u64) -> Tally {
        let mut tally = std::mem::replace(&mut *self.tally(), Tally::new(0));
        tally.offered = offered;
        tally.never_sent(offered - sent);
        tally
    }

    fn tally(&self) -> std::sync::MutexGuard<'_, Tally> {
        // A request that panicked ends the run anyway.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The sums of a run, in bounded memory.
#[derive(Debug)]
pub(super) struct Tally {
    max_rows: usize,
    pub(super) offered: u64,
    pub(super) endings: BTreeMap<Ending, u64>,
    pub(super) statuses: BTreeMap<u16, u64>,
    pub(super) latency: BTreeMap<Ending, Latencies>,
    pub(super) lag: Latencies,
    pub(super) errors: BTreeMap<String, u64>,
    pub(super) docs: Docs,
    pub(super) rows: BTreeMap<u64, Request>,
    first: Option<Duration>,
    last: Duration,
}

impl Tally {
    fn new(max_rows: usize) -> Self {
        Self {
            max_rows,
            offered: 0,
            endings: BTreeMap::new(),
            statuses: BTreeMap::new(),
            latency: BTreeMap::new(),
            lag: Latencies::default(),
            errors: BTreeMap::new(),
            docs: Docs::default(),
            rows: BTreeMap::new(),
            first: None,
            last: Duration::ZERO,
        }
    }

    fn add(&mut self, request: Ended) {
        let Ended {
            slot,
            started,
            ended,
            path,
            result,
            findings,
        } = request;
        let ending = result.ending;
        *self.endings.entry(ending).or_default() += 1;
        if let Some(status) = result.status {
            *self.statuses.entry(status).or_default() += 1;
        }
        if ending != Ending::Dropped {
            self.latency
                .entry(ending)
                .or_default()
                .record(ended.saturating_sub(slot.scheduled));
            self.lag.record(started.saturating_sub(slot.scheduled));
        }
        if let Some(error) = result.error {
            self.count_error(error);
        }
        self.docs.add(findings.docs);
        self.first = Some(
            self.first
                .map_or(slot.scheduled, |first| first.min(slot.scheduled)),
        );
        self.last = self.last.max(ended);
        if (slot.index as usize) < self.max_rows {
            self.rows.insert(
                slot.index,
                Request {
                    index: slot.index,
                    document: path,
                    scheduled_ms: ms(slot.scheduled),
                    started_ms: ms(started),
                    ended_ms: ms(ended),
                    status: result.status,
                    ending,
                    docs: findings.docs,
                    missing: findings.missing,
                },
            );
        }
    }

    /// When the first request was due and the last one ended.
    pub(super) fn span(&self) -> Span {
        let first = self.first.unwrap_or_default();
        Span {
            first_ms: ms(first),
            last_ms: ms(self.last.max(first)),
        }
    }

    /// From the one to the other.
    pub(super) fn makespan(&self) -> Duration {
        self.last.saturating_sub(self.first.unwrap_or_default())
    }

    fn never_sent(&mut self, count: u64) {
        if count > 0 {
            *self.endings.entry(Ending::Dropped).or_default() += count;
        }
    }

    fn count_error(&mut self, error: String) {
        let known = self.errors.contains_key(&error) || self.errors.len() < MAX_ERRORS;
        let text = if known {
            error
        } else {
            "other errors".to_owned()
        };
        *self.errors.entry(text).or_default() += 1;
    }
}

fn ms(moment: Duration) -> u64 {
    moment.as_millis() as u64
}
