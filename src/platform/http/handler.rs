//! What stands behind the routes: work that is done at once or as a job, counted and logged.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::claude::Spending;
use crate::contract::{Answer, Ask, JsonAnswer, WorkStatus};
use crate::generator::Document;
use crate::platform::failure::{Failure, timed_out};
use crate::platform::guard::Guard;
use crate::platform::jobs::Jobs;
use crate::platform::log::Event;
use crate::platform::meter::Meter;
use crate::platform::service::Service;
use crate::transport::AttemptLog;

/// Takes what is to be logged.
pub type Log = Arc<dyn Fn(&Event) + Send + Sync>;

/// How the service behaves as an HTTP server.
#[derive(Clone, Default)]
pub struct Options {
    /// An answer that takes longer than this becomes a job (202). Absent: never.
    pub patience: Option<Duration>,
    /// Files of one `/documents` request that are worked on at once; 0 counts as 1.
    pub files_at_once: usize,
    /// The attempts upstream, for `/metrics`.
    pub attempts: Option<AttemptLog>,
    /// What the calls cost, for `/metrics`.
    pub spending: Option<Spending>,
    /// Hears of every file that ended.
    pub log: Option<Log>,
    /// Whom it answers.
    pub guard: Guard,
    /// It hands out no jobs: an instance of Lambda stands still between events, and does not know those of others.
    pub without_jobs: bool,
}

/// A service that answers HTTP requests. Copies share everything.
#[derive(Clone)]
pub struct Handler(Arc<Inner>);

struct Inner {
    service: Service,
    options: Options,
    numbers: AtomicU64,
    jobs: Mutex<Jobs>,
    meter: Mutex<Meter>,
    quiet: Notify,
}

/// What a request asks for.
#[derive(Debug, Clone)]
pub(super) enum Work {
    /// One file.
    One(Ask),
    /// Files, answered each for itself.
    Many(Vec<Ask>),
}

impl From<Service> for Handler {
    fn from(service: Service) -> Self {
        Self::new(service, Options::default())
    }
}

impl Handler {
    /// Puts `service` behind HTTP.
    #[must_use]
    pub fn new(service: Service, options: Options) -> Self {
        Self(Arc::new(Inner {
            service,
            options,
            numbers: AtomicU64::new(0),
            jobs: Mutex::new(Jobs::default()),
            meter: Mutex::new(Meter::default()),
            quiet: Notify::new(),
        }))
    }

    /// How long a client waits for an answer that prefers to wait for `preferred`: never as long as the gateway.
    pub(super) fn patience(&self, preferred: Option<Duration>) -> Option<Duration> {
        if self.0.options.without_jobs {
            return None;
        }
        let patience = preferred.or(self.0.options.patience);
        let of_gateway = self.0.service.patience();
        patience.into_iter().chain(of_gateway).min()
    }

    pub(super) fn guard(&self) -> &Guard {
        &self.0.options.guard
    }

    pub(super) fn refuse(&self, why: &str) -> JsonAnswer {
        self.meter().refused();
        JsonAnswer::error(400, "invalid_request", why)
    }

    /// Does `work`, or hands out a job's number when `patience` is over first. Without patience
    /// the work ends with the caller, i.e. when the client goes away.
    pub(super) async fn work(
        &self,
        number: Option<u64>,
        work: Work,
        patience: Option<Duration>,
    ) -> Result<JsonAnswer, u64> {
        let Some(patience) = patience else {
            return Ok(self.finish(number, work).await);
        };
        let (handler, again) = (self.clone(), work.clone());
        let mut task = AbortOnDrop(tokio::spawn(
            async move { handler.finish(number, work).await },
        ));
        let timeline = self.0.service.timeline();
        if let Some(finished) = timeline.timeout(patience, &mut task.0).await {
            return Ok(finished.unwrap_or_else(|_| internal()));
        }
        let files = match again {
            Work::One(ask) => vec![ask],
            Work::Many(asks) => asks,
        };
        Err(self.promote(files, task))
    }

    /// Takes up a job that an earlier process left unfinished.
    pub fn resume(&self, files: Vec<Ask>) -> u64 {
        let work = match <[Ask; 1]>::try_from(files.clone()) {
            Ok([ask]) => Work::One(ask),
            Err(asks) => Work::Many(asks),
        };
        let handler = self.clone();
        let task = AbortOnDrop(tokio::spawn(
            async move { handler.finish(None, work).await },
        ));
        self.promote(files, task)
    }

    fn promote(&self, files: Vec<Ask>, mut task: AbortOnDrop) -> u64 {
        let job = self.jobs().begin(files);
        let handler = self.clone();
        tokio::spawn(async move {
            let finished = (&mut task.0).await.unwrap_or_else(|_| internal());
            handler.jobs().end(job, finished);
            handler.0.quiet.notify_waiters();
        });
        job
    }

    pub(super) fn job(&self, id: &str) -> JsonAnswer {
        self.0.service.asked(1);
        let found = id.parse().ok().and_then(|id| self.jobs().look(id));
        found.map_or_else(
            || JsonAnswer::error(404, "not_found", "there is no such job (any more)"),
            JsonAnswer::ok,
        )
    }

    /// Files of jobs that have not ended, job by job.
    #[must_use]
    pub fn unfinished(&self) -> Vec<Vec<Ask>> {
        self.jobs().unfinished()
    }

    /// Resolves when no job runs.
    pub(super) async fn idle(&self) {
        loop {
            let quiet = self.0.quiet.notified();
            if self.jobs().unfinished().is_empty() {
                return;
            }
            quiet.await;
        }
    }

    pub(super) fn metrics(&self) -> String {
        let attempts = self.0.options.attempts.as_ref().map(AttemptLog::snapshot);
        let running = self.jobs().unfinished().len();
        let spent = self.0.options.spending.as_ref().map(Spending::spent_pico);
        self.meter().text(attempts.as_ref(), running, spent)
    }

    async fn finish(&self, number: Option<u64>, work: Work) -> JsonAnswer {
        match work {
            Work::One(ask) => self.one(number, ask).await,
            Work::Many(asks) => self.many(asks).await,
        }
    }

    async fn many(&self, asks: Vec<Ask>) -> JsonAnswer {
        let width = self.0.options.files_at_once.max(1);
        let results: Vec<Value> = stream::iter(asks)
            .map(|ask| async move {
                let path = ask.file_path.clone();
                let mut finished = self.one(None, ask).await;
                if finished.status != 200 {
                    finished.body["file_path"] = path.into();
                    finished.body["status"] = json!(WorkStatus::Failed);
                }
                finished.body
            })
            .buffered(width)
            .collect()
            .await;
        let all = |state: WorkStatus| {
            results
                .iter()
                .all(|result| result["status"] == json!(state))
        };
        let status = match (all(WorkStatus::Done), all(WorkStatus::Failed)) {
            (true, _) => WorkStatus::Done,
            (_, true) => WorkStatus::Failed,
            _ => WorkStatus::Partial,
        };
        JsonAnswer::ok(json!({ "status": status, "results": results }))
    }

    async fn one(&self, number: Option<u64>, ask: Ask) -> JsonAnswer {
        let number = number.unwrap_or_else(|| self.0.numbers.fetch_add(1, Ordering::Relaxed));
        let document = Document {
            path: ask.file_path,
            content: ask.file_content.into(),
        };
        let timeline = self.0.service.timeline();
        let started = timeline.now();
        let in_flight = InFlight::new(self);
        // Boxed: the work's state is large, and would be moved through every frame above.
        let result = Box::pin(self.0.service.document(number, &document)).await;
        drop(in_flight);
        let took = timeline.now().saturating_sub(started);
        let killed = match &result {
            Err(Failure::TimeLimit { limit, .. }) => Some(timed_out(*limit)),
            _ => None,
        };
        let cached = result.as_ref().is_ok_and(|done| done.cached);
        let finished = match result {
            Ok(done) => {
                let missing = done
                    .missing
                    .iter()
                    .map(|gap| format!("lines {}-{}: {}", gap.from_line, gap.to_line, gap.why))
                    .collect();
                answer(done, missing, ask.note)
            }
            Err(error) => error.answer(),
        };
        let event = Event {
            at_unix_ms: timeline.unix_ms(timeline.now()),
            number,
            path: document.path,
            status: finished.status,
            outcome: outcome(&finished),
            took,
            killed,
            cached,
        };
        self.meter().ended(&event);
        if let Some(log) = &self.0.options.log {
            log(&event);
        }
        finished
    }

    fn jobs(&self) -> MutexGuard<'_, Jobs> {
        self.0.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn meter(&self) -> MutexGuard<'_, Meter> {
        self.0.meter.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn answer(
    done: crate::generator::Documentation,
    missing: Vec<String>,
    note: Option<&str>,
) -> JsonAnswer {
    let status = if missing.is_empty() {
        WorkStatus::Done
    } else {
        WorkStatus::Partial
    };
    let answer = Answer {
        documentation: done.page(None).text,
        file_path: done.path,
        status,
        missing,
        cached: done.cached,
        note: note.map(str::to_owned),
    };
    JsonAnswer::ok(serde_json::to_value(answer).expect("an answer has only string keys"))
}

/// What a log line says about how it ended: `done`, `partial`, or the error's words.
fn outcome(finished: &JsonAnswer) -> String {
    let error = finished.body.pointer("/error/message");
    let gateway = finished.body.get("message");
    let said = error.or(gateway).or(finished.body.get("status"));
    said.and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn internal() -> JsonAnswer {
    JsonAnswer::error(
        500,
        "internal",
        "the work broke down; this is a bug of ours",
    )
}

/// Work that ends with its client, unless it was made a job.
struct AbortOnDrop(tokio::task::JoinHandle<JsonAnswer>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Counts a file in flight, also when its client goes away.
struct InFlight<'f>(&'f Handler);

impl<'f> InFlight<'f> {
    fn new(handler: &'f Handler) -> Self {
        handler.meter().in_flight += 1;
        Self(handler)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.meter().in_flight -= 1;
    }
}
