//! The body of an answer: played on the timeline, and able to die.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::Sleep;

use crate::attempt::Attempt;
use crate::ledger::Ending;
use crate::stream::{Next, Stream};

/// How a connection dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Hangup {
    /// Reset before the head of an answer.
    #[error("connection reset before an answer")]
    Reset,
    /// Closed in the middle of a body.
    #[error("connection closed in the middle of the answer")]
    Cut,
}

/// A response body with its own timing. Dropping it before its end means that the client gave up.
#[derive(Debug)]
pub struct ReplyBody {
    script: Script,
    attempt: Attempt,
    timer: Option<Pin<Box<Sleep>>>,
}

#[derive(Debug)]
enum Script {
    /// Everything at once; the attempt then ends so.
    Whole(Bytes, Ending),
    /// A part of the promised length, then the end of the connection.
    Part {
        sent: Bytes,
        promised: u64,
    },
    Stream(Box<Stream>),
    /// All that can be sent is; the connection dies at the next poll.
    Dying,
    Over,
}

impl ReplyBody {
    pub(crate) fn whole(bytes: Bytes, ending: Ending, attempt: Attempt) -> Self {
        Self {
            script: Script::Whole(bytes, ending),
            attempt,
            timer: None,
        }
    }

    pub(crate) fn part(whole: &Bytes, share: f64, attempt: Attempt) -> Self {
        // At least the last byte is missing, or nothing would be cut.
        let length = (whole.len() as f64 * share) as usize;
        let sent = whole.slice(..length.min(whole.len() - 1));
        let script = Script::Part {
            sent,
            promised: whole.len() as u64,
        };
        Self {
            script,
            attempt,
            timer: None,
        }
    }

    pub(crate) fn stream(stream: Stream, attempt: Attempt) -> Self {
        Self {
            script: Script::Stream(Box::new(stream)),
            attempt,
            timer: None,
        }
    }

    /// Arms the timer for the moment `at`; ready once it has come.
    fn wait(&mut self, at: u64, cx: &mut Context<'_>) -> Poll<()> {
        let instant = self
            .attempt
            .shared
            .timeline
            .instant(Duration::from_nanos(at));
        let timer = match &mut self.timer {
            Some(timer) => {
                if timer.deadline() != instant {
                    timer.as_mut().reset(instant);
                }
                timer
            }
            None => self
                .timer
                .insert(Box::pin(tokio::time::sleep_until(instant))),
        };
        timer.as_mut().poll(cx)
    }

    /// Ends the connection, but only after what was sent had a chance to leave.
    fn die(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Hangup>>> {
        self.script = Script::Dying;
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn poll_stream(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Hangup>>> {
        let mut now = self.attempt.shared.now_ns();
        loop {
            let Script::Stream(stream) = &mut self.script else {
                return Poll::Ready(None);
            };
            let mut out = String::new();
            let next = stream.play(now, &mut out);
            match next {
                Next::End => {
                    self.attempt.settle(Ending::Complete);
                    self.script = Script::Over;
                }
                Next::Cut if out.is_empty() => return self.die(cx),
                Next::Cut | Next::At(_) => {}
            }
            if !out.is_empty() {
                return Poll::Ready(Some(Ok(Frame::data(Bytes::from(out)))));
            }
            if let Next::At(at) = next {
                std::task::ready!(self.wait(at, cx));
                now = at;
            }
        }
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = Hangup;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Hangup>>> {
        let this = self.get_mut();
        match &mut this.script {
            Script::Stream(_) => this.poll_stream(cx),
            Script::Whole(bytes, ending) => {
                let (bytes, ending) = (std::mem::take(bytes), *ending);
                this.attempt.settle(ending);
                this.script = Script::Over;
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Script::Part { sent, .. } if !sent.is_empty() => {
                Poll::Ready(Some(Ok(Frame::data(std::mem::take(sent)))))
            }
            Script::Part { .. } => this.die(cx),
            Script::Dying => {
                this.attempt.settle(Ending::Truncated);
                this.script = Script::Over;
                Poll::Ready(Some(Err(Hangup::Cut)))
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
            Script::Part { promised, .. } => SizeHint::with_exact(*promised),
            Script::Stream(_) | Script::Dying => SizeHint::default(),
            Script::Over => SizeHint::with_exact(0),
        }
    }
}
