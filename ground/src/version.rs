//! The versions of the API, named by the day on which each began.

/// A version that clients may ask for, oldest first.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
)]
pub enum ApiVersion {
    /// The first one.
    #[strum(serialize = "2023-01-01")]
    Jan2023,
    /// Named stream events; what clients send unless told otherwise.
    #[default]
    #[strum(serialize = "2023-06-01")]
    Jun2023,
    /// No sampling parameters any more, and keys are bearer tokens.
    #[strum(serialize = "2026-10-21")]
    Oct2026,
}

impl ApiVersion {
    /// Whether requests may say `temperature`, `top_p` and `top_k`.
    #[must_use]
    pub fn has_sampling(self) -> bool {
        self < Self::Oct2026
    }

    /// Whether clients send their key as a bearer token.
    #[must_use]
    pub fn has_bearer_keys(self) -> bool {
        self >= Self::Oct2026
    }

    /// As the `anthropic-version` header says it.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_as_it_is_written_and_no_other_text_is_one() {
        for version in [
            ApiVersion::Jan2023,
            ApiVersion::Jun2023,
            ApiVersion::Oct2026,
        ] {
            assert_eq!(version.name().parse(), Ok(version));
        }
        for text in ["", "2023-06-02", "2026-10-21 ", "latest"] {
            assert!(text.parse::<ApiVersion>().is_err(), "{text}");
        }
    }
}
