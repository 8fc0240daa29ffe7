//! `--batch`: what the journal does not know yet is asked in Message Batches, at half the price.
//!
//! A round writes every page from the journal alone; the questions that were missing go into
//! batches, whose answers make the next round's pages more complete. The journal names each batch,
//! so that a run after a kill reads its results instead of paying for it again.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context, bail};
use ground::prices::PICO_PER_USD;
use ground::timeline::Timeline;

use crate::claude::{Ask, Batch, CallError, Claude, Item, ItemError, Spending, Unread};
use crate::generator::{Journal, Question, Questions};
use crate::load::Stop;

/// Questions in one batch: few enough for a results file that is soon read, many enough that no
/// day is lost to waiting for one after the other. The API takes 100,000.
const MAX_QUESTIONS: usize = 10_000;
/// Bytes of prompts in one batch; the API takes 256 MB, escapes included.
const MAX_BYTES: usize = 100 << 20;
/// Times that one question is asked.
const MAX_TIMES: u32 = 3;
/// Small batches end within seconds, most within an hour: the wait grows from the first to the longest.
const FIRST_LOOK: Duration = Duration::from_secs(5);
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// Looks that may fail one after the other.
const MAX_FAILURES: u32 = 10;
/// Looks that may find no such batch.
const MAX_UNKNOWN: u32 = 6;

/// The way to the batches of one job.
pub(super) struct Batches<'a> {
    pub(super) claude: Claude,
    pub(super) journal: &'a Journal,
    pub(super) spending: &'a Spending,
    pub(super) stop: &'a Stop,
    /// Takes the reason when the money does not suffice.
    pub(super) halted: &'a OnceLock<CallError>,
    pub(super) timeline: Timeline,
    /// Says what is going on.
    pub(super) say: &'a (dyn Fn(String) + Sync),
    /// How often each question was asked in this run.
    pub(super) times: BTreeMap<String, u32>,
    /// The last failure of a question.
    pub(super) last_failure: Option<String>,
}

impl Batches<'_> {
    /// Reads what batches of earlier runs have answered. Without `wait` it is an error if one is
    /// still going on.
    pub(super) async fn collect_open(&mut self, wait: bool) -> anyhow::Result<()> {
        if let Some(questions) = self.journal.batch_intent() {
            self.adopt(questions).await?;
        }
        for id in self.journal.open_batches() {
            if !wait && !self.look(&id).await?.ended {
                bail!("batch {id} of an earlier run is still going on; add --batch to wait for it");
            }
            self.collect(&id).await?;
        }
        Ok(())
    }

    /// Asks `questions`; false when there was none left to ask, or no time.
    pub(super) async fn ask(&mut self, questions: &Questions) -> anyhow::Result<bool> {
        let all = std::mem::take(
            &mut *questions
                .lock()
                .expect("nothing panics while it holds them"),
        );
        let mut open: Vec<(String, Ask)> = all
            .into_iter()
            .map(|(name, Question { ask, .. })| (name, ask))
            .filter(|(name, _)| self.times.get(name).is_none_or(|times| *times < MAX_TIMES))
            .collect();
        let any = !open.is_empty();
        while !open.is_empty() && !self.stop.is_stopped() {
            let (next, most_pico) = self.fill(&open);
            if next == 0 {
                let error = CallError::OverBudget {
                    spent_pico: self.spending.spent_pico(),
                    cap_pico: self.spending.spent_pico() + self.spending.left_pico().unwrap_or(0),
                };
                let _first = self.halted.set(error);
                return Ok(false);
            }
            let rest = open.split_off(next);
            let batch = self.create(&open).await?;
            (self.say)(format!(
                "batch {}: {} questions, at most ${:.2}",
                batch.id,
                open.len(),
                most_pico as f64 / PICO_PER_USD
            ));
            for (name, _) in open {
                *self.times.entry(name).or_default() += 1;
            }
            self.collect(&batch.id).await?;
            open = rest;
        }
        Ok(any && !self.stop.is_stopped())
    }

    /// How many of `open` fit into one batch and below the cap, and the most that they can cost.
    fn fill(&self, open: &[(String, Ask)]) -> (usize, u64) {
        let left = self.spending.left_pico().unwrap_or(u64::MAX);
        let (mut bytes, mut pico, mut count) = (0, 0, 0);
        for (_, ask) in open.iter().take(MAX_QUESTIONS) {
            bytes += ask.prompt.len();
            let more = half(self.spending.price(ask)[0]);
            if count > 0 && bytes > MAX_BYTES || pico + more > left {
                break;
            }
            pico += more;
            count += 1;
        }
        (count, pico)
    }

    async fn create(&self, questions: &[(String, Ask)]) -> anyhow::Result<Batch> {
        self.journal
            .batch_intended(questions.len(), self.timeline.now());
        if let Some(why) = self.journal.lost() {
            return Err(CallError::Unrecorded { why }.into());
        }
        let mut failures = 0;
        let batch = loop {
            match self.claude.create_batch(questions).await {
                Ok(batch) => break batch,
                Err(CallError::Api {
                    status: status @ (404 | 405 | 501),
                    ..
                }) => {
                    self.journal.batch_forgotten();
                    bail!(
                        "the server has no Message Batches (it answered {status}); leave out --batch"
                    );
                }
                // Whether it was taken is not known; the list tells.
                Err(CallError::Reset | CallError::Cut | CallError::TimedOut) if failures == 0 => {
                    if let Some(batch) = self.unknown(questions.len()).await?.pop() {
                        break batch;
                    }
                }
                Err(error) => {
                    self.wait_after(&error, failures, "the batch was not taken")
                        .await?
                }
            }
            failures += 1;
        };
        self.journal
            .batch_began(&batch.id, questions.len(), self.timeline.now());
        Ok(batch)
    }

    /// Takes over what a run may have handed in when it was killed. A batch of somebody else costs
    /// nothing here: its answers have names that are not asked for.
    async fn adopt(&self, questions: usize) -> anyhow::Result<()> {
        for batch in self.unknown(questions).await? {
            self.journal
                .batch_began(&batch.id, questions, self.timeline.now());
        }
        self.journal.batch_forgotten();
        Ok(())
    }

    /// Batches of so many questions that the journal does not know, the oldest first.
    async fn unknown(&self, questions: usize) -> anyhow::Result<Vec<Batch>> {
        let listed = self.claude.batches().await;
        let mut batches = listed.context("cannot list the batches of an earlier run")?;
        batches
            .retain(|batch| batch.questions == questions && !self.journal.knows_batch(&batch.id));
        batches.reverse();
        Ok(batches)
    }

    /// Waits for the end of a batch and writes down its answers. Leaves it to a later run when
    /// told to stop.
    async fn collect(&mut self, id: &str) -> anyhow::Result<()> {
        let mut wait = FIRST_LOOK;
        loop {
            let batch = self.look(id).await?;
            if batch.ended {
                break;
            }
            tokio::select! {
                biased;
                () = self.stop.stopped() => {
                    (self.say)(format!("batch {id} goes on without us; run again to read its answers"));
                    return Ok(());
                }
                () = self.timeline.sleep(wait) => {}
            }
            wait = (wait * 3 / 2).min(LONGEST_WAIT);
        }
        let mut failures = 0;
        loop {
            let (claude, now) = (self.claude.clone(), self.timeline.now());
            match claude
                .batch_results(id, |item| self.keep(id, item, now))
                .await
            {
                Ok(unread) => {
                    self.name_unread(id, &unread);
                    break;
                }
                Err(error) => {
                    self.wait_after(&error, failures, &format!("the results of batch {id}"))
                        .await?;
                }
            }
            failures += 1;
        }
        self.journal.batch_ended(id);
        Ok(())
    }

    async fn look(&self, id: &str) -> anyhow::Result<Batch> {
        let mut failures = 0;
        loop {
            match self.claude.batch(id).await {
                Ok(batch) => return Ok(batch),
                // A batch that was just taken need not be known everywhere yet.
                Err(error @ CallError::Api { status: 404, .. }) if failures < MAX_UNKNOWN => {
                    (self.say)(format!("batch {id}: {error}; asking again"));
                    self.timeline.sleep(FIRST_LOOK).await;
                }
                Err(error) => {
                    self.wait_after(&error, failures, &format!("batch {id}"))
                        .await?
                }
            }
            failures += 1;
        }
    }

    /// Waits before another try, or fails when none makes sense.
    async fn wait_after(&self, error: &CallError, failures: u32, what: &str) -> anyhow::Result<()> {
        if !error.is_transient() || failures >= MAX_FAILURES {
            return Err(error.clone()).context(what.to_owned());
        }
        (self.say)(format!("{what}: {error}; trying again"));
        let backoff = (FIRST_LOOK * 2u32.saturating_pow(failures)).min(LONGEST_WAIT);
        self.timeline
            .sleep(error.retry_after().unwrap_or(backoff))
            .await;
        Ok(())
    }

    fn name_unread(&mut self, id: &str, unread: &Unread) {
        if let Some(why) = &unread.why {
            let lines = unread.lines;
            let what = format!("{lines} lines of the results of batch {id} are none: {why}");
            (self.say)(what.clone());
            self.last_failure = Some(what);
        }
    }

    fn keep(&mut self, batch: &str, item: Item, now: Duration) {
        let outcome = match item.outcome {
            Ok(message) => Ok(message),
            Err(ItemError::Errored(error)) => Err(error),
            // Nobody answered and nothing was charged; the next round asks again.
            Err(ItemError::Expired | ItemError::Canceled) => {
                self.last_failure = item.outcome.err().map(|error| error.to_string());
                return;
            }
            // It may have been paid for, so it is not asked again.
            Err(error @ ItemError::Unknown { .. }) => {
                (self.say)(error.to_string());
                self.last_failure = Some(error.to_string());
                self.times.insert(item.name, MAX_TIMES);
                return;
            }
        };
        let (usage, pico) = outcome.as_ref().map_or_else(
            |_| Default::default(),
            |message| (message.usage, half(self.spending.cost_pico(message.usage))),
        );
        if let Err(error) = &outcome {
            self.last_failure = Some(error.to_string());
        }
        if self.journal.item(batch, &item.name, &outcome, pico, now) {
            self.spending.count(usage, pico);
        }
    }
}

/// Batches cost half.
fn half(pico: u64) -> u64 {
    pico / 2
}
