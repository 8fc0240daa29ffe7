//! What all checks depend on, and words that they share.

use ground::version::ApiVersion;

use super::super::message::OutputConfig;

/// What the checks depend on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    /// The version that the client speaks.
    pub(crate) version: ApiVersion,
    /// `count_tokens` knows no `max_tokens`.
    pub(crate) counting: bool,
    /// Fields of beta features are known.
    pub(crate) beta: bool,
    /// Only the shape counts, not the meaning.
    pub(crate) lenient: bool,
}

pub(super) const EXTRA: &str = "Extra inputs are not permitted";

/// A `type` that nobody knows.
pub(super) fn tag_mistake(path: &str, found: &str, expected: &str) -> String {
    format!(
        "{path}: Input tag '{found}' found using 'type' does not match any of the expected tags: \
         {expected}"
    )
}

const EFFORTS: [&str; 5] = ["low", "medium", "high", "xhigh", "max"];

/// An effort that nobody knows.
pub(super) fn effort_mistake(config: &OutputConfig<'_>) -> Option<String> {
    let effort = config.effort.as_deref()?;
    (!EFFORTS.contains(&effort))
        .then(|| "effort: Input should be 'low', 'medium', 'high', 'xhigh' or 'max'".to_owned())
}
