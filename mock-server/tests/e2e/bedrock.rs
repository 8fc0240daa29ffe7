//! The dialect of Amazon Bedrock's runtime: `invoke`, `converse`, their streams, and Amazon's errors.

use aws_smithy_eventstream::frame::{DecodedFrame, MessageFrameDecoder};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use ground::fault::{FaultKind, FaultRule};
use http::{Request, StatusCode};
use mock_claude::{Config, MockClaude};
use serde_json::{Value, json};

use crate::support::{Answer, SOURCE, config, limits, mock, send, with_faults};

const SIGNATURE: &str = "AWS4-HMAC-SHA256 \
    Credential=AKIDEXAMPLE/20261126/us-east-1/bedrock/aws4_request, \
    SignedHeaders=host;x-amz-date, Signature=0123";
const MODEL: &str = "us.anthropic.claude-test-v1:0";

fn ask(operation: &str, body: &Value) -> Request<Bytes> {
    Request::post(format!("/model/{}/{operation}", MODEL.replace(':', "%3A")))
        .header("authorization", SIGNATURE)
        .header("x-amz-date", "20261126T000000Z")
        .body(Bytes::from(body.to_string()))
        .unwrap()
}

async fn answered(mock: &MockClaude, operation: &str, body: &Value) -> Answer {
    send(mock, ask(operation, body)).await.unwrap()
}

fn invocation() -> Value {
    json!({
        "anthropic_version": "bedrock-2023-05-31",
        "max_tokens": 1000,
        "messages": [{ "role": "user", "content": SOURCE }],
    })
}

fn conversation() -> Value {
    json!({ "messages": [{ "role": "user", "content": [{ "text": SOURCE }] }] })
}

/// Names and payloads of the frames as Amazon's own decoder reads them; an error where a checksum
/// does not match.
fn frames(mut bytes: &[u8]) -> Result<Vec<(String, Value)>, String> {
    let mut decoder = MessageFrameDecoder::new();
    let mut read = Vec::new();
    while let DecodedFrame::Complete(message) = decoder
        .decode_frame(&mut bytes)
        .map_err(|error| error.to_string())?
    {
        let header = |name: &str| {
            let headers = message.headers().iter();
            let found = headers.into_iter().find(|h| h.name().as_str() == name)?;
            found
                .value()
                .as_string()
                .ok()
                .map(|value| value.as_str().to_owned())
        };
        let name = header(":event-type").or_else(|| header(":exception-type"));
        let payload = serde_json::from_slice(message.payload()).unwrap();
        read.push((name.unwrap(), payload));
    }
    Ok(read)
}

/// Anthropic's events inside the chunks of an `invoke` stream.
fn events(bytes: &[u8]) -> Vec<Value> {
    let event = |(name, payload): (String, Value)| {
        assert_eq!(name, "chunk", "{payload}");
        let json = BASE64_STANDARD.decode(payload["bytes"].as_str().unwrap());
        serde_json::from_slice(&json.unwrap()).unwrap()
    };
    frames(bytes).unwrap().into_iter().map(event).collect()
}

#[tokio::test(start_paused = true)]
async fn an_invocation_is_anthropics_own_message_and_tells_its_cost_in_headers() {
    let mock = mock(config());
    let answer = answered(&mock, "invoke", &invocation()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let message = answer.json();
    assert!(message["id"].as_str().unwrap().starts_with("msg_bdrk_01"));
    let tokens = |name: &str| answer.header(name).parse::<u64>().unwrap();
    assert_eq!(
        message["usage"]["input_tokens"],
        tokens("x-amzn-bedrock-input-token-count")
    );
    assert_eq!(
        message["usage"]["output_tokens"],
        tokens("x-amzn-bedrock-output-token-count")
    );
    // A second to the first token, then ten tokens a second.
    let expected = 1000 + 100 * tokens("x-amzn-bedrock-output-token-count");
    assert_eq!(tokens("x-amzn-bedrock-invocation-latency"), expected);
    let id = answer.header("x-amzn-requestid");
    assert_eq!(id.len(), 36);
    assert_eq!(mock.ledger().rows[0].request_id, id);
    let is_own = |name: &str| name.starts_with("anthropic-") || name == "request-id";
    assert!(!answer.headers.keys().any(|name| is_own(name.as_str())));
    assert!(mock.ledger().totals.cost_pico > 0);
}

#[tokio::test(start_paused = true)]
async fn a_streamed_invocation_has_anthropics_events_in_frames() {
    let answer = answered(
        &mock(config()),
        "invoke-with-response-stream",
        &invocation(),
    )
    .await;
    assert_eq!(
        answer.header("content-type"),
        "application/vnd.amazon.eventstream"
    );
    let events = events(&answer.bytes);
    assert_eq!(events[0]["type"], "message_start");
    assert!(events.iter().all(|event| event["type"] != "ping"));
    let last = events.last().unwrap();
    assert_eq!(last["type"], "message_stop");
    let metrics = &last["amazon-bedrock-invocationMetrics"];
    assert_eq!(metrics["firstByteLatency"], 1000);
    assert!(metrics["invocationLatency"].as_u64().unwrap() > 1000);
}

#[tokio::test(start_paused = true)]
async fn a_conversation_is_answered_in_amazons_words_whole_or_streamed() {
    let mock = mock(config());
    let whole = answered(&mock, "converse", &conversation()).await.json();
    let text = whole["output"]["message"]["content"][0]["text"].as_str();
    assert_eq!(whole["stopReason"], "end_turn");
    assert!(whole["metrics"]["latencyMs"].as_u64().unwrap() > 1000);
    let usage = &whole["usage"];
    let sum = usage["inputTokens"].as_u64().unwrap() + usage["outputTokens"].as_u64().unwrap();
    assert_eq!(usage["totalTokens"], sum);
    let streamed = answered(&mock, "converse-stream", &conversation()).await;
    let events = frames(&streamed.bytes).unwrap();
    let names: Vec<&str> = events.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names[..2], ["messageStart", "contentBlockDelta"]);
    assert_eq!(
        names[names.len() - 3..],
        ["contentBlockStop", "messageStop", "metadata"]
    );
    let parts = events
        .iter()
        .filter_map(|(_, payload)| payload["delta"]["text"].as_str());
    let words = |text: &str| text.split("Call").next().unwrap().len();
    assert_eq!(words(&parts.collect::<String>()), words(text.unwrap()));
}

#[tokio::test(start_paused = true)]
async fn a_tool_is_called_and_its_result_is_read() {
    let mock = mock(config());
    let mut asked = conversation();
    asked["messages"][0]["content"] = json!([{ "text": "What is the weather in Pune?" }]);
    let schema = json!({ "type": "object", "properties": { "city": { "type": "string" } },
                         "required": ["city"] });
    asked["toolConfig"] = json!({ "tools": [{ "toolSpec": {
        "name": "get_weather", "description": "weather", "inputSchema": { "json": schema } } }] });
    let first = answered(&mock, "converse", &asked).await.json();
    assert_eq!(first["stopReason"], "tool_use", "{first}");
    let said = &first["output"]["message"];
    let call = said["content"]
        .as_array()
        .unwrap()
        .iter()
        .find(|block| block["toolUse"].is_object());
    let call = &call.unwrap()["toolUse"];
    assert!(call["input"]["city"].is_string());
    let result = json!({ "toolUseId": call["toolUseId"], "content": [{ "json": { "c": 31 } }] });
    let turns = asked["messages"].as_array_mut().unwrap();
    turns.push(said.clone());
    turns.push(json!({ "role": "user", "content": [{ "toolResult": result }] }));
    let second = answered(&mock, "converse", &asked).await.json();
    assert_eq!(second["stopReason"], "end_turn", "{second}");
    let streamed = answered(
        &mock,
        "converse-stream",
        &json!({
        "messages": [asked["messages"][0]], "toolConfig": asked["toolConfig"] }),
    )
    .await;
    let events = frames(&streamed.bytes).unwrap();
    let start = events
        .iter()
        .find(|(name, _)| name == "contentBlockStart")
        .unwrap();
    assert_eq!(start.1["start"]["toolUse"]["name"], "get_weather");
    let parts = events
        .iter()
        .filter_map(|(_, p)| p["delta"]["toolUse"]["input"].as_str());
    let input: Value = serde_json::from_str(&parts.collect::<String>()).unwrap();
    assert!(input["city"].is_string());
}

#[tokio::test(start_paused = true)]
async fn tokens_of_either_kind_are_counted_the_same() {
    let mock = mock(config());
    let body = BASE64_STANDARD.encode(invocation().to_string());
    let invoked = json!({ "input": { "invokeModel": { "body": body } } });
    let conversed = json!({ "input": { "converse": conversation() } });
    let one = answered(&mock, "count-tokens", &invoked).await;
    let other = answered(&mock, "count-tokens", &conversed).await;
    assert_eq!(one.text, other.text);
    assert!(one.json()["inputTokens"].as_u64().unwrap() > 1);
}

async fn refused(mock: &MockClaude, request: Request<Bytes>) -> (u16, String, String) {
    let answer = send(mock, request).await.unwrap();
    let kind = answer.header("x-amzn-errortype").to_owned();
    let message = answer.json()["message"].as_str().unwrap().to_owned();
    assert!(!answer.headers.contains_key("retry-after"), "{kind}");
    (answer.status.as_u16(), kind, message)
}

#[tokio::test(start_paused = true)]
async fn amazon_refuses_by_the_name_of_an_exception() {
    let limited = mock(Config {
        limits: limits(1, 100_000, 100_000),
        ..config()
    });
    answered(&limited, "invoke", &invocation()).await;
    let (status, kind, message) = refused(&limited, ask("converse", &conversation())).await;
    assert_eq!((status, kind.as_str()), (429, "ThrottlingException"));
    assert!(message.starts_with("Too many requests"), "{message}");
    for (fault, status, kind) in [
        (FaultKind::Overloaded, 503, "ServiceUnavailableException"),
        (FaultKind::ServerError, 500, "InternalServerException"),
        (FaultKind::TimeoutError, 408, "ModelTimeoutException"),
        (FaultKind::Permission, 403, "AccessDeniedException"),
        (
            FaultKind::Authentication,
            403,
            "UnrecognizedClientException",
        ),
        (FaultKind::Billing, 403, "AccessDeniedException"),
    ] {
        let faulty = mock(with_faults(&[FaultRule::always(fault)]));
        let found = refused(&faulty, ask("invoke", &invocation())).await;
        assert_eq!((found.0, found.1.as_str()), (status, kind), "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn bad_requests_are_refused_and_say_why() {
    let mock = mock(config());
    let with = |field: &str, value: Value| {
        let mut body = invocation();
        body[field] = value;
        ask("invoke", &body)
    };
    let to = |id: &str| {
        let mut request = ask("invoke", &invocation());
        *request.uri_mut() = format!("/model/{id}/invoke").parse().unwrap();
        request
    };
    let signed = |value: &str| {
        let mut request = ask("invoke", &invocation());
        request
            .headers_mut()
            .insert("authorization", value.parse().unwrap());
        request
    };
    let without = |name: &str| {
        let mut request = ask("invoke", &invocation());
        request.headers_mut().remove(name);
        request
    };
    let mut huge = ask("invoke", &json!({}));
    *huge.body_mut() = Bytes::from(vec![b' '; 40_000_000]);
    let mut got = ask("invoke", &invocation());
    *got.method_mut() = http::Method::GET;
    for (request, status, kind, words) in [
        (
            with("model", json!("m")),
            400,
            "ValidationException",
            "model: Extra inputs",
        ),
        (
            with("stream", json!(true)),
            400,
            "ValidationException",
            "stream: Extra inputs",
        ),
        (
            with("max_tokens", json!("x")),
            400,
            "ValidationException",
            "max_tokens: ",
        ),
        (
            with("messages", json!([])),
            400,
            "ValidationException",
            "messages",
        ),
        (
            to("anthropic.claude-nobody-v1:0"),
            400,
            "ValidationException",
            "model identifier",
        ),
        (
            to("claude-test"),
            400,
            "ValidationException",
            "model identifier",
        ),
        (
            to("amazon.nova-pro-v1%3A0"),
            400,
            "ValidationException",
            "model identifier",
        ),
        (huge, 400, "ValidationException", "maximum size"),
        (got, 404, "UnknownOperationException", "not recognized"),
        (
            without("authorization"),
            403,
            "MissingAuthenticationTokenException",
            "Missing",
        ),
        (
            without("x-amz-date"),
            403,
            "IncompleteSignatureException",
            "X-Amz-Date",
        ),
        (
            signed("AWS4-HMAC-SHA256 Signature=a"),
            403,
            "IncompleteSignatureException",
            "'Credential'",
        ),
        (
            signed(&SIGNATURE.replace("bedrock", "s3")),
            403,
            "InvalidSignatureException",
            "'bedrock'",
        ),
        (
            ask("converse", &json!({ "messages": "x" })),
            400,
            "ValidationException",
            "messages: ",
        ),
        (
            ask("count-tokens", &json!({ "input": {} })),
            400,
            "ValidationException",
            "Malformed",
        ),
    ] {
        let (found, name, message) = refused(&mock, request).await;
        assert_eq!((found, name.as_str()), (status, kind), "{message}");
        assert!(message.contains(words), "{message}");
    }
    // A key of Amazon Bedrock's own instead of a signature.
    let answer = send(&mock, signed("Bearer bedrock-api-key")).await.unwrap();
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn a_stream_breaks_with_an_exception_a_wrong_checksum_or_half_a_frame() {
    let streamed = |kind| {
        let mock = mock(with_faults(&[FaultRule::always(kind)]));
        async move { answered(&mock, "converse-stream", &conversation()).await }
    };
    let failed = frames(&streamed(FaultKind::StreamError).await.bytes).unwrap();
    assert_eq!(failed.last().unwrap().0, "serviceUnavailableException");
    let spoilt = frames(&streamed(FaultKind::MalformedJson).await.bytes);
    assert!(spoilt.unwrap_err().contains("hecksum"));
    let cut = streamed(FaultKind::TruncateStream).await;
    assert!(cut.broken.is_some());
    let names = frames(&cut.bytes).unwrap();
    assert!(names.iter().all(|(name, _)| name != "metadata"));
}
