//! The differences that only show in the dialects of the clouds.

use mock_claude::Config;
use serde_json::{Value, json};

use crate::support::*;

/// Whether the mock behaves as the entry `name` says.
pub(super) async fn is_so(name: &str) -> bool {
    match name {
        "bare-bedrock-ids" => {
            let bare = bedrock("anthropic.claude-test", &json!({})).await;
            bare.status == 200
                && bedrock("apac.anthropic.claude-test", &json!({}))
                    .await
                    .status
                    == 200
        }
        "own-limits" => {
            let mock = mock(Config {
                limits: limits(1_000, 20, 1),
                ..config()
            });
            let request = conversation("anthropic.claude-test", &json!({}));
            send(&mock, request).await.unwrap().status == 200
        }
        "converse-fields" => {
            let ignored = json!({ "requestMetadata": { "a": "b" }, "serviceTier": { "type": "flex" },
                                  "additionalModelResponseFieldPaths": ["/stop_sequence"] });
            let answer = bedrock("anthropic.claude-test", &ignored).await;
            let guarded = json!({ "guardrailConfig": { "guardrailIdentifier": "g" } });
            answer.json().get("additionalModelResponseFields").is_none()
                && bedrock("anthropic.claude-test", &guarded).await.status == 400
        }
        "converse-documents" => {
            let document = json!({ "format": "docx", "name": "n", "source": { "bytes": "aGk=" } });
            let content = json!([{ "document": document }]);
            let messages = json!({ "messages": [{ "role": "user", "content": content }] });
            bedrock("anthropic.claude-test", &messages).await.status == 400
        }
        "one-quota-text" => {
            let mock = mock(Config {
                limits: limits(1_000, 1, 1_000),
                ..config()
            });
            let mut request = request(&json!({ "anthropic_version": "vertex-2023-10-16",
                "max_tokens": 9, "messages": [{ "role": "user", "content": SOURCE }] }));
            let path =
                "/v1/projects/p/locations/l/publishers/anthropic/models/claude-test:rawPredict";
            *request.uri_mut() = path.parse().unwrap();
            let refused = send(&mock, request).await.unwrap();
            refused.status == 429 && refused.text.contains("requests_per_base_model")
        }
        other => panic!("nothing shows `{other}`"),
    }
}

fn conversation(model: &str, change: &Value) -> http::Request<bytes::Bytes> {
    let mut body = json!({ "messages": [{ "role": "user", "content": [{ "text": "hi" }] }] });
    for (name, value) in change.as_object().unwrap() {
        body[name] = value.clone();
    }
    let mut request = request(&body);
    *request.uri_mut() = format!("/model/{model}/converse").parse().unwrap();
    let key = "Bearer key".parse().unwrap();
    request.headers_mut().insert("authorization", key);
    request
}

/// What Amazon Bedrock's runtime answers to a short conversation after `change` to its body.
async fn bedrock(model: &str, change: &Value) -> Answer {
    send(&mock(config()), conversation(model, change))
        .await
        .unwrap()
}
