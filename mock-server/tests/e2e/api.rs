//! The rest of the API: counting, models, batches, caching, tools, validation.

use std::time::Duration;

use mock_claude::options::{Capacity, Options, OutputAccounting, Phase, Ramp, RecordedLatency};
use mock_claude::timeline::Timeline;
use mock_claude::{Config, Ending, FaultKind, Hangup, MockClaude};
use serde_json::{Value, json};

use crate::support::*;

const SOURCE: &str = "def parse(x):\n    pass\n";

fn with_options(config: Config, options: Options) -> MockClaude {
    MockClaude::with_options(config, options, Timeline::start_virtual()).unwrap()
}

async fn call(mock: &MockClaude, method: &str, path: &str, body: &Value) -> Answer {
    let mut request = request(body);
    *request.method_mut() = method.parse().unwrap();
    *request.uri_mut() = path.parse().unwrap();
    request
        .headers_mut()
        .insert("host", "mock.test:4010".parse().unwrap());
    if method == "GET" {
        *request.body_mut() = bytes::Bytes::new();
    }
    send(mock, request).await.unwrap()
}

async fn message(mock: &MockClaude, change: impl FnOnce(&mut Value)) -> Answer {
    let mut body = body(SOURCE, false);
    change(&mut body);
    ask(mock, &body).await.unwrap()
}

async fn forced(
    mock: &MockClaude,
    stream: bool,
    headers: &[(&'static str, &str)],
) -> Result<Answer, Hangup> {
    let mut request = request(&body(SOURCE, stream));
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    send(mock, request).await
}

#[tokio::test(start_paused = true)]
async fn counted_tokens_equal_billed_ones() {
    let mock = mock(config());
    let mut wanted = body(SOURCE, false);
    wanted["system"] = json!([{ "type": "text", "text": "Be brief." }]);
    let billed = ask(&mock, &wanted).await.unwrap().json()["usage"]["input_tokens"].clone();
    wanted.as_object_mut().unwrap().remove("max_tokens");
    let counted = call(&mock, "POST", "/v1/messages/count_tokens", &wanted)
        .await
        .json();
    assert_eq!(counted, json!({ "input_tokens": billed }));
}

#[tokio::test(start_paused = true)]
async fn models_are_listed_and_aliases_resolve() {
    let mock = mock(config());
    let list = call(&mock, "GET", "/v1/models?limit=5", &Value::Null)
        .await
        .json();
    assert_eq!(list["data"][0]["id"], MODEL);
    assert_eq!(list["has_more"], false);
    let one = call(&mock, "GET", "/v1/models/claude-alias", &Value::Null)
        .await
        .json();
    assert_eq!(one, list["data"][0]);
    assert_eq!(
        call(&mock, "GET", "/v1/models/nobody", &Value::Null)
            .await
            .status,
        404
    );
}

#[tokio::test(start_paused = true)]
async fn a_batch_lives_its_whole_life() {
    let mock = mock(config());
    let params = body(SOURCE, false);
    let requests = json!({ "requests": [
        { "custom_id": "a", "params": params },
        { "custom_id": "b", "params": { "model": MODEL, "max_tokens": 1, "messages": [] } },
    ]});
    let path = "/v1/messages/batches";
    let batch = call(&mock, "POST", path, &requests).await.json();
    let own = format!("{path}/{}", batch["id"].as_str().unwrap());
    assert_eq!(batch["processing_status"], "in_progress");
    assert_eq!(batch["request_counts"]["processing"], 2);
    assert_eq!(call(&mock, "DELETE", &own, &Value::Null).await.status, 400);
    tokio::time::sleep(Duration::from_secs(6)).await;
    let ended = call(&mock, "GET", &own, &Value::Null).await.json();
    let url = ended["results_url"].as_str().unwrap();
    assert_eq!(url, format!("http://mock.test:4010{own}/results"));
    assert_eq!(ended["request_counts"]["succeeded"], 1);
    let results = call(&mock, "GET", &format!("{own}/results"), &Value::Null)
        .await
        .text;
    let lines: Vec<Value> = results
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(
        lines[0]["result"]["message"]["usage"]["service_tier"],
        "batch"
    );
    assert_eq!(
        lines[1]["result"]["error"]["error"]["type"],
        "invalid_request_error"
    );
    assert_eq!(
        call(&mock, "DELETE", &own, &Value::Null).await.json()["type"],
        "message_batch_deleted"
    );
    assert_eq!(call(&mock, "GET", &own, &Value::Null).await.status, 404);
}

#[tokio::test(start_paused = true)]
async fn a_cached_prefix_moves_latency_quota_and_price_together() {
    let mut config = Config {
        limits: limits(100, 100_000, 100_000),
        ..config()
    };
    config.profiles[0].latency.prefill_tokens_per_s = 1000.0;
    let mock = mock(config);
    let ask_with = async |question: &str| {
        let mut body = body(question, false);
        let text = "x".repeat(8000);
        body["system"] =
            json!([{ "type": "text", "text": text, "cache_control": { "type": "ephemeral" } }]);
        let start = tokio::time::Instant::now();
        (
            ask(&mock, &body).await.unwrap().json()["usage"].clone(),
            start.elapsed(),
        )
    };
    let (first, slow) = ask_with("def a(): pass").await;
    let (second, fast) = ask_with("def b(): pass").await;
    assert_eq!(first["cache_creation_input_tokens"], 2000);
    assert_eq!(first["cache_creation"]["ephemeral_5m_input_tokens"], 2000);
    assert_eq!(second["cache_read_input_tokens"], 2000);
    assert_eq!((slow - fast).as_millis(), 2000);
    let ledger = mock.ledger();
    let uncached =
        first["input_tokens"].as_u64().unwrap() + second["input_tokens"].as_u64().unwrap();
    assert_eq!(ledger.totals.charged_input_tokens, 2000 + uncached);
    let saved = ledger.rows[0].cost_pico - ledger.rows[1].cost_pico;
    // Written at 1.25 times three dollars, read at a tenth of it.
    assert_eq!(saved, 2000 * (3_750_000 - 300_000));
    tokio::time::sleep(Duration::from_secs(301)).await;
    assert_eq!(
        ask_with("def c(): pass").await.0["cache_creation_input_tokens"],
        2000
    );
}

#[tokio::test(start_paused = true)]
async fn a_forced_tool_is_called_with_an_input_that_fits() {
    let mock = mock(config());
    let change = |body: &mut Value| {
        body["tools"] = json!([{ "name": "weather", "input_schema":
            { "type": "object", "properties": { "city": { "type": "string" } } } }]);
        body["tool_choice"] = json!({ "type": "any" });
    };
    let answer = message(&mock, change).await.json();
    assert_eq!(answer["stop_reason"], "tool_use");
    assert_eq!(answer["content"][0]["input"], json!({ "city": "example" }));
    let events = message(&mock, |body| {
        change(body);
        body["stream"] = json!(true);
    })
    .await
    .events();
    let json: String = events
        .iter()
        .filter_map(|event| event["delta"]["partial_json"].as_str())
        .collect();
    assert_eq!(json, "{\"city\":\"example\"}");
}

#[tokio::test(start_paused = true)]
async fn mistakes_are_named_by_their_path() {
    let mock = mock(config());
    let five = json!([1, 2, 3, 4, 5].map(|i| json!({
        "type": "text", "text": format!("{i}"), "cache_control": { "type": "ephemeral" } })));
    let cases: Vec<(&str, Value, &str)> = vec![
        (
            "temperature",
            json!(1.5),
            "temperature: Input should be less than or equal to 1",
        ),
        (
            "max_tokens",
            json!(-1),
            "max_tokens: Input should be greater than or equal to 0",
        ),
        (
            "max_tokens",
            json!("9"),
            "max_tokens: Input should be a valid integer",
        ),
        (
            "stream",
            json!("yes"),
            "stream: Input should be a valid boolean",
        ),
        (
            "nonsense",
            json!(1),
            "nonsense: Extra inputs are not permitted",
        ),
        (
            "messages",
            json!([{ "role": "robot", "content": "x" }]),
            "messages.0.role: Input should be 'user', 'assistant' or 'system'",
        ),
        (
            "messages",
            json!([{ "role": "user" }]),
            "messages.0.content: Field required",
        ),
        (
            "messages",
            json!([{ "role": "user", "content": [{ "text": "x" }] }]),
            "messages.0.content.0.type: Field required",
        ),
        (
            "messages",
            json!([{ "role": "user", "content": "" }]),
            "messages: text content blocks must be non-empty",
        ),
        (
            "messages",
            json!([{ "role": "user", "content": five }]),
            "A maximum of 4 blocks with cache_control may be provided. Found 5.",
        ),
        (
            "tool_choice",
            json!({ "type": "any" }),
            "tool_choice: `tools` must be given when `tool_choice` is",
        ),
    ];
    for (field, value, expected) in cases {
        let answer = message(&mock, |body| body[field] = value).await;
        assert_eq!(answer.status, 400, "{expected}");
        assert_eq!(answer.json()["error"]["message"], expected);
    }
    let mut request = request(&body(SOURCE, false));
    let text = String::from_utf8(request.body().to_vec()).unwrap();
    *request.body_mut() = text.replacen('{', "{\"temperature\":1.0,", 1).into();
    request
        .headers_mut()
        .insert("anthropic-version", "2026-10-21".parse().unwrap());
    let answer = send(&mock, request).await.unwrap();
    assert_eq!(
        answer.json()["error"]["message"],
        "temperature: Extra inputs are not permitted"
    );
}

#[tokio::test(start_paused = true)]
async fn hostile_bodies_get_a_400_and_no_panic() {
    let mock = mock(config());
    let deep = format!(
        "{{\"model\":\"m\",\"max_tokens\":1,\"messages\":{}",
        "[".repeat(100_000)
    );
    let bodies: [&[u8]; 8] = [
        b"",
        b"null",
        b"[]",
        b"{",
        b"\xff\xfe",
        b"{\"model\":\"\\ud800\"}",
        deep.as_bytes(),
        &[0; 1000],
    ];
    for bytes in bodies {
        let mut request = request(&Value::Null);
        *request.body_mut() = bytes::Bytes::copy_from_slice(bytes);
        assert_eq!(
            send(&mock, request).await.unwrap().status,
            400,
            "{:?}",
            &bytes[..bytes.len().min(40)]
        );
    }
}

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

#[tokio::test(start_paused = true)]
async fn the_verdict_names_what_a_client_did_wrong() {
    let mut limited = Config {
        limits: limits(1, 100_000, 100_000),
        ..config()
    };
    limited.profiles[0].latency = INSTANT;
    let mock = mock(limited);
    for _ in 0..13 {
        message(&mock, |_| {}).await;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    for _ in 0..2 {
        message(&mock, |body| body["max_tokens"] = json!(5000)).await;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let verdict = serde_json::to_value(mock.verdict()).unwrap();
    let rules: Vec<&str> = verdict["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["rule"].as_str().unwrap())
        .collect();
    assert_eq!(
        rules,
        [
            "ignored_retry_after",
            "retry_storm",
            "retried_non_retryable",
            "waste"
        ]
    );

    let patient = MockClaude::new(config(), Timeline::start_virtual()).unwrap();
    message(&patient, |_| {}).await;
    assert!(patient.verdict().clean);
    forced(&patient, true, &[("x-mock-fault", "truncate_stream_clean")])
        .await
        .unwrap();
    assert!(!patient.verdict().clean);
}
