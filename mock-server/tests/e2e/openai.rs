//! The OpenAI-compatible dialect: chat completions of Claude.

use bytes::Bytes;
use ground::fault::{FaultKind, FaultRule};
use http::Request;
use mock_claude::{Config, MockClaude};
use serde_json::{Value, json};

use crate::support::{Answer, MODEL, SOURCE, config, limits, mock, send, with_faults};

fn ask(body: &Value) -> Request<Bytes> {
    Request::post("/v1/chat/completions")
        .header("authorization", "Bearer key")
        .body(Bytes::from(body.to_string()))
        .unwrap()
}

fn body() -> Value {
    json!({ "model": MODEL, "messages": [{ "role": "user", "content": SOURCE }] })
}

async fn answered(mock: &MockClaude, body: &Value) -> Answer {
    send(mock, ask(body)).await.unwrap()
}

/// The chunks of a stream, which must end as OpenAI's do.
fn chunks(answer: &Answer) -> Vec<Value> {
    let data = answer.text.strip_suffix("data: [DONE]\n\n").unwrap();
    data.split_terminator("\n\n")
        .map(|chunk| serde_json::from_str(chunk.strip_prefix("data: ").unwrap()).unwrap())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_completion_is_one_choice_with_its_usage_and_openais_headers() {
    let mock = mock(Config {
        limits: limits(5, 100_000, 100_000),
        ..config()
    });
    let answer = answered(&mock, &body()).await;
    let completion = answer.json();
    assert_eq!(completion["object"], "chat.completion");
    let choice = &completion["choices"][0];
    assert_eq!(choice["finish_reason"], "stop");
    assert!(
        choice["message"]["content"]
            .as_str()
            .unwrap()
            .contains("parse")
    );
    let usage = &completion["usage"];
    let sum =
        usage["prompt_tokens"].as_u64().unwrap() + usage["completion_tokens"].as_u64().unwrap();
    assert_eq!(usage["total_tokens"], sum);
    assert_eq!(answer.header("x-ratelimit-limit-requests"), "5");
    assert_eq!(answer.header("x-ratelimit-remaining-requests"), "4");
    assert_eq!(answer.header("x-request-id"), answer.header("request-id"));
    assert_eq!(answer.header("openai-version"), "2020-10-01");
    let of_anthropic = |name: &str| name.starts_with("anthropic-ratelimit");
    assert!(
        !answer
            .headers
            .keys()
            .any(|name| of_anthropic(name.as_str()))
    );
}

#[tokio::test(start_paused = true)]
async fn a_stream_spells_the_same_and_tells_its_usage_only_if_asked() {
    let mut asked = body();
    asked["stream"] = json!(true);
    let plain = chunks(&answered(&mock(config()), &asked).await);
    assert_eq!(plain[0]["choices"][0]["delta"]["role"], "assistant");
    assert_eq!(plain.last().unwrap()["choices"][0]["finish_reason"], "stop");
    asked["stream_options"] = json!({ "include_usage": true });
    let counted = chunks(&answered(&mock(config()), &asked).await);
    let last = counted.last().unwrap();
    assert_eq!(last["choices"], json!([]));
    assert!(last["usage"]["completion_tokens"].as_u64().unwrap() > 0);
    assert_eq!(counted.len(), plain.len() + 1);
}

#[tokio::test(start_paused = true)]
async fn tools_are_called_until_they_have_answered() {
    let mock = mock(config());
    let parameters = json!({ "type": "object", "properties": { "city": { "type": "string" } },
                             "required": ["city"] });
    let mut asked = json!({
        "model": MODEL,
        "messages": [{ "role": "user", "content": "What is the weather in Pune?" }],
        "tools": [{ "type": "function", "function": {
            "name": "get_weather", "description": "weather", "parameters": parameters } }],
    });
    let first = answered(&mock, &asked).await.json();
    let choice = &first["choices"][0];
    assert_eq!(choice["finish_reason"], "tool_calls", "{first}");
    let call = &choice["message"]["tool_calls"][0];
    let arguments: Value =
        serde_json::from_str(call["function"]["arguments"].as_str().unwrap()).unwrap();
    assert!(arguments["city"].is_string());
    let mut streamed = asked.clone();
    streamed["stream"] = json!(true);
    let chunks = chunks(&answered(&mock, &streamed).await);
    let calls = chunks
        .iter()
        .filter_map(|c| c["choices"][0]["delta"]["tool_calls"].get(0));
    let spelt: String = calls
        .filter_map(|c| c["function"]["arguments"].as_str())
        .collect();
    assert!(serde_json::from_str::<Value>(&spelt).unwrap()["city"].is_string());
    let messages = asked["messages"].as_array_mut().unwrap();
    messages.push(choice["message"].clone());
    messages.push(json!({ "role": "tool", "tool_call_id": call["id"], "content": "31 C" }));
    let second = answered(&mock, &asked).await.json();
    assert_eq!(second["choices"][0]["finish_reason"], "stop", "{second}");
}

#[tokio::test(start_paused = true)]
async fn errors_have_the_shape_of_openais_also_inside_a_stream() {
    let error = |answer: &Answer| answer.json()["error"].clone();
    let mut nobody = body();
    nobody["model"] = json!("gpt-5");
    let unknown = answered(&mock(config()), &nobody).await;
    assert_eq!(unknown.status.as_u16(), 404);
    assert_eq!(error(&unknown)["type"], "not_found_error");
    assert!(error(&unknown)["param"].is_null());
    let limited = mock(Config {
        limits: limits(1, 100_000, 100_000),
        ..config()
    });
    answered(&limited, &body()).await;
    let refused = answered(&limited, &body()).await;
    assert_eq!(refused.status.as_u16(), 429);
    assert_eq!(error(&refused)["code"], "rate_limit_error");
    assert!(refused.headers.contains_key("retry-after"));
    let mut asked = body();
    asked["stream"] = json!(true);
    let faulty = mock(with_faults(&[FaultRule::always(FaultKind::StreamError)]));
    let broken = answered(&faulty, &asked).await;
    let last = broken.text.trim_end().rsplit("data: ").next().unwrap();
    let last: Value = serde_json::from_str(last).unwrap();
    assert_eq!(last["error"]["type"], "overloaded_error");
    let mut keyless = ask(&body());
    keyless.headers_mut().clear();
    let keyless = send(&mock(config()), keyless).await.unwrap();
    assert_eq!(keyless.status.as_u16(), 401);
    let mut huge = ask(&body());
    *huge.body_mut() = Bytes::from(vec![b' '; 40_000_000]);
    assert_eq!(
        send(&mock(config()), huge).await.unwrap().status.as_u16(),
        413
    );
}

#[tokio::test(start_paused = true)]
async fn models_are_listed_for_clients_that_name_no_version() {
    for path in ["/v1/models", "/v1/models/claude-test"] {
        let request = Request::get(path)
            .header("authorization", "Bearer key")
            .body(Bytes::new())
            .unwrap();
        let answer = send(&mock(config()), request).await.unwrap();
        assert_eq!(answer.status.as_u16(), 200, "{path}");
    }
}
