//! The differences from the real API that `docs/mock/deviations.md` lists, each shown by its name.

mod clouds;
mod money;

use std::collections::BTreeSet;
use std::time::Duration;

use ground::fault::FaultKind;
use ground::limits::EndpointLimits;
use mock_claude::{AnswerRule, Config, Options};
use serde_json::{Value, json};

use crate::support::*;

use money::{billed_for, cost_of, searched};

const PAGE: &str = include_str!("../../../docs/mock/deviations.md");

/// The names in the page: what stands in backticks before a colon at the beginning of an entry.
fn listed() -> BTreeSet<&'static str> {
    let entries = PAGE.lines().filter_map(|line| line.strip_prefix("- `"));
    entries
        .filter_map(|entry| entry.split_once("`:"))
        .map(|(name, _)| name)
        .collect()
}

const SHOWN: [&str; 40] = [
    "any-key",
    "signature-unchecked",
    "simulated-time",
    "forced-faults",
    "scripted-answers",
    "prompt-beyond-limit",
    "longest-wait",
    "batches-one-by-one",
    "one-price",
    "more-schemas",
    "bare-bedrock-ids",
    "any-beta",
    "tokens-by-bytes",
    "attachments",
    "not-intelligent",
    "going-on",
    "made-up-forms",
    "tool-by-word",
    "server-tools",
    "no-citations",
    "thinking-on-request",
    "no-effect",
    "refused-features",
    "blocks-by-type",
    "never-refuses",
    "cut-calls",
    "latency-model",
    "prompt-cache",
    "bare-models",
    "unlimited-lists",
    "no-byte-limit",
    "hang-is-billed",
    "no-compression",
    "edge-headers-off",
    "plain-http",
    "own-limits",
    "files-in-memory",
    "converse-fields",
    "converse-documents",
    "one-quota-text",
];

#[test]
fn every_difference_on_the_page_is_shown_and_every_one_shown_is_on_the_page() {
    let shown: BTreeSet<&str> = SHOWN.into_iter().collect();
    assert_eq!(listed(), shown);
}

#[tokio::test(start_paused = true)]
async fn each_difference_is_as_the_page_says() {
    for name in SHOWN {
        assert!(is_so(name).await, "{name}");
    }
}

async fn status(headers: &[(&'static str, &str)]) -> u16 {
    forced(&mock(config()), false, headers)
        .await
        .unwrap()
        .status
        .as_u16()
}

async fn changed(change: impl FnOnce(&mut Value)) -> Answer {
    message(&mock(config()), change).await
}

async fn input_tokens(content: Value) -> u64 {
    let answer = changed(|body| body["messages"][0]["content"] = content)
        .await
        .json();
    answer["usage"]["input_tokens"]
        .as_u64()
        .unwrap_or_else(|| panic!("{answer}"))
}

fn tool(name: &str, schema: &Value) -> Value {
    json!([{"name": name, "input_schema": schema}])
}

async fn with_beta(change: impl FnOnce(&mut Value)) -> Answer {
    let mut body = body(SOURCE, false);
    change(&mut body);
    let mut request = request(&body);
    let beta = "any-beta-2026-01-31".parse().unwrap();
    request.headers_mut().insert("anthropic-beta", beta);
    send(&mock(config()), request).await.unwrap()
}

/// Whether the mock behaves as the entry `name` says.
async fn is_so(name: &str) -> bool {
    let object = json!({"type": "object"});
    match name {
        "any-key" => status(&[("x-api-key", "whatever")]).await == 200,
        "signature-unchecked" => {
            let mut request = request(&body(SOURCE, false));
            request.headers_mut().remove("x-api-key");
            let signed = "AWS4-HMAC-SHA256 Credential=AKID/20261114/us-east-1/aws-external-anthropic/aws4_request, \
                          SignedHeaders=host, Signature=00";
            request
                .headers_mut()
                .insert("authorization", signed.parse().unwrap());
            send(&mock(config()), request).await.unwrap().status == 200
        }
        "simulated-time" => {
            let mock = mock(config());
            mock.set_speed(10.0);
            let start = tokio::time::Instant::now();
            message(&mock, |_| {}).await;
            start.elapsed() < Duration::from_secs(1)
        }
        "forced-faults" => status(&[("x-mock-fault", "overloaded")]).await == 529,
        "scripted-answers" => {
            let rule = AnswerRule {
                text: Some("a b c d e f g".to_owned()),
                ..AnswerRule::default()
            };
            let mock = mock(Config {
                answers: vec![rule],
                ..config()
            });
            let answer = message(&mock, |body| body["max_tokens"] = json!(1))
                .await
                .json();
            answer["content"][0]["text"] == "a b c d e f g"
        }
        "prompt-beyond-limit" => {
            let mock = mock(Config {
                limits: limits(10, 20, 10),
                ..config()
            });
            let long = "word ".repeat(100);
            let refused = ask(&mock, &body(&long, false)).await.unwrap();
            refused.status == 429 && refused.headers.get("retry-after").is_none()
        }
        "longest-wait" => {
            let mock = mock(Config {
                limits: limits(1, 30, 10_000),
                ..config()
            });
            let bodies = [body(SOURCE, false), body("def f(): pass", false)];
            let first = ask(&mock, &bodies[0]);
            let (_, second) = tokio::join!(first, ask(&mock, &bodies[1]));
            second
                .unwrap()
                .header("retry-after")
                .parse::<u64>()
                .unwrap()
                > 50
        }
        "batches-one-by-one" => {
            let mock = mock(config());
            let batch = json!({"requests": [{"custom_id": "a", "params": body(SOURCE, false)}]});
            let made = call(&mock, "POST", "/v1/messages/batches", &batch)
                .await
                .json();
            tokio::time::sleep(Duration::from_secs(6)).await;
            let path = format!("/v1/messages/batches/{}", made["id"].as_str().unwrap());
            let ended = call(&mock, "GET", &path, &json!({})).await.json();
            ended["processing_status"] == "ended" && mock.ledger().totals.cost_pico == 0
        }
        "one-price" => {
            let plain = cost_of(|_| {}).await;
            let search = json!([{"type": "web_search_20250305", "name": "web_search"}]);
            plain > 0
                && cost_of(|body| body["inference_geo"] = json!("us")).await == plain
                && cost_of(|body| body["service_tier"] = json!("auto")).await == plain
                && searched(&search).await
        }
        "more-schemas" => {
            let schema = json!({"type": "object", "properties": {"next": {"$ref": "#"}}, "minProperties": 0});
            let format = json!({"format": {"type": "json_schema", "schema": schema}});
            changed(|body| body["output_config"] = format).await.status == 200
        }
        "any-beta" => {
            with_beta(|body| body["context_management"] = json!({}))
                .await
                .status
                == 200
        }
        "tokens-by-bytes" => input_tokens(json!("x".repeat(401))).await == 101 + 8,
        "attachments" => {
            let image = json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA=="}});
            let text = json!({"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "x".repeat(400)}});
            let pdf = json!({"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "AA=="}});
            input_tokens(json!([image])).await == 1508
                && input_tokens(json!([text])).await == 108
                && input_tokens(json!([pdf])).await == 3008
        }
        "not-intelligent" => changed(|_| {}).await.text.contains("ref:parse:"),
        "going-on" => {
            let turns = json!([{"role": "user", "content": SOURCE},
                {"role": "assistant", "content": "# Documentation\n\n### `parse`"}]);
            let rest = changed(|body| body["messages"] = turns).await.json();
            let rest = rest["content"][0]["text"].as_str().unwrap().to_owned();
            rest.contains("ref:parse:") && !rest.contains("### `parse`")
        }
        "made-up-forms" => {
            let schema = json!({"type": "object", "required": ["a"], "properties": {
                "a": {"type": "string"}, "b": {"type": "boolean"}}});
            let answer = changed(|body| {
                body["messages"][0]["content"] = json!("Hello");
                body["tools"] = tool("t", &schema);
                body["tool_choice"] = json!({"type": "any"});
            });
            answer.await.json()["content"][0]["input"] == json!({"a": "example"})
        }
        "tool-by-word" => {
            let answer = changed(|body| {
                body["messages"][0]["content"] = json!("The weather, please");
                body["tools"] = tool("get_weather", &object);
            });
            answer.await.json()["content"][0]["name"] == "get_weather"
        }
        "server-tools" => {
            let advisor = json!([{"type": "advisor_20260301", "name": "advisor", "model": MODEL}]);
            let answer = changed(|body| {
                body["messages"][0]["content"] = json!("Ask the advisor");
                body["tools"] = advisor;
            });
            answer.await.json()["content"][0]["type"] == "text"
        }
        "no-citations" => {
            let document = json!({"type": "document", "citations": {"enabled": true},
                "source": {"type": "text", "media_type": "text/plain", "data": SOURCE}});
            let answer = changed(|body| body["messages"][0]["content"] = json!([document])).await;
            answer.status == 200 && answer.json()["content"][0].get("citations").is_none()
        }
        "thinking-on-request" => !changed(|_| {}).await.text.contains("thinking"),
        "no-effect" => {
            let plain = changed(|_| {}).await.json();
            let mut all = true;
            for (field, value) in [
                ("service_tier", json!("auto")),
                ("inference_geo", json!("us")),
                ("metadata", json!({"user_id": "x"})),
            ] {
                let answer = changed(|body| body[field] = value).await.json();
                all &= ["stop_reason", "usage"]
                    .iter()
                    .all(|part| answer[part]["output_tokens"] == plain[part]["output_tokens"]);
                all &= answer["usage"]["service_tier"] == "standard";
            }
            all
        }
        "refused-features" => {
            let thread = with_beta(|body| body["thread"] = json!({"type": "create"})).await;
            let servers = json!([{"type": "url", "url": "https://example.com/", "name": "x"}]);
            let servers = with_beta(|body| body["mcp_servers"] = servers).await;
            let fast = changed(|body| body["speed"] = json!("fast")).await;
            let container = changed(|body| body["container"] = json!("x")).await;
            [thread, servers, fast, container]
                .iter()
                .all(|refused| refused.status == 400)
        }
        "blocks-by-type" => {
            let image = json!([{"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "no image"}}]);
            let odd = json!([{"type": "image", "source": {"type": "base64", "data": 7}}]);
            let fine = changed(|body| body["messages"][0]["content"] = image)
                .await
                .status
                == 200;
            fine && changed(|body| body["messages"][0]["content"] = odd)
                .await
                .status
                == 400
        }
        "never-refuses" => changed(|_| {}).await.json()["stop_reason"] == "end_turn",
        "cut-calls" => {
            let answer = changed(|body| {
                body["max_tokens"] = json!(26);
                body["tools"] = json!([{"name": "t", "input_schema": {"type": "object", "required": ["note"],
                    "properties": {"note": {"type": "string"}}}}]);
                body["tool_choice"] = json!({"type": "any"});
            });
            let answer = answer.await.json();
            answer["stop_reason"] == "max_tokens" && answer["content"][0]["input"] == json!({})
        }
        "latency-model" => {
            let start = tokio::time::Instant::now();
            changed(|_| {}).await;
            start.elapsed() >= Duration::from_secs(5)
        }
        "files-in-memory" => {
            let mock = mock(config());
            let file = crate::files::upload(&mock, "a.txt", "text/plain", b"x", "").await;
            let id = file.json()["id"].as_str().unwrap().to_owned();
            let path = format!("/v1/files/{id}/content");
            call(&mock, "GET", &path, &json!({})).await.status == 400
        }
        "prompt-cache" => {
            let long = "word ".repeat(1_000);
            let system =
                json!([{"type": "text", "text": long, "cache_control": {"type": "ephemeral"}}]);
            let answer = changed(|body| body["system"] = system).await.json();
            answer["usage"]["cache_creation_input_tokens"].as_u64() > Some(1_024)
        }
        "bare-models" => {
            let models = call(
                &mock(config()),
                "GET",
                "/v1/models?lifecycle[]=retired",
                &json!({}),
            )
            .await
            .json();
            models["data"][0]["lifecycle"] == "active"
                && models["data"][0]["capabilities"].is_null()
        }
        "unlimited-lists" => {
            let options = Options {
                endpoint_limits: Some(EndpointLimits {
                    count_tokens_per_minute: 1,
                    batch_requests_per_minute: 1,
                    queued_batch_requests: 1,
                }),
                ..Options::default()
            };
            let mock = with_options(config(), options);
            let mut listed = 0;
            for _ in 0..100 {
                let list = call(&mock, "GET", "/v1/models", &json!({})).await;
                let shown = list.headers.get("anthropic-ratelimit-requests-limit");
                listed += u32::from(list.status == 200 && shown.is_none());
            }
            listed == 100
        }
        "no-byte-limit" => {
            let mock = mock(Config {
                limits: limits(1_000, 1_000_000, 1_000_000),
                ..config()
            });
            let long = "word ".repeat(4_000);
            ask(&mock, &body(&long, false)).await.unwrap().status == 200
        }
        "hang-is-billed" => {
            billed_for(FaultKind::Hang).await > 0 && billed_for(FaultKind::Reset).await == 0
        }
        "no-compression" => status(&[("content-encoding", "gzip")]).await == 400,
        "edge-headers-off" => changed(|_| {}).await.headers.get("cf-ray").is_none(),
        "plain-http" => {
            let manifest = include_str!("../../Cargo.toml");
            !manifest.contains("tls")
        }
        other => clouds::is_so(other).await,
    }
}
