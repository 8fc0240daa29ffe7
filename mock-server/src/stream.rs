//! A streamed answer: which events are due when.

use crate::bucket::Flow;
use crate::mix::mix;
use crate::prices::Usage;
use crate::wire::{self, Envelope};

/// Most text events in one stream; a longer answer packs more tokens into each.
const MAX_DELTAS: u64 = 64;
/// The API hides lengths behind fewer than so many spaces.
const PADDING: u64 = 16;

/// A stream that is being played.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) envelope: Envelope,
    pub(crate) text: String,
    pub(crate) usage: Usage,
    pub(crate) stop_reason: &'static str,
    /// When the text is written, if nothing gets in its way.
    pub(crate) flow: Flow,
    /// Share of the text after which the connection is cut.
    pub(crate) cut_after: Option<f64>,
    /// Decides the padding.
    pub(crate) bits: u64,
    /// Events already played: the start is 0, then come the deltas.
    pub(crate) played: u64,
}

/// What happens next in a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Something is due at this moment, nanoseconds of simulated time.
    At(u64),
    /// All has been sent.
    End,
    /// The connection breaks.
    Cut,
}

impl Stream {
    fn deltas(&self) -> u64 {
        self.flow.tokens.min(MAX_DELTAS)
    }

    /// The moment of delta `number`, counted from 1; the start has none of its own.
    fn due(&self, number: u64) -> u64 {
        let span = u128::from(self.flow.end - self.flow.start);
        self.flow.start + (span * u128::from(number) / u128::from(self.deltas().max(1))) as u64
    }

    /// Deltas that get through and the moment of the cut.
    fn cut(&self) -> Option<(u64, u64)> {
        self.cut_after.map(|share| {
            let span = (self.flow.end - self.flow.start) as f64;
            (
                (self.deltas() as f64 * share) as u64,
                self.flow.start + (span * share) as u64,
            )
        })
    }

    /// Writes all that is due at `now` and says what comes after.
    pub(crate) fn play(&mut self, now: u64, out: &mut String) -> Next {
        let deltas = self.deltas();
        let (last, cut_at) = self
            .cut()
            .map_or((deltas, None), |(last, at)| (last, Some(at)));
        if self.played == 0 {
            let (a, b) = (self.padding(), self.padding_of(1));
            wire::push_message_start(out, &self.envelope, self.usage, a);
            if deltas > 0 {
                wire::push_block_start(out, b);
            }
            self.played = 1;
        }
        while self.played <= last {
            if self.due(self.played) > now {
                return Next::At(self.due(self.played));
            }
            let (from, to) = (self.boundary(self.played - 1), self.boundary(self.played));
            wire::push_text_delta(out, &self.text[from..to], self.padding());
            self.played += 1;
        }
        match cut_at {
            Some(at) if at > now => return Next::At(at),
            Some(_) => return Next::Cut,
            None => {}
        }
        if deltas > 0 {
            wire::push_block_stop(out, self.padding());
        }
        wire::push_message_end(out, self.stop_reason, self.usage, self.padding_of(2));
        Next::End
    }

    fn boundary(&self, delta: u64) -> usize {
        let bytes = self.text.len() as u64 * delta / self.deltas();
        self.text.floor_char_boundary(bytes as usize)
    }

    fn padding(&self) -> usize {
        self.padding_of(0)
    }

    fn padding_of(&self, event: u64) -> usize {
        (mix(&[self.bits, self.played, event]) % PADDING) as usize
    }
}
