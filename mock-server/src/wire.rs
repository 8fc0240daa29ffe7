//! The answer's JSON and stream events, byte for byte as the API writes them.

use std::fmt::Write as _;

use crate::prices::Usage;

/// What every shape of an answer tells about itself.
#[derive(Debug, Clone)]
pub(crate) struct Envelope {
    pub(crate) id: String,
    pub(crate) model: String,
}

/// JSON string literal of `text`, appended to `out`.
pub(crate) fn push_json_string(out: &mut String, text: &str) {
    let literal = serde_json::to_string(text).expect("a string is always valid JSON");
    out.push_str(&literal);
}

/// The body of a whole answer.
pub(crate) fn message(envelope: &Envelope, text: &str, stop_reason: &str, usage: Usage) -> String {
    let mut json = String::with_capacity(text.len() + text.len() / 16 + 512);
    open_message(&mut json, envelope);
    if text.is_empty() {
        json.push_str("\"content\":[]");
    } else {
        json.push_str("\"content\":[{\"type\":\"text\",\"text\":");
        push_json_string(&mut json, text);
        json.push_str("}]");
    }
    let _ = write!(
        json,
        ",\"stop_reason\":\"{stop_reason}\",\"stop_sequence\":null,"
    );
    push_usage(&mut json, usage, usage.output_tokens);
    json.push('}');
    json
}

fn open_message(json: &mut String, envelope: &Envelope) {
    json.push_str("{\"model\":");
    push_json_string(json, &envelope.model);
    let _ = write!(
        json,
        ",\"id\":\"{}\",\"type\":\"message\",\"role\":\"assistant\",",
        envelope.id
    );
}

fn push_usage(json: &mut String, usage: Usage, output_tokens: u64) {
    let (five, hour) = (usage.cache_write_5m_tokens, usage.cache_write_1h_tokens);
    let _ = write!(
        json,
        "\"usage\":{{\"input_tokens\":{},\"cache_creation_input_tokens\":{},\
         \"cache_read_input_tokens\":{},\"cache_creation\":{{\"ephemeral_5m_input_tokens\":{five},\
         \"ephemeral_1h_input_tokens\":{hour}}},\"output_tokens\":{output_tokens},\
         \"service_tier\":\"standard\",\"inference_geo\":\"not_available\"}}",
        usage.input_tokens,
        five + hour,
        usage.cache_read_tokens,
    );
}

/// One event on the wire: `json` lacks its closing brace, which follows after `padding` spaces.
fn push_event(out: &mut String, name: &str, json: &str, padding: usize) {
    let _ = write!(out, "event: {name}\ndata: {json}{:padding$}}}\n\n", "");
}

pub(crate) fn push_message_start(out: &mut String, envelope: &Envelope, usage: Usage, pad: usize) {
    let mut json = String::from("{\"type\":\"message_start\",\"message\":");
    open_message(&mut json, envelope);
    json.push_str("\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,");
    push_usage(&mut json, usage, usage.output_tokens.min(1));
    json.push('}');
    push_event(out, "message_start", &json, pad);
}

pub(crate) fn push_block_start(out: &mut String, pad: usize) {
    let json = "{\"type\":\"content_block_start\",\"index\":0,\
                \"content_block\":{\"type\":\"text\",\"text\":\"\"}";
    push_event(out, "content_block_start", json, pad);
    out.push_str("event: ping\ndata: {\"type\": \"ping\"}\n\n");
}

pub(crate) fn push_text_delta(out: &mut String, text: &str, pad: usize) {
    out.push_str(
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\
         \"delta\":{\"type\":\"text_delta\",\"text\":",
    );
    push_json_string(out, text);
    let _ = write!(out, "}}{:pad$}}}\n\n", "");
}

pub(crate) fn push_block_stop(out: &mut String, pad: usize) {
    push_event(
        out,
        "content_block_stop",
        "{\"type\":\"content_block_stop\",\"index\":0",
        pad,
    );
}

pub(crate) fn push_message_end(out: &mut String, stop_reason: &str, usage: Usage, pad: usize) {
    let json = format!(
        "{{\"type\":\"message_delta\",\"delta\":{{\"stop_reason\":\"{stop_reason}\",\
         \"stop_sequence\":null}},\"usage\":{{\"input_tokens\":{},\
         \"cache_creation_input_tokens\":{},\"cache_read_input_tokens\":{},\"output_tokens\":{}}}",
        usage.input_tokens,
        usage.cache_write_5m_tokens + usage.cache_write_1h_tokens,
        usage.cache_read_tokens,
        usage.output_tokens,
    );
    push_event(out, "message_delta", &json, pad);
    push_event(out, "message_stop", "{\"type\":\"message_stop\"", pad);
}
