//! `POST /v1/messages/count_tokens`.

use bytes::Bytes;

use crate::limits::Endpoint;
use crate::request::{self, ApiError};
use crate::state::Attempt;

use super::caller::Caller;
use super::model::{check_for_model, find_model};
use super::plan::Decision;

/// Counts the tokens of a prompt that nobody answers.
pub(crate) fn count_tokens(
    body: &[u8],
    caller: Caller,
    attempt: &mut Attempt,
) -> Result<Decision, ApiError> {
    attempt.admit_to(Endpoint::CountTokens, caller.key)?;
    let live = &attempt.live;
    let wanted = request::parse(body, caller.rules(true))?;
    let profile = &live.config.profiles[find_model(live, &wanted.model)?];
    if !caller.lenient {
        check_for_model(&wanted, profile, &attempt.shared.key)?;
    }
    let tokens = request::input_tokens(&wanted, profile);
    Ok(Decision::Info(Bytes::from(format!(
        "{{\"input_tokens\":{tokens}}}"
    ))))
}
