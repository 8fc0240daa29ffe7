//! Work that outlived its request's patience: to be polled until it has ended.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::contract::{Ask, JsonAnswer, WorkStatus};

/// Ended jobs that are kept for their clients; the oldest go first.
const MAX_ENDED: usize = 1000;

/// All jobs of a service by number.
#[derive(Debug, Default)]
pub(super) struct Jobs {
    next: u64,
    running: BTreeMap<u64, Vec<Ask>>,
    ended: BTreeMap<u64, JsonAnswer>,
}

impl Jobs {
    /// A new job that works on `files`.
    pub(super) fn begin(&mut self, files: Vec<Ask>) -> u64 {
        self.next += 1;
        self.running.insert(self.next, files);
        self.next
    }

    pub(super) fn end(&mut self, job: u64, finished: JsonAnswer) {
        self.running.remove(&job);
        self.ended.insert(job, finished);
        if self.ended.len() > MAX_ENDED {
            self.ended.pop_first();
        }
    }

    /// What a client that polls is told; its `status` is `running`, `done`, `partial` or `failed`.
    pub(super) fn look(&self, job: u64) -> Option<Value> {
        if self.running.contains_key(&job) {
            return Some(json!({ "status": WorkStatus::Running }));
        }
        let finished = self.ended.get(&job)?;
        let mut body = finished.body.clone();
        if finished.status != 200 {
            body["status"] = json!(WorkStatus::Failed);
        }
        Some(body)
    }

    pub(super) fn unfinished(&self) -> Vec<Vec<Ask>> {
        self.running.values().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finished(status: u16, body: Value) -> JsonAnswer {
        JsonAnswer { status, body }
    }

    #[test]
    fn a_job_runs_and_then_tells_how_it_ended() {
        let mut jobs = Jobs::default();
        let (good, bad) = (jobs.begin(Vec::new()), jobs.begin(Vec::new()));
        assert_eq!(jobs.look(good), Some(json!({ "status": "running" })));
        jobs.end(good, finished(200, json!({ "status": "partial" })));
        jobs.end(
            bad,
            finished(504, json!({ "error": { "type": "time_limit" } })),
        );
        assert_eq!(jobs.look(good), Some(json!({ "status": "partial" })));
        assert_eq!(jobs.look(bad).unwrap()["status"], "failed");
        assert_eq!(jobs.look(99), None);
    }

    #[test]
    fn only_so_many_ended_jobs_are_kept() {
        let mut jobs = Jobs::default();
        for _ in 0..=MAX_ENDED {
            let job = jobs.begin(Vec::new());
            jobs.end(job, finished(200, json!({})));
        }
        assert_eq!((jobs.look(1), jobs.ended.len()), (None, MAX_ENDED));
    }
}
