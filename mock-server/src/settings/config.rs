//! Settings of a mock: who is served, with which limits, prices and faults.

use ground::fault::FaultRule;
use ground::limits::Limits;
use ground::prices::PriceBook;
use ground::profile::Profile;
use serde::{Deserialize, Serialize};

use crate::reply::{AnswerRule, RuleMistake, Script, never_matches};

use super::error::ConfigError;

/// Everything that decides what the mock does. Two mocks with equal settings, asked the same at
/// the same simulated moments, answer alike to the byte.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Seed of all chance.
    pub seed: u64,
    /// Keys the proof tokens.
    pub secret: String,
    /// The models served. Any other model id is answered 404.
    pub profiles: Vec<Profile>,
    /// Limits of each model; absent means unlimited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<Limits>,
    /// What tokens cost; must price every model served.
    pub prices: PriceBook,
    /// What goes wrong; the first rule that strikes decides.
    #[serde(default)]
    pub faults: Vec<FaultRule>,
    /// Answers that are given instead of the built-in author's; the first rule that matches decides.
    #[serde(default, rename = "answer", skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<AnswerRule>,
    /// Attempts kept in the ledger one by one, the latest ones; its totals are exact regardless.
    pub max_rows: usize,
}

impl Config {
    /// Checks everything that types cannot.
    ///
    /// # Errors
    /// The first mistake found.
    pub fn check(&self) -> Result<(), ConfigError> {
        if self.profiles.is_empty() {
            return Err(ConfigError::NoProfiles);
        }
        let mut ids = std::collections::BTreeSet::new();
        for profile in &self.profiles {
            for id in std::iter::once(&profile.model).chain(&profile.aliases) {
                if !ids.insert(id) {
                    return Err(ConfigError::DuplicateModel(id.clone()));
                }
            }
            self.check_profile(profile)?;
        }
        if let Some(limits) = self.limits {
            check_limits("limits", limits)?;
        }
        for (i, rule) in self.faults.iter().enumerate() {
            if let Some(mistake) = rule.mistake() {
                return Err(ConfigError::Fault {
                    number: i + 1,
                    kind: rule.kind.name().to_owned(),
                    mistake,
                });
            }
        }
        match Script::new(&self.answers) {
            Ok(_) => Ok(()),
            Err(RuleMistake { number, key, words }) => {
                Err(ConfigError::Answer { number, key, words })
            }
        }
    }

    /// The answers that can never be given: number of the rule from 1, the key that makes it so (or
    /// nothing), and why.
    #[must_use]
    pub fn idle_answers(&self) -> Vec<(usize, &'static str, String)> {
        let models = || {
            let ids = self.profiles.iter();
            ids.flat_map(|profile| std::iter::once(&profile.model).chain(&profile.aliases))
        };
        let idle = |i| never_matches(&self.answers, i, models().map(String::as_str));
        let all = 0..self.answers.len();
        all.filter_map(|i| idle(i).map(|(key, words)| (i + 1, key, words)))
            .collect()
    }

    fn check_profile(&self, profile: &Profile) -> Result<(), ConfigError> {
        if !self.prices.models.contains_key(&profile.model) {
            return Err(ConfigError::NoPrice {
                model: profile.model.clone(),
                book: self.prices.name.clone(),
            });
        }
        let latency = &profile.latency;
        let positive = [
            ("bytes_per_token", profile.bytes_per_token),
            ("prefill_tokens_per_s", latency.prefill_tokens_per_s),
            ("decode_tokens_per_s", latency.decode_tokens_per_s),
        ];
        let not_negative = [
            ("time_to_first_token_ms", latency.time_to_first_token_ms),
            ("sigma", latency.sigma),
        ];
        // Infinite speeds are meant: they switch a part of the latency off.
        let bad = positive
            .iter()
            .find(|(_, value)| value.is_nan() || *value <= 0.0)
            .map(|found| (found, "greater than 0"))
            .or_else(|| {
                not_negative
                    .iter()
                    .find(|(_, value)| !value.is_finite() || *value < 0.0)
                    .map(|found| (found, "a finite number, 0 or greater"))
            });
        if let Some((&(field, value), must)) = bad {
            return Err(ConfigError::OutOfRange {
                field,
                value,
                of: profile.model.clone(),
                must,
            });
        }
        profile.tiers.iter().try_for_each(|(tier, limits)| {
            check_limits(&format!("{} tiers.{tier}", profile.model), *limits)
        })
    }
}

fn check_limits(of: &str, limits: Limits) -> Result<(), ConfigError> {
    let fields = [
        ("requests_per_minute", limits.requests_per_minute),
        ("input_tokens_per_minute", limits.input_tokens_per_minute),
        ("output_tokens_per_minute", limits.output_tokens_per_minute),
    ];
    match fields.iter().find(|(_, value)| *value == 0) {
        Some(&(field, _)) => Err(ConfigError::OutOfRange {
            field,
            value: 0.0,
            of: of.to_owned(),
            must: "at least 1",
        }),
        None => Ok(()),
    }
}
