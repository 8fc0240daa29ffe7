//! `InvokeModel`: Anthropic's own JSON, and its events in the payloads of frames.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::header::{HeaderMap, HeaderValue};
use serde_json::json;

use crate::api::messages;
use crate::api::output::{Event, Output};

use super::frame;

/// Appends what the dialect writes for `event`.
pub(crate) fn push(out: &mut Vec<u8>, output: &Output, event: Event<'_>, padding: usize) {
    if event == Event::Error {
        return frame::push_unavailable(out);
    }
    let mut written = Vec::new();
    messages::wire::push(&mut written, output, event, 0);
    for line in written.split(|byte| *byte == b'\n') {
        // Amazon keeps the connection alive by itself.
        let Some(json) = line.strip_prefix(b"data: ").filter(|json| !is_ping(json)) else {
            continue;
        };
        let bytes = match event {
            Event::Stop => BASE64_STANDARD.encode(with_metrics(json, output)),
            _ => BASE64_STANDARD.encode(json),
        };
        let payload = json!({ "bytes": bytes, "p": frame::padding(padding) });
        frame::push_event(out, "chunk", &payload);
    }
}

fn is_ping(json: &[u8]) -> bool {
    json.starts_with(b"{\"type\": \"ping\"")
}

/// The last event with what the call used and how long it took, in milliseconds.
fn with_metrics(json: &[u8], output: &Output) -> Vec<u8> {
    let usage = output.envelope.usage;
    let metrics = json!({
        "inputTokenCount": usage.input_tokens,
        "outputTokenCount": usage.output_tokens,
        "cacheReadInputTokenCount": usage.cache_read_tokens,
        "cacheWriteInputTokenCount": usage.cache_write_tokens(),
        "invocationLatency": output.latency_ms(),
        "firstByteLatency": output.first_byte_ms(),
    });
    let mut json = json.to_vec();
    json.truncate(json.len() - 1);
    json.extend_from_slice(format!(",\"amazon-bedrock-invocationMetrics\":{metrics}}}").as_bytes());
    json
}

/// Adds what an answer that is no stream tells in its headers.
pub(crate) fn tell(output: &Output, headers: &mut HeaderMap) {
    let usage = output.envelope.usage;
    for (name, value) in [
        ("x-amzn-bedrock-input-token-count", usage.input_tokens),
        ("x-amzn-bedrock-output-token-count", usage.output_tokens),
        (
            "x-amzn-bedrock-cache-read-input-token-count",
            usage.cache_read_tokens,
        ),
        (
            "x-amzn-bedrock-cache-write-input-token-count",
            usage.cache_write_tokens(),
        ),
        ("x-amzn-bedrock-invocation-latency", output.latency_ms()),
    ] {
        headers.insert(name, HeaderValue::from(value));
    }
}
