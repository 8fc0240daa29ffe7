//! The answer's JSON and stream events, byte for byte as the API writes them.

use http::StatusCode;

use crate::api::output::{Event, Output};
use crate::reply::{Content, Envelope, Stop};
use crate::request::ApiError;

fn push_content(out: &mut Vec<u8>, content: &Content) {
    match content {
        Content::Text(text) => {
            put(out, &["{\"type\":\"text\",\"text\":"]);
            push_json_string(out, text);
            put(out, &["}"]);
        }
        Content::Thinking { shown, signature } => push_thinking(out, shown, signature),
        Content::Tool {
            id, name, input, ..
        } => push_tool(out, "tool_use", id, name, input),
        Content::ServerTool { id, name, input } => {
            push_tool(out, "server_tool_use", id, name, input)
        }
        Content::Result(json) => put(out, &[json]),
    }
}

fn push_stop(out: &mut Vec<u8>, stop: &Stop) {
    let reason = match stop {
        Stop::EndTurn => "end_turn",
        Stop::MaxTokens => "max_tokens",
        Stop::ModelContextWindowExceeded => "model_context_window_exceeded",
        Stop::ToolUse => "tool_use",
        Stop::Refusal => "refusal",
        Stop::PauseTurn => "pause_turn",
        Stop::Sequence(_) => "stop_sequence",
    };
    put(
        out,
        &["\"stop_reason\":\"", reason, "\",\"stop_sequence\":"],
    );
    match stop {
        Stop::Sequence(text) => push_json_string(out, text),
        _ => put(out, &["null"]),
    }
}

fn put(out: &mut Vec<u8>, parts: &[&str]) {
    for part in parts {
        out.extend_from_slice(part.as_bytes());
    }
}

/// Appends `text` as a JSON string. Answers are plain text in lines: long runs are copied whole.
fn push_json_string(out: &mut Vec<u8>, text: &str) {
    let mut rest = text.as_bytes();
    out.reserve(rest.len() + rest.len() / 8 + 2);
    out.push(b'"');
    // No early exit, so that it becomes vector instructions.
    let is_rare = |byte: &u8| *byte < b' ' && *byte != b'\n';
    let has_rare = rest.iter().fold(false, |any, byte| any | is_rare(byte));
    if !has_rare {
        while let Some(at) = memchr::memchr3(b'\n', b'"', b'\\', rest) {
            out.extend_from_slice(&rest[..at]);
            out.extend_from_slice(&[b'\\', escape(rest[at])]);
            rest = &rest[at + 1..];
        }
        out.extend_from_slice(rest);
        rest = &[];
    }
    for byte in rest {
        match escape(*byte) {
            0 => out.push(*byte),
            b'u' => push_code(out, *byte),
            letter => out.extend_from_slice(&[b'\\', letter]),
        }
    }
    out.push(b'"');
}

/// What follows the backslash where `byte` is escaped; 0 where it stands for itself.
fn escape(byte: u8) -> u8 {
    match byte {
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x08 => b'b',
        0x0C => b'f',
        b'"' | b'\\' => byte,
        0..b' ' => b'u',
        _ => 0,
    }
}

fn push_code(out: &mut Vec<u8>, byte: u8) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let digits = [byte >> 4, byte & 0xF].map(|digit| HEX[usize::from(digit)]);
    out.extend_from_slice(b"\\u00");
    out.extend_from_slice(&digits);
}

/// Appends names and numbers in turn, e.g. `"a":` and 1, without the formatter's detours.
fn push_numbers<const N: usize>(out: &mut Vec<u8>, fields: [(&str, u64); N]) {
    for (before, number) in fields {
        put(out, &[before]);
        serde_json::to_writer(&mut *out, &number).expect("memory takes every number");
    }
}

/// The body of a whole answer.
pub(crate) fn message(envelope: &Envelope, content: &[Content]) -> Vec<u8> {
    let written: usize = content.iter().map(|block| block.written().len()).sum();
    // Never less than `push_json_string` asks for, which would move what is written already.
    let mut out = Vec::with_capacity(written + written / 8 + 640);
    push_identity(&mut out, envelope);
    put(&mut out, &["\"content\":["]);
    for (index, block) in content.iter().enumerate() {
        put(&mut out, &[if index > 0 { "," } else { "" }]);
        push_content(&mut out, block);
    }
    put(&mut out, &["],"]);
    push_stop(&mut out, &envelope.stop);
    put(&mut out, &[","]);
    push_usage(&mut out, envelope, envelope.usage.output_tokens);
    put(&mut out, &["}"]);
    out
}

fn push_identity(out: &mut Vec<u8>, envelope: &Envelope) {
    put(out, &["{\"model\":"]);
    push_json_string(out, &envelope.model);
    put(
        out,
        &[
            ",\"id\":\"",
            &envelope.id,
            "\",\"type\":\"message\",\"role\":\"assistant\",",
        ],
    );
}

fn push_tool(out: &mut Vec<u8>, kind: &str, id: &str, name: &str, input: &str) {
    put(
        out,
        &["{\"type\":\"", kind, "\",\"id\":\"", id, "\",\"name\":"],
    );
    push_json_string(out, name);
    put(
        out,
        &[",\"input\":", input, ",\"caller\":{\"type\":\"direct\"}}"],
    );
}

fn push_thinking(out: &mut Vec<u8>, shown: &str, signature: &str) {
    put(out, &["{\"type\":\"thinking\",\"thinking\":"]);
    push_json_string(out, shown);
    put(out, &[",\"signature\":\"", signature, "\"}"]);
}

fn push_usage(out: &mut Vec<u8>, envelope: &Envelope, output_tokens: u64) {
    let usage = envelope.usage;
    let (five, hour) = (usage.cache_write_5m_tokens, usage.cache_write_1h_tokens);
    push_numbers(
        out,
        [
            ("\"usage\":{\"input_tokens\":", usage.input_tokens),
            (",\"cache_creation_input_tokens\":", five + hour),
            (",\"cache_read_input_tokens\":", usage.cache_read_tokens),
            (",\"cache_creation\":{\"ephemeral_5m_input_tokens\":", five),
            (",\"ephemeral_1h_input_tokens\":", hour),
            ("},\"output_tokens\":", output_tokens),
        ],
    );
    push_output_details(out, envelope);
    let tier = envelope.service_tier;
    put(
        out,
        &[
            ",\"service_tier\":\"",
            tier,
            "\",\"inference_geo\":\"not_available\"}",
        ],
    );
}

fn push_output_details(out: &mut Vec<u8>, envelope: &Envelope) {
    if let Some(tokens) = envelope.thinking_tokens {
        push_numbers(
            out,
            [(",\"output_tokens_details\":{\"thinking_tokens\":", tokens)],
        );
        put(out, &["}"]);
    }
}

fn open_event(out: &mut Vec<u8>, name: &str) {
    put(out, &["event: ", name, "\ndata: {\"type\":\"", name, "\""]);
}

/// Ends an event: the API hides lengths behind `padding` spaces before the closing brace.
fn close_event(out: &mut Vec<u8>, padding: usize) {
    out.resize(out.len() + padding, b' ');
    put(out, &["}\n\n"]);
}

/// Appends what Anthropic's own dialect writes for `event`.
pub(crate) fn push(out: &mut Vec<u8>, output: &Output, event: Event<'_>, padding: usize) {
    let Output {
        envelope, content, ..
    } = output;
    match event {
        Event::Start => push_message_start(out, envelope, content.first(), padding),
        Event::BlockStart(index) => push_block_start(out, index, &content[index], padding),
        Event::Delta { index, part } => push_delta(out, index, &content[index], part, padding),
        Event::BlockStop(index) => push_block_stop(out, index, &content[index], padding),
        Event::Result => push_message_delta(out, envelope, padding),
        Event::Stop => push_message_stop(out, padding),
        Event::Error => push_error(out),
    }
}

/// Spoils the last event: its JSON lacks the closing brace.
pub(crate) fn spoil(out: &mut Vec<u8>) {
    // The brace and the two line ends.
    out.truncate(out.len() - 3);
    out.extend_from_slice(b"\n\n");
}

/// Opens a stream whose first block is `first`.
fn push_message_start(
    out: &mut Vec<u8>,
    envelope: &Envelope,
    first: Option<&Content>,
    padding: usize,
) {
    open_event(out, "message_start");
    put(out, &[",\"message\":"]);
    push_identity(out, envelope);
    put(
        out,
        &["\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,"],
    );
    let begun = match first {
        Some(Content::Tool { .. }) => BEGUN_TOOL_TOKENS,
        _ => 1,
    };
    push_usage(out, envelope, envelope.usage.output_tokens.min(begun));
    put(out, &["}"]);
    close_event(out, padding);
}

/// Output tokens that the API counts when the stream of a forced tool call begins.
const BEGUN_TOOL_TOKENS: u64 = 26;

/// Opens block `index`; the first one is followed by a ping.
fn push_block_start(out: &mut Vec<u8>, index: usize, content: &Content, padding: usize) {
    open_event(out, "content_block_start");
    push_numbers(out, [(",\"index\":", index as u64)]);
    put(out, &[",\"content_block\":"]);
    match content {
        Content::Text(_) => put(out, &["{\"type\":\"text\",\"text\":\"\"}"]),
        Content::Thinking { .. } => push_thinking(out, "", ""),
        Content::Tool { id, name, .. } => push_tool(out, "tool_use", id, name, "{}"),
        Content::ServerTool { id, name, .. } => push_tool(out, "server_tool_use", id, name, "{}"),
        Content::Result(json) => put(out, &[json]),
    }
    close_event(out, padding);
    if index == 0 {
        put(out, &["event: ping\ndata: {\"type\": \"ping\"}\n\n"]);
    }
    if matches!(content, Content::Tool { .. } | Content::ServerTool { .. }) {
        push_delta(out, index, content, "", padding);
    }
}

/// A delta that adds `part` to block `index`.
fn push_delta(out: &mut Vec<u8>, index: usize, content: &Content, part: &str, padding: usize) {
    let delta = match content {
        Content::Text(_) => "{\"type\":\"text_delta\",\"text\":",
        Content::Thinking { .. } => "{\"type\":\"thinking_delta\",\"thinking\":",
        Content::Tool { .. } | Content::ServerTool { .. } | Content::Result(_) => {
            "{\"type\":\"input_json_delta\",\"partial_json\":"
        }
    };
    push_raw_delta(out, index, delta, part, padding);
}

fn push_raw_delta(out: &mut Vec<u8>, index: usize, delta: &str, part: &str, padding: usize) {
    open_event(out, "content_block_delta");
    push_numbers(out, [(",\"index\":", index as u64)]);
    put(out, &[",\"delta\":", delta]);
    push_json_string(out, part);
    put(out, &["}"]);
    close_event(out, padding);
}

/// Closes block `index`; thinking is signed first.
fn push_block_stop(out: &mut Vec<u8>, index: usize, content: &Content, padding: usize) {
    if let Content::Thinking { signature, .. } = content {
        let delta = "{\"type\":\"signature_delta\",\"signature\":";
        push_raw_delta(out, index, delta, signature, padding);
    }
    open_event(out, "content_block_stop");
    push_numbers(out, [(",\"index\":", index as u64)]);
    close_event(out, padding);
}

fn push_message_delta(out: &mut Vec<u8>, envelope: &Envelope, padding: usize) {
    let usage = envelope.usage;
    open_event(out, "message_delta");
    put(out, &[",\"delta\":{"]);
    push_stop(out, &envelope.stop);
    let written = usage.cache_write_tokens();
    push_numbers(
        out,
        [
            ("},\"usage\":{\"input_tokens\":", usage.input_tokens),
            (",\"cache_creation_input_tokens\":", written),
            (",\"cache_read_input_tokens\":", usage.cache_read_tokens),
            (",\"output_tokens\":", usage.output_tokens),
        ],
    );
    push_output_details(out, envelope);
    put(out, &["}"]);
    close_event(out, padding);
}

fn push_message_stop(out: &mut Vec<u8>, padding: usize) {
    open_event(out, "message_stop");
    close_event(out, padding);
}

/// The error event that ends a stream after its 200.
fn push_error(out: &mut Vec<u8>) {
    put(
        out,
        &["event: error\ndata: {\"type\":\"error\",\"error\":\
        {\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n"],
    );
}

/// The JSON of an error. The edge, which refuses oversized bodies before the API sees them, knows no
/// request id.
pub(crate) fn error(error: &ApiError, request_id: &str) -> String {
    let message = serde_json::Value::from(error.message.as_str());
    let details = error.code.map_or_else(String::new, |code| {
        format!(",\"details\":{{\"error_code\":\"{code}\"}}")
    });
    let written = format!(
        "{{\"type\":\"{}\",\"message\":{message}{details}}}",
        error.kind
    );
    if error.status == StatusCode::PAYLOAD_TOO_LARGE {
        return format!("{{\"error\":{written}}}");
    }
    format!("{{\"type\":\"error\",\"error\":{written},\"request_id\":\"{request_id}\"}}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn strings_are_escaped_as_json_demands(text in any::<String>(), plain in "[ -~\n\t\"]{0,200}") {
            for text in [text, plain] {
                let mut out = Vec::new();
                push_json_string(&mut out, &text);
                prop_assert_eq!(String::from_utf8(out).unwrap(), serde_json::to_string(&text).unwrap());
            }
        }
    }

    #[test]
    fn the_edge_answers_without_a_request_id() {
        assert!(!error(&ApiError::too_large(), "req_x").contains("req_x"));
        assert!(error(&ApiError::overloaded(), "req_x").ends_with(",\"request_id\":\"req_x\"}"));
    }
}
