//! Counts every attempt from outside the code that makes it, also those that nobody waits for.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use ground::timeline::Timeline;
use ground::usage::Usage;

use super::CallTag;
use crate::record::{Attempt, AttemptEnding, Attempts};

/// Marks the row of an attempt that is still going on.
const GOING_ON: u64 = u64::MAX;

/// What went over the wire so far. Copies share one log.
#[derive(Clone)]
pub struct AttemptLog {
    log: Arc<Mutex<Log>>,
    timeline: Timeline,
    told: Option<Arc<Told>>,
}

/// Told of the request for which a whole answer came, and what will be billed for it.
type Told = dyn Fn(u64, Usage) + Send + Sync;

struct Log {
    attempts: Attempts,
    max_rows: usize,
}

impl AttemptLog {
    /// An empty log that keeps the rows of the first `max_rows` attempts; counts are never bounded.
    #[must_use]
    pub fn new(timeline: Timeline, max_rows: usize) -> Self {
        let log = Log {
            attempts: Attempts::default(),
            max_rows,
        };
        Self {
            log: Arc::new(Mutex::new(log)),
            timeline,
            told: None,
        }
    }

    /// The same log, which also tells `told` of each whole answer: for which request it came, and what will be billed.
    #[must_use]
    pub fn told(self, told: impl Fn(u64, Usage) + Send + Sync + 'static) -> Self {
        Self {
            told: Some(Arc::new(told)),
            ..self
        }
    }

    /// Everything up to now, rows by start, request, call and attempt. Attempts that are still
    /// going on count as abandoned now.
    #[must_use]
    pub fn snapshot(&self) -> Attempts {
        let mut attempts = self.lock().attempts.clone();
        let going_on = attempts.sent - attempts.by_ending.values().sum::<u64>();
        if going_on > 0 {
            *attempts
                .by_ending
                .entry(AttemptEnding::Abandoned)
                .or_default() += going_on;
        }
        let now_ms = millis(self.timeline.now());
        for row in attempts
            .rows
            .iter_mut()
            .filter(|row| row.ended_ms == GOING_ON)
        {
            row.ended_ms = now_ms;
        }
        attempts
            .rows
            .sort_by_key(|row| (row.started_ms, row.request, row.call, row.attempt));
        attempts
    }

    pub(super) fn open(&self, tag: CallTag) -> Watch {
        let started_ms = millis(self.timeline.now());
        let mut log = self.lock();
        log.attempts.sent += 1;
        let row = (log.attempts.rows.len() < log.max_rows).then(|| {
            log.attempts.rows.push(Attempt {
                request: tag.request,
                call: tag.call,
                attempt: tag.attempt,
                started_ms,
                head_ms: None,
                ended_ms: GOING_ON,
                status: None,
                ending: AttemptEnding::Abandoned,
            });
            log.attempts.rows.len() - 1
        });
        drop(log);
        Watch {
            log: self.clone(),
            request: tag.request,
            row,
            status: None,
            ending: None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Log> {
        self.log
            .lock()
            .expect("nothing panics while it holds the attempt log")
    }
}

/// One attempt under observation. Dropped without an ending, it was abandoned.
pub(super) struct Watch {
    log: AttemptLog,
    request: u64,
    row: Option<usize>,
    status: Option<u16>,
    ending: Option<AttemptEnding>,
}

impl Watch {
    pub(super) fn head(&mut self, status: u16) {
        self.status = Some(status);
        let now_ms = millis(self.log.timeline.now());
        let mut log = self.log.lock();
        *log.attempts.by_status.entry(status).or_default() += 1;
        if let Some(row) = self.row {
            log.attempts.rows[row].head_ms = Some(now_ms);
            log.attempts.rows[row].status = Some(status);
        }
    }

    pub(super) fn end(&mut self, ending: AttemptEnding) {
        if self.ending.is_some() {
            return;
        }
        self.ending = Some(ending);
        let now_ms = millis(self.log.timeline.now());
        let mut log = self.log.lock();
        *log.attempts.by_ending.entry(ending).or_default() += 1;
        if let Some(row) = self.row {
            log.attempts.rows[row].ended_ms = now_ms;
            log.attempts.rows[row].ending = ending;
        }
    }

    pub(super) fn usage(&self, usage: Usage) {
        let whole = self.ending == Some(AttemptEnding::Answered);
        if !whole
            || !self
                .status
                .is_some_and(|status| (200..300).contains(&status))
        {
            return;
        }
        let mut log = self.log.lock();
        log.attempts.replied_input_tokens += usage.prompt_tokens();
        log.attempts.replied_output_tokens += usage.output_tokens;
        drop(log);
        if let Some(told) = &self.log.told {
            told(self.request, usage);
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.end(AttemptEnding::Abandoned);
    }
}

fn millis(at: Duration) -> u64 {
    u64::try_from(at.as_millis()).unwrap_or(u64::MAX)
}
