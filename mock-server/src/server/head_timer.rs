//! The timer behind hyper's limit on slow request heads, without a new timer for each request.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::rt::{Sleep, Timer};
use tokio::time::Instant;

/// Time of one connection. hyper asks for a sleep with each request and drops it when the head is
/// there; all of them share one sleep of the runtime, which only moves on. To register a new one
/// every time would cost as much as reading the request.
#[derive(Clone, Default)]
pub(crate) struct HeadTimer(Arc<Mutex<Option<Inner>>>);

type Inner = Pin<Box<tokio::time::Sleep>>;

/// hyper's view of the shared sleep.
struct Shared(HeadTimer);

impl HeadTimer {
    fn move_to(&self, deadline: Instant) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *inner {
            Some(sleep) => sleep.as_mut().reset(deadline),
            None => *inner = Some(Box::pin(tokio::time::sleep_until(deadline))),
        }
    }
}

#[expect(
    clippy::disallowed_types,
    reason = "hyper speaks of moments in this type; they come from the runtime's clock"
)]
impl Timer for HeadTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.move_to(Instant::now() + duration);
        Box::pin(Shared(self.clone()))
    }

    fn sleep_until(&self, deadline: std::time::Instant) -> Pin<Box<dyn Sleep>> {
        self.move_to(deadline.into());
        Box::pin(Shared(self.clone()))
    }

    fn reset(&self, _: &mut Pin<Box<dyn Sleep>>, deadline: std::time::Instant) {
        self.move_to(deadline.into());
    }

    fn now(&self) -> std::time::Instant {
        Instant::now().into()
    }
}

impl Future for Shared {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut inner = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *inner {
            Some(sleep) => sleep.as_mut().poll(cx),
            None => Poll::Pending,
        }
    }
}

impl Sleep for Shared {}
