//! How close the generator comes to the limit: 6,000 files against a mock with 1,000 requests,
//! 450,000 input and 90,000 output tokens a minute, in virtual time, so exact and repeatable.
//!
//! `cargo bench --bench limit`
#![expect(clippy::print_stdout, reason = "a bench shows its figures")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::time::Duration;

use breaklab::claude::Claude;
use breaklab::generator::{Document, Generator, Mode, Policy, Settings};
use breaklab::limit::{self, Workload};
use breaklab::transport::{AttemptLog, Transport};
use futures_util::StreamExt;
use mock_claude::prices::{ModelPrice, PriceBook};
use mock_claude::profile::{Latency, Limits, Profile, Reply};
use mock_claude::timeline::Timeline;
use mock_claude::{Config, FaultKind, FaultRule, Ledger, MockClaude};

const LIMITS: Limits = Limits {
    requests_per_minute: 1_000,
    input_tokens_per_minute: 450_000,
    output_tokens_per_minute: 90_000,
};
const FILES: u64 = 6_000;
const TOKENS_PER_SYMBOL: u32 = 50;

struct Case {
    name: &'static str,
    mode: Mode,
    at_once: usize,
    /// Input tokens and symbols of file `i`.
    shape: fn(u64) -> (u64, u64),
    faults: Vec<FaultRule>,
    knows_limits: bool,
}

fn main() {
    println!(
        "| workload | mode | T* | T | T/T* | 429s | failed | calls beyond need | cost / cheapest |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for case in cases() {
        println!("{}", row(&case));
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
    let hardened = |name| case(name, Mode::Hardened, 256);
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
        case("mixed", Mode::Sdk, 16),
        case("mixed", Mode::Sdk, 24),
        case("mixed", Mode::Sdk, 64),
        Case {
            faults: faults(),
            ..case("mixed, 3 % overloaded, 1 % broken", Mode::Sdk, 24)
        },
        Case {
            shape: badly_ordered,
            ..case("badly ordered", Mode::Sdk, 24)
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
    let workload = Workload {
        jobs: limit::jobs(&ledger.rows),
        limits: Some(LIMITS),
        concurrency: Some(case.at_once),
    };
    let bound = limit::makespan(&workload);
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
        let settings = Settings {
            parallel: case.at_once,
            sdk_threads: case.at_once,
            max_tokens: 1_024,
            tokens_per_definition: u64::from(TOKENS_PER_SYMBOL),
            ..Settings::default()
        };
        let policy = Policy::new(case.mode, &settings, &BTreeSet::new());
        let known = case.knows_limits.then_some(LIMITS);
        let generator = Generator::new(policy, "m", claude, known, timeline, 1)
            .expect("there is no cache file that could fail");
        // Hardened orders its own queue; a pool works on as many files as it has threads.
        let at_once = if case.mode == Mode::Hardened {
            FILES as usize
        } else {
            case.at_once
        };
        let documents: Vec<Document> = (0..FILES).map(|i| document(i, (case.shape)(i))).collect();
        let failed = futures_util::stream::iter(documents.iter().zip(0..))
            .map(|(document, i)| generator.document(i, document))
            .buffer_unordered(at_once)
            .filter(|outcome| {
                let is_failed = outcome
                    .as_ref()
                    .map_or(true, |done| !done.missing.is_empty());
                async move { is_failed }
            })
            .count()
            .await;
        (mock.ledger(), failed, timeline.now())
    })
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
        reply: Reply {
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
        max_rows: 100_000,
    }
}
