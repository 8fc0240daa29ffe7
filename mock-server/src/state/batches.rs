//! Batches as they are kept: what is done when, how each request ends, and what that costs.

use std::time::Duration;

use ground::usage::Usage;

/// Batches kept; the oldest goes first.
const MAX_BATCHES: usize = 1_000;
/// A batch that has not ended by then expires.
pub(crate) const LIFETIME: Duration = Duration::from_secs(24 * 3600);
/// What was begun when a batch is cancelled is still finished.
const WIND_DOWN: Duration = Duration::from_secs(1);

/// What was spent on batches.
#[derive(Debug, Clone, Copy, Default)]
pub struct Spent {
    /// Tokens billed.
    pub usage: Usage,
    /// Billed pico-dollars.
    pub cost_pico: u64,
}

impl Spent {
    fn plus(self, other: Self) -> Self {
        Self {
            usage: self.usage.plus(other.usage),
            cost_pico: self.cost_pico + other.cost_pico,
        }
    }
}

/// All batches, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Batches {
    all: Vec<Batch>,
    /// Spent on batches that are no longer kept.
    gone: Spent,
}

impl Batches {
    /// What was spent on all batches that have ended by `now`.
    pub(crate) fn spent(&self, now: Duration) -> Spent {
        let ended = self.all.iter().filter(|batch| batch.ended(now));
        ended.fold(self.gone, |sum, batch| sum.plus(batch.spent()))
    }

    /// Requests of the customer `key` that are still worked on.
    pub(crate) fn queued(&self, key: u64, now: Duration) -> u64 {
        let mine = self.all.iter().filter(|b| b.key == key && !b.ended(now));
        mine.map(|batch| batch.lines.len() as u64).sum()
    }

    /// Keeps `batch`, and forgets the oldest if there are too many.
    pub(crate) fn add(&mut self, batch: Batch) {
        if self.all.len() == MAX_BATCHES {
            self.remove(0);
        }
        self.all.push(batch);
    }

    /// The position of the batch `id`.
    pub(crate) fn find(&self, id: &str) -> Option<usize> {
        self.all.iter().position(|batch| batch.id == id)
    }

    /// The batch at this position.
    pub(crate) fn at(&mut self, position: usize) -> &mut Batch {
        &mut self.all[position]
    }

    /// Forgets the batch at this position, but not what it cost.
    pub(crate) fn remove(&mut self, position: usize) {
        let batch = self.all.remove(position);
        self.gone = self.gone.plus(batch.spent());
    }

    /// All of them, newest first.
    pub(crate) fn newest_first(&self) -> impl Iterator<Item = &Batch> {
        self.all.iter().rev()
    }
}

/// One batch.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) id: String,
    /// Hash of the customer's key.
    pub(crate) key: u64,
    pub(crate) created: Duration,
    /// The requests are worked off one after the other in this time.
    pub(crate) delay: Duration,
    pub(crate) canceled: Option<Duration>,
    /// The requests with the results that they get if they are done in time.
    pub(crate) lines: Vec<Line>,
}

/// One request of a batch.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) custom_id: String,
    pub(crate) result: String,
    pub(crate) succeeded: bool,
    pub(crate) spent: Spent,
}

/// What became of a request in a batch that has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BatchEnd {
    Succeeded,
    Errored,
    Canceled,
    Expired,
}

impl Batch {
    /// When all is done, or the rest is given up.
    pub(crate) fn end(&self) -> Duration {
        let last = self.delay.min(LIFETIME);
        let stopped = self.canceled.map(|at| at + WIND_DOWN - self.created);
        self.created + stopped.map_or(last, |stopped| stopped.min(last))
    }

    pub(crate) fn ended(&self, now: Duration) -> bool {
        now >= self.end()
    }

    /// Each request with its end, once the batch has ended.
    pub(crate) fn ends(&self) -> impl Iterator<Item = (&Line, BatchEnd)> {
        let (count, worked) = (self.lines.len() as u32, self.end() - self.created);
        self.lines.iter().zip(1..).map(move |(line, number)| {
            let in_time = self.delay * number / count <= worked;
            let end = match (in_time, self.canceled) {
                (true, _) if line.succeeded => BatchEnd::Succeeded,
                (true, _) => BatchEnd::Errored,
                (false, Some(_)) => BatchEnd::Canceled,
                (false, None) => BatchEnd::Expired,
            };
            (line, end)
        })
    }

    /// What it costs once it has ended: only what succeeded.
    pub(crate) fn spent(&self) -> Spent {
        let billed = self.ends().filter(|(_, end)| *end == BatchEnd::Succeeded);
        billed.fold(Spent::default(), |sum, (line, _)| sum.plus(line.spent))
    }
}
