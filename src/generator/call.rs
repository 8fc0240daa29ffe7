//! One call: admission, attempts, waits between them, and a second asking when the first hangs.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::{Either, select};
use mock_claude::mix::{mix, unit};

use crate::claude::{Ask, CallError, Message};
use crate::transport::CallTag;

use super::chunk::Chunk;
use super::error::GenerateError;
use super::pace::{self, Cost, Pace};
use super::policy::Protection;
use super::retry::{Failure, Rule};
use super::{Inner, Job, cost, prompt};

/// Refusals by the rate limits after which a paced call gives up: the mirror never matches then.
const MAX_REFUSALS: u32 = 100;

/// A call is not asked a second time before this: the time to its first word alone varies.
const SHORTEST_PATIENCE: Duration = Duration::from_secs(5);
/// Longer than any run.
const FOREVER: Duration = Duration::from_secs(1_000_000_000);

/// One call on its way.
struct Call {
    number: u32,
    place: u64,
    cost: Cost,
    sent: u32,
    attempts: u32,
    refusals: u32,
}

impl Call {
    fn tag(&mut self, job: &Job<'_>) -> CallTag {
        self.sent += 1;
        CallTag {
            request: job.request,
            call: self.number,
            attempt: self.sent - 1,
        }
    }
}

impl Inner {
    /// One call, with as many attempts as are due.
    pub(super) async fn call(
        &self,
        job: &Job<'_>,
        chunk: &Chunk,
    ) -> Result<Message, GenerateError> {
        let mut call = self.new_call(job, chunk);
        self.check_limit(call.cost)?;
        let mut permit = self.admit(&call).await;
        // Written only now: a long queue must not hold a long list of prompts.
        let ask = self.question(job, chunk);
        let began = self.timeline.now();
        loop {
            // Boxed: an attempt's state is large and would be copied into every future around it.
            let attempt = Box::pin(self.attempt(job, &mut call, &ask, permit));
            let (outcome, counts) = attempt.await;
            let error = match outcome {
                Ok(message) => return Ok(message),
                Err(error) => error,
            };
            let elapsed = self.timeline.now().saturating_sub(began);
            if self.policy.has(Protection::Pacing)
                && error.is_rate_limit()
                && call.refusals < MAX_REFUSALS
            {
                // The queue has paused until the API is ready; this call is first in it.
                call.refusals += 1;
            } else {
                call.attempts += u32::from(counts);
                let failure = Failure {
                    error: &error,
                    attempts: call.attempts.max(1),
                    elapsed,
                    streamed: ask.stream,
                    chance: self.chance(job, &call),
                };
                match self.rule.wait(&failure) {
                    Some(wait) => self.timeline.sleep(wait).await,
                    None => return Err(error.into()),
                }
            }
            let left = self.rule.budget().saturating_sub(elapsed);
            permit = match self
                .timeline
                .timeout(left.min(FOREVER), self.admit(&call))
                .await
            {
                Some(permit) => permit,
                None => return Err(error.into()),
            };
        }
    }

    fn new_call(&self, job: &Job<'_>, chunk: &Chunk) -> Call {
        Call {
            number: job.next_call.fetch_add(1, Ordering::Relaxed),
            place: self.pace.as_ref().map_or(0, Pace::place),
            cost: cost(&self.policy.settings, job.document, chunk),
            sent: 0,
            attempts: 0,
            refusals: 0,
        }
    }

    async fn admit(&self, call: &Call) -> Option<pace::Permit> {
        match &self.pace {
            Some(pace) => Some(pace.admit(call.place, call.cost, call.attempts > 0).await),
            None => None,
        }
    }

    fn chance(&self, job: &Job<'_>, call: &Call) -> f64 {
        let identity = [
            self.seed,
            job.request,
            u64::from(call.number),
            u64::from(call.sent),
        ];
        unit(mix(&identity))
    }

    /// Sends once, or twice when the first is slower than any answer so far and nobody else waits.
    /// Also says whether a failure counts against the call.
    async fn attempt(
        &self,
        job: &Job<'_>,
        call: &mut Call,
        ask: &Ask,
        permit: Option<pace::Permit>,
    ) -> (Result<Message, CallError>, bool) {
        let mut first = pin!(self.send(job, call.tag(job), ask, permit));
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
        let second = Box::pin(self.send(job, call.tag(job), ask, extra));
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
        job: &Job<'_>,
        tag: CallTag,
        ask: &Ask,
        mut permit: Option<pace::Permit>,
    ) -> (Result<Message, CallError>, bool) {
        job.paid.fetch_add(1, Ordering::Relaxed);
        if let Some(permit) = &mut permit {
            permit.send();
        }
        let outcome = self.claude.message(tag, ask).await;
        let counts = permit.is_none_or(|permit| permit.settle(&outcome));
        (outcome, counts)
    }

    fn question(&self, job: &Job<'_>, chunk: &Chunk) -> Ask {
        Ask {
            model: Arc::clone(&self.model),
            max_tokens: self.policy.settings.max_tokens,
            system: None,
            prompt: prompt::text(&job.document.path, &job.document.content, chunk),
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
