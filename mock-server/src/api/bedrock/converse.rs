//! `Converse`: Amazon's own JSON and events, the same for the models of all makers.

use serde_json::{Value, json};

use crate::api::output::{Event, Output};
use crate::reply::{Content, Stop};

use super::frame;

/// The body of a whole answer.
pub(crate) fn message(output: &Output) -> Vec<u8> {
    let content: Vec<Value> = output.content.iter().filter_map(block).collect();
    json!({
        "output": { "message": { "role": "assistant", "content": content } },
        "stopReason": stop_reason(&output.envelope.stop),
        "usage": usage(output),
        "metrics": metrics(output),
    })
    .to_string()
    .into_bytes()
}

/// Appends what the dialect writes for `event`.
pub(crate) fn push(out: &mut Vec<u8>, output: &Output, event: Event<'_>, padding: usize) {
    let mut push = |name, mut payload: Value| {
        payload["p"] = json!(frame::padding(padding));
        frame::push_event(out, name, &payload);
    };
    let mut push_delta = |index: usize, delta: Value| {
        let payload = json!({ "contentBlockIndex": index, "delta": delta });
        push("contentBlockDelta", payload);
    };
    match event {
        Event::Start => push("messageStart", json!({ "role": "assistant" })),
        Event::BlockStart(index) => {
            // Only a tool call has anything to tell before its first part.
            if let Content::Tool { id, name, .. } = &output.content[index] {
                let start = json!({ "toolUse": { "toolUseId": id, "name": name } });
                let payload = json!({ "contentBlockIndex": index, "start": start });
                push("contentBlockStart", payload);
            }
        }
        Event::Delta { index, part } => match &output.content[index] {
            Content::Text(_) => push_delta(index, json!({ "text": part })),
            Content::Thinking { .. } => {
                push_delta(index, json!({ "reasoningContent": { "text": part } }));
            }
            Content::Tool { .. } => push_delta(index, json!({ "toolUse": { "input": part } })),
            Content::ServerTool { .. } | Content::Result(_) => {}
        },
        Event::BlockStop(index) => {
            let content = &output.content[index];
            if let Content::Thinking { signature, .. } = content {
                push_delta(
                    index,
                    json!({ "reasoningContent": { "signature": signature } }),
                );
            }
            if !matches!(content, Content::ServerTool { .. } | Content::Result(_)) {
                push("contentBlockStop", json!({ "contentBlockIndex": index }));
            }
        }
        Event::Result => {
            let stop_reason = stop_reason(&output.envelope.stop);
            push("messageStop", json!({ "stopReason": stop_reason }));
        }
        Event::Stop => {
            let payload = json!({ "usage": usage(output), "metrics": metrics(output) });
            push("metadata", payload);
        }
        Event::Error => frame::push_unavailable(out),
    }
}

/// A content block; nothing for those that the dialect cannot tell.
fn block(content: &Content) -> Option<Value> {
    match content {
        Content::Text(text) => Some(json!({ "text": text })),
        Content::Thinking { shown, signature } => Some(json!({ "reasoningContent": {
            "reasoningText": { "text": shown, "signature": signature },
        }})),
        Content::Tool {
            id, name, input, ..
        } => {
            let input: Value = serde_json::from_str(input).unwrap_or_else(|_| json!({}));
            Some(json!({ "toolUse": { "toolUseId": id, "name": name, "input": input } }))
        }
        Content::ServerTool { .. } | Content::Result(_) => None,
    }
}

fn stop_reason(stop: &Stop) -> &'static str {
    match stop {
        Stop::EndTurn | Stop::PauseTurn => "end_turn",
        Stop::MaxTokens => "max_tokens",
        Stop::ModelContextWindowExceeded => "model_context_window_exceeded",
        Stop::ToolUse => "tool_use",
        Stop::Refusal => "content_filtered",
        Stop::Sequence(_) => "stop_sequence",
    }
}

fn usage(output: &Output) -> Value {
    let usage = output.envelope.usage;
    json!({
        "inputTokens": usage.input_tokens,
        "outputTokens": usage.output_tokens,
        "totalTokens": usage.prompt_tokens() + usage.output_tokens,
        "cacheReadInputTokens": usage.cache_read_tokens,
        "cacheWriteInputTokens": usage.cache_write_tokens(),
    })
}

fn metrics(output: &Output) -> Value {
    json!({ "latencyMs": output.latency_ms() })
}
