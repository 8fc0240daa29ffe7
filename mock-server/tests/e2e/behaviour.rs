//! What options and settings change: accounting, limits beside the buckets, capacity, latencies.

use std::time::Duration;

use ground::timeline::Timeline;
use mock_claude::{Capacity, Config, MockClaude, Options, OutputAccounting, Ramp, RecordedLatency};

use crate::support::*;

#[tokio::test(start_paused = true)]
async fn reserved_output_is_charged_at_once_and_given_back() {
    let limited = Config {
        limits: limits(100, 100_000, 2_000),
        ..config()
    };
    let reserved = Options {
        output_accounting: OutputAccounting::Reserved,
        ..Options::default()
    };
    let mock = with_options(limited, reserved);
    let body = body(SOURCE, false);
    let (a, b, c) = tokio::join!(ask(&mock, &body), ask(&mock, &body), ask(&mock, &body));
    let statuses = [a, b, c].map(|answer| answer.unwrap().status.as_u16());
    assert_eq!(statuses, [200, 200, 429]);
    let totals = mock.ledger().totals;
    assert_eq!(totals.charged_output_tokens, totals.usage.output_tokens);
}

#[tokio::test(start_paused = true)]
async fn spending_and_growth_have_limits_of_their_own() {
    let broke = with_options(
        config(),
        Options {
            spend_cap_usd: Some(1e-4),
            ..Options::default()
        },
    );
    assert_eq!(message(&broke, |_| {}).await.status, 200);
    let refused = message(&broke, |_| {}).await;
    assert_eq!(
        refused.json()["error"]["details"]["error_code"],
        "enforced_spend_limit_reached"
    );
    assert!(!refused.headers.contains_key("retry-after"));

    let mut limited = Config {
        limits: limits(1000, 1_000_000, 1_000_000),
        ..config()
    };
    limited.profiles[0].latency = INSTANT;
    let ramp = Some(Ramp {
        start: 20,
        step: 100,
    });
    let steep = with_options(
        limited,
        Options {
            ramp,
            ..Options::default()
        },
    );
    assert_eq!(message(&steep, |_| {}).await.status, 200);
    let refused = message(&steep, |_| {}).await;
    assert_eq!(
        refused.json()["error"]["details"]["error_code"],
        "ramp_limit_exceeded"
    );
    assert_eq!(refused.header("retry-after"), "60");
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(message(&steep, |_| {}).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn load_queues_for_slots_and_overflows_into_529() {
    let capacity = Some(Capacity {
        slots: 2,
        queue: 1,
        slowdown: 1.0,
    });
    let mock = with_options(
        config(),
        Options {
            capacity,
            ..Options::default()
        },
    );
    let body = body(SOURCE, false);
    let start = tokio::time::Instant::now();
    let timed = || async {
        (
            ask(&mock, &body).await.unwrap().status.as_u16(),
            start.elapsed().as_millis(),
        )
    };
    let (a, b, c, d) = tokio::join!(timed(), timed(), timed(), timed());
    assert_eq!(
        [a, b, c, d],
        [(200, 6500), (200, 6500), (200, 13_000), (529, 0)]
    );
}

#[tokio::test(start_paused = true)]
async fn an_overflow_gives_back_all_that_admission_took() {
    let options = Options {
        capacity: Some(Capacity {
            slots: 1,
            queue: 0,
            slowdown: 1.0,
        }),
        ramp: Some(Ramp { start: 25, step: 0 }),
        ..Options::default()
    };
    let limited = Config {
        limits: limits(2, 25, 1_000_000),
        ..config()
    };
    let mock = with_options(limited, options);
    // Each takes 12 input tokens of the minute's 25, and the overflow must take none.
    let body = body("def a(): pass", false);
    let (first, overflow) = tokio::join!(ask(&mock, &body), ask(&mock, &body));
    assert_eq!(first.unwrap().status, 200);
    assert_eq!(overflow.unwrap().status, 529);
    assert_eq!(ask(&mock, &body).await.unwrap().status, 200);
    assert_eq!(mock.ledger().totals.charged_input_tokens, 24);
}

#[tokio::test(start_paused = true)]
async fn recorded_latencies_replace_the_models_own() {
    let options = Options {
        recorded_latency: vec![RecordedLatency {
            ttft_ms: 300.0,
            decode_tokens_per_s: 110.0,
        }],
        ..Options::default()
    };
    let mock = with_options(config(), options.clone());
    let start = tokio::time::Instant::now();
    message(&mock, |_| {}).await;
    // 55 tokens.
    assert_eq!(start.elapsed().as_millis(), 800);
    let mut stalled = options;
    stalled.recorded_latency[0].decode_tokens_per_s = 0.0;
    let error = MockClaude::with_options(config(), stalled, Timeline::start_virtual()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "decode_tokens_per_s = 0 of `recorded_latency, record 1` must be greater than 0"
    );
}

#[tokio::test(start_paused = true)]
async fn settings_change_as_a_whole_while_it_runs() {
    let mock = mock(config());
    let limited = Config {
        limits: limits(1, 1000, 1000),
        ..config()
    };
    mock.reconfigure(limited, Options::default()).unwrap();
    assert_eq!(message(&mock, |_| {}).await.status, 200);
    let mut other = config();
    other.profiles[0].model = "claude-other".to_owned();
    other
        .prices
        .models
        .insert("claude-other".to_owned(), other.prices.models[MODEL]);
    assert!(mock.reconfigure(other, Options::default()).is_err());
    let (a, b) = tokio::join!(message(&mock, |_| {}), message(&mock, |_| {}));
    assert!(a.status == 429 || b.status == 429);
}
