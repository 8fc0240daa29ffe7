//! A streamed answer: which events are due when, and where a fault spoils them.

use std::ops::Range;

use crate::body::Hangup;
use crate::bucket::Flow;
use crate::ledger::Ending;
use crate::mix::mix;
use crate::wire::{self, Content, Envelope};

/// Most content events in one stream; a longer answer packs more tokens into each.
pub(crate) const MAX_DELTAS: u64 = 64;
/// The API hides lengths behind fewer than so many spaces.
const PADDING: u64 = 16;

/// An event beside its text, and events beside the deltas, roughly.
const EVENT_BYTES: usize = 160;
const FRAME_EVENTS: usize = 8;

/// A stream that is being played.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) envelope: Envelope,
    pub(crate) content: Vec<Content>,
    /// When the content is written, if nothing gets in its way.
    pub(crate) flow: Flow,
    pub(crate) spoil: Option<Spoil>,
    /// Decides the padding.
    pub(crate) bits: u64,
    /// Events already played: the start is 0, then come the deltas.
    pub(crate) played: u64,
}

/// A fault in the middle of an answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spoil {
    pub(crate) how: How,
    /// Share of the answer that comes before it.
    pub(crate) after: f64,
}

/// What a fault does in the middle of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    Die(Hangup),
    Stall,
    ErrorEvent,
    EndEarly,
    Malformed,
    Duplicate,
}

/// What happens next in a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Something is due at this moment, nanoseconds of simulated time.
    At(u64),
    /// All has been sent.
    End(Ending),
    /// The connection breaks.
    Die(Hangup),
    /// Nothing will ever come again.
    Stall,
}

impl Spoil {
    /// Whether nothing of the answer follows it.
    pub(crate) fn is_final(self) -> bool {
        !matches!(self.how, How::Malformed | How::Duplicate)
    }
}

impl Stream {
    fn deltas(&self) -> u64 {
        self.flow.tokens.min(MAX_DELTAS)
    }

    /// Deltas of the thinking before the answer: its share of the tokens.
    fn thinking_deltas(&self) -> u64 {
        match (self.envelope.thinking_tokens, self.content.len()) {
            (None, _) => 0,
            (Some(_), 0 | 1) => self.deltas(),
            (Some(tokens), _) => {
                let share = self.deltas() * tokens / self.flow.tokens;
                share.clamp(1, self.deltas() - 1)
            }
        }
    }

    /// The block that delta `number` belongs to, and which deltas that block has.
    fn block_of(&self, number: u64) -> (usize, Range<u64>) {
        let thinking = self.thinking_deltas();
        if number <= thinking {
            (0, 1..thinking + 1)
        } else {
            (self.content.len() - 1, thinking + 1..self.deltas() + 1)
        }
    }

    /// The moment of delta `number`, counted from 1; the start has none of its own.
    fn due(&self, number: u64) -> u64 {
        let span = u128::from(self.flow.end - self.flow.start);
        self.flow.start + (span * u128::from(number) / u128::from(self.deltas().max(1))) as u64
    }

    /// About as many bytes as [`Stream::play`] will write, so that they need not be moved.
    pub(crate) fn expected_bytes(&self, now: u64) -> usize {
        if self.played > 0 && self.due(self.played) > now {
            return 0;
        }
        if self.flow.end > now {
            return EVENT_BYTES;
        }
        let written: usize = self.content.iter().map(|block| block.written().len()).sum();
        written + written / 16 + (self.deltas() as usize + FRAME_EVENTS) * EVENT_BYTES
    }

    /// Writes all that is due at `now` and says what comes after.
    pub(crate) fn play(&mut self, now: u64, out: &mut Vec<u8>) -> Next {
        let deltas = self.deltas();
        let stop = self.spoil.filter(|spoil| spoil.is_final());
        let last = stop.map_or(deltas, |spoil| (deltas as f64 * spoil.after) as u64);
        if self.played == 0 {
            let first = self.content.first();
            wire::push_message_start(out, &self.envelope, first, self.padding(0));
            if let Some(first) = first {
                wire::push_block_start(out, 0, first, self.padding(1));
            }
            self.played = 1;
        }
        while self.played <= last {
            if self.due(self.played) > now {
                return Next::At(self.due(self.played));
            }
            self.push_delta(out);
            self.played += 1;
        }
        if let Some(spoil) = stop {
            let end = self.flow.cut(spoil.after).end;
            return if end > now {
                Next::At(end)
            } else {
                spoilt_end(spoil.how, out)
            };
        }
        if let Some(last) = self.content.last() {
            wire::push_block_stop(out, self.content.len() - 1, last, self.padding(0));
        }
        wire::push_message_delta(out, &self.envelope, self.padding(1));
        wire::push_message_stop(out, self.padding(2));
        let spoilt = self.spoil.is_some_and(|spoil| spoil.how == How::Malformed);
        Next::End(if spoilt {
            Ending::Truncated
        } else {
            Ending::Complete
        })
    }

    fn push_delta(&self, out: &mut Vec<u8>) {
        let (index, deltas) = self.block_of(self.played);
        let block = &self.content[index];
        if self.played == deltas.start && index > 0 {
            let before = &self.content[index - 1];
            wire::push_block_stop(out, index - 1, before, self.padding(2));
            wire::push_block_start(out, index, block, self.padding(1));
        }
        let written = block.written();
        let boundary = |number| {
            let bytes = written.len() as u64 * (number - deltas.start);
            written.floor_char_boundary((bytes / (deltas.end - deltas.start)) as usize)
        };
        if self.played <= self.silent_deltas() {
            return;
        }
        let part = &written[boundary(self.played)..boundary(self.played + 1)];
        let start = out.len();
        wire::push_delta(out, index, block, part, self.padding(0));
        match self
            .spoil
            .filter(|spoil| self.played == self.spoilt_delta(spoil.after))
        {
            Some(Spoil {
                how: How::Malformed,
                ..
            }) => {
                // The closing brace and the two line ends.
                out.truncate(out.len() - 3);
                out.extend_from_slice(b"\n\n");
            }
            Some(Spoil {
                how: How::Duplicate,
                ..
            }) => out.extend_from_within(start..),
            _ => {}
        }
    }

    /// Deltas of thinking that is not shown: time passes, but nothing is sent.
    fn silent_deltas(&self) -> u64 {
        match self.content.first() {
            Some(Content::Thinking { shown, .. }) if shown.is_empty() => self.thinking_deltas(),
            _ => 0,
        }
    }

    fn spoilt_delta(&self, after: f64) -> u64 {
        ((self.deltas() as f64 * after) as u64).max(self.silent_deltas() + 1)
    }

    fn padding(&self, event: u64) -> usize {
        (mix(&[self.bits, self.played, event]) % PADDING) as usize
    }
}

fn spoilt_end(how: How, out: &mut Vec<u8>) -> Next {
    match how {
        How::Die(hangup) => Next::Die(hangup),
        How::Stall => Next::Stall,
        How::ErrorEvent => {
            wire::push_error(out);
            Next::End(Ending::Truncated)
        }
        How::EndEarly | How::Malformed | How::Duplicate => Next::End(Ending::Truncated),
    }
}
