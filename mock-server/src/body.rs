//! The body of an answer: played on the timeline, and able to die.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::attempt::Attempt;
use crate::ledger::Ending;
use crate::stream::{Next, Stream};

/// How a connection dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Hangup {
    /// Reset: the other side sees RST.
    #[error("connection reset")]
    Reset,
    /// Closed in the middle of a body: the other side sees FIN too early.
    #[error("connection closed in the middle of the answer")]
    Cut,
    /// Garbage where the size of the next chunk belongs, then closed.
    #[error("broken chunk in the middle of the answer")]
    BadChunk,
}

/// A response body with its own timing. Dropping it before its end means that the client gave up.
#[derive(Debug)]
pub struct ReplyBody {
    script: Script,
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

#[derive(Debug)]
enum Script {
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
    Dying(Hangup),
    Over,
}

type Polled = Poll<Option<Result<Frame<Bytes>, Hangup>>>;

impl ReplyBody {
    pub(crate) fn whole(bytes: Bytes, ending: Ending, attempt: Box<Attempt>) -> Self {
        Self {
            script: Script::Whole(bytes, ending),
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
            script: Script::Part {
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
            script: Script::Stream(Box::new(stream)),
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
    fn die(&mut self, hangup: Hangup, cx: &mut Context<'_>) -> Polled {
        self.script = Script::Dying(hangup);
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn end(&mut self, ending: Ending) {
        self.attempt.settle(ending);
        self.script = Script::Over;
    }

    fn poll_stream(&mut self, cx: &mut Context<'_>) -> Polled {
        let mut now = self.attempt.shared.now_ns();
        if let Some((planned, _)) = self.awaited.take_if(|(planned, _)| *planned <= now) {
            self.attempt.shared.lateness.record(now - planned);
        }
        loop {
            let Script::Stream(stream) = &mut self.script else {
                return Poll::Ready(None);
            };
            let mut out = Vec::with_capacity(stream.expected_bytes(now));
            let next = stream.play(now, &mut out);
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
                Next::Die(hangup) => return self.die(hangup, cx),
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
        match &mut this.script {
            Script::Stream(_) => this.poll_stream(cx),
            Script::Whole(bytes, ending) => {
                let (bytes, ending) = (std::mem::take(bytes), *ending);
                this.end(ending);
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Script::Part { sent, .. } if !sent.is_empty() => {
                Poll::Ready(Some(Ok(Frame::data(std::mem::take(sent)))))
            }
            Script::Part {
                then: Some(hangup), ..
            } => {
                let hangup = *hangup;
                this.die(hangup, cx)
            }
            Script::Part { then: None, .. } => Poll::Pending,
            Script::Dying(hangup) => {
                let hangup = *hangup;
                this.end(Ending::Truncated);
                Poll::Ready(Some(Err(hangup)))
            }
            Script::Over => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.script, Script::Over)
    }

    fn size_hint(&self) -> SizeHint {
        match &self.script {
            Script::Whole(bytes, _) => SizeHint::with_exact(bytes.len() as u64),
            Script::Part {
                promised: Some(promised),
                ..
            } => SizeHint::with_exact(*promised),
            Script::Part { .. } | Script::Stream(_) | Script::Dying(_) => SizeHint::default(),
            Script::Over => SizeHint::with_exact(0),
        }
    }
}
