//! Who asks, in which dialect: the headers that every request must carry.

use ground::chance::digest;
use ground::version::ApiVersion;
use http::HeaderMap;

use crate::request::{ApiError, Rules};
use crate::state::Attempt;

/// Who asks, in which dialect.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller {
    /// Hash of the customer's key.
    pub(crate) key: u64,
    /// The version that it speaks.
    pub(crate) version: ApiVersion,
    /// Whether it names beta features.
    pub(crate) beta: bool,
    /// Whether only the shape of a request counts.
    pub(crate) lenient: bool,
}

impl Caller {
    /// Checks the headers of a request with this query string.
    pub(crate) fn read(
        headers: &HeaderMap,
        query: &str,
        attempt: &Attempt,
    ) -> Result<Self, ApiError> {
        let lenient = attempt.live.options.conformance;
        let given = Given::read(headers);
        let key = given.key(&attempt.live.options.keys)?;
        let version = given
            .version
            .ok_or_else(|| ApiError::invalid("anthropic-version: header is required"))?;
        if !lenient {
            given.check(version, &attempt.shared.workspace)?;
        }
        Ok(Self {
            key: digest(key.as_bytes()),
            // Only the lenient take another one.
            version: version.parse().unwrap_or_default(),
            beta: given.beta.is_some() || query == "beta=true",
            lenient,
        })
    }

    /// By which rules the body is checked.
    pub(crate) fn rules(self, counting: bool) -> Rules {
        Rules {
            version: self.version,
            counting,
            beta: self.beta,
            lenient: self.lenient,
        }
    }
}

/// The headers that matter, found in one pass.
#[derive(Default)]
struct Given<'h> {
    api_key: Option<&'h str>,
    authorization: Option<&'h str>,
    version: Option<&'h str>,
    beta: Option<&'h str>,
    workspace: Option<&'h str>,
    encoding: Option<&'h str>,
    origin: Option<&'h str>,
    browser: Option<&'h str>,
}

impl<'h> Given<'h> {
    fn read(headers: &'h HeaderMap) -> Self {
        let mut given = Self::default();
        for (name, value) in headers {
            let field = match name.as_str() {
                "x-api-key" => &mut given.api_key,
                "authorization" => &mut given.authorization,
                "anthropic-version" => &mut given.version,
                "anthropic-beta" => &mut given.beta,
                "anthropic-workspace-id" => &mut given.workspace,
                "content-encoding" => &mut given.encoding,
                "origin" => &mut given.origin,
                "anthropic-dangerous-direct-browser-access" => &mut given.browser,
                _ => continue,
            };
            *field = Some(value.to_str().unwrap_or("?"));
        }
        given
    }

    /// The customer's key; any is right if there is no list of `accepted` ones.
    fn key(&self, accepted: &[String]) -> Result<&'h str, ApiError> {
        if self.origin.is_some() && self.browser != Some("true") {
            return Err(ApiError::authentication(
                "CORS requests must set 'anthropic-dangerous-direct-browser-access' header",
            ));
        }
        let bearer = self
            .authorization
            .map(|value| value.strip_prefix("Bearer ").unwrap_or(""));
        let given = |key: &&str| !key.is_empty();
        let (key, wrong) = match (self.api_key.filter(given), bearer.filter(given)) {
            (Some(_), Some(_)) => {
                return Err(ApiError::authentication(
                    "x-api-key and Authorization headers must not be sent together",
                ));
            }
            (Some(key), None) => (key, "invalid x-api-key"),
            (None, Some(key)) => (key, "Invalid bearer token"),
            (None, None) => return Err(ApiError::authentication("x-api-key header is required")),
        };
        if accepted.is_empty() || accepted.iter().any(|other| other == key) {
            Ok(key)
        } else {
            Err(ApiError::authentication(wrong))
        }
    }

    fn check(&self, version: &str, own_workspace: &str) -> Result<(), ApiError> {
        if version.parse::<ApiVersion>().is_err() {
            return Err(ApiError::invalid(format!(
                "anthropic-version: \"{version}\" is not a valid version"
            )));
        }
        let betas = self.beta.into_iter().flat_map(|names| names.split(','));
        let unknown: Vec<&str> = betas.map(str::trim).filter(|name| !is_beta(name)).collect();
        if !unknown.is_empty() {
            return Err(ApiError::invalid(format!(
                "Unexpected value(s) `{}` for the `anthropic-beta` header. Please consult our \
                 documentation at platform.claude.com/docs or try again without the header.",
                unknown.join("`, `")
            )));
        }
        match self.workspace {
            Some(id) if !id.starts_with("wrkspc_") => {
                return Err(ApiError::invalid(
                    "anthropic-workspace-id header must be a valid workspace ID.",
                ));
            }
            Some(id) if id != own_workspace => {
                return Err(ApiError::not_found(format!("Workspace `{id}` not found.")));
            }
            _ => {}
        }
        match self.encoding {
            None | Some("identity") => Ok(()),
            Some(encoding) => Err(ApiError {
                code: Some("request_body_encoding_unsupported"),
                ..ApiError::invalid(format!(
                    "content-encoding: `{encoding}` is not supported for request bodies"
                ))
            }),
        }
    }
}

/// Whether this can be the name of a beta feature: words, and the day on which it began.
fn is_beta(name: &str) -> bool {
    let mut parts = name.rsplitn(4, '-');
    let mut number = |digits| {
        parts
            .next()
            .is_some_and(|part| part.len() == digits && part.bytes().all(|b| b.is_ascii_digit()))
    };
    let dated = number(2) && number(2) && number(4);
    dated && parts.next().is_some_and(|words| !words.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_betas_end_with_a_day() {
        assert!(is_beta("message-batches-2024-09-24") && is_beta("a-2026-01-01"));
        for name in [
            "invalid-beta-name",
            "2024-09-24",
            "x-2024-9-24",
            "",
            "-2024-09-24",
        ] {
            assert!(!is_beta(name), "{name}");
        }
    }
}
