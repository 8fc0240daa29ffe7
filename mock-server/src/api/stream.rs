//! A streamed answer: which events are due when, and where a fault spoils them.

use std::ops::Range;

use ground::chance::mix;
use ground::ledger::Ending;

use crate::fault::{Hangup, How, Spoil};
use crate::reply::{Content, MAX_DELTAS};

use super::output::{Event, Output};
use super::wire;

/// The API hides lengths behind fewer than so many spaces.
const PADDING: u64 = 16;

/// An event beside its text, and events beside the deltas, roughly.
const EVENT_BYTES: usize = 160;
const FRAME_EVENTS: usize = 8;

/// A stream that is being written.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) output: Output,
    pub(crate) spoil: Option<Spoil>,
    /// Decides the padding.
    pub(crate) bits: u64,
    /// Events already written: the start is 0, then come the deltas.
    pub(crate) written: u64,
    /// Whether a fault has spoilt a delta already.
    pub(crate) is_spoilt: bool,
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

impl Stream {
    fn deltas(&self) -> u64 {
        self.output.flow.tokens.min(MAX_DELTAS)
    }

    /// Deltas of the thinking before the answer: its share of the tokens.
    fn thinking_deltas(&self) -> u64 {
        let others = self.output.content.len().saturating_sub(1) as u64;
        match self.output.envelope.thinking_tokens {
            None => 0,
            Some(_) if others == 0 => self.deltas(),
            Some(tokens) => {
                let share = self.deltas() * tokens / self.output.flow.tokens.max(1);
                share.clamp(1, self.deltas().saturating_sub(others).max(1))
            }
        }
    }

    /// The block that delta `number` belongs to, and which deltas that block has.
    fn block_of(&self, number: u64) -> (usize, Range<u64>) {
        let thinking = self.thinking_deltas();
        if number <= thinking {
            return (0, 1..thinking + 1);
        }
        let first = usize::from(thinking > 0);
        let blocks = &self.output.content[first..];
        let end = self.deltas() + 1;
        // One delta for each block, and the others by length.
        let spare = (end - thinking - 1).saturating_sub(blocks.len() as u64);
        let bytes: usize = blocks.iter().map(|block| block.written().len()).sum();
        let mut start = thinking + 1;
        for (i, block) in blocks.iter().enumerate() {
            let share = spare * block.written().len() as u64 / bytes.max(1) as u64;
            let next = if i + 1 == blocks.len() {
                end
            } else {
                start + 1 + share
            };
            if number < next {
                return (first + i, start..next);
            }
            start = next;
        }
        (self.output.content.len() - 1, start..end)
    }

    /// The moment of delta `number`, counted from 1; the start has none of its own.
    fn due(&self, number: u64) -> u64 {
        let span = u128::from(self.output.flow.end - self.output.flow.start);
        self.output.flow.start
            + (span * u128::from(number) / u128::from(self.deltas().max(1))) as u64
    }

    /// About as many bytes as [`Stream::write_due`] will write, so that they need not be moved.
    pub(crate) fn expected_bytes(&self, now: u64) -> usize {
        if self.written > 0 && self.due(self.written) > now {
            return 0;
        }
        if self.output.flow.end > now {
            return EVENT_BYTES;
        }
        let written: usize = self
            .output
            .content
            .iter()
            .map(|block| block.written().len())
            .sum();
        written + written / 16 + (self.deltas() as usize + FRAME_EVENTS) * EVENT_BYTES
    }

    /// Writes all that is due at `now` and says what comes after.
    pub(crate) fn write_due(&mut self, now: u64, out: &mut Vec<u8>) -> Next {
        let deltas = self.deltas();
        let stop = self.spoil.filter(|spoil| spoil.is_final());
        let last = stop.map_or(deltas, |spoil| (deltas as f64 * spoil.after) as u64);
        if self.written == 0 {
            self.push(out, Event::Start, 0);
            if !self.output.content.is_empty() {
                self.push(out, Event::BlockStart(0), 1);
            }
            self.written = 1;
        }
        while self.written <= last {
            if self.due(self.written) > now {
                return Next::At(self.due(self.written));
            }
            self.push_delta(out);
            self.written += 1;
        }
        if let Some(spoil) = stop {
            let end = self.output.flow.cut(spoil.after).end;
            return if end > now {
                Next::At(end)
            } else {
                self.spoilt_end(spoil.how, out)
            };
        }
        if let Some(last) = self.output.content.len().checked_sub(1) {
            self.push(out, Event::BlockStop(last), 0);
        }
        self.push(out, Event::Result, 1);
        self.push(out, Event::Stop, 2);
        let spoilt = self.spoil.is_some_and(|spoil| spoil.how == How::Malformed);
        Next::End(if spoilt {
            Ending::Truncated
        } else {
            Ending::Complete
        })
    }

    fn push_delta(&mut self, out: &mut Vec<u8>) {
        let (index, deltas) = self.block_of(self.written);
        let block = &self.output.content[index];
        if self.written == deltas.start && index > 0 {
            self.push(out, Event::BlockStop(index - 1), 2);
            self.push(out, Event::BlockStart(index), 1);
        }
        let part = part(
            block,
            self.written - deltas.start,
            deltas.end - deltas.start,
        );
        if self.written <= self.silent_deltas() || (part.is_empty() && is_in_pieces(block)) {
            return;
        }
        let start = out.len();
        self.push(out, Event::Delta { index, part }, 0);
        // A fault that spoils a delta spoils the first one that is sent from there on.
        let spoil = self
            .spoil
            .filter(|spoil| !self.is_spoilt && self.written >= self.spoilt_delta(spoil.after));
        match spoil.map(|spoil| spoil.how) {
            Some(How::Malformed) => {
                wire::spoil(out, self.output.dialect);
                self.is_spoilt = true;
            }
            Some(How::Duplicate) if tells_when_repeated(part) => {
                out.extend_from_within(start..);
                self.is_spoilt = true;
            }
            _ => {}
        }
    }

    /// Deltas of thinking that is not shown: time passes, but nothing is sent.
    fn silent_deltas(&self) -> u64 {
        match self.output.content.first() {
            Some(Content::Thinking { shown, .. }) if shown.is_empty() => self.thinking_deltas(),
            _ => 0,
        }
    }

    fn spoilt_delta(&self, after: f64) -> u64 {
        ((self.deltas() as f64 * after) as u64).max(self.silent_deltas() + 1)
    }

    /// Appends an event, the one with this `number` of what is due together.
    fn push(&self, out: &mut Vec<u8>, event: Event<'_>, number: u64) {
        let padding = mix(&[self.bits, self.written, number]) % PADDING;
        wire::push(out, &self.output, event, padding as usize);
    }

    fn spoilt_end(&self, how: How, out: &mut Vec<u8>) -> Next {
        match how {
            How::Die(hangup) => Next::Die(hangup),
            How::Stall => Next::Stall,
            How::ErrorEvent => {
                self.push(out, Event::Error, 0);
                Next::End(Ending::Truncated)
            }
            How::EndEarly | How::Malformed | How::Duplicate => Next::End(Ending::Truncated),
        }
    }
}

/// Whether a client can know that `part` was sent twice: a letter may well be written twice in a row, and
/// a fault that nobody can see tests nobody.
fn tells_when_repeated(part: &str) -> bool {
    let mut letters = part.chars().filter(|letter| !letter.is_whitespace());
    letters
        .next()
        .is_some_and(|first| letters.any(|letter| letter != first))
}

/// What delta `number` of `count` spells of `block`.
fn part(block: &Content, number: u64, count: u64) -> &str {
    let written = block.written();
    let pieces = if is_in_pieces(block) {
        count.min(written.len().div_ceil(PIECE_BYTES) as u64).max(1)
    } else {
        count
    };
    let boundary = |number: u64| {
        let piece = number * pieces / count;
        written.floor_char_boundary((written.len() as u64 * piece / pieces) as usize)
    };
    &written[boundary(number)..boundary(number + 1)]
}

/// Whether a block is sent in few larger pieces rather than word by word.
fn is_in_pieces(block: &Content) -> bool {
    !matches!(block, Content::Text(_) | Content::Thinking { .. })
}

/// About as many bytes of a tool's input as the API sends at once.
const PIECE_BYTES: usize = 14;
