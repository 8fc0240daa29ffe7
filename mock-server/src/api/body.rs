//! The body of an answer: sent when its parts are due, and able to break off.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use ground::ledger::Ending;
use http_body::{Body, Frame, SizeHint};

use crate::fault::Hangup;
use crate::state::Attempt;

use super::stream::{Next, Stream};

/// A response body with its own timing. Dropping it before its end means that the client gave up.
#[derive(Debug)]
pub struct ReplyBody {
    rest: Rest,
    attempt: Box<Attempt>,
    /// Planned moment of the event that is waited for, and the wait for it.
    awaited: Option<(u64, Wait)>,
}

/// A wait on the timeline.
struct Wait(Pin<Box<dyn Future<Output = ()> + Send>>);

impl std::fmt::Debug for Wait {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Wait(..)")
    }
}

/// What is still to be sent.
#[derive(Debug)]
enum Rest {
    /// Everything at once; the attempt then ends so.
    Whole(Bytes, Ending),
    /// A part of the answer, then the end of the connection, or silence if there is no hangup.
    Part {
        sent: Bytes,
        promised: Option<u64>,
        then: Option<Hangup>,
    },
    Stream(Box<Stream>),
    /// All that can be sent is; the connection dies at the next poll.
    Breaking(Hangup),
    Done,
}

type Polled = Poll<Option<Result<Frame<Bytes>, Hangup>>>;

impl ReplyBody {
    pub(crate) fn whole(bytes: Bytes, ending: Ending, attempt: Box<Attempt>) -> Self {
        Self {
            rest: Rest::Whole(bytes, ending),
            attempt,
            awaited: None,
        }
    }

    /// Sends `share` of `whole`, then dies; without a hangup it falls silent instead.
    pub(crate) fn part(
        whole: &Bytes,
        share: f64,
        then: Option<Hangup>,
        attempt: Box<Attempt>,
    ) -> Self {
        let sent = first_part(whole, share);
        // Only a chunked body can have a bad chunk.
        let chunked = then == Some(Hangup::BadChunk);
        let promised = (!chunked).then_some(whole.len() as u64);
        Self {
            rest: Rest::Part {
                sent,
                promised,
                then,
            },
            attempt,
            awaited: None,
        }
    }

    pub(crate) fn stream(stream: Stream, attempt: Box<Attempt>) -> Self {
        Self {
            rest: Rest::Stream(Box::new(stream)),
            attempt,
            awaited: None,
        }
    }

    /// Ready once the moment `at` has come.
    fn wait(&mut self, at: u64, cx: &mut Context<'_>) -> Poll<()> {
        if self
            .awaited
            .as_ref()
            .is_none_or(|(moment, _)| *moment != at)
        {
            let shared = Arc::clone(&self.attempt.shared);
            let wait = Wait(Box::pin(async move { shared.sleep_until(at).await }));
            self.awaited = Some((at, wait));
        }
        let Some((_, wait)) = &mut self.awaited else {
            return Poll::Ready(());
        };
        wait.0.as_mut().poll(cx)
    }

    /// Ends the connection, but only after what was sent had a chance to leave.
    fn break_off(&mut self, hangup: Hangup, cx: &mut Context<'_>) -> Polled {
        self.rest = Rest::Breaking(hangup);
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn end(&mut self, ending: Ending) {
        self.attempt.settle(ending);
        self.rest = Rest::Done;
    }

    fn poll_stream(&mut self, cx: &mut Context<'_>) -> Polled {
        let mut now = self.attempt.shared.now_ns();
        if let Some((planned, _)) = self.awaited.take_if(|(planned, _)| *planned <= now) {
            self.attempt.shared.delays.record(now - planned);
        }
        loop {
            let Rest::Stream(stream) = &mut self.rest else {
                return Poll::Ready(None);
            };
            let mut out = Vec::with_capacity(stream.expected_bytes(now));
            let next = stream.write_due(now, &mut out);
            if let Next::End(ending) = next {
                self.end(ending);
            }
            if !out.is_empty() {
                return Poll::Ready(Some(Ok(Frame::data(Bytes::from(out)))));
            }
            match next {
                Next::At(at) => {
                    std::task::ready!(self.wait(at, cx));
                    now = at;
                }
                Next::Die(hangup) => return self.break_off(hangup, cx),
                Next::Stall => return Poll::Pending,
                Next::End(_) => return Poll::Ready(None),
            }
        }
    }
}

/// The first `share` of `whole`: at least its last byte is missing.
pub(crate) fn first_part(whole: &Bytes, share: f64) -> Bytes {
    let length = (whole.len() as f64 * share) as usize;
    whole.slice(..length.min(whole.len().saturating_sub(1)))
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = Hangup;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Polled {
        let this = self.get_mut();
        match &mut this.rest {
            Rest::Stream(_) => this.poll_stream(cx),
            Rest::Whole(bytes, ending) => {
                let (bytes, ending) = (std::mem::take(bytes), *ending);
                this.end(ending);
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Rest::Part { sent, .. } if !sent.is_empty() => {
                Poll::Ready(Some(Ok(Frame::data(std::mem::take(sent)))))
            }
            Rest::Part {
                then: Some(hangup), ..
            } => {
                let hangup = *hangup;
                this.break_off(hangup, cx)
            }
            Rest::Part { then: None, .. } => Poll::Pending,
            Rest::Breaking(hangup) => {
                let hangup = *hangup;
                this.end(Ending::Truncated);
                Poll::Ready(Some(Err(hangup)))
            }
            Rest::Done => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.rest, Rest::Done)
    }

    fn size_hint(&self) -> SizeHint {
        match &self.rest {
            Rest::Whole(bytes, _) => SizeHint::with_exact(bytes.len() as u64),
            Rest::Part {
                promised: Some(promised),
                ..
            } => SizeHint::with_exact(*promised),
            Rest::Part { .. } | Rest::Stream(_) | Rest::Breaking(_) => SizeHint::default(),
            Rest::Done => SizeHint::with_exact(0),
        }
    }
}
