//! AWS's signature (version 4) as far as it says who asks and what for: read, but not verified.

/// Who signed, and for which service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Signature<'h> {
    pub(crate) access_key: &'h str,
    pub(crate) service: &'h str,
}

/// How the value of an `authorization` header begins that holds a signature.
const SCHEME: &str = "AWS4-HMAC-SHA256";

/// Whether this `authorization` is a signature, whole or not.
pub(crate) fn is_signature(authorization: &str) -> bool {
    authorization.starts_with(SCHEME)
}

/// Reads the value of an `authorization` header.
///
/// # Errors
/// With what AWS says about the parts that are missing.
pub(crate) fn read(authorization: &str) -> Result<Signature<'_>, String> {
    let parts = authorization.strip_prefix(SCHEME).unwrap_or("");
    let part = |name: &str| {
        parts
            .split(',')
            .find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='))
            .filter(|value| !value.is_empty())
    };
    let missing: Vec<String> = ["Credential", "Signature", "SignedHeaders"]
        .into_iter()
        .filter(|name| part(name).is_none())
        .map(|name| format!("Authorization header requires '{name}' parameter."))
        .collect();
    let Some(credential) = part("Credential").filter(|_| missing.is_empty()) else {
        return Err(missing.join(" "));
    };
    match credential.split('/').collect::<Vec<_>>()[..] {
        [access_key, _day, _region, service, "aws4_request"] => Ok(Signature {
            access_key,
            service,
        }),
        _ => Err(format!(
            "Credential must have exactly 5 slash-delimited elements, e.g. \
             keyid/date/region/service/term, got '{credential}'"
        )),
    }
}

impl Signature<'_> {
    /// Itself, if it is for one of `services`; for any, if none is named.
    ///
    /// # Errors
    /// With what AWS says of a signature for another service.
    pub(crate) fn for_one_of(self, services: &[&str]) -> Result<Self, String> {
        match services {
            [first, ..] if !services.contains(&self.service) => Err(format!(
                "Credential should be scoped to correct service: '{first}'."
            )),
            _ => Ok(self),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = "AWS4-HMAC-SHA256 Credential=AKID/20261114/us-east-1/bedrock/aws4_request, \
                         SignedHeaders=host;x-amz-date, Signature=abc";

    #[test]
    fn a_signature_names_its_access_key_and_its_service() {
        let read = read(WHOLE).unwrap().for_one_of(&["bedrock"]).unwrap();
        assert_eq!((read.access_key, read.service), ("AKID", "bedrock"));
        let other = read.for_one_of(&["bedrock-mantle"]).unwrap_err();
        assert!(other.ends_with("'bedrock-mantle'."), "{other}");
    }

    #[test]
    fn each_missing_part_is_named() {
        let why = |text: &str| read(text).unwrap_err();
        assert_eq!(why("AWS4-HMAC-SHA256").matches("requires").count(), 3);
        let without_names = WHOLE.replace("SignedHeaders=host;x-amz-date, ", "");
        assert!(why(&without_names).contains("'SignedHeaders'"));
        assert!(why(&WHOLE.replace("/us-east-1", "")).contains("5 slash-delimited"));
    }
}
