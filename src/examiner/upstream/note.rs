//! What is noted of a call: its files, its length, and a digest that tells equal calls.

use bytes::Bytes;
use serde_json::Value;

use super::case::{CaseUpstream, digest};
use crate::record::exam::Attempt;

/// All text of the request's messages.
pub(super) fn prompt(json: &Value) -> String {
    fn collect(value: &Value, into: &mut String) {
        match value {
            Value::String(text) => {
                into.push_str(text);
                into.push('\n');
            }
            Value::Array(items) => items.iter().for_each(|item| collect(item, into)),
            Value::Object(fields) => {
                for (name, field) in fields {
                    if matches!(name.as_str(), "content" | "text") {
                        collect(field, into);
                    }
                }
            }
            _ => {}
        }
    }
    let mut text = String::new();
    collect(&json["messages"], &mut text);
    text
}

pub(super) fn attempt(
    seq: u64,
    case: &CaseUpstream,
    head: &http::request::Parts,
    body: &Bytes,
    json: &Value,
    prompt: &str,
    places: &[(usize, usize)],
) -> Attempt {
    let first = places.first().map_or(0, |place| place.0);
    let of_first = || {
        places
            .iter()
            .filter(|place| place.0 == first)
            .map(|place| place.1)
    };
    let header = |name| head.headers.get(name).and_then(|value| value.to_str().ok());
    let model: String = json["model"]
        .as_str()
        .unwrap_or_default()
        .chars()
        .take(80)
        .collect();
    Attempt {
        seq,
        at_ms: case.elapsed_ms(),
        ended_ms: None,
        files: places.iter().map(|place| place.0).collect(),
        span: (of_first().min().unwrap_or(0), of_first().max().unwrap_or(0)),
        prompt_bytes: prompt.len(),
        max_tokens: json["max_tokens"].as_u64().unwrap_or_default(),
        // What the API is told beside the messages counts as well.
        instruction: case.instruction(&format!("{model}\n{}", json["system"]), prompt),
        model,
        sdk_retry: header("x-stainless-retry-count").and_then(|text| text.parse().ok()),
        status: None,
        retry_after_ms: None,
        broken: false,
        cut: false,
        body: digest(body),
    }
}
