//! Settings of the program: a file in which everything is optional, and what is built in.

use ground::fault::FaultRule;
use ground::limits::Limits;
use ground::presets;
use ground::prices::PriceBook;
use ground::profile::Profile;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::reply::AnswerRule;

use super::config::Config;
use super::options::Options;

/// The settings file. What is absent is built in.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Seed of all chance; 1 if absent.
    pub seed: Option<u64>,
    /// Keys the proof tokens.
    pub secret: Option<String>,
    /// The models served instead of the built-in ones.
    pub profiles: Vec<Profile>,
    /// Limits of each model; absent means unlimited.
    pub limits: Option<Limits>,
    /// Price book instead of the built-in one.
    pub prices: Option<PriceBook>,
    /// What goes wrong; the first rule that strikes decides.
    pub faults: Vec<FaultRule>,
    /// Answers that are given instead of the built-in author's; the first rule that matches decides.
    #[serde(rename = "answer")]
    pub answers: Vec<AnswerRule>,
    /// Attempts kept in the ledger one by one; 10,000 if absent.
    pub max_rows: Option<usize>,
    /// Accounting, caching, load, schedules and the like.
    pub options: Options,
}

const DEFAULT_MAX_ROWS: usize = 10_000;

impl Settings {
    /// Fills in what is absent; [`Settings::options`] stands beside the result.
    #[must_use]
    pub fn into_config(self) -> Config {
        let profiles = if self.profiles.is_empty() {
            presets::profiles()
        } else {
            self.profiles
        };
        Config {
            seed: self.seed.unwrap_or(1),
            secret: self.secret.unwrap_or_else(|| "mock-claude".to_owned()),
            profiles,
            limits: self.limits,
            prices: self.prices.unwrap_or_else(presets::prices),
            faults: self.faults,
            answers: self.answers,
            max_rows: self.max_rows.unwrap_or(DEFAULT_MAX_ROWS),
        }
    }
}

/// The JSON schema of the settings file.
#[must_use]
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Settings).to_value()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_built_in_is_valid() {
        assert_eq!(Settings::default().into_config().check(), Ok(()));
    }

    #[test]
    fn the_schema_in_the_docs_is_that_of_the_settings() {
        let kept: serde_json::Value =
            serde_json::from_str(include_str!("../../../docs/mock/settings.schema.json")).unwrap();
        assert!(
            kept == schema(),
            "run `mock-claude --schema > docs/mock/settings.schema.json`"
        );
    }
}
