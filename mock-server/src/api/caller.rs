//! Who asks, in which dialect: the headers that every request must carry.

use ground::chance::digest;
use ground::version::ApiVersion;
use http::HeaderMap;

use crate::request::{ApiError, Rules};
use crate::state::Attempt;

use super::dialect::Dialect;
use super::signature;

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
    /// In which dialect it is answered.
    pub(crate) dialect: Dialect,
}

impl Caller {
    /// Checks the headers of a request with this query string.
    pub(crate) fn read(
        dialect: Dialect,
        headers: &HeaderMap,
        query: &str,
        attempt: &Attempt,
    ) -> Result<Self, ApiError> {
        let lenient = attempt.live.options.conformance;
        let given = Given::read(headers);
        let key = given.key(dialect, &attempt.live.options.keys)?;
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
            dialect,
        })
    }

    /// Who asks on a cloud, where the body names the version.
    pub(crate) fn on_cloud(
        dialect: Dialect,
        headers: &HeaderMap,
        attempt: &Attempt,
    ) -> Result<Self, ApiError> {
        let options = &attempt.live.options;
        let given = Given::read(headers);
        let key = given.key(dialect, &options.keys)?;
        let betas = given.check_betas();
        if !options.conformance {
            betas?;
        }
        Ok(Self {
            key: digest(key.as_bytes()),
            version: ApiVersion::default(),
            beta: given.beta.is_some(),
            lenient: options.conformance,
            dialect,
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
    fn key(&self, dialect: Dialect, accepted: &[String]) -> Result<&'h str, ApiError> {
        if self.origin.is_some() && self.browser != Some("true") {
            return Err(ApiError::authentication(
                "CORS requests must set 'anthropic-dangerous-direct-browser-access' header",
            ));
        }
        let bearer = self.authorization.map(|value| bearer(dialect, value));
        let bearer = bearer.transpose()?;
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

    fn is_signed(&self) -> bool {
        self.authorization.is_some_and(signature::is_signature)
    }

    fn check_betas(&self) -> Result<(), ApiError> {
        let betas = self.beta.into_iter().flat_map(|names| names.split(','));
        let unknown: Vec<&str> = betas.map(str::trim).filter(|name| !is_beta(name)).collect();
        if unknown.is_empty() {
            return Ok(());
        }
        Err(ApiError::invalid(format!(
            "Unexpected value(s) `{}` for the `anthropic-beta` header. Please consult our \
             documentation at platform.claude.com/docs or try again without the header.",
            unknown.join("`, `")
        )))
    }

    fn check(&self, version: &str, own_workspace: &str) -> Result<(), ApiError> {
        if version.parse::<ApiVersion>().is_err() {
            return Err(ApiError::invalid(format!(
                "anthropic-version: \"{version}\" is not a valid version"
            )));
        }
        self.check_betas()?;
        match self.workspace {
            Some(id) if !id.starts_with("wrkspc_") => {
                return Err(ApiError::invalid(
                    "anthropic-workspace-id header must be a valid workspace ID.",
                ));
            }
            // Workspaces of AWS's customers are not known here.
            Some(id) if id != own_workspace && !self.is_signed() => {
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

/// Whether this can be the name of a beta feature: words and numbers with dashes between them, the
/// last of which is the day on which it began, in either spelling.
fn is_beta(name: &str) -> bool {
    let parts: Vec<&str> = name.split('-').collect();
    let is_number =
        |part: &str, digits| part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_word = |part: &&str| {
        let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"._".contains(&byte);
        !part.is_empty() && part.bytes().all(letter)
    };
    let words = match parts.as_slice() {
        [words @ .., year, month, day]
            if is_number(year, 4) && is_number(month, 2) && is_number(day, 2) =>
        {
            words
        }
        [words @ .., day] if is_number(day, 8) => words,
        _ => return false,
    };
    !words.is_empty() && words.iter().all(is_word)
}

/// The token in an `authorization` header, or the access key in its signature.
fn bearer(dialect: Dialect, authorization: &str) -> Result<&str, ApiError> {
    if !signature::is_signature(authorization) {
        return Ok(authorization.strip_prefix("Bearer ").unwrap_or(""));
    }
    signature::read(authorization)
        .and_then(|signature| signature.for_one_of(dialect.signed_services()))
        .map(|signature| signature.access_key)
        .map_err(|why| ApiError::authentication(&why))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_betas_end_with_a_day() {
        for name in [
            "message-batches-2024-09-24",
            "a-2026-01-01",
            "claude-code-20250219",
            "oauth-2025-04-20",
            "output-128k-2025-02-19",
            "fine-grained-tool-streaming-2025-05-14",
        ] {
            assert!(is_beta(name), "{name}");
        }
        for name in [
            "invalid-beta-name",
            "2024-09-24",
            "20250219",
            "x-2024-9-24",
            "",
            "-2024-09-24",
            "a b-2026-01-01",
        ] {
            assert!(!is_beta(name), "{name}");
        }
    }
}
