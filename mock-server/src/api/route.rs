//! Which request goes where: each dialect knows its own paths.

use bytes::Bytes;
use http::Request;

use crate::request::ApiError;
use crate::state::Attempt;

use super::dialect::Dialect;
use super::plan::Decision;
use super::{bedrock, browser, mantle, messages, openai, vertex};

/// Most bytes of a body sent to `path`.
pub(crate) fn max_body(path: &str) -> usize {
    match Dialect::of(path) {
        Dialect::Messages => messages::max_body(path),
        Dialect::Mantle => messages::max_body(path),
        Dialect::Bedrock(_) => bedrock::MAX_BODY,
        Dialect::Vertex => vertex::MAX_BODY,
        Dialect::OpenAi { .. } => openai::MAX_BODY,
    }
}

/// Decides what becomes of a request.
pub(super) fn route(
    dialect: Dialect,
    request: &Request<Bytes>,
    attempt: &mut Attempt,
) -> Result<Decision, ApiError> {
    if browser::is_preflight(request) {
        return Ok(Decision::Info(Bytes::new()));
    }
    if request.body().len() > max_body(request.uri().path()) {
        return Err(ApiError::too_large());
    }
    match dialect {
        Dialect::Messages => messages::route(request, attempt),
        Dialect::Mantle => mantle::route(request, attempt),
        Dialect::Bedrock(_) => bedrock::route(request, attempt),
        Dialect::Vertex => vertex::route(request, attempt),
        Dialect::OpenAi { .. } => openai::route(request, attempt),
    }
}
