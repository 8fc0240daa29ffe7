//! Batches as the API shows them.

use std::time::Duration;

use bytes::Bytes;
use ground::timeline::Timeline;
use serde_json::{Value, json};

use crate::state::{Batch, BatchEnd, LIFETIME, rfc3339};

/// A batch as the API shows it at the moment `now`; `host` is where its results can be fetched.
pub(super) fn describe(batch: &Batch, now: Duration, timeline: &Timeline, host: &str) -> Value {
    let moment = |at: Duration| rfc3339(timeline.unix_s(at));
    let ended = batch.ended(now);
    let count = |wanted| {
        if ended {
            batch.ends().filter(|(_, end)| *end == wanted).count()
        } else {
            0
        }
    };
    let status = match (ended, batch.canceled) {
        (true, _) => "ended",
        (false, Some(_)) => "canceling",
        (false, None) => "in_progress",
    };
    json!({
        "id": batch.id,
        "type": "message_batch",
        "processing_status": status,
        "request_counts": {
            "processing": if ended { 0 } else { batch.lines.len() },
            "succeeded": count(BatchEnd::Succeeded),
            "errored": count(BatchEnd::Errored),
            "canceled": count(BatchEnd::Canceled),
            "expired": count(BatchEnd::Expired),
        },
        "created_at": moment(batch.created),
        "expires_at": moment(batch.created + LIFETIME),
        "ended_at": ended.then(|| moment(batch.end())),
        "archived_at": null,
        "cancel_initiated_at": batch.canceled.map(moment),
        "results_url":
            ended.then(|| format!("http://{host}/v1/messages/batches/{}/results", batch.id)),
    })
}

/// The results of a batch that has ended, one line each.
pub(super) fn results(batch: &Batch) -> Bytes {
    let mut text = String::new();
    for (line, end) in batch.ends() {
        let result = match end {
            BatchEnd::Succeeded | BatchEnd::Errored => &line.result,
            BatchEnd::Canceled => "{\"type\":\"canceled\"}",
            BatchEnd::Expired => "{\"type\":\"expired\"}",
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
