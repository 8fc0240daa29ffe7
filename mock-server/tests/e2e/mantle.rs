//! The Messages API as AWS's clients reach it: on Amazon Bedrock below `/anthropic`, and on Claude Platform
//! on AWS, both with a signature instead of a key.

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};

use crate::support::{Answer, SOURCE, config, mock, send};

fn ask(path: &str, model: &str, service: &str) -> Request<Bytes> {
    let body = json!({ "model": model, "max_tokens": 500,
                       "messages": [{ "role": "user", "content": SOURCE }] });
    let signature = format!(
        "AWS4-HMAC-SHA256 Credential=AKID/20261126/us-east-1/{service}/aws4_request, \
         SignedHeaders=host;x-amz-date, Signature=0123"
    );
    Request::post(path)
        .header("authorization", signature)
        .header("anthropic-version", "2026-10-21")
        .body(Bytes::from(body.to_string()))
        .unwrap()
}

async fn answered(request: Request<Bytes>) -> Answer {
    send(&mock(config()), request).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn mantle_calls_models_by_their_maker_and_shows_no_limits() {
    let asked = ask(
        "/anthropic/v1/messages",
        "anthropic.claude-test",
        "bedrock-mantle",
    );
    let answer = answered(asked).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
    assert_eq!(answer.json()["type"], "message");
    let is_own = |name: &str| name.starts_with("anthropic-");
    assert!(!answer.headers.keys().any(|name| is_own(name.as_str())));
    let path = "/anthropic/v1/messages/count_tokens";
    let counted = answered(ask(path, "anthropic.claude-test", "bedrock")).await;
    assert!(counted.json()["input_tokens"].as_u64().unwrap() > 0);
    for (path, model, status) in [
        ("/anthropic/v1/messages", "claude-test", 404),
        ("/anthropic/v1/messages", "us.anthropic.claude-test", 404),
        ("/anthropic/v1/models", "anthropic.claude-test", 404),
    ] {
        let refused = answered(ask(path, model, "bedrock-mantle")).await;
        assert_eq!(refused.status.as_u16(), status, "{path} {model}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_signature_for_another_service_or_without_its_parts_is_no_key() {
    let mut own = ask("/v1/messages", "claude-test", "aws-external-anthropic");
    // AWS's customers have workspaces of their own.
    let workspace = "wrkspc_theirs".parse().unwrap();
    own.headers_mut()
        .insert("anthropic-workspace-id", workspace);
    assert_eq!(answered(own).await.status.as_u16(), 200);
    let mut torn = ask("/v1/messages", "claude-test", "aws-external-anthropic");
    let value = "AWS4-HMAC-SHA256 Credential=AKID".parse().unwrap();
    torn.headers_mut().insert("authorization", value);
    for request in [
        ask("/v1/messages", "claude-test", "bedrock"),
        ask("/anthropic/v1/messages", "anthropic.claude-test", "s3"),
        torn,
    ] {
        let refused = answered(request).await;
        assert_eq!(refused.status.as_u16(), 401, "{}", refused.text);
        let error: Value = refused.json();
        assert_eq!(error["error"]["type"], "authentication_error");
    }
}
