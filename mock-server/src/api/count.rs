//! `POST /v1/messages/count_tokens`.

use bytes::Bytes;

use crate::limits::Endpoint;
use crate::request::{self, ApiError};
use crate::state::Attempt;

use super::caller::Caller;
use super::model::{check_for_model, find_model};
use super::plan::Decision;

/// The tokens of a prompt that nobody answers.
pub(crate) fn count_tokens(
    body: &[u8],
    caller: Caller,
    attempt: &mut Attempt,
) -> Result<u64, ApiError> {
    attempt.admit_to(Endpoint::CountTokens, caller.key)?;
    let live = &attempt.live;
    let wanted = request::parse(body, caller.rules(true))?;
    let profile = &live.config.profiles[find_model(live, caller.dialect, &wanted.model)?];
    if !caller.lenient {
        check_for_model(&wanted, profile, &attempt.shared.key)?;
    }
    Ok(request::input_tokens(&wanted, profile))
}

/// Tells a count as Anthropic does.
pub(crate) fn told(tokens: u64) -> Decision {
    let json = format!("{{\"input_tokens\":{tokens}}}");
    Decision::Info(Bytes::from(json))
}
