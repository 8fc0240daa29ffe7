//! What is noted of a call: its files, its length, and digests that tell equal questions.

use std::collections::BTreeSet;

use serde_json::Value;

use super::bedrock;
use super::case::{CaseUpstream, Place, digest};
use crate::record::exam::Attempt;

/// Where each dialect says how long an answer may be.
pub(super) const MAX_TOKENS: [&str; 3] = [
    "/max_tokens",
    "/max_completion_tokens",
    "/inferenceConfig/maxTokens",
];

/// Names of fields whose texts are part of a prompt, in any dialect: instructions and messages, the
/// text of blocks and documents, results of tools and what tools were called with.
const SPOKEN: [&str; 11] = [
    "system",
    "messages",
    "content",
    "text",
    "source",
    "data",
    "input",
    "arguments",
    "requests",
    "params",
    "output",
];

/// All text of the request's prompt, wherever it stands.
pub(super) fn prompt(json: &Value) -> String {
    let mut text = String::new();
    for name in ["system", "messages", "requests", "input"] {
        collect(&json[name], &mut text);
    }
    text
}

fn collect(value: &Value, into: &mut String) {
    match value {
        Value::String(text) => {
            into.push_str(text);
            into.push('\n');
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, into)),
        Value::Object(fields) => {
            // Pictures and other files in base64 are no text.
            if fields.get("type").is_some_and(|kind| kind == "base64") {
                return;
            }
            let is_call = fields.get("type").is_some_and(|kind| kind == "tool_use");
            for (name, field) in fields {
                match (is_call, name.as_str()) {
                    (true, "input") => each_text(field, into),
                    (_, name) if SPOKEN.contains(&name) => collect(field, into),
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

/// All texts in `value`, whatever their fields are called.
pub(super) fn each_text(value: &Value, into: &mut String) {
    match value {
        Value::String(text) => {
            into.push_str(text);
            into.push('\n');
        }
        Value::Array(items) => items.iter().for_each(|item| each_text(item, into)),
        Value::Object(fields) => fields.values().for_each(|field| each_text(field, into)),
        _ => {}
    }
}

pub(super) fn attempt(
    seq: u64,
    case: &CaseUpstream,
    head: &http::request::Parts,
    json: &Value,
    prompt: &str,
    places: &[Place],
) -> Attempt {
    let first = places.first().map_or(0, |place| place.0);
    let of_first = || {
        places
            .iter()
            .filter(|place| place.0 == first)
            .map(|place| place.1)
    };
    let header = |name| head.headers.get(name).and_then(|value| value.to_str().ok());
    let model = json["model"].as_str().map(str::to_owned);
    let model = model
        .or_else(|| bedrock::model(head.uri.path()))
        .unwrap_or_default();
    let model: String = model.chars().take(80).collect();
    let max_tokens = MAX_TOKENS
        .iter()
        .find_map(|name| json.pointer(name)?.as_u64());
    Attempt {
        seq,
        at_ms: case.elapsed_ms(),
        ended_ms: None,
        files: places.iter().map(|place| place.0).collect(),
        span: (of_first().min().unwrap_or(0), of_first().max().unwrap_or(0)),
        prompt_bytes: prompt.len(),
        max_tokens: max_tokens.unwrap_or_default(),
        instruction: case.instruction(&model, prompt),
        model,
        sdk_retry: header("x-stainless-retry-count").and_then(|text| text.parse().ok()),
        status: None,
        retry_after_ms: None,
        trouble: None,
        cut: false,
        question: digest(prompt.as_bytes()),
        carried: carried(places),
    }
}

/// The end of the last answer in a conversation: what comes next may complete a code in it.
pub(super) fn last_answer(json: &Value) -> String {
    const ENOUGH: usize = 200;
    let messages = json["messages"].as_array();
    let last = messages.and_then(|all| all.iter().rfind(|one| one["role"] == "assistant"));
    let mut text = String::new();
    collect(last.map_or(&Value::Null, |one| &one["content"]), &mut text);
    let text = text.trim_end();
    let from = text.len().saturating_sub(ENOUGH);
    let from = (from..=text.len()).find(|at| text.is_char_boundary(*at));
    text[from.unwrap_or(text.len())..].to_owned()
}

fn carried(places: &[Place]) -> u64 {
    let places: BTreeSet<Place> = places.iter().copied().collect();
    digest(format!("{places:?}").as_bytes())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn code_is_found_wherever_an_api_takes_it() {
        let code = "def parse_rows(a):\n    return a";
        let document = json!({"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": code}});
        let blocks = json!({"type": "document", "source": {"type": "content", "content": [{"type": "text", "text": code}]}});
        let result = json!({"type": "tool_result", "tool_use_id": "t", "content": code});
        let used = json!({"type": "tool_use", "id": "t", "name": "document", "input": {"file": {"code": code}}});
        for body in [
            json!({"messages": [{"role": "user", "content": code}]}),
            json!({"system": code, "messages": []}),
            json!({"system": [{"type": "text", "text": code}], "messages": []}),
            json!({"messages": [{"role": "user", "content": [document]}]}),
            json!({"messages": [{"role": "user", "content": [blocks]}]}),
            json!({"messages": [{"role": "user", "content": [result]}]}),
            json!({"messages": [{"role": "assistant", "content": [used]}]}),
            json!({"requests": [{"custom_id": "1", "params": {"messages": [{"role": "user", "content": code}]}}]}),
            json!({"messages": [{"role": "user", "content": [{"text": code}]}], "inferenceConfig": {}}),
        ] {
            assert!(prompt(&body).contains(code), "{body}");
        }
        let picture = json!({"messages": [{"role": "user", "content": [
            {"type": "image", "source": {"type": "base64", "data": "def parse_rows(a):"}}]}]});
        assert_eq!(prompt(&picture), "");
    }
}
