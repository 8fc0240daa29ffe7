//! The queue under virtual time.

use ground::usage::Usage;

use super::*;
use crate::claude::{RateLimits, Window};

const LIMITS: Limits = Limits {
    requests_per_minute: 60,
    input_tokens_per_minute: 6_000,
    output_tokens_per_minute: 6_000,
};

fn pace(bound: usize) -> Pace {
    Pace::new(
        Timeline::start_virtual(),
        bound,
        true,
        Some(LIMITS),
        Duration::ZERO,
    )
}

fn refused(seconds: u64) -> Result<Message, CallError> {
    Err(CallError::Api {
        status: 429,
        kind: "rate_limit_error".into(),
        message: String::new(),
        code: None,
        retry_after: Some(Duration::from_secs(seconds)),
        should_retry: None,
        limits: None,
    })
}

async fn call(pace: &Pace, cost: Cost, seconds: u64) -> Duration {
    let mut permit = pace.admit(pace.place(), cost, false).await;
    permit.send();
    let started = pace.0.timeline.now();
    pace.0.timeline.sleep(Duration::from_secs(seconds)).await;
    let usage = Usage {
        input_tokens: cost.input,
        output_tokens: cost.output,
        ..Usage::default()
    };
    permit.settle(&Ok(Message {
        text: String::new(),
        stop_reason: crate::claude::StopReason::EndTurn,
        usage,
        limits: None,
        request_id: None,
    }));
    started
}

#[tokio::test(start_paused = true)]
async fn a_burst_goes_at_once_and_the_rest_at_the_rate_of_the_limit() {
    let pace = pace(1000);
    let cost = Cost {
        input: 10,
        output: 10,
    };
    let starts = futures_util::future::join_all((0..90).map(|_| call(&pace, cost, 1))).await;
    assert!(starts[..60].iter().all(|start| *start == Duration::ZERO));
    let late: Vec<u128> = starts[60..].iter().map(Duration::as_millis).collect();
    assert_eq!(
        late,
        (1..=30).map(|second| second * 1000).collect::<Vec<u128>>()
    );
}

#[tokio::test(start_paused = true)]
async fn no_more_calls_are_in_flight_than_the_bound() {
    let pace = pace(2);
    let cost = Cost {
        input: 1,
        output: 1,
    };
    let starts = futures_util::future::join_all((0..6).map(|_| call(&pace, cost, 5))).await;
    let seconds: Vec<u64> = starts.iter().map(Duration::as_secs).collect();
    assert_eq!(seconds, [0, 0, 5, 5, 10, 10]);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_pauses_everybody_and_the_refused_call_goes_first() {
    let pace = pace(1000);
    let cost = Cost {
        input: 1,
        output: 1,
    };
    let mut permit = pace.admit(pace.place(), cost, false).await;
    permit.send();
    permit.settle(&refused(7));
    let place = pace.place_at_head();
    let (first, second) = tokio::join!(call(&pace, cost, 0), pace.admit(place, cost, false));
    assert_eq!(first, Duration::from_secs(7));
    assert_eq!(pace.0.timeline.now(), Duration::from_secs(7));
    drop(second);
}

#[tokio::test(start_paused = true)]
async fn a_waiter_that_gives_up_leaves_neither_a_place_nor_a_charge() {
    let pace = pace(1);
    let cost = Cost {
        input: 6_000,
        output: 1,
    };
    let held = pace.admit(pace.place(), cost, false).await;
    let gave_up = pace
        .0
        .timeline
        .timeout(
            Duration::from_secs(1),
            pace.admit(pace.place(), cost, false),
        )
        .await;
    assert!(gave_up.is_none());
    drop(held);
    assert!(pace.lock().queue.is_empty());
    let now = pace.0.timeline.now();
    let call = Call {
        cost,
        is_retry: false,
    };
    assert!(
        pace.lock().queue.go(call, now).is_some(),
        "an unused permit is given back"
    );
}

#[tokio::test(start_paused = true)]
async fn a_call_that_fits_may_pass_one_that_does_not_but_not_for_ever() {
    let pace = pace(1000);
    let (heavy, light) = (
        Cost {
            input: 4_000,
            output: 1,
        },
        Cost {
            input: 1,
            output: 50,
        },
    );
    drop_after_use(&pace, heavy).await;
    let (heavy_start, light_starts) = tokio::join!(
        call(&pace, heavy, 0),
        futures_util::future::join_all((0..20).map(|_| call(&pace, light, 0))),
    );
    assert!(light_starts.iter().all(Duration::is_zero));
    assert!(heavy_start > Duration::from_secs(30) && heavy_start < Duration::from_secs(34));
}

async fn drop_after_use(pace: &Pace, cost: Cost) {
    pace.admit(pace.place(), cost, false).await.send();
}

#[tokio::test(start_paused = true)]
async fn unknown_limits_are_learnt_from_the_first_answer() {
    let pace = Pace::new(Timeline::start_virtual(), 1000, true, None, Duration::ZERO);
    let cost = Cost {
        input: 10,
        output: 10,
    };
    let mut permit = pace.admit(pace.place(), cost, false).await;
    permit.send();
    assert_eq!(pace.input_limit(), None);
    let window = |limit, remaining| {
        Some(Window {
            limit,
            remaining,
            full_at_unix_s: None,
        })
    };
    let limits = RateLimits {
        requests: window(60, 59),
        input_tokens: window(30_000, 30_000),
        output_tokens: window(8_000, 8_000),
    };
    permit.settle(&Ok(Message {
        text: String::new(),
        stop_reason: crate::claude::StopReason::EndTurn,
        usage: Usage::default(),
        limits: Some(limits),
        request_id: None,
    }));
    assert_eq!(pace.input_limit(), Some(30_000));
    let starts = futures_util::future::join_all((0..60).map(|_| call(&pace, cost, 0))).await;
    assert_eq!(starts.iter().filter(|start| start.is_zero()).count(), 59);
}

#[tokio::test(start_paused = true)]
async fn refused_calls_go_before_all_that_fit_better() {
    let pace = pace(1000);
    let (heavy, light) = (
        Cost {
            input: 3_000,
            output: 1,
        },
        Cost {
            input: 1,
            output: 50,
        },
    );
    drop_after_use(
        &pace,
        Cost {
            input: 6_000,
            output: 1,
        },
    )
    .await;
    let first = async |cost| {
        let permit = pace.admit(pace.place_at_head(), cost, false).await;
        drop(permit);
        pace.0.timeline.now()
    };
    let (one, two, light) = tokio::join!(first(heavy), first(heavy), call(&pace, light, 0));
    assert!(light >= one && light >= two, "{light:?} {one:?} {two:?}");
}

#[tokio::test(start_paused = true)]
async fn a_limit_that_was_lowered_is_not_raised_again_by_answers_to_older_calls() {
    let pace = pace(1000);
    let cost = Cost {
        input: 10,
        output: 10,
    };
    let told = |input| {
        let window = |limit| {
            Some(Window {
                limit,
                remaining: limit,
                full_at_unix_s: None,
            })
        };
        let limits = RateLimits {
            requests: window(60),
            input_tokens: window(input),
            output_tokens: window(6_000),
        };
        Ok(Message {
            text: String::new(),
            stop_reason: crate::claude::StopReason::EndTurn,
            usage: Usage::default(),
            limits: Some(limits),
            request_id: None,
        })
    };
    let send = async || {
        let mut permit = pace.admit(pace.place(), cost, false).await;
        permit.send();
        permit
    };
    let older = send().await;
    pace.0.timeline.sleep(Duration::from_secs(1)).await;
    let newer = send().await;
    newer.settle(&told(3_000));
    older.settle(&told(6_000));
    assert_eq!(pace.input_limit(), Some(3_000));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_tells_by_the_moment_of_being_full_what_the_api_is_owed() {
    let pace = pace(1000);
    let cost = Cost {
        input: 10,
        output: 10,
    };
    let mut permit = pace.admit(pace.place(), cost, false).await;
    permit.send();
    let owing = Window {
        limit: 6_000,
        remaining: 0,
        full_at_unix_s: Some(pace.0.timeline.unix_s(Duration::ZERO) + 120),
    };
    let mut refusal = refused(1);
    if let Err(CallError::Api { limits, .. }) = &mut refusal {
        *limits = Some(Box::new(RateLimits {
            input_tokens: Some(owing),
            ..RateLimits::default()
        }));
    }
    permit.settle(&refusal);
    let start = call(&pace, cost, 0).await;
    // Half of the two minutes go by before there is anything at all.
    assert_eq!(start.as_secs(), 60);
}
