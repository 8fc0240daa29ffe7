//! The life of one batch: what is done when, what that costs, and how it is shown.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use crate::headers;
use crate::prices::Usage;
use crate::timeline::Timeline;

/// A batch that has not ended by then expires.
const DAY: Duration = Duration::from_secs(24 * 3600);
/// What was begun when a batch is cancelled is still finished.
const WIND_DOWN: Duration = Duration::from_secs(1);

/// Tokens, and pico-dollars.
pub(crate) type Spent = (Usage, u64);

/// The sum of both.
pub(super) fn plus(a: Spent, b: Spent) -> Spent {
    (a.0.plus(b.0), a.1 + b.1)
}

/// One batch.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) id: String,
    /// Hash of the customer's key.
    pub(super) key: u64,
    pub(super) created: Duration,
    /// The requests are worked off one after the other in this time.
    pub(super) delay: Duration,
    pub(super) canceled: Option<Duration>,
    /// The requests with the results that they get if they are done in time.
    pub(super) lines: Vec<Line>,
}

/// One request of a batch.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) custom_id: String,
    pub(super) result: String,
    pub(super) succeeded: bool,
    pub(super) spent: Spent,
}

/// What became of a request in a batch that has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Succeeded,
    Errored,
    Canceled,
    Expired,
}

impl Batch {
    /// When all is done, or the rest is given up.
    fn end(&self) -> Duration {
        let last = self.delay.min(DAY);
        let stopped = self.canceled.map(|at| at + WIND_DOWN - self.created);
        self.created + stopped.map_or(last, |stopped| stopped.min(last))
    }

    pub(super) fn ended(&self, now: Duration) -> bool {
        now >= self.end()
    }

    /// Each request with its outcome, once the batch has ended.
    fn outcomes(&self) -> impl Iterator<Item = (&Line, Outcome)> {
        let (count, worked) = (self.lines.len() as u32, self.end() - self.created);
        self.lines.iter().zip(1..).map(move |(line, number)| {
            let in_time = self.delay * number / count <= worked;
            let outcome = match (in_time, self.canceled) {
                (true, _) if line.succeeded => Outcome::Succeeded,
                (true, _) => Outcome::Errored,
                (false, Some(_)) => Outcome::Canceled,
                (false, None) => Outcome::Expired,
            };
            (line, outcome)
        })
    }

    /// What it costs once it has ended: only what succeeded.
    pub(super) fn spent(&self) -> Spent {
        let billed = self
            .outcomes()
            .filter(|(_, outcome)| *outcome == Outcome::Succeeded);
        billed.fold(Spent::default(), |sum, (line, _)| plus(sum, line.spent))
    }

    pub(super) fn describe(&self, now: Duration, timeline: &Timeline, host: &str) -> Value {
        let moment = |at: Duration| headers::rfc3339(timeline.unix_s(at));
        let ended = self.ended(now);
        let count = |wanted| match ended {
            true => self
                .outcomes()
                .filter(|(_, outcome)| *outcome == wanted)
                .count(),
            false => 0,
        };
        let status = match (ended, self.canceled) {
            (true, _) => "ended",
            (false, Some(_)) => "canceling",
            (false, None) => "in_progress",
        };
        json!({
            "id": self.id,
            "type": "message_batch",
            "processing_status": status,
            "request_counts": {
                "processing": if ended { 0 } else { self.lines.len() },
                "succeeded": count(Outcome::Succeeded),
                "errored": count(Outcome::Errored),
                "canceled": count(Outcome::Canceled),
                "expired": count(Outcome::Expired),
            },
            "created_at": moment(self.created),
            "expires_at": moment(self.created + DAY),
            "ended_at": ended.then(|| moment(self.end())),
            "archived_at": null,
            "cancel_initiated_at": self.canceled.map(moment),
            "results_url":
                ended.then(|| format!("http://{host}/v1/messages/batches/{}/results", self.id)),
        })
    }

    pub(super) fn results(&self) -> Bytes {
        let mut text = String::new();
        for (line, outcome) in self.outcomes() {
            let result = match outcome {
                Outcome::Succeeded | Outcome::Errored => &line.result,
                Outcome::Canceled => "{\"type\":\"canceled\"}",
                Outcome::Expired => "{\"type\":\"expired\"}",
            };
            for part in [
                "{\"custom_id\":\"",
                &line.custom_id,
                "\",\"result\":",
                result,
                "}\n",
            ] {
                text.push_str(part);
            }
        }
        Bytes::from(text)
    }
}
