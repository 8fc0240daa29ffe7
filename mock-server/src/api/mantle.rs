//! The dialect of Amazon Bedrock's `bedrock-mantle` service: Anthropic's own, below `/anthropic`, signed
//! by AWS, and with `anthropic.` before the names of models.

use bytes::Bytes;
use http::{Method, Request};

use crate::request::ApiError;
use crate::state::Attempt;

use super::caller::Caller;
use super::dialect::Dialect;
use super::plan::Decision;
use super::{count, create};

/// Decides what becomes of a request.
pub(super) fn route(request: &Request<Bytes>, attempt: &mut Attempt) -> Result<Decision, ApiError> {
    let (headers, body) = (request.headers(), request.body());
    let path = request.uri().path();
    let is_count = match path {
        "/anthropic/v1/messages" => false,
        "/anthropic/v1/messages/count_tokens" => true,
        _ => return Err(ApiError::not_found("Not Found")),
    };
    if request.method() != Method::POST {
        return Err(ApiError::method_not_allowed());
    }
    let query = request.uri().query().unwrap_or("");
    let caller = Caller::read(Dialect::Mantle, headers, query, attempt)?;
    if is_count {
        let tokens = count::count_tokens(body, caller, attempt)?;
        return Ok(count::told(tokens));
    }
    create::decide(body, headers, caller, attempt)
}
