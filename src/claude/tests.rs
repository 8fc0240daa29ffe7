//! The client against servers that answer well, badly, late, partly or with rubbish.

use ground::timeline::Timeline;
use ground::version::ApiVersion;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use wiremock::matchers::{body_json, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::*;
use crate::record::{AttemptEnding, Attempts};
use crate::transport::AttemptLog;

mod forms;

const MESSAGE: &str = r#"{"model":"m","id":"msg_01","type":"message","role":"assistant",
    "content":[{"type":"text","text":"Hello, "},{"type":"thinking","thinking":"hm"},{"type":"text","text":"wörld"}],
    "stop_reason":"end_turn","stop_sequence":null,
    "usage":{"input_tokens":40,"cache_creation_input_tokens":30,"cache_read_input_tokens":5,
             "cache_creation":{"ephemeral_5m_input_tokens":20,"ephemeral_1h_input_tokens":10},"output_tokens":7}}"#;

const STREAM: &str = concat!(
    "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"content\":[],\"stop_reason\":null,\"usage\":{\"input_tokens\":40,\"output_tokens\":1}}}\n\n",
    "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
    "event: ping\ndata: {\"type\": \"ping\"}\n\n",
    "event: content_block_delta\r\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hel\"}      }\r\n\r\n",
    "event: a_new_kind\ndata: whatever\n\n",
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"lö\"}}\n\n",
    "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n",
    "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"max_tokens\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":9}}\n\n",
    "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
);

const TAG: CallTag = CallTag {
    request: 3,
    call: 1,
    attempt: 0,
};

fn ask(stream: bool) -> Ask {
    Ask {
        model: "m".into(),
        max_tokens: 100,
        system: None,
        prompt: "say \"hi\"".into(),
        stream,
    }
}

fn client(url: &str) -> (Claude, AttemptLog) {
    let timeline = Timeline::start(1.0, 0);
    let log = AttemptLog::new(timeline, 10);
    let claude = Claude::new(Transport::tcp(url, log.clone()).unwrap(), "key");
    (claude.with_timeout(timeline, Duration::from_secs(60)), log)
}

async fn answer(
    response: ResponseTemplate,
    stream: bool,
) -> (Result<Message, CallError>, Attempts) {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/v1/messages"))
        .respond_with(response)
        .mount(&server)
        .await;
    let (claude, log) = client(&server.uri());
    let answer = claude.message(TAG, &ask(stream)).await;
    (answer, log.snapshot())
}

fn json(status: u16, body: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(body, "application/json")
}

fn sse(body: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(body, "text/event-stream; charset=utf-8")
}

/// A server that sends `response` as it is and closes the connection.
async fn raw(response: Vec<u8>, linger: Duration) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        let _ = socket.read(&mut request).await;
        let _ = socket.write_all(&response).await;
        tokio::time::sleep(linger).await;
    });
    url
}

async fn raw_answer(response: Vec<u8>) -> (Result<Message, CallError>, Attempts) {
    let (claude, log) = client(&raw(response, Duration::ZERO).await);
    let answer = claude.message(TAG, &ask(false)).await;
    (answer, log.snapshot())
}

#[tokio::test]
async fn a_whole_answer_is_read_and_counted() {
    let headers = json(200, MESSAGE)
        .insert_header("request-id", "req_1")
        .insert_header("anthropic-ratelimit-requests-limit", "50")
        .insert_header("anthropic-ratelimit-requests-remaining", "49")
        .insert_header("anthropic-ratelimit-requests-reset", "2026-02-25T20:02:32Z")
        .insert_header("anthropic-ratelimit-input-tokens-limit", "lots");
    let (answer, attempts) = answer(headers, false).await;
    let message = answer.unwrap();
    assert_eq!(message.text, "Hello, wörld");
    assert_eq!(message.stop_reason, StopReason::EndTurn);
    assert_eq!(message.request_id.as_deref(), Some("req_1"));
    let limits = message.limits.unwrap();
    assert_eq!(
        limits.requests,
        Some(Window {
            limit: 50,
            remaining: 49,
            full_at_unix_s: Some(1_772_049_752),
        })
    );
    assert_eq!(limits.input_tokens, None);
    let usage = message.usage;
    assert_eq!(
        (
            usage.input_tokens,
            usage.output_tokens,
            usage.cache_read_tokens
        ),
        (40, 7, 5)
    );
    assert_eq!(
        (usage.cache_write_5m_tokens, usage.cache_write_1h_tokens),
        (20, 10)
    );
    assert_eq!(
        (
            attempts.replied_input_tokens,
            attempts.replied_output_tokens
        ),
        (75, 7)
    );
    assert_eq!(attempts.by_ending[&AttemptEnding::Answered], 1);
    assert_eq!(
        (attempts.rows[0].request, attempts.rows[0].status),
        (3, Some(200))
    );
}

#[tokio::test]
async fn each_version_shows_the_key_in_its_own_header() {
    let server = MockServer::start().await;
    let body = serde_json::json!({
        "model": "m", "max_tokens": 100, "stream": true,
        "messages": [{"role": "user", "content": "say \"hi\""}],
    });
    Mock::given(header("x-api-key", "key"))
        .and(header("anthropic-version", "2023-06-01"))
        .and(body_json(body))
        .respond_with(sse(STREAM))
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(header("authorization", "Bearer key"))
        .and(header("anthropic-version", "2026-10-21"))
        .respond_with(sse(STREAM))
        .expect(1)
        .mount(&server)
        .await;
    let (claude, _) = client(&server.uri());
    assert!(claude.message(TAG, &ask(true)).await.is_ok());
    assert!(
        claude
            .with_version("key", ApiVersion::Oct2026)
            .message(TAG, &ask(true))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_stream_is_read_to_its_last_event() {
    let (answer, attempts) = answer(sse(STREAM), true).await;
    let message = answer.unwrap();
    assert_eq!(
        (message.text.as_str(), message.stop_reason),
        ("Hellö", StopReason::MaxTokens)
    );
    assert_eq!(
        (
            attempts.replied_input_tokens,
            attempts.replied_output_tokens
        ),
        (40, 9)
    );
}

#[test]
fn a_stream_may_arrive_in_any_pieces() {
    for size in 1..40 {
        let mut reader = stream::Reader::default();
        STREAM
            .as_bytes()
            .chunks(size)
            .for_each(|piece| reader.push(piece).unwrap());
        assert_eq!(reader.finish().unwrap().text, "Hellö");
    }
}

#[tokio::test]
async fn a_stream_without_its_last_event_is_cut_even_if_it_ends_cleanly() {
    let headless = STREAM.replace(
        "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
        "",
    );
    assert_eq!(answer(sse(&headless), true).await.0, Err(CallError::Cut));
    assert_eq!(answer(sse(""), true).await.0, Err(CallError::Cut));
}

#[tokio::test]
async fn an_error_inside_a_stream_is_that_error() {
    let broken = STREAM.replace(
        "event: a_new_kind\ndata: whatever",
        "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}",
    );
    let error = answer(sse(&broken), true).await.0.unwrap_err();
    assert!(
        matches!(&error, CallError::Api { status: 200, kind, .. } if kind == "overloaded_error")
    );
    assert!(error.is_transient());
}

#[tokio::test]
async fn a_refusal_by_the_rate_limits_says_how_long_to_wait() {
    let body = r#"{"type":"error","error":{"type":"rate_limit_error","message":"slow down"},"request_id":"r"}"#;
    let refusal = json(429, body)
        .insert_header("retry-after", "11")
        .insert_header("x-should-retry", "true");
    let error = answer(refusal, false).await.0.unwrap_err();
    assert!(error.is_rate_limit() && error.is_transient());
    assert_eq!(error.retry_after(), Some(Duration::from_secs(11)));
    assert_eq!(
        error.to_string(),
        "the API answered 429 rate_limit_error: slow down"
    );
}

#[tokio::test]
async fn a_spend_cap_is_not_a_rate_limit() {
    let body = r#"{"type":"error","error":{"type":"rate_limit_error","message":"cap","details":{"error_code":"enforced_spend_limit_reached"}}}"#;
    let error = answer(json(429, body), false).await.0.unwrap_err();
    assert!(!error.is_rate_limit() && !error.is_transient() && error.is_spend_cap());
}

#[tokio::test]
async fn errors_without_the_apis_envelope_keep_their_status() {
    let (error, attempts) = answer(json(529, "<html>busy</html>"), false).await;
    let error = error.unwrap_err();
    assert!(
        matches!(&error, CallError::Api { status: 529, kind, message, .. }
        if kind == "overloaded_error" && message == "<html>busy</html>")
    );
    assert!(error.is_transient());
    assert_eq!(attempts.by_status[&529], 1);
    assert_eq!(attempts.replied_output_tokens, 0);
    assert!(
        !answer(json(400, "{}"), false)
            .await
            .0
            .unwrap_err()
            .is_transient()
    );
}

#[tokio::test]
async fn a_body_that_breaks_off_is_cut() {
    let head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 5000\r\n\r\n{\"type\"";
    let (answer, attempts) = raw_answer(head.to_vec()).await;
    assert_eq!(answer, Err(CallError::Cut));
    assert_eq!(attempts.by_ending[&AttemptEnding::Cut], 1);
}

#[tokio::test]
async fn a_connection_that_dies_before_the_head_is_reset() {
    let (answer, attempts) = raw_answer(Vec::new()).await;
    assert_eq!(answer, Err(CallError::Reset));
    assert_eq!(attempts.by_ending[&AttemptEnding::Reset], 1);
}

#[tokio::test]
async fn nobody_listening_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let (claude, log) = client(&url);
    assert_eq!(
        claude.message(TAG, &ask(false)).await,
        Err(CallError::Unreachable)
    );
    assert_eq!(log.snapshot().by_ending[&AttemptEnding::Unreachable], 1);
}

#[tokio::test]
async fn a_slow_head_times_out_and_the_attempt_counts_as_abandoned() {
    let server = MockServer::start().await;
    let slow = json(200, MESSAGE).set_delay(Duration::from_secs(30));
    Mock::given(method("POST"))
        .respond_with(slow)
        .mount(&server)
        .await;
    let (claude, log) = client(&server.uri());
    let claude = claude.with_timeout(Timeline::start(1.0, 0), Duration::from_millis(50));
    assert_eq!(
        claude.message(TAG, &ask(false)).await,
        Err(CallError::TimedOut)
    );
    let attempts = log.snapshot();
    assert_eq!(attempts.by_ending[&AttemptEnding::Abandoned], 1);
    assert_eq!(
        (attempts.rows[0].status, attempts.rows[0].head_ms),
        (None, None)
    );
}

#[tokio::test]
async fn a_stream_that_falls_silent_times_out() {
    let head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 5000\r\n\r\nevent: ping\n";
    let url = raw(head.to_vec(), Duration::from_secs(30)).await;
    let (claude, log) = client(&url);
    // Time enough for the head on a busy machine, too.
    let claude = claude.with_timeout(Timeline::start(1.0, 0), Duration::from_secs(3));
    assert_eq!(
        claude.message(TAG, &ask(true)).await,
        Err(CallError::TimedOut)
    );
    assert_eq!(log.snapshot().rows[0].status, Some(200));
}

#[tokio::test]
async fn rubbish_is_malformed_and_never_a_panic() {
    let bodies = [
        "",
        "null",
        "[]",
        "{",
        "{}",
        "\u{0}",
        "{\"type\":\"message\"}",
        "{\"type\":\"message\",\"content\":\"x\"}",
        r#"{"type":"message","content":[],"stop_reason":null,"usage":{"input_tokens":1,"output_tokens":1}}"#,
        r#"{"type":"message","content":[],"stop_reason":"end_turn","usage":{"input_tokens":-1,"output_tokens":1}}"#,
        r#"{"type":"message","content":[],"stop_reason":"end_turn","usage":{"output_tokens":1}}"#,
        r#"{"type":"error","error":{"type":"api_error","message":"x"}}"#,
    ];
    for body in bodies {
        let (answer, attempts) = answer(json(200, body), false).await;
        assert!(
            matches!(answer, Err(CallError::Malformed { .. })),
            "{body}: {answer:?}"
        );
        assert_eq!(attempts.replied_output_tokens, 0);
    }
    let nested = "[".repeat(200_000);
    assert!(matches!(
        answer(json(200, &nested), false).await.0,
        Err(CallError::Malformed { .. })
    ));
    let stream = STREAM.replace("\"Hel\"", "17");
    assert!(matches!(
        answer(sse(&stream), true).await.0,
        Err(CallError::Malformed { .. })
    ));
    assert!(matches!(
        raw_answer(b"SSH-2.0\r\n\r\n".to_vec()).await.0,
        Err(CallError::Reset)
    ));
}

#[test]
fn a_url_that_is_none_is_refused_by_name() {
    let log = || AttemptLog::new(Timeline::start(1.0, 0), 0);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let _inside = runtime.enter();
    for url in ["", "localhost:4010", "ftp://x", "http://"] {
        let error = Transport::tcp(url, log()).err().unwrap();
        assert!(error.to_string().contains(&format!("`{url}`")), "{error}");
    }
}
