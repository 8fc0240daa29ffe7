//! How close the generator comes to the limit: 6,000 files against a mock with 1,000 requests,
//! 450,000 input and 90,000 output tokens a minute, in virtual time, so exact and repeatable.
//!
//! `cargo bench --bench limit`; `-- sockets` adds a short run over real sockets.
#![expect(clippy::print_stdout, reason = "a bench shows its figures")]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use breaklab::claude::Claude;
use breaklab::generator::{Document, Generator, Policy, Settings};
use breaklab::limit::{self, Workload};
use breaklab::record::Base;
use breaklab::transport::{AttemptLog, Transport};
use futures_util::StreamExt;
use ground::fault::{FaultKind, FaultRule};
use ground::ledger::Ledger;
use ground::limits::Limits;
use ground::prices::{ModelPrice, PriceBook};
use ground::profile::{Latency, Profile, ReplyLength};
use ground::timeline::Timeline;
use mock_claude::{Config, MockClaude};

const LIMITS: Limits = Limits {
    requests_per_minute: 1_000,
    input_tokens_per_minute: 450_000,
    output_tokens_per_minute: 90_000,
};
const FILES: u64 = 6_000;
/// About half of the time that the mixed files take.
const HALVED_AT_S: f64 = 1_500.0;
const TOKENS_PER_SYMBOL: u32 = 50;

struct Case {
    name: &'static str,
    mode: Base,
    at_once: usize,
    /// Input tokens and symbols of file `i`.
    shape: fn(u64) -> (u64, u64),
    faults: Vec<FaultRule>,
    knows_limits: bool,
    /// When the provider halves its limits, in seconds.
    halved_at_s: Option<f64>,
}

fn main() {
    println!(
        "| workload | mode | T* | T | T/T* | 429s | failed | calls beyond need | cost / cheapest |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for case in cases() {
        println!("{}", row(&case));
    }
    if std::env::args().any(|argument| argument == "sockets") {
        sockets();
    }
}

fn cases() -> Vec<Case> {
    let case = |name, mode, at_once| Case {
        name,
        mode,
        at_once,
        shape: mixed,
        faults: Vec::new(),
        knows_limits: true,
        halved_at_s: None,
    };
    let faults = || {
        let rule = |kind, share| FaultRule {
            probability: Some(share),
            ..FaultRule::always(kind)
        };
        vec![
            rule(FaultKind::Overloaded, 0.03),
            rule(FaultKind::TruncateStream, 0.01),
        ]
    };
    let hardened = |name| case(name, Base::Hardened, 256);
    vec![
        hardened("mixed"),
        Case {
            faults: faults(),
            ..hardened("mixed, 3 % overloaded, 1 % broken")
        },
        Case {
            shape: badly_ordered,
            ..hardened("badly ordered")
        },
        Case {
            shape: wordy,
            ..hardened("output decides")
        },
        Case {
            knows_limits: false,
            ..hardened("mixed, limits unknown")
        },
        Case {
            halved_at_s: Some(HALVED_AT_S),
            ..hardened("mixed, limits halved half-way")
        },
        Case {
            knows_limits: false,
            halved_at_s: Some(HALVED_AT_S),
            ..hardened("mixed, unknown, halved half-way")
        },
        case("mixed", Base::Sdk, 16),
        case("mixed", Base::Sdk, 24),
        case("mixed", Base::Sdk, 64),
        Case {
            faults: faults(),
            ..case("mixed, 3 % overloaded, 1 % broken", Base::Sdk, 24)
        },
        Case {
            shape: badly_ordered,
            ..case("badly ordered", Base::Sdk, 24)
        },
        Case {
            halved_at_s: Some(HALVED_AT_S),
            ..case("mixed, limits halved half-way", Base::Sdk, 24)
        },
    ]
}

fn mixed(i: u64) -> (u64, u64) {
    (2_000 + draw(i, 0) % 4_000, 4 + draw(i, 1) % 13)
}

/// First what takes much input, then what takes much output.
fn badly_ordered(i: u64) -> (u64, u64) {
    if i < FILES / 2 {
        (7_000, 2)
    } else {
        (1_000, 15)
    }
}

fn wordy(i: u64) -> (u64, u64) {
    (600 + draw(i, 0) % 400, 8 + draw(i, 1) % 8)
}

fn draw(i: u64, purpose: u64) -> u64 {
    let mut z = (i * 2 + purpose + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (z ^ (z >> 27)) >> 8
}

fn row(case: &Case) -> String {
    let (ledger, failed, took) = run(case);
    let bound = bound(case, limit::calls(&ledger.rows));
    let totals = &ledger.totals;
    let refused = totals.by_status.get(&429).copied().unwrap_or(0);
    let forced = ledger.rows.iter().filter(|row| row.fault.is_some()).count() as u64;
    let needed = FILES + forced;
    let ratio = took.as_secs_f64() / bound.as_secs_f64();
    let useful = totals.cost_pico - totals.wasted_pico;
    let shown = if failed == 0 {
        format!("{ratio:.4}")
    } else {
        "-".into()
    };
    format!(
        "| {} | {} x {} | {:.1} s | {:.1} s | {shown} | {refused} | {failed} | {} | {:.4} |",
        case.name,
        case.mode,
        case.at_once,
        bound.as_secs_f64(),
        took.as_secs_f64(),
        totals.attempts as i64 - needed as i64,
        totals.cost_pico as f64 / useful as f64,
    )
}

/// What the full limits pay for after they were halved takes twice the time; the calls that end
/// last are not stretched, so the longest of them is left out of the doubling.
fn bound(case: &Case, calls: Vec<limit::Call>) -> Duration {
    let tail = calls
        .iter()
        .map(|call| call.service)
        .max()
        .unwrap_or_default();
    let workload = Workload {
        calls,
        limits: Some(LIMITS),
        concurrency: Some(case.at_once),
    };
    let whole = limit::makespan(&workload);
    let halved = case.halved_at_s.map(Duration::from_secs_f64);
    let late = halved.map(|at| whole.saturating_sub(tail).saturating_sub(at));
    whole + late.unwrap_or_default()
}

fn run(case: &Case) -> (Ledger, usize, Duration) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without sockets needs nothing");
    runtime.block_on(async {
        let timeline = Timeline::start_virtual();
        let mock = MockClaude::new(config(case), timeline).expect("the settings are valid");
        let log = AttemptLog::new(timeline, 0);
        let claude = Claude::new(Transport::in_process(mock.clone(), log), "key");
        let generator = generator(case, claude, timeline);
        // Hardened orders its own queue; a pool works on as many files as it has threads.
        let at_once = if case.mode == Base::Hardened {
            FILES as usize
        } else {
            case.at_once
        };
        let documents: Vec<Document> = (0..FILES).map(|i| document(i, (case.shape)(i))).collect();
        let halve = async {
            let Some(at) = case.halved_at_s else { return };
            timeline.sleep_until(Duration::from_secs_f64(at)).await;
            let mut config = mock.config();
            config.limits = Some(half(LIMITS));
            mock.reconfigure(config, mock.options()).expect("half a limit is a valid one");
        };
        let all = futures_util::stream::iter(documents.iter().zip(0..))
            .map(|(document, i)| generator.document(i, document))
            .buffer_unordered(at_once)
            .filter(|outcome| {
                let is_failed = outcome
                    .as_ref()
                    .map_or(true, |done| !done.missing.is_empty());
                async move { is_failed }
            })
            .count();
        let (failed, took) = tokio::select! {
            biased;
            failed = async { let failed = all.await; (failed, timeline.now()) } => failed,
            () = async { halve.await; std::future::pending().await } => unreachable!("it waits for ever"),
        };
        (mock.ledger(), failed, took)
    })
}

fn generator(case: &Case, claude: Claude, timeline: Timeline) -> Generator {
    let settings = Settings {
        parallel: case.at_once,
        sdk_threads: case.at_once,
        max_tokens: 1_024,
        tokens_per_definition: u64::from(TOKENS_PER_SYMBOL),
        ..Settings::default()
    };
    let policy = Policy::new(case.mode, &settings);
    let known = case.knows_limits.then_some(LIMITS);
    Generator::new(policy, "m", claude, known, timeline, 1)
}

fn half(limits: Limits) -> Limits {
    Limits {
        requests_per_minute: limits.requests_per_minute / 2,
        input_tokens_per_minute: limits.input_tokens_per_minute / 2,
        output_tokens_per_minute: limits.output_tokens_per_minute / 2,
    }
}

fn document(i: u64, (tokens, symbols): (u64, u64)) -> Document {
    let mut text = String::new();
    for symbol in 0..symbols {
        writeln!(text, "def f{i}_{symbol}(x):").expect("a string takes everything");
    }
    while (text.len() as u64) < tokens * 4 {
        writeln!(text, "    x = {} + x", draw(text.len() as u64, i))
            .expect("a string takes everything");
    }
    Document {
        path: format!("{i}.py"),
        content: text.into(),
    }
}

fn config(case: &Case) -> Config {
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
        source: "this bench".into(),
        context_window: 200_000,
        max_output_tokens: 64_000,
        bytes_per_token: 3.6,
        latency: Latency {
            time_to_first_token_ms: 1_500.0,
            prefill_tokens_per_s: 1e9,
            decode_tokens_per_s: 62.5,
            sigma: 0.2,
        },
        reply: ReplyLength {
            tokens_per_symbol: TOKENS_PER_SYMBOL,
        },
        tiers: BTreeMap::new(),
    };
    Config {
        seed: 1,
        secret: "bench".into(),
        profiles: vec![profile],
        limits: Some(LIMITS),
        prices: PriceBook {
            name: "bench".into(),
            as_of: "2026-11-01".into(),
            source: "this bench".into(),
            inr_per_usd: 83.3,
            long_prompts: BTreeMap::new(),
            models: BTreeMap::from([("m".into(), price)]),
        },
        faults: case.faults.clone(),
        answers: vec![],
        max_rows: 100_000,
    }
}

/// The same over loopback sockets: fewer files and limits raised as time is, so that it takes
/// seconds.
fn sockets() {
    const SPEED: f64 = 30.0;
    const SOCKET_FILES: u64 = 1_500;
    let case = cases().swap_remove(0);
    let runtime = tokio::runtime::Runtime::new().expect("sockets are there");
    let (ledger, failed, took) = runtime.block_on(async {
        let timeline = Timeline::start(SPEED, 1_800_000_000);
        let mock = MockClaude::new(config(&case), timeline).expect("the settings are valid");
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port is free");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        tokio::spawn(mock_claude::serve(
            listener,
            mock.clone(),
            std::future::pending(),
        ));
        let log = AttemptLog::new(timeline, 0);
        let transport = Transport::tcp(&url, log).expect("the URL is one");
        let generator = generator(&case, Claude::new(transport, "key"), timeline);
        let documents: Vec<Document> = (0..SOCKET_FILES)
            .map(|i| document(i, (case.shape)(i)))
            .collect();
        let start = timeline.now();
        let failed = futures_util::stream::iter(documents.iter().zip(0..))
            .map(|(document, i)| generator.document(i, document))
            .buffer_unordered(SOCKET_FILES as usize)
            .filter(|outcome| {
                std::future::ready(
                    outcome
                        .as_ref()
                        .map_or(true, |done| !done.missing.is_empty()),
                )
            })
            .count()
            .await;
        (mock.ledger(), failed, timeline.now() - start)
    });
    let bound = bound(&case, limit::calls(&ledger.rows));
    let refused = ledger.totals.by_status.get(&429).copied().unwrap_or(0);
    println!(
        "\nover sockets, {SOCKET_FILES} mixed files, {SPEED} times as fast: T* {:.1} s, T {:.1} s ({:.2} s of wall time), T/T* {:.4}, {refused} 429s, {failed} failed",
        bound.as_secs_f64(),
        took.as_secs_f64(),
        took.as_secs_f64() / SPEED,
        took.as_secs_f64() / bound.as_secs_f64(),
    );
}
