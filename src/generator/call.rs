//! One call: admission, attempts, waits between them, and a second asking when the first hangs.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::{Either, select};
use ground::chance::{mix, unit};

use crate::claude::{Ask, CallError, Message};
use crate::record::Protection;
use crate::transport::CallTag;

use super::ask::Asking;
use super::cache::Key;
use super::chunk::Chunk;
use super::error::GenerateError;
use super::journal::Known;
use super::pace::{self, Cost, Pace};
use super::plan::{self, cost};
use super::retry::{Failure, Rule};
use super::{Bulk, Inner, Question, Task, prompt};

/// Refusals by the rate limits after which a paced call gives up: the mirror never matches then.
const MAX_REFUSALS: u32 = 100;
/// The same for each call once so many were refused without any answer between them: then it is not a
/// limit that refills, but a quota that is used up.
const MAX_REFUSALS_OF_ALL: u32 = 5;

/// A call is not asked a second time before this: the time to its first word alone varies.
const SHORTEST_PATIENCE: Duration = Duration::from_secs(5);
/// Longer than any run.
const FOREVER: Duration = Duration::from_secs(1_000_000_000);

/// One call on its way.
struct Call {
    /// Its place in the journal, if there is one.
    key: Option<Key>,
    number: u32,
    place: u64,
    cost: Cost,
    sent: u32,
    attempts: u32,
    refusals: u32,
}

impl Call {
    fn tag(&mut self, task: &Task<'_>) -> CallTag {
        self.sent += 1;
        CallTag {
            request: task.request,
            call: self.number,
            attempt: self.sent - 1,
        }
    }
}

impl Inner {
    /// The answer to one question: from the journal if there is one, or by a call.
    pub(super) async fn call(
        &self,
        task: &Task<'_>,
        chunk: &Chunk,
        asking: Asking,
    ) -> Result<Message, GenerateError> {
        let Some(bulk) = &self.bulk else {
            return self.call_api(task, chunk, None).await;
        };
        let key = self.key(task, chunk, asking);
        let outcome = self.call_once(task, chunk, key, bulk).await;
        if outcome.is_ok() {
            let pico = bulk.journal.price(&key);
            task.cost_pico.fetch_add(pico, Ordering::Relaxed);
        }
        outcome
    }

    /// The same in a bulk job, which pays for an answer once.
    async fn call_once(
        &self,
        task: &Task<'_>,
        chunk: &Chunk,
        key: Key,
        bulk: &Bulk,
    ) -> Result<Message, GenerateError> {
        match (bulk.journal.find(&key), &bulk.questions) {
            (Some(Known::Answered(message)), _) => Ok(message),
            (Some(Known::Refused(error)), _) => Err(error.into()),
            (None, Some(questions)) => {
                let question = Question {
                    ask: self.question(task, chunk),
                    estimate: plan::estimate(&self.policy.settings, task.document, chunk),
                };
                let mut questions = questions
                    .lock()
                    .expect("nothing panics while it holds them");
                questions.entry(hex::encode(key)).or_insert(question);
                Err(GenerateError::NotAsked)
            }
            (None, None) => {
                // Boxed: only bulk jobs carry it.
                let outcome = Box::pin(self.call_api(task, chunk, Some(key))).await;
                if let Err(GenerateError::Call(error)) = &outcome {
                    bulk.journal.give_up(&key);
                    if error.concerns_all() {
                        let _first = bulk.halted.set(error.clone());
                        bulk.stop.stop();
                    }
                }
                outcome
            }
        }
    }

    /// One call, with as many attempts as are due.
    async fn call_api(
        &self,
        task: &Task<'_>,
        chunk: &Chunk,
        key: Option<Key>,
    ) -> Result<Message, GenerateError> {
        let mut call = self.new_call(task, chunk, key);
        self.check_limit(call.cost)?;
        let mut permit = self.admit_unless_stopped(&call).await?;
        // Written only now: a long queue must not hold a long list of prompts.
        let ask = self.question(task, chunk);
        let mut began = self.timeline.now();
        loop {
            // Boxed: an attempt's state is large and would be copied into every future around it.
            let attempt = Box::pin(self.attempt(task, &mut call, &ask, permit));
            let (outcome, counts) = attempt.await;
            let error = match outcome {
                Ok(message) => return Ok(message),
                Err(error) => error,
            };
            if let Some(bulk) = &self.bulk {
                (bulk.on_failure)(&error);
            }
            let elapsed = self.timeline.now().saturating_sub(began);
            if self.policy.has(Protection::Pacing)
                && error.is_rate_limit()
                && call.refusals < self.most_refusals()
            {
                // The queue has paused until the API is ready; this call is first in it, and its
                // time begins anew.
                call.refusals += 1;
                call.place = self.pace.as_ref().map_or(0, Pace::place_at_head);
                permit = self.admit_unless_stopped(&call).await?;
                began = self.timeline.now();
                continue;
            }
            // Probes of a failing API are free only where a budget of time ends them.
            let is_free = !counts && self.rule.budget() < Duration::MAX;
            call.attempts += u32::from(!is_free);
            let failure = Failure {
                error: &error,
                attempts: call.attempts.max(1),
                elapsed,
                streamed: ask.stream,
                chance: self.chance(task, &call),
            };
            match self.rule.wait(&failure) {
                Some(wait) => self.sleep_unless_stopped(wait).await?,
                None => return Err(error.into()),
            }
            let left = self.rule.budget().saturating_sub(elapsed);
            let admitted = self.admit_unless_stopped(&call);
            permit = match self.timeline.timeout(left.min(FOREVER), admitted).await {
                Some(permit) => permit?,
                None => return Err(error.into()),
            };
        }
    }

    fn most_refusals(&self) -> u32 {
        let in_a_row = self.pace.as_ref().map_or(0, Pace::refused_in_a_row);
        if in_a_row < MAX_REFUSALS {
            MAX_REFUSALS
        } else {
            MAX_REFUSALS_OF_ALL
        }
    }

    fn new_call(&self, task: &Task<'_>, chunk: &Chunk, key: Option<Key>) -> Call {
        let earlier = match (&self.bulk, &key) {
            // One attempt is always left: the last run may have ended before it had its turn.
            (Some(bulk), Some(key)) => {
                let most = self.policy.settings.attempts.saturating_sub(1);
                bulk.journal.attempts(key).min(most)
            }
            _ => 0,
        };
        Call {
            key,
            number: task.next_call.fetch_add(1, Ordering::Relaxed),
            place: self.pace.as_ref().map_or(0, Pace::place),
            cost: cost(&self.policy.settings, task.document, chunk),
            sent: 0,
            attempts: earlier,
            refusals: 0,
        }
    }

    async fn admit(&self, call: &Call) -> Option<pace::Permit> {
        match &self.pace {
            Some(pace) => Some(pace.admit(call.place, call.cost, call.attempts > 0).await),
            None => None,
        }
    }

    async fn admit_unless_stopped(
        &self,
        call: &Call,
    ) -> Result<Option<pace::Permit>, GenerateError> {
        let Some(bulk) = &self.bulk else {
            return Ok(self.admit(call).await);
        };
        if bulk.stop.is_stopped() {
            return Err(GenerateError::NotAsked);
        }
        tokio::select! {
            biased;
            permit = self.admit(call) => Ok(permit),
            () = bulk.stop.stopped() => Err(GenerateError::NotAsked),
        }
    }

    async fn sleep_unless_stopped(&self, wait: Duration) -> Result<(), GenerateError> {
        let sleep = self.timeline.sleep(wait);
        match &self.bulk {
            None => sleep.await,
            Some(bulk) => tokio::select! {
                biased;
                () = sleep => {}
                () = bulk.stop.stopped() => return Err(GenerateError::NotAsked),
            },
        }
        Ok(())
    }

    fn chance(&self, task: &Task<'_>, call: &Call) -> f64 {
        let identity = [
            self.seed,
            task.request,
            u64::from(call.number),
            u64::from(call.sent),
        ];
        unit(mix(&identity))
    }

    /// Sends once, or twice when the first is slower than any answer so far and nobody else waits.
    /// Also says whether a failure counts against the call.
    async fn attempt(
        &self,
        task: &Task<'_>,
        call: &mut Call,
        ask: &Ask,
        permit: Option<pace::Permit>,
    ) -> (Result<Message, CallError>, bool) {
        let tag = call.tag(task);
        let mut first = pin!(self.send(task, tag, call.key, ask, permit));
        let Some(patience) = self.patience(call.cost) else {
            return first.await;
        };
        tokio::select! {
            biased;
            outcome = &mut first => return outcome,
            () = self.timeline.sleep(patience) => {}
        }
        let extra = self
            .pace
            .as_ref()
            .and_then(|pace| pace.admit_extra(call.cost));
        if extra.is_none() {
            return first.await;
        }
        let tag = call.tag(task);
        let second = Box::pin(self.send(task, tag, call.key, ask, extra));
        match select(first, second).await {
            Either::Left(((Err(_), _), second)) => second.await,
            Either::Right(((Err(_), _), first)) => first.await,
            Either::Left((whole, _)) | Either::Right((whole, _)) => whole,
        }
    }

    /// How long to wait for an answer before asking the same a second time; none for ever.
    fn patience(&self, cost: Cost) -> Option<Duration> {
        let factor = self.policy.settings.hedge_factor;
        if factor <= 0.0 || !matches!(self.rule, Rule::FullJitter { .. }) {
            return None;
        }
        let slowest = self.pace.as_ref()?.slowest(cost)?;
        Some(
            slowest
                .mul_f64(factor.clamp(1.0, 1e3))
                .max(SHORTEST_PATIENCE),
        )
    }

    async fn send(
        &self,
        task: &Task<'_>,
        tag: CallTag,
        key: Option<Key>,
        ask: &Ask,
        mut permit: Option<pace::Permit>,
    ) -> (Result<Message, CallError>, bool) {
        let entry = self.bulk.as_ref().zip(key).map(|(bulk, key)| {
            let price = self.claude.price(ask);
            bulk.journal.begin(key, price, self.timeline.now())
        });
        let entry = match entry.transpose() {
            Ok(entry) => entry,
            Err(error) => return (Err(error), true),
        };
        task.paid.fetch_add(1, Ordering::Relaxed);
        if let Some(permit) = &mut permit {
            permit.send();
        }
        let outcome = self.claude.message(tag, ask).await;
        let refused = outcome.as_ref().is_err_and(CallError::is_rate_limit);
        // What may have to be paid for counts, however the API fares otherwise: every loop ends.
        let is_paid = matches!(
            outcome,
            Err(CallError::Cut | CallError::Malformed { .. } | CallError::TimedOut)
        );
        let counts = permit.is_none_or(|permit| permit.settle(&outcome)) || is_paid;
        if let Some(entry) = entry {
            let pico = self.claude.charge(ask, &outcome);
            entry.end(&outcome, pico, counts && !refused, self.timeline.now());
        }
        (outcome, counts)
    }

    fn question(&self, task: &Task<'_>, chunk: &Chunk) -> Ask {
        Ask {
            model: Arc::clone(&self.model),
            max_tokens: self.policy.settings.max_tokens,
            system: None,
            prompt: prompt::text(
                &task.document.path,
                &task.document.content,
                chunk,
                &self.policy.settings,
            ),
            stream: self.policy.streams(),
        }
    }

    fn check_limit(&self, cost: Cost) -> Result<(), GenerateError> {
        match self.pace.as_ref().and_then(Pace::input_limit) {
            // Twice the limit: the estimate may be wrong, and the API has the last word.
            Some(limit) if cost.input > limit.saturating_mul(2) => Err(GenerateError::OverLimit {
                needed: cost.input,
                limit,
            }),
            _ => Ok(()),
        }
    }
}
