//! The generator against the mock, in virtual time.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ground::fault::{FaultKind, FaultRule};
use ground::prices::{ModelPrice, PriceBook};
use ground::profile::{Latency, Profile, ReplyLength};
use ground::proof;
use mock_claude::{Config, MockClaude};

use breaklab::claude::Claude;
use breaklab::generator::{Bulk, Document, Generator, Journal, Policy, Settings, Streaming};
use breaklab::load::Stop;
use breaklab::record::{AttemptEnding, Base, Mode, Protection};
use breaklab::transport::{AttemptLog, Transport};
use futures_util::future::join_all;
use ground::limits::Limits;
use ground::timeline::Timeline;

const TINY: Limits = Limits {
    requests_per_minute: 50,
    input_tokens_per_minute: 30_000,
    output_tokens_per_minute: 8_000,
};

mod laws;
mod trouble;

struct World {
    mock: MockClaude,
    log: AttemptLog,
    timeline: Timeline,
    claude: Claude,
}

impl World {
    fn new(limits: Option<Limits>, faults: Vec<FaultRule>) -> Self {
        let price = ModelPrice {
            input: 3.0,
            output: 15.0,
            cache_write_5m: None,
            cache_write_1h: None,
            cache_read: None,
        };
        let profile = Profile {
            model: "m".into(),
            aliases: Vec::new(),
            as_of: "2026-11-01".into(),
            source: "test".into(),
            context_window: 200_000,
            max_output_tokens: 64_000,
            bytes_per_token: 3.5,
            latency: Latency {
                time_to_first_token_ms: 1000.0,
                prefill_tokens_per_s: 10_000.0,
                decode_tokens_per_s: 70.0,
                sigma: 0.2,
            },
            reply: ReplyLength {
                tokens_per_symbol: 100,
            },
            tiers: BTreeMap::new(),
        };
        let config = Config {
            seed: 1,
            secret: "s".into(),
            profiles: vec![profile],
            limits,
            prices: PriceBook {
                name: "test".into(),
                as_of: "2026-11-01".into(),
                source: "test".into(),
                inr_per_usd: 83.3,
                long_prompts: BTreeMap::new(),
                models: BTreeMap::from([("m".into(), price)]),
            },
            faults,
            answers: vec![],
            max_rows: 10_000,
        };
        let timeline = Timeline::start_virtual();
        let mock = MockClaude::new(config, timeline).unwrap();
        let log = AttemptLog::new(timeline, 10_000);
        let claude = Claude::new(Transport::in_process(mock.clone(), log.clone()), "key");
        Self {
            mock,
            log,
            timeline,
            claude,
        }
    }

    fn generator(&self, policy: Policy, known: Option<Limits>) -> Generator {
        Generator::new(policy, "m", self.claude.clone(), known, self.timeline, 1)
    }

    fn hardened(&self, settings: &Settings) -> Generator {
        let policy = Policy::new(Base::Hardened, settings);
        self.generator(policy, self.mock.config().limits)
    }

    fn without(&self, protections: &[Protection]) -> Generator {
        let mode = Mode::new(Base::Hardened, protections.iter().copied(), []);
        let policy = Policy::new(mode, &Settings::default());
        self.generator(policy, self.mock.config().limits)
    }

    fn attempts(&self) -> u64 {
        self.log.snapshot().sent
    }
}

fn fault(kind: FaultKind) -> FaultRule {
    FaultRule::always(kind)
}

fn functions(from: usize, count: usize) -> Document {
    let mut text = String::new();
    for i in from..from + count {
        writeln!(text, "def func_{i}(x):\n    return x + {i}\n").unwrap();
    }
    Document {
        path: format!("pkg/f{from}.py"),
        content: text.into(),
    }
}

fn symbols(text: &str) -> Vec<String> {
    proof::find(text)
        .map(|proof| proof.symbol.to_owned())
        .collect()
}

fn names(from: usize, count: usize) -> Vec<String> {
    (from..from + count).map(|i| format!("func_{i}")).collect()
}

#[tokio::test(start_paused = true)]
async fn a_file_larger_than_any_answer_is_documented_whole_in_order_and_once() {
    let world = World::new(None, Vec::new());
    let generator = world.hardened(&Settings::default());
    let documentation = generator.document(0, &functions(0, 2_000)).await.unwrap();
    assert_eq!(symbols(&documentation.text), names(0, 2_000));
    assert_eq!(documentation.missing, []);
    let ledger = world.mock.ledger();
    assert!(world.attempts() >= 2_000 * 100 / 16_000);
    assert_eq!(ledger.totals.attempts, world.attempts());
    assert_eq!(
        ledger.totals.replied.output_tokens,
        world.log.snapshot().replied_output_tokens
    );
}

#[tokio::test(start_paused = true)]
async fn the_naive_answer_ends_at_max_tokens_and_passes_as_whole() {
    let world = World::new(None, Vec::new());
    let naive = Policy::new(Base::Naive, &Settings::default());
    let documentation = world
        .generator(naive, None)
        .document(0, &functions(0, 500))
        .await
        .unwrap();
    assert_eq!(documentation.missing, []);
    assert!(symbols(&documentation.text).len() < 170);
    assert_eq!(world.attempts(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_reaches_max_tokens_is_asked_for_in_halves() {
    let world = World::new(None, Vec::new());
    let settings = Settings {
        tokens_per_definition: 1,
        ..Settings::default()
    };
    let documentation = world
        .hardened(&settings)
        .document(0, &functions(0, 500))
        .await
        .unwrap();
    assert_eq!(symbols(&documentation.text), names(0, 500));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_cut_further_is_named_as_missing() {
    let world = World::new(None, Vec::new());
    let settings = Settings {
        max_tokens: 60,
        ..Settings::default()
    };
    let document = Document {
        path: "a.py".into(),
        content: "def f(): pass\n".into(),
    };
    let documentation = world
        .hardened(&settings)
        .document(0, &document)
        .await
        .unwrap();
    assert_eq!(documentation.missing.len(), 1);
    assert!(
        documentation.text.contains("**Missing:** lines 1 to 1"),
        "{}",
        documentation.text
    );
}

#[tokio::test(start_paused = true)]
async fn one_content_is_paid_for_once_one_after_another_and_all_at_once() {
    let world = World::new(None, Vec::new());
    let generator = world.hardened(&Settings::default());
    let document = functions(0, 20);
    let at_once = join_all((0..5).map(|i| generator.document(i, &document))).await;
    let later = generator.document(9, &document).await.unwrap();
    assert_eq!(world.attempts(), 1);
    assert!(at_once.iter().flatten().all(|one| one.text == later.text));
    assert_eq!(
        at_once.iter().flatten().filter(|one| !one.cached).count(),
        1
    );
    assert!(later.cached);
}

#[tokio::test(start_paused = true)]
async fn without_the_cache_only_simultaneous_requests_share_a_call() {
    let world = World::new(None, Vec::new());
    let generator = world.without(&[Protection::Cache]);
    let document = functions(0, 20);
    join_all((0..5).map(|i| generator.document(i, &document))).await;
    generator.document(9, &document).await.unwrap();
    assert_eq!(world.attempts(), 2);
    let neither = world.without(&[Protection::Cache, Protection::SingleFlight]);
    join_all((0..5).map(|i| neither.document(i, &document))).await;
    assert_eq!(world.attempts(), 7);
}

#[tokio::test(start_paused = true)]
async fn errors_are_not_cached() {
    let world = World::new(
        None,
        vec![FaultRule {
            attempts: Some(1),
            ..fault(FaultKind::Overloaded)
        }],
    );
    let generator = world.without(&[Protection::Retry]);
    let document = functions(0, 3);
    let error = generator.document(0, &document).await.unwrap_err();
    assert_eq!((error.status(), error.kind()), (502, "overloaded_error"));
    assert!(generator.document(1, &document).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_hundred_requests_at_once_meet_no_refusal_at_a_tiny_tier() {
    let world = World::new(Some(TINY), Vec::new());
    let generator = world.hardened(&Settings::default());
    let documents: Vec<_> = (0..100).map(|i| functions(i * 10, 5)).collect();
    let work = documents
        .iter()
        .zip(0..)
        .map(|(document, i)| generator.document(i, document));
    let all = join_all(work).await;
    assert!(all.iter().all(Result::is_ok));
    assert_eq!(world.log.snapshot().by_status, BTreeMap::from([(200, 100)]));
}

#[tokio::test(start_paused = true)]
async fn limits_are_learnt_when_nobody_told_them() {
    let world = World::new(Some(TINY), Vec::new());
    let policy = Policy::new(Base::Hardened, &Settings::default());
    let generator = world.generator(policy, None);
    let documents: Vec<_> = (0..100).map(|i| functions(i * 10, 5)).collect();
    let work = documents
        .iter()
        .zip(0..)
        .map(|(document, i)| generator.document(i, document));
    assert!(join_all(work).await.iter().all(Result::is_ok));
    let refused = world
        .log
        .snapshot()
        .by_status
        .get(&429)
        .copied()
        .unwrap_or(0);
    assert!(refused <= 5, "{refused}");
}

#[tokio::test(start_paused = true)]
async fn killed_work_drops_its_calls_and_a_follower_takes_over() {
    let world = World::new(None, Vec::new());
    let generator = world.hardened(&Settings::default());
    let document = functions(0, 20);
    let killed = world
        .timeline
        .timeout(Duration::from_secs(1), generator.document(0, &document));
    let (killed, follower) = tokio::join!(killed, generator.document(1, &document));
    assert!(killed.is_none());
    assert_eq!(symbols(&follower.unwrap().text), names(0, 20));
    let attempts = world.log.snapshot();
    assert_eq!(attempts.by_ending[&AttemptEnding::Abandoned], 1);
    assert_eq!(attempts.by_ending[&AttemptEnding::Answered], 1);
}

#[tokio::test(start_paused = true)]
async fn two_runs_send_the_same_at_the_same_moments() {
    async fn run() -> breaklab::record::Attempts {
        let faults = vec![FaultRule {
            probability: Some(0.2),
            ..fault(FaultKind::Overloaded)
        }];
        let world = World::new(Some(TINY), faults);
        let generator = world.hardened(&Settings::default());
        let documents: Vec<_> = (0..60).map(|i| functions(i * 10, 5)).collect();
        let work = documents
            .iter()
            .zip(0..)
            .map(|(document, i)| generator.document(i, document));
        join_all(work).await;
        world.log.snapshot()
    }
    assert_eq!(run().await, run().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_large_file_is_read_beside_the_thread_that_serves() {
    let timeline = Timeline::start(1.0, 0);
    let log = AttemptLog::new(timeline, 0);
    // Nobody listens there, so all that takes time is the reading.
    let claude = Claude::new(Transport::tcp("http://127.0.0.1:1", log).unwrap(), "key");
    let without = [Protection::Retry, Protection::Pacing];
    let policy = Policy::new(Mode::new(Base::Hardened, without, []), &Settings::default());
    let generator = Generator::for_files(policy, "m", claude, None, timeline, 1);
    let document = functions(0, 40_000);
    let work = tokio::spawn(async move { generator.document(0, &document).await });
    for _ in 0..20 {
        tokio::spawn(tokio::time::sleep(Duration::from_millis(1)))
            .await
            .unwrap();
    }
    assert!(
        !work.is_finished(),
        "twenty others had their turn meanwhile"
    );
    assert!(work.await.unwrap().is_err());
}
