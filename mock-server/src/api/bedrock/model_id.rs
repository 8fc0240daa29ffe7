//! How Amazon names models: ids of foundation models, inference profiles, and resource names of both.

/// Where inference profiles spread requests: what their ids begin with.
const PROFILES: [&str; 7] = ["us", "eu", "apac", "au", "jp", "us-gov", "global"];

/// The model `id` as Anthropic calls it: `us.anthropic.claude-sonnet-4-5-20250929-v1:0` is
/// `claude-sonnet-4-5-20250929`. Nothing if no model of Anthropic can be called so.
pub(super) fn first_party(id: &str) -> Option<&str> {
    let id = match id.strip_prefix("arn:") {
        Some(_) => match id.rsplit_once('/')? {
            (kind, id) if is_named(kind) => id,
            _ => return None,
        },
        None => id,
    };
    let id = match id.split_once('.') {
        Some((place, rest)) if PROFILES.contains(&place) => rest,
        _ => id,
    };
    id.strip_prefix("anthropic.").map(without_version)
}

/// Whether what follows in a resource name is the name of a model, and not a customer's own.
fn is_named(kind: &str) -> bool {
    [":inference-profile", ":foundation-model"]
        .iter()
        .any(|end| kind.ends_with(end))
}

/// Without Amazon's version at the end: `-v1:0` or `-v1`.
fn without_version(id: &str) -> &str {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let Some((name, version)) = id.rsplit_once("-v") else {
        return id;
    };
    let (major, minor) = version.split_once(':').unwrap_or((version, "0"));
    if is_number(major) && is_number(minor) {
        name
    } else {
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_name_a_model_leads_to_anthropics() {
        let dated = "claude-sonnet-4-5-20250929";
        for (id, own) in [
            ("anthropic.claude-sonnet-4-5-20250929-v1:0", dated),
            ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", dated),
            ("us-gov.anthropic.claude-sonnet-4-5-20250929-v1:0", dated),
            ("global.anthropic.claude-opus-4-6-v1", "claude-opus-4-6"),
            ("anthropic.claude-haiku-5-5", "claude-haiku-5-5"),
            (
                "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0",
                dated,
            ),
            (
                "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0",
                dated,
            ),
        ] {
            assert_eq!(first_party(id), Some(own), "{id}");
        }
        for id in [
            "claude-sonnet-4-5",
            "amazon.nova-pro-v1:0",
            "mars.anthropic.claude-opus-5",
            "arn:aws:bedrock:us-east-1:1:application-inference-profile/abc",
            "arn:aws",
            "",
        ] {
            assert_eq!(first_party(id), None, "{id}");
        }
    }
}
