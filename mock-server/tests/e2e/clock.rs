//! Another speed of time while requests are under way.

use std::time::Duration;

use ground::timeline::Timeline;
use mock_claude::{MockClaude, control};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::time::Instant;

use crate::control::json as control_json;
use crate::support::*;

#[tokio::test]
async fn waits_under_way_and_limits_follow_another_speed() {
    let mut config = config();
    config.profiles[0].latency.time_to_first_token_ms = 600_000.0;
    config.limits = limits(2, 1_000_000, 1_000_000);
    let mock = MockClaude::new(config, Timeline::start(1.0, 0)).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(control::serve(listener, mock.clone(), "token".to_owned()));
    let started = Instant::now();
    let asked = |stream| {
        let mock = mock.clone();
        tokio::spawn(async move { ask(&mock, &body(SOURCE, stream)).await.unwrap().status })
    };
    // Ten minutes each, and with them the requests of the minute are used up.
    let under_way = [asked(false), asked(true)];
    while mock.ledger().totals.in_flight < 2 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(ask(&mock, &body(SOURCE, false)).await.unwrap().status, 429);
    for bad in [
        "{\"clock\":{\"speed\":0}}",
        "{\"clock\":{\"sped\":2}}",
        "{\"clock\":7}",
    ] {
        let refused = control_json(address, "PATCH /config", bad).await;
        assert!(
            refused["error"].as_str().unwrap().starts_with("clock: "),
            "{refused}"
        );
    }
    let patch = json!({ "clock": { "speed": 2000.0 } }).to_string();
    let shown = control_json(address, "PATCH /config", &patch).await;
    assert_eq!(shown["clock"]["speed"], 2000.0);
    for answer in under_way {
        assert_eq!(answer.await.unwrap(), 200);
    }
    assert!(
        started.elapsed() < Duration::from_secs(10),
        "{:?}",
        started.elapsed()
    );
    // The limits were refilled meanwhile, and nothing was counted twice.
    assert_eq!(ask(&mock, &body(SOURCE, false)).await.unwrap().status, 200);
    let totals = mock.ledger().totals;
    assert_eq!(totals.charged_output_tokens, totals.usage.output_tokens);
    assert_eq!(totals.charged_input_tokens, totals.usage.input_tokens);
}
