//! The route without sockets: a mock that answers in the same process. No other file down here knows it.

use bytes::Bytes;
use http_body_util::BodyExt;
use mock_claude::{Hangup, MockClaude, ReplyBody};

/// A server of the API in this process. Copies share everything.
#[derive(Clone)]
pub struct InProcess(MockClaude);

/// The body of one of its replies. Dropped before its end, the client gave up.
pub(super) struct Body(Box<ReplyBody>);

impl From<MockClaude> for InProcess {
    fn from(mock: MockClaude) -> Self {
        Self(mock)
    }
}

impl InProcess {
    /// Answers `request`; the future ends when the head is due.
    pub(super) async fn answer(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Body>, Hangup> {
        let response = self.0.answer(request).await?;
        Ok(response.map(|body| Body(Box::new(body))))
    }
}

impl Body {
    /// The next piece; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Hangup> {
        loop {
            let Some(frame) = self.0.frame().await.transpose()? else {
                return Ok(None);
            };
            // Trailers carry nothing for us.
            if let Ok(data) = frame.into_data() {
                return Ok(Some(data));
            }
        }
    }
}
