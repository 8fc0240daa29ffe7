//! Frames of an AWS event stream: headers, payload, and a checksum for each.

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use serde_json::{Value, json};

use super::error::UNAVAILABLE;

/// Appends an event named `name`.
pub(super) fn push_event(out: &mut Vec<u8>, name: &'static str, payload: &Value) {
    let headers = [
        (":event-type", name),
        (":content-type", "application/json"),
        (":message-type", "event"),
    ];
    push(out, headers, payload);
}

/// Appends the exception of an overload: the stream ends with it. Clients know it by the name of a
/// member of the stream's shape, which begins with a small letter.
pub(super) fn push_unavailable(out: &mut Vec<u8>) {
    let headers = [
        (":exception-type", "serviceUnavailableException"),
        (":content-type", "application/json"),
        (":message-type", "exception"),
    ];
    push(out, headers, &json!({ "message": UNAVAILABLE }));
}

fn push(out: &mut Vec<u8>, headers: [(&'static str, &'static str); 3], payload: &Value) {
    let mut message = Message::new(payload.to_string().into_bytes());
    for (name, value) in headers {
        message = message.add_header(Header::new(name, HeaderValue::String(value.into())));
    }
    write_message_to(&message, out).expect("names are short, and payloads far below 4 GB");
}

/// Spoils the last frame: its checksum is wrong.
pub(crate) fn spoil(out: &mut [u8]) {
    if let Some(last) = out.last_mut() {
        *last = !*last;
    }
}

/// Characters that hide how long a payload is: so many of the alphabet's first.
pub(super) fn padding(length: usize) -> &'static str {
    const ALPHABET: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    &ALPHABET[..length.min(ALPHABET.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As a Python encoder wrote it, and as Amazon's SDKs for Python and JavaScript read it.
    const PING: &str = "0000007f0000004bffae306f0b3a6576656e742d747970650700056368756e6b0d3a636f6e74656e\
                        742d747970650700106170706c69636174696f6e2f6a736f6e0d3a6d6573736167652d7479706507\
                        00056576656e747b226279746573223a2265794a306558426c496a6f67496e4270626d636966513d\
                        3d227d8891c0ec";

    #[test]
    fn a_frame_is_the_same_byte_for_byte_as_another_encoders() {
        let mut out = Vec::new();
        let payload = json!({ "bytes": "eyJ0eXBlIjogInBpbmcifQ==" });
        push_event(&mut out, "chunk", &payload);
        assert_eq!(hex::encode(&out), PING);
        spoil(&mut out);
        assert_ne!(hex::encode(&out), PING);
    }
}
