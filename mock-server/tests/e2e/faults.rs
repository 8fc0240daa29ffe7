//! Faults: forced by headers, by schedule and by load, and what each does to an answer.

use std::time::Duration;

use ground::fault::FaultKind;
use ground::ledger::Ending;
use mock_claude::{Hangup, Options, Phase};
use serde_json::{Value, json};

use crate::support::*;

#[tokio::test(start_paused = true)]
async fn clients_force_faults_by_header_a_number_of_times_for_each_key() {
    let mock = mock(config());
    let twice = |key| {
        [
            ("x-mock-fault", "overloaded"),
            ("x-mock-fault-times", "2"),
            ("x-mock-fault-key", key),
        ]
    };
    for key in ["a", "b"] {
        let mut seen = vec![];
        for _ in 0..3 {
            seen.push(
                forced(&mock, false, &twice(key))
                    .await
                    .unwrap()
                    .status
                    .as_u16(),
            );
        }
        assert_eq!(seen, [529, 529, 200]);
    }
    let unknown = forced(&mock, false, &[("x-mock-fault", "gremlins")])
        .await
        .unwrap();
    assert_eq!(unknown.status, 400);
    let deaf = with_options(
        config(),
        Options {
            forced_faults: false,
            ..Options::default()
        },
    );
    assert_eq!(forced(&deaf, false, &twice("a")).await.unwrap().status, 200);
}

#[tokio::test(start_paused = true)]
async fn each_stream_fault_spoils_the_stream_in_its_own_way() {
    let mock = mock(config());
    let spoilt = async |name| {
        forced(&mock, true, &[("x-mock-fault", name)])
            .await
            .unwrap()
    };
    let last = |answer: &Answer| {
        answer.events().last().unwrap()["type"]
            .as_str()
            .unwrap()
            .to_owned()
    };

    let error = spoilt("stream_error").await;
    assert_eq!((last(&error), error.broken), ("error".to_owned(), None));
    let early = spoilt("truncate_stream_clean").await;
    assert_eq!(
        (last(&early), early.broken),
        ("content_block_delta".to_owned(), None)
    );
    assert_eq!(spoilt("bad_chunk").await.broken, Some(Hangup::BadChunk));
    let broken = spoilt("malformed_json").await;
    let unreadable = |line: &str| {
        line.strip_prefix("data: ")
            .is_some_and(|d| serde_json::from_str::<Value>(d).is_err())
    };
    assert_eq!(
        broken.text.lines().filter(|line| unreadable(line)).count(),
        1
    );
    let doubled = spoilt("duplicate_event").await;
    assert_eq!(last(&doubled), "message_stop");
    let half_open = forced(
        &mock,
        true,
        &[("x-mock-fault", "hang"), ("x-mock-fault-after", "0.5")],
    );
    assert!(give_up_after(100_000, half_open).await.is_none());
    let ledger = mock.ledger();
    let endings: Vec<Ending> = ledger.rows.iter().map(|row| row.ending).collect();
    use Ending::*;
    assert_eq!(
        endings,
        [
            Truncated, Truncated, Truncated, Truncated, Complete, Abandoned
        ]
    );
    assert_eq!(
        ledger.totals.charged_output_tokens,
        ledger.totals.usage.output_tokens
    );
}

#[tokio::test(start_paused = true)]
async fn a_slow_drip_takes_ten_times_as_long() {
    let mock = mock(config());
    let start = tokio::time::Instant::now();
    forced(&mock, true, &[("x-mock-fault", "slow_drip")])
        .await
        .unwrap();
    // 55 tokens: a second to the first, then ten seconds for each ten tokens.
    assert_eq!(start.elapsed().as_millis(), 56_000);
}

#[tokio::test(start_paused = true)]
async fn a_schedule_turns_faults_on_and_off() {
    let wave = Phase {
        kind: FaultKind::Overloaded,
        from_s: 10.0,
        to_s: 50.0,
        from: 1.0,
        to: None,
        period_s: Some(20.0),
        full_at_in_flight: None,
    };
    let mut instant = config();
    instant.profiles[0].latency = INSTANT;
    let mock = with_options(
        instant,
        Options {
            schedule: vec![wave],
            ..Options::default()
        },
    );
    let mut statuses = vec![];
    for _ in 0..6 {
        statuses.push(message(&mock, |_| {}).await.status.as_u16());
        tokio::time::sleep(Duration::from_secs(10)).await;
    }
    assert_eq!(statuses, [200, 529, 200, 529, 200, 200]);
}

#[tokio::test(start_paused = true)]
async fn overload_rises_with_load() {
    let busy = Phase {
        kind: FaultKind::Overloaded,
        from_s: 0.0,
        to_s: 1000.0,
        from: 0.8,
        to: None,
        period_s: None,
        full_at_in_flight: Some(100),
    };
    let refused_of = async |together: usize| {
        let options = Options {
            schedule: vec![busy],
            ..Options::default()
        };
        let mock = with_options(config(), options);
        let mut clients = tokio::task::JoinSet::new();
        for i in 0..together {
            let mock = mock.clone();
            clients.spawn(async move {
                ask(&mock, &body(&format!("def f{i}(): pass"), false))
                    .await
                    .unwrap()
                    .status
            });
        }
        let statuses = clients.join_all().await;
        statuses.iter().filter(|status| **status == 529).count()
    };
    // Refusals end at once, so the load is that of the answers being written.
    let (alone, few, many) = (
        refused_of(1).await,
        refused_of(20).await,
        refused_of(400).await,
    );
    assert_eq!(alone, 0);
    assert!((1..=6).contains(&few), "{few} of 20");
    assert!((180..=300).contains(&many), "{many} of 400");
}

#[tokio::test(start_paused = true)]
async fn faults_can_be_forced_on_every_endpoint() {
    let mock = mock(config());
    let count = json!({"model": MODEL, "messages": [{"role": "user", "content": "x"}]});
    let batch = json!({"requests": [{"custom_id": "a", "params": body("x", false)}]});
    for (method, path, body) in [
        ("POST", "/v1/messages/count_tokens", &count),
        ("GET", "/v1/models", &json!({})),
        ("GET", "/v1/models/claude-test", &json!({})),
        ("POST", "/v1/messages/batches", &batch),
        ("GET", "/v1/messages/batches", &json!({})),
    ] {
        let with = |fault: &'static str| {
            let mut request = request(body);
            *request.method_mut() = method.parse().unwrap();
            *request.uri_mut() = path.parse().unwrap();
            let value = http::HeaderValue::from_static(fault);
            request.headers_mut().insert("x-mock-fault", value);
            send(&mock, request)
        };
        assert_eq!(with("overloaded").await.unwrap().status, 529, "{path}");
        assert_eq!(with("rate_limit").await.unwrap().status, 429, "{path}");
        let unknown = with("nonsense").await.unwrap();
        assert_eq!(unknown.status, 400, "{path}");
        assert!(
            unknown.text.contains("unknown fault `nonsense`"),
            "{}",
            unknown.text
        );
        assert_eq!(with("reset").await.unwrap_err(), Hangup::Reset, "{path}");
        assert!(
            with("truncate_stream").await.unwrap().broken.is_some(),
            "{path}"
        );
        assert!(give_up_after(1_000, with("hang")).await.is_none(), "{path}");
        assert!(
            give_up_after(1_000, with("slow_drip")).await.is_none(),
            "{path}"
        );
    }
}
