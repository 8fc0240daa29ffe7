//! Which model a request asks, and what that model refuses.

use ground::profile::Profile;
use ground::proof::Key;

use crate::reply::forged_thinking;
use crate::request::{ApiError, MessagesRequest, check_model};
use crate::state::Live;

use super::dialect::Dialect;

/// The index among the profiles of the model that `dialect` calls `id`.
pub(crate) fn find_model(live: &Live, dialect: Dialect, id: &str) -> Result<usize, ApiError> {
    let own = dialect.first_party(id);
    match own.and_then(|own| live.models.get(own)) {
        Some(index) => Ok(*index),
        None if live.options.conformance => Ok(0),
        None => Err(ApiError::not_found(format!("model: {id}"))),
    }
}

/// Refuses what the model cannot do, and thinking that the client has changed.
pub(crate) fn check_for_model(
    wanted: &MessagesRequest<'_>,
    profile: &Profile,
    key: &Key,
) -> Result<(), ApiError> {
    check_model(wanted, &profile.model)?;
    match forged_thinking(wanted, key) {
        Some((message, block)) => Err(ApiError::invalid(format!(
            "messages.{message}.content.{block}: `thinking` or `redacted_thinking` blocks in the \
             latest assistant message cannot be modified. These blocks must remain as they were \
             in the original response."
        ))),
        None => Ok(()),
    }
}
