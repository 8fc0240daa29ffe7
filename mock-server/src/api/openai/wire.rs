//! Chat completions, their chunks and errors, as Anthropic writes them for OpenAI's clients.

use http::HeaderMap;
use http::header::{HeaderName, HeaderValue};
use serde_json::{Value, json};

use crate::api::cloud;
use crate::api::output::{Event, Output};
use crate::reply::{Content, Stop};
use crate::request::ApiError;
use crate::state::REQUEST_ID;

/// The body of a whole answer. Thinking is not shown.
pub(crate) fn completion(output: &Output) -> Vec<u8> {
    let calls: Vec<Value> = output.content.iter().filter_map(call).collect();
    let mut message = json!({ "role": "assistant", "content": text(&output.content) });
    if !calls.is_empty() {
        message["tool_calls"] = Value::from(calls);
    }
    let choice = json!({
        "index": 0,
        "message": message,
        "finish_reason": finish_reason(&output.envelope.stop),
    });
    let mut body = frame(output, "chat.completion", &[choice]);
    body["usage"] = usage(output);
    body.to_string().into_bytes()
}

/// Appends what the dialect writes for `event`; a stream tells its usage only if it is `counted`.
pub(crate) fn push(out: &mut Vec<u8>, output: &Output, event: Event<'_>, counted: bool) {
    match event {
        Event::Start => push_delta(out, output, &json!({ "role": "assistant", "content": "" })),
        Event::BlockStart(index) => {
            if let Some(mut call) = call(&output.content[index]) {
                call["index"] = json!(number(output, index));
                call["function"]["arguments"] = json!("");
                push_delta(out, output, &json!({ "tool_calls": [call] }));
            }
        }
        Event::Delta { index, part } => match &output.content[index] {
            Content::Text(_) => push_delta(out, output, &json!({ "content": part })),
            Content::Tool { .. } => {
                let more =
                    json!({ "index": number(output, index), "function": { "arguments": part } });
                push_delta(out, output, &json!({ "tool_calls": [more] }));
            }
            Content::Thinking { .. } | Content::ServerTool { .. } | Content::Result(_) => {}
        },
        Event::BlockStop(_) => {}
        Event::Result => {
            let reason = finish_reason(&output.envelope.stop);
            let last = json!({ "index": 0, "delta": {}, "finish_reason": reason });
            push_data(out, &frame(output, CHUNK, &[last]));
            if counted {
                let mut chunk = frame(output, CHUNK, &[]);
                chunk["usage"] = usage(output);
                push_data(out, &chunk);
            }
        }
        Event::Stop => out.extend_from_slice(b"data: [DONE]\n\n"),
        Event::Error => {
            let error = json!({ "type": "overloaded_error", "message": "Overloaded" });
            push_data(out, &json!({ "error": error }));
        }
    }
}

/// The JSON of an error.
pub(crate) fn error(error: &ApiError) -> String {
    json!({ "error": {
        "code": error.kind,
        "message": error.message,
        "type": error.kind,
        "param": null,
    }})
    .to_string()
}

/// Gives the limits their names there, and adds the headers that are always the same.
pub(crate) fn dress(headers: &mut HeaderMap) {
    for (own, theirs) in LIMITS {
        if let Some(value) = headers.get(own).cloned() {
            headers.insert(HeaderName::from_static(theirs), value);
        }
    }
    cloud::remove(headers, |name| {
        name.as_str().starts_with("anthropic-ratelimit-")
    });
    if let Some(id) = headers.get(REQUEST_ID).cloned() {
        headers.insert("x-request-id", id);
    }
    headers.insert("openai-version", HeaderValue::from_static("2020-10-01"));
    headers.insert("openai-processing-ms", HeaderValue::from_static(""));
}

const LIMITS: [(&str, &str); 6] = [
    (
        "anthropic-ratelimit-requests-limit",
        "x-ratelimit-limit-requests",
    ),
    (
        "anthropic-ratelimit-requests-remaining",
        "x-ratelimit-remaining-requests",
    ),
    (
        "anthropic-ratelimit-requests-reset",
        "x-ratelimit-reset-requests",
    ),
    (
        "anthropic-ratelimit-tokens-limit",
        "x-ratelimit-limit-tokens",
    ),
    (
        "anthropic-ratelimit-tokens-remaining",
        "x-ratelimit-remaining-tokens",
    ),
    (
        "anthropic-ratelimit-tokens-reset",
        "x-ratelimit-reset-tokens",
    ),
];

const CHUNK: &str = "chat.completion.chunk";

fn frame(output: &Output, object: &str, choices: &[Value]) -> Value {
    json!({
        "id": output.envelope.id,
        "object": object,
        "created": output.arrived_unix_s,
        "model": output.envelope.model,
        "choices": choices,
    })
}

fn push_delta(out: &mut Vec<u8>, output: &Output, delta: &Value) {
    let choice = json!({ "index": 0, "delta": delta, "finish_reason": null });
    push_data(out, &frame(output, CHUNK, &[choice]));
}

fn push_data(out: &mut Vec<u8>, data: &Value) {
    out.extend_from_slice(format!("data: {data}\n\n").as_bytes());
}

/// Which tool call the block with this index is.
fn number(output: &Output, index: usize) -> usize {
    let is_tool = |block: &&Content| matches!(block, Content::Tool { .. });
    output.content[..index].iter().filter(is_tool).count()
}

/// A tool call as the dialect writes it, if `block` is one.
fn call(block: &Content) -> Option<Value> {
    let Content::Tool { id, name, .. } = block else {
        return None;
    };
    Some(json!({
        "id": id,
        "type": "function",
        "function": { "name": name, "arguments": block.written() },
    }))
}

/// All texts as one, or null if there are none.
fn text(content: &[Content]) -> Value {
    let texts: Vec<&str> = content
        .iter()
        .filter_map(|block| match block {
            Content::Text(text) => Some(text.as_str()),
            _ => None,
        })
        .collect();
    if texts.is_empty() {
        Value::Null
    } else {
        Value::from(texts.concat())
    }
}

fn finish_reason(stop: &Stop) -> &'static str {
    match stop {
        Stop::EndTurn | Stop::Sequence(_) => "stop",
        Stop::MaxTokens | Stop::ModelContextWindowExceeded | Stop::PauseTurn => "length",
        Stop::ToolUse => "tool_calls",
        Stop::Refusal => "content_filter",
    }
}

fn usage(output: &Output) -> Value {
    let usage = output.envelope.usage;
    let prompt = usage.prompt_tokens();
    json!({
        "prompt_tokens": prompt,
        "completion_tokens": usage.output_tokens,
        "total_tokens": prompt + usage.output_tokens,
    })
}
