//! Which dialect of the API a request speaks.

/// A way to ask for messages. Limits, latency, faults, ledger and proofs are the same in all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Anthropic's own; that of Claude Platform on AWS too, which signs it.
    Messages,
    /// Anthropic's own on Amazon Bedrock.
    Mantle,
    /// Amazon Bedrock's runtime.
    Bedrock(Family),
    /// Google's, for Claude on Vertex AI.
    Vertex,
    /// Chat completions; `counted` if a stream is to tell its usage.
    OpenAi { counted: bool },
}

/// What is inside the envelopes of Amazon Bedrock's runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    /// Anthropic's own JSON: `invoke`.
    Invoke,
    /// Amazon's, which is the same for the models of all makers: `converse`.
    Converse,
}

impl Dialect {
    /// The dialect of a request to `path`.
    pub(crate) fn of(path: &str) -> Self {
        let mut parts = path.split('/').skip(1);
        match parts.next() {
            Some("model") if path.contains("/invoke") => Self::Bedrock(Family::Invoke),
            Some("model") => Self::Bedrock(Family::Converse),
            Some("anthropic") => Self::Mantle,
            Some("v1") => match (parts.next(), parts.next()) {
                (Some("projects"), Some(_)) => Self::Vertex,
                (Some("chat"), Some("completions")) => Self::OpenAi { counted: false },
                _ => Self::Messages,
            },
            _ => Self::Messages,
        }
    }

    /// How ids of its messages begin, before their 22 characters.
    pub(crate) fn message_prefix(self) -> &'static str {
        match self {
            Self::Messages | Self::OpenAi { .. } => "msg_01",
            Self::Mantle | Self::Bedrock(_) => "msg_bdrk_01",
            Self::Vertex => "msg_vrtx_01",
        }
    }

    /// Whether ids of its requests are UUIDs.
    pub(crate) fn has_uuids(self) -> bool {
        matches!(self, Self::Bedrock(_))
    }

    /// The services for which AWS clients sign such requests.
    pub(crate) fn signed_services(self) -> &'static [&'static str] {
        match self {
            Self::Messages => &["aws-external-anthropic"],
            Self::Mantle => &["bedrock-mantle", "bedrock"],
            Self::Bedrock(_) => &["bedrock"],
            Self::Vertex | Self::OpenAi { .. } => &[],
        }
    }

    /// The model `id` as Anthropic calls it, if the dialect can have this name for one.
    pub(crate) fn first_party(self, id: &str) -> Option<&str> {
        match self {
            Self::Mantle => id.strip_prefix("anthropic."),
            // The others have translated it before.
            Self::Messages | Self::Bedrock(_) | Self::Vertex | Self::OpenAi { .. } => Some(id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_tells_the_dialect() {
        for (path, dialect) in [
            ("/v1/messages", Dialect::Messages),
            ("/v1/chat/completions", Dialect::OpenAi { counted: false }),
            ("/v1/projects/p/locations/l", Dialect::Vertex),
            ("/anthropic/v1/messages", Dialect::Mantle),
            ("/model/m/invoke", Dialect::Bedrock(Family::Invoke)),
            (
                "/model/m/invoke-with-response-stream",
                Dialect::Bedrock(Family::Invoke),
            ),
            ("/model/m/converse", Dialect::Bedrock(Family::Converse)),
            ("/model/m/count-tokens", Dialect::Bedrock(Family::Converse)),
            ("/", Dialect::Messages),
        ] {
            assert_eq!(Dialect::of(path), dialect, "{path}");
        }
    }
}
