//! What our own service is based on, and the protections that it may have: two closed lists, whose
//! names are made and read here.

use std::fmt;

use serde::{Deserialize, Serialize};
use strum::VariantArray;

/// What kind of service our own one is, before any protection is taken away or added.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
    strum::Display,
    strum::EnumString,
    strum::VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case", parse_err_ty = UnknownName, parse_err_fn = no_base)]
pub enum Base {
    /// One prompt with the whole file, nothing else.
    Naive,
    /// The same in a thread pool, with the official SDK's retries.
    Sdk,
    /// Every protection.
    Hardened,
}

/// One way in which the hardened generator defends itself.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case", parse_err_ty = UnknownName, parse_err_fn = no_protection)]
pub enum Protection {
    /// Cuts large files at definitions so that question and answer fit.
    Chunking,
    /// Pays for one content once.
    Cache,
    /// Lets identical work in flight share one call.
    SingleFlight,
    /// Asks again after a transient failure.
    Retry,
    /// Queues calls so that the rate limits are not exceeded.
    Pacing,
    /// Works on several files and chunks at once, up to a bound.
    Parallelism,
    /// Delivers what it has and names what is missing.
    PartialResults,
    /// Keeps the cache in one table for all instances, and not in the memory of each.
    SharedCache,
    /// Answers with a job's number before a gateway would give up, and works through its jobs with a few
    /// instances.
    Jobs,
}

/// A name that is none of a closed list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is not a {what}; choose from {choices}")]
pub struct UnknownName {
    name: String,
    what: &'static str,
    choices: String,
}

impl UnknownName {
    /// `name` is not a `what`, which are `T`'s variants.
    #[must_use]
    pub fn among<T: VariantArray + fmt::Display>(name: &str, what: &'static str) -> Self {
        let choices: Vec<String> = T::VARIANTS.iter().map(T::to_string).collect();
        Self {
            name: name.to_owned(),
            what,
            choices: choices.join(", "),
        }
    }
}

fn no_base(name: &str) -> UnknownName {
    UnknownName::among::<Base>(name, "mode")
}

pub(super) fn no_protection(name: &str) -> UnknownName {
    UnknownName::among::<Protection>(name, "protection")
}

impl Base {
    /// Whether `protection` is on when nothing is taken away or added.
    #[must_use]
    pub fn has(self, protection: Protection) -> bool {
        match self {
            Self::Naive => false,
            Self::Sdk => matches!(protection, Protection::Retry | Protection::Parallelism),
            Self::Hardened => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_json_are_those_on_the_command_line() {
        for base in Base::VARIANTS {
            assert_eq!(serde_json::to_value(base).unwrap(), base.to_string());
        }
        for protection in Protection::VARIANTS {
            let name = protection.to_string();
            assert_eq!(serde_json::to_value(protection).unwrap(), name);
        }
    }

    #[test]
    fn every_name_is_read_back_and_others_are_told_the_choices() {
        for protection in Protection::VARIANTS {
            assert_eq!(protection.to_string().parse(), Ok(*protection));
        }
        let why = "turbo".parse::<Base>().unwrap_err().to_string();
        assert_eq!(
            why,
            "`turbo` is not a mode; choose from naive, sdk, hardened"
        );
    }
}
