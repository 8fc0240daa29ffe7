//! Reads a streamed answer event by event. Only an answer that reached `message_stop` is whole.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::wire::{self, ContentBlock, Usage};
use super::{CallError, Message};

/// State of a stream between two pieces of it.
#[derive(Default)]
pub(super) struct Reader {
    line: Vec<u8>,
    event: Vec<u8>,
    data: Vec<u8>,
    text: String,
    usage: Usage,
    stop_reason: Option<String>,
    started: bool,
    stopped: bool,
}

#[derive(Deserialize)]
struct Start {
    message: StartMessage,
}

#[derive(Deserialize)]
struct StartMessage {
    usage: Usage,
}

#[derive(Deserialize)]
struct BlockStart<'a> {
    #[serde(borrow)]
    content_block: ContentBlock<'a>,
}

#[derive(Deserialize)]
struct BlockDelta<'a> {
    #[serde(borrow)]
    delta: TextDelta<'a>,
}

#[derive(Deserialize)]
struct TextDelta<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    text: Cow<'a, str>,
}

#[derive(Deserialize)]
struct MessageDelta {
    delta: StopDelta,
    #[serde(default)]
    usage: Usage,
}

#[derive(Deserialize)]
struct StopDelta {
    #[serde(default)]
    stop_reason: Option<String>,
}

impl Reader {
    /// Takes the next bytes, cut anywhere.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), CallError> {
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            self.line.extend_from_slice(&rest[..end]);
            rest = &rest[end + 1..];
            let line = std::mem::take(&mut self.line);
            self.take_line(line.strip_suffix(b"\r").unwrap_or(&line))?;
            self.line = line;
            self.line.clear();
        }
        self.line.extend_from_slice(rest);
        Ok(())
    }

    /// The answer, once the connection has ended cleanly.
    pub(super) fn finish(self) -> Result<Message, CallError> {
        if !self.started || !self.stopped {
            return Err(CallError::Cut);
        }
        Ok(Message {
            text: self.text,
            stop_reason: wire::stop_reason(self.stop_reason)?,
            usage: self.usage.billed()?,
            limits: None,
            request_id: None,
        })
    }

    fn take_line(&mut self, line: &[u8]) -> Result<(), CallError> {
        if line.is_empty() {
            let event = std::mem::take(&mut self.event);
            let data = std::mem::take(&mut self.data);
            return self.take_event(&event, &data);
        }
        if let Some(name) = line.strip_prefix(b"event:") {
            name.trim_ascii().clone_into(&mut self.event);
        } else if let Some(data) = line.strip_prefix(b"data:") {
            self.data.extend_from_slice(data.trim_ascii_start());
        }
        Ok(())
    }

    /// Events without a name and with an unknown one are skipped, as the API asks of its clients.
    fn take_event(&mut self, event: &[u8], data: &[u8]) -> Result<(), CallError> {
        match event {
            b"message_start" => {
                self.usage = parse::<Start>(data)?.message.usage;
                self.started = true;
            }
            b"content_block_start" => {
                let block = borrow::<BlockStart<'_>>(data)?.content_block;
                if block.kind == "text" {
                    self.text.push_str(&block.text);
                }
            }
            b"content_block_delta" => {
                let delta = borrow::<BlockDelta<'_>>(data)?.delta;
                if delta.kind == "text_delta" {
                    self.text.push_str(&delta.text);
                }
            }
            b"message_delta" => {
                let delta: MessageDelta = parse(data)?;
                self.usage = delta.usage.or(self.usage);
                self.stop_reason = delta.delta.stop_reason.or(self.stop_reason.take());
            }
            b"message_stop" => self.stopped = true,
            b"error" => return Err(wire::stream_error(data)),
            _ => {}
        }
        Ok(())
    }
}

fn parse<T: DeserializeOwned>(data: &[u8]) -> Result<T, CallError> {
    borrow(data)
}

fn borrow<'a, T: Deserialize<'a>>(data: &'a [u8]) -> Result<T, CallError> {
    serde_json::from_slice(data).map_err(|error| CallError::Malformed {
        what: error.to_string(),
    })
}
