//! Answers, limits, faults and the ledger on virtual time.

use ground::fault::{FaultKind, FaultRule};
use ground::ledger::Ending;
use ground::timeline::Timeline;
use ground::usage::Usage;
use ground::{proof, symbols};
use mock_claude::{Config, Hangup, MockClaude};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::*;

mod broken;

const SOURCE: &str = "def parse(x):\n    pass\n\nclass Tree:\n    def grow(self): pass\n";

#[tokio::test(start_paused = true)]
async fn a_reply_documents_each_symbol_with_a_token_that_verifies() {
    let mock = mock(config());
    let answer = ask(&mock, &body(SOURCE, false)).await.unwrap();
    let message = answer.json();
    let text = message["content"][0]["text"].as_str().unwrap();
    let proofs: Vec<_> = proof::find(text).collect();
    let names: Vec<&str> = proofs.iter().map(|proof| proof.symbol).collect();
    assert_eq!(names, symbols::scan(SOURCE).collect::<Vec<_>>());
    assert!(proofs.iter().all(|proof| mock.proofs().verify(proof)));
    assert_eq!(proofs[0].call, mock.ledger().rows[0].call);
    // The heading is 5 tokens, each of the three entries 50.
    assert_eq!(message["usage"]["output_tokens"], 155);
    assert_eq!(message["stop_reason"], "end_turn");
    assert_eq!(message["model"], MODEL);
    assert_eq!(
        answer.header("request-id"),
        mock.ledger().rows[0].request_id
    );
}

#[tokio::test(start_paused = true)]
async fn only_the_marked_source_is_documented_and_earlier_tokens_pass_through() {
    let mock = mock(config());
    let mac = mock.proofs().mac("old", "0123abcd");
    let prompt =
        format!("def no(): pass\n<source>\nref:old:0123abcd:{mac}\ndef yes(): pass\n</source>\n");
    let message = ask(&mock, &body(&prompt, false)).await.unwrap().json();
    let text = message["content"][0]["text"].as_str().unwrap().to_owned();
    let names: Vec<&str> = proof::find(&text).map(|proof| proof.symbol).collect();
    assert_eq!(names, ["old", "yes"]);
    assert!(proof::find(&text).all(|proof| mock.proofs().verify(&proof)));
}

#[tokio::test(start_paused = true)]
async fn a_stream_is_paced_and_says_the_same_as_the_json() {
    let mock = mock(config());
    let start = Instant::now();
    let answer = ask(&mock, &body(SOURCE, true)).await.unwrap();
    // One second to the first token, 155 tokens at ten a second.
    assert_eq!(start.elapsed().as_millis(), 16_500);
    let events = answer.events();
    let kinds: Vec<&str> = events
        .iter()
        .map(|event| event["type"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds[..4],
        [
            "message_start",
            "content_block_start",
            "ping",
            "content_block_delta"
        ]
    );
    assert_eq!(
        kinds[kinds.len() - 3..],
        ["content_block_stop", "message_delta", "message_stop"]
    );
    let deltas = || {
        events
            .iter()
            .filter_map(|event| event["delta"]["text"].as_str())
    };
    assert_eq!(deltas().count(), 64);
    let text: String = deltas().collect();
    assert_eq!(proof::find(&text).count(), 3);
    assert_eq!(events[kinds.len() - 2]["usage"]["output_tokens"], 155);
    assert_eq!(
        answer.header("content-type"),
        "text/event-stream; charset=utf-8"
    );
}

#[tokio::test(start_paused = true)]
async fn a_whole_answer_comes_after_its_whole_latency() {
    let mock = mock(config());
    let start = Instant::now();
    ask(&mock, &body(SOURCE, false)).await.unwrap();
    assert_eq!(start.elapsed().as_millis(), 16_500);
    assert_eq!(mock.ledger().rows[0].service_ms, 16_500);
}

#[tokio::test(start_paused = true)]
async fn max_tokens_cuts_the_text() {
    let mock = mock(config());
    let mut body = body(SOURCE, false);
    body["max_tokens"] = json!(60);
    let message = ask(&mock, &body).await.unwrap().json();
    assert_eq!(message["stop_reason"], "max_tokens");
    assert_eq!(message["usage"]["output_tokens"], 60);
    assert_eq!(message["content"][0]["text"].as_str().unwrap().len(), 240);
    body["max_tokens"] = json!(0);
    let message = ask(&mock, &body).await.unwrap().json();
    assert_eq!(message["content"], json!([]));
}

async fn refused(mock: &MockClaude, body: &Value) -> (u16, String) {
    let answer = ask(mock, body).await.unwrap();
    let error = answer.json();
    assert_eq!(error["request_id"], answer.header("request-id"));
    (
        answer.status.as_u16(),
        error["error"]["message"].as_str().unwrap().to_owned(),
    )
}

#[tokio::test(start_paused = true)]
async fn what_the_api_refuses_is_refused_in_its_words() {
    let mock = mock(config());
    let with = |field: &str, value: Value| {
        let mut body = body("hi", false);
        body[field] = value;
        body
    };
    let long = "x".repeat(40_000);
    let cases = [
        (with("model", json!("gpt")), 404, "model: gpt"),
        (
            with("max_tokens", json!(5000)),
            400,
            "max_tokens: 5000 > 4000, which is the maximum allowed number of output tokens for claude-test",
        ),
        (
            with("messages", json!([])),
            400,
            "messages: at least one message is required",
        ),
        (
            body(&long, false),
            400,
            "prompt is too long: 10008 tokens > 10000 maximum",
        ),
        (
            json!({"model": MODEL, "messages": []}),
            400,
            "max_tokens: Field required",
        ),
    ];
    for (body, status, message) in cases {
        assert_eq!(refused(&mock, &body).await, (status, message.to_owned()));
    }
    assert_eq!(mock.ledger().totals.cost_pico, 0);
}

#[tokio::test(start_paused = true)]
async fn key_version_path_and_method_are_checked() {
    let mock = mock(config());
    let status = async |edit: fn(&mut http::Request<bytes::Bytes>)| {
        let mut request = request(&body("hi", false));
        edit(&mut request);
        send(&mock, request).await.unwrap().status.as_u16()
    };
    assert_eq!(
        status(|r| drop(r.headers_mut().remove("x-api-key"))).await,
        401
    );
    assert_eq!(
        status(|r| drop(r.headers_mut().remove("anthropic-version"))).await,
        400
    );
    assert_eq!(
        status(|r| *r.uri_mut() = "/v2/messages".parse().unwrap()).await,
        404
    );
    assert_eq!(
        status(|r| *r.uri_mut() = "/v1/messages?beta=true".parse().unwrap()).await,
        200
    );
    assert_eq!(status(|r| *r.method_mut() = http::Method::PUT).await, 405);
    assert_eq!(
        status(|r| *r.body_mut() = vec![b'x'; (32 << 20) + 1].into()).await,
        413
    );
}

#[tokio::test(start_paused = true)]
async fn a_429_names_the_limit_and_its_retry_after_is_sufficient_and_tight() {
    // The prompt is 23 tokens: two of them fit into 60, with not quite a third.
    for (limits, words, admitted) in [
        (limits(7, 1_000_000, 1_000_000), "7 requests per minute", 7),
        (limits(1000, 60, 1_000_000), "60 input tokens per minute", 2),
        (
            limits(1000, 1_000_000, 40),
            "40 output tokens per minute",
            1,
        ),
    ] {
        let mut config = Config { limits, ..config() };
        config.profiles[0].latency = INSTANT;
        let mock = mock(config);
        for _ in 0..admitted {
            let answer = ask(&mock, &body(SOURCE, false)).await.unwrap();
            assert_eq!(answer.status, 200, "{words}");
        }
        let mut refusal = ask(&mock, &body(SOURCE, false)).await.unwrap();
        assert_eq!(refusal.status, 429, "{words}");
        let message = refusal.json()["error"]["message"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(message.contains(words), "{message}");
        assert_eq!(refusal.header("x-should-retry"), "true");
        let wait: u64 = refusal.header("retry-after").parse().unwrap();
        if wait > 1 {
            tokio::time::sleep(std::time::Duration::from_secs(wait - 1)).await;
            refusal = ask(&mock, &body(SOURCE, false)).await.unwrap();
            assert_eq!(refusal.status, 429, "{words}");
        }
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        assert_eq!(
            ask(&mock, &body(SOURCE, false)).await.unwrap().status,
            200,
            "{words}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_prompt_that_no_wait_can_admit_is_not_told_to_wait() {
    let mock = mock(Config {
        limits: limits(10, 5, 10),
        ..config()
    });
    let answer = ask(&mock, &body(SOURCE, false)).await.unwrap();
    assert_eq!(answer.status, 429);
    assert!(!answer.headers.contains_key("retry-after"));
    assert_eq!(answer.header("x-should-retry"), "false");
}

#[tokio::test(start_paused = true)]
async fn every_answer_shows_what_is_left_of_the_limits() {
    let mock = mock(Config {
        limits: limits(50, 30_000, 8_000),
        ..config()
    });
    let answer = ask(&mock, &body(SOURCE, true)).await.unwrap();
    let shown = |what: &str, which: &str| {
        answer
            .header(&format!("anthropic-ratelimit-{what}-{which}"))
            .to_owned()
    };
    let left =
        ["requests", "input-tokens", "output-tokens", "tokens"].map(|w| shown(w, "remaining"));
    assert_eq!(left, ["49", "30000", "8000", "38000"]);
    assert_eq!(shown("tokens", "limit"), "38000");
    // One request of fifty a minute is back after 1.2 s.
    assert_eq!(shown("requests", "reset"), "2026-01-01T00:00:02Z");
}

#[tokio::test(start_paused = true)]
async fn the_totals_stay_exact_when_rows_are_bounded() {
    let mock = mock(Config {
        max_rows: 3,
        ..config()
    });
    for _ in 0..10 {
        ask(&mock, &body(SOURCE, false)).await.unwrap();
    }
    let ledger = mock.ledger();
    assert_eq!(
        ledger.rows.iter().map(|row| row.seq).collect::<Vec<_>>(),
        [7, 8, 9]
    );
    assert_eq!(ledger.rows[2].seen, 9);
    assert_eq!(ledger.totals.usage.output_tokens, 1550);
    assert_eq!(ledger.totals.usage, ledger.totals.replied);
    let json = serde_json::to_string(&ledger).unwrap();
    assert_eq!(
        serde_json::from_str::<ground::ledger::Ledger>(&json).unwrap(),
        ledger
    );
}

#[tokio::test(start_paused = true)]
async fn equal_seeds_answer_alike_and_others_do_not() {
    let run = async |seed| {
        let mut config = Config { seed, ..config() };
        config.profiles[0].latency.sigma = 0.5;
        let mock = mock(config);
        let first = ask(&mock, &body(SOURCE, true)).await.unwrap().text;
        (
            first,
            ask(&mock, &body(SOURCE, true)).await.unwrap().text,
            mock.ledger(),
        )
    };
    let (a, b, c) = (run(1).await, run(1).await, run(2).await);
    assert_eq!((&a.0, &a.1), (&b.0, &b.1));
    assert_ne!(a.0, a.1);
    assert_ne!(a.0, c.0);
    assert_eq!(a.2, b.2);
}

#[tokio::test(start_paused = true)]
async fn a_model_without_a_price_is_refused_by_name() {
    let mut config = config();
    config.prices.models.clear();
    let error = MockClaude::new(config, Timeline::start_virtual())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("claude-test") && error.contains("`test`"),
        "{error}"
    );
}
