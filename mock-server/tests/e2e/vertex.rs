//! The dialect of Vertex AI: Google's paths and errors around Anthropic's messages.

use bytes::Bytes;
use http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::support::{Answer, MODEL, config, limits, mock, send};

fn ask(target: &str, body: &Value) -> Request<Bytes> {
    Request::post(format!(
        "/v1/projects/p/locations/global/publishers/anthropic/models/{target}"
    ))
    .header("authorization", "Bearer token")
    .body(Bytes::from(body.to_string()))
    .unwrap()
}

fn body() -> Value {
    json!({
        "anthropic_version": "vertex-2023-10-16",
        "max_tokens": 100,
        "messages": [{ "role": "user", "content": "def f(): pass" }],
    })
}

async fn answered(target: &str, body: &Value) -> Answer {
    send(&mock(config()), ask(target, body)).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_whole_answer_and_a_stream_are_anthropics_own_without_its_limits_headers() {
    let whole = answered(&format!("{MODEL}:rawPredict"), &body()).await;
    assert_eq!(whole.status, StatusCode::OK, "{}", whole.text);
    let json: Value = serde_json::from_str(&whole.text).unwrap();
    assert_eq!(json["type"], "message");
    assert!(json["id"].as_str().unwrap().starts_with("msg_vrtx_"));
    assert!(
        !whole
            .headers
            .keys()
            .any(|name| name.as_str().starts_with("anthropic-"))
    );
    let mut asked = body();
    asked["stream"] = json!(true);
    let stream = answered(&format!("{MODEL}:streamRawPredict"), &asked).await;
    assert!(
        stream.text.starts_with("event: message_start\n"),
        "{}",
        stream.text
    );
    assert!(stream.text.contains("event: message_stop\n"));
}

#[tokio::test(start_paused = true)]
async fn a_model_may_carry_its_day_after_an_at_sign() {
    for id in ["claude-test@20250929", "claude-test@default"] {
        let whole = answered(&format!("{id}:rawPredict"), &body()).await;
        assert_eq!(whole.status, StatusCode::OK, "{id}: {}", whole.text);
    }
}

#[tokio::test(start_paused = true)]
async fn tokens_are_counted_under_a_literal_name() {
    let asked = json!({
        "anthropic_version": "2026-10-21",
        "model": "claude-test@20250929",
        "messages": [{ "role": "user", "content": "hello" }],
    });
    let counted = answered("count-tokens:rawPredict", &asked).await;
    assert_eq!(counted.text, "{\"input_tokens\":10}");
}

#[tokio::test(start_paused = true)]
async fn google_refuses_in_its_own_words_and_the_model_in_anthropics() {
    let google = |answer: Answer| {
        let json: Value = serde_json::from_str(&answer.text).unwrap();
        (answer.status.as_u16(), json["error"]["status"].clone())
    };
    let unknown = answered("claude-nobody:rawPredict", &body()).await;
    assert_eq!(google(unknown), (404, json!("NOT_FOUND")));
    let limited = mock(mock_claude::Config {
        limits: limits(1, 100_000, 100_000),
        ..config()
    });
    let target = format!("{MODEL}:rawPredict");
    send(&limited, ask(&target, &body())).await.unwrap();
    let refused = send(&limited, ask(&target, &body())).await.unwrap();
    assert!(
        !refused.headers.contains_key("retry-after"),
        "{:?}",
        refused.headers
    );
    assert_eq!(google(refused), (429, json!("RESOURCE_EXHAUSTED")));
    let mut nameless = ask(&target, &body());
    nameless.headers_mut().clear();
    let nameless = send(&mock(config()), nameless).await.unwrap();
    assert_eq!(google(nameless), (401, json!("UNAUTHENTICATED")));
    for (field, value, words) in [
        (
            "model",
            json!(MODEL),
            "model: Extra inputs are not permitted",
        ),
        ("anthropic_version", Value::Null, "anthropic_version: "),
        (
            "max_tokens",
            json!("many"),
            "max_tokens: Input should be a valid integer",
        ),
    ] {
        let mut asked = body();
        asked[field] = value;
        let refused = answered(&target, &asked).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST);
        assert!(refused.text.contains(words), "{}", refused.text);
        assert!(
            refused.text.starts_with("{\"type\":\"error\""),
            "{}",
            refused.text
        );
    }
}
