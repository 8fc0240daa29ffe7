//! The one path of the dialect; models are listed by Anthropic's own.

use bytes::Bytes;
use http::{Method, Request};

use crate::api::dialect::Dialect;
use crate::api::plan::Decision;
use crate::api::{caller::Caller, create, model};
use crate::request::ApiError;
use crate::state::Attempt;

use super::request;

/// Largest request body, bytes.
pub(crate) const MAX_BODY: usize = 32 << 20;

/// Decides what becomes of a request.
pub(crate) fn route(request: &Request<Bytes>, attempt: &mut Attempt) -> Result<Decision, ApiError> {
    if request.method() != Method::POST {
        return Err(ApiError::method_not_allowed());
    }
    let headers = request.headers();
    let chat = request::read(request.body())?;
    let dialect = Dialect::OpenAi {
        counted: chat.wants_usage(),
    };
    let caller = Caller::on_cloud(dialect, headers, attempt)?;
    let live = &attempt.live;
    let profile = &live.config.profiles[model::find_model(live, dialect, &chat.model)?];
    let body = chat.to_messages(profile.max_output_tokens)?;
    create::decide(body.to_string().as_bytes(), headers, caller, attempt)
}
