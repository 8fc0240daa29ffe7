//! Reads a streamed answer event by event, as the standard of server-sent events says. Only an answer
//! that reached `message_stop` is whole.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::wire::{self, ContentBlock, Usage};
use super::{CallError, Message};

/// State of a stream between two pieces of it.
#[derive(Default)]
pub(super) struct Reader {
    lines: Lines,
    event: Vec<u8>,
    data: Vec<u8>,
    /// The data of the last event, if that was a piece of text: none comes twice.
    last_delta: Vec<u8>,
    blocks: u64,
    text: String,
    usage: Usage,
    stop_reason: Option<String>,
    started: bool,
    stopped: bool,
}

/// Cuts bytes into lines that end with LF, CR or CRLF.
#[derive(Default)]
struct Lines {
    begun: Vec<u8>,
    /// The last byte was a CR, so that an LF now belongs to it.
    after_cr: bool,
    /// Bytes of the stream so far, to find a byte order mark.
    is_first_over: bool,
}

impl Lines {
    /// Gives every line that `bytes` ends to `take`.
    fn push(
        &mut self,
        bytes: &[u8],
        mut take: impl FnMut(&[u8]) -> Result<(), CallError>,
    ) -> Result<(), CallError> {
        let mut rest = bytes;
        if self.after_cr && !rest.is_empty() {
            rest = rest.strip_prefix(b"\n").unwrap_or(rest);
            self.after_cr = false;
        }
        while let Some(end) = memchr::memchr2(b'\n', b'\r', rest) {
            let (line, after) = (&rest[..end], &rest[end + 1..]);
            if self.begun.is_empty() {
                take(self.without_mark(line))?;
            } else {
                self.begun.extend_from_slice(line);
                let line = std::mem::take(&mut self.begun);
                take(self.without_mark(&line))?;
                self.begun = line;
                self.begun.clear();
            }
            self.is_first_over = true;
            let is_cr = rest[end] == b'\r';
            self.after_cr = is_cr && after.is_empty();
            rest = if is_cr {
                after.strip_prefix(b"\n").unwrap_or(after)
            } else {
                after
            };
        }
        self.begun.extend_from_slice(rest);
        Ok(())
    }

    /// The first line may begin with a byte order mark.
    fn without_mark<'l>(&self, line: &'l [u8]) -> &'l [u8] {
        if self.is_first_over {
            line
        } else {
            line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line)
        }
    }
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
    #[serde(default)]
    index: u64,
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

/// What an event without a name says that it is.
#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
}

impl Reader {
    /// Takes the next bytes, cut anywhere.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), CallError> {
        let mut lines = std::mem::take(&mut self.lines);
        let outcome = lines.push(bytes, |line| self.take_line(line));
        self.lines = lines;
        outcome
    }

    /// The answer, once the connection has ended cleanly.
    pub(super) fn finish(mut self) -> Result<Message, CallError> {
        self.take_unfinished()?;
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

    /// Some servers leave out the line ends behind the last event. If what is there cannot be read,
    /// the answer was cut.
    fn take_unfinished(&mut self) -> Result<(), CallError> {
        let line = std::mem::take(&mut self.lines.begun);
        self.take_line(&line)?;
        if self.data.is_empty() || serde_json::from_slice::<Named<'_>>(&self.data).is_err() {
            return Ok(());
        }
        self.take_line(b"")
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
            if !self.data.is_empty() {
                self.data.push(b'\n');
            }
            self.data.extend_from_slice(data.trim_ascii_start());
        }
        Ok(())
    }

    /// Events of an unknown kind are skipped, as the API asks of its clients.
    fn take_event(&mut self, event: &[u8], data: &[u8]) -> Result<(), CallError> {
        if event.is_empty() {
            // A proxy may have dropped the name; the data repeats it.
            return match serde_json::from_slice::<Named<'_>>(data) {
                Ok(named) => self.take_named(named.kind.as_bytes(), data),
                Err(_) => Ok(()),
            };
        }
        self.take_named(event, data)
    }

    fn take_named(&mut self, event: &[u8], data: &[u8]) -> Result<(), CallError> {
        match event {
            b"message_start" if self.started => return Err(repeated("message_start")),
            b"message_start" => {
                self.usage = parse::<Start>(data)?.message.usage;
                self.started = true;
            }
            b"content_block_start" => self.start_block(&borrow::<BlockStart<'_>>(data)?)?,
            b"content_block_delta" => {
                let delta = borrow::<BlockDelta<'_>>(data)?.delta;
                if delta.kind == "text_delta" {
                    if data == self.last_delta && is_telling(&delta.text) {
                        return Err(repeated("content_block_delta"));
                    }
                    self.text.push_str(&delta.text);
                    data.clone_into(&mut self.last_delta);
                    return Ok(());
                }
            }
            b"message_delta" => {
                let delta: MessageDelta = parse(data)?;
                self.usage = delta.usage.or(self.usage);
                self.stop_reason = delta.delta.stop_reason.or(self.stop_reason.take());
            }
            b"message_stop" => self.stopped = true,
            b"error" => return Err(wire::stream_error(data)),
            _ => return Ok(()),
        }
        self.last_delta.clear();
        Ok(())
    }

    /// Blocks come in order, each once.
    fn start_block(&mut self, start: &BlockStart<'_>) -> Result<(), CallError> {
        if start.index < self.blocks {
            return Err(repeated("content_block_start"));
        }
        self.blocks = start.index + 1;
        if start.content_block.kind == "text" {
            self.text.push_str(&start.content_block.text);
        }
        Ok(())
    }
}

/// Whether the same text twice in a row, in events alike to the last byte, must be one event sent
/// twice. The API pads events at random, and only runs of one letter are often said again at once.
fn is_telling(text: &str) -> bool {
    let mut letters = text.chars().filter(|letter| !letter.is_whitespace());
    letters
        .next()
        .is_some_and(|first| letters.any(|letter| letter != first))
}

fn repeated(event: &str) -> CallError {
    CallError::Malformed {
        what: format!("the stream says `{event}` twice"),
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
