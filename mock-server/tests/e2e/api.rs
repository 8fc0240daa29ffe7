//! The rest of the API: counting, models, batches, caching, validation, and the verdict.

use std::time::Duration;

use ground::limits::EndpointLimits;
use ground::timeline::Timeline;
use mock_claude::{Config, MockClaude, Options};
use serde_json::{Value, json};

use crate::support::*;

use batches::create_batch;

mod batches;

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
async fn counting_and_batches_have_limits_of_their_own_that_come_with_the_tier() {
    let mut config = config();
    config.profiles[0]
        .tiers
        .insert("tier1-2025".to_owned(), limits(50, 30_000, 8_000).unwrap());
    let options = Options {
        tier: Some("tier1-2025".to_owned()),
        ..Options::default()
    };
    let mock = with_options(config.clone(), options.clone());
    let mut wanted = body(SOURCE, false);
    wanted.as_object_mut().unwrap().remove("max_tokens");
    let count = async || call(&mock, "POST", "/v1/messages/count_tokens", &wanted).await;
    for _ in 0..100 {
        assert_eq!(count().await.status, 200);
    }
    let refused = count().await;
    assert_eq!(
        (refused.status.as_u16(), refused.header("retry-after")),
        (429, "1")
    );
    assert!(
        refused
            .text
            .contains("rate limit of 100 requests per minute"),
        "{}",
        refused.text
    );
    // Messages have their own.
    let message = message(&mock, |_| ()).await;
    assert_eq!(message.header("anthropic-ratelimit-requests-limit"), "50");
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(count().await.status, 200);

    let limited = Options {
        endpoint_limits: Some(EndpointLimits {
            count_tokens_per_minute: 1,
            batch_requests_per_minute: 100,
            queued_batch_requests: 5,
        }),
        ..options.clone()
    };
    let mock = with_options(config.clone(), limited);
    assert_eq!(create_batch(&mock, 3).await.status, 200);
    let refused = create_batch(&mock, 3).await;
    assert_eq!(refused.status, 429);
    assert!(
        refused
            .text
            .contains("5 batch requests in the processing queue"),
        "{}",
        refused.text
    );
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert_eq!(create_batch(&mock, 3).await.status, 200);

    let unknown = Options {
        tier: Some("gold".to_owned()),
        ..options
    };
    let error = MockClaude::with_options(config, unknown, Timeline::start_virtual()).unwrap_err();
    let expected = "model `claude-test` has no tier `gold` (it has: tier1-2025)";
    assert_eq!(error.to_string(), expected);
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
            "service_tier",
            json!("fastest"),
            "service_tier: Input should be 'auto' or 'standard_only'",
        ),
        (
            "service_tier",
            json!(1),
            "service_tier: Input should be a valid string",
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
