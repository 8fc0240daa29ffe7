//! A failure story as data: TOML in, checked settings out. Each settings type lives with the code
//! that obeys it; this room only puts them together.
//!
//! ```
//! use breaklab::scenario::Loaded;
//!
//! let loaded = Loaded::find("rate-limits")?;
//! assert_eq!(loaded.scenario.load.requests, 100);
//!
//! let error = Loaded::find("rate-limit").unwrap_err().to_string();
//! assert!(error.contains("did you mean `rate-limits`?"), "{error}");
//! # Ok::<(), breaklab::scenario::ScenarioError>(())
//! ```

use std::path::Path;

use ground::fault::FaultRule;
use ground::limits::Limits;
use ground::prices::PriceBook;
use ground::profile::Profile;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::corpus::Documents;
use crate::generator;
use crate::load::{self, Load};
use crate::platform;
use crate::record::{Base, Mode};

pub use catalog::{builtin, builtin_ids, claims};
pub use error::ScenarioError;

mod catalog;
mod error;
mod extends;

/// A scenario file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = extends::relax)]
pub struct Scenario {
    /// Another scenario, by name or as a path ending in `.toml` beside this file, which this one completes: what is not
    /// said here is as it is there. Tables are completed key by key, lists replaced whole; so is a `[load]` with
    /// `arrivals`.
    // How a story is written changes nothing of it, so that this does not enter the digest.
    #[serde(default, skip_serializing)]
    pub extends: Option<String>,
    /// Name on the command line and in all output.
    pub id: String,
    /// One line.
    pub title: String,
    /// What is done and what breaks.
    pub story: String,
    /// What mends it.
    pub fix: String,
    /// Modes that `run` takes when none is named, e.g. `hardened` or `hardened-without-shared-cache`.
    #[serde(default = "both_modes", with = "names")]
    #[schemars(with = "Vec<String>")]
    pub modes: Vec<Mode>,
    /// Model profile: a name from `scenarios/profiles/`, or a path ending in `.toml`.
    pub profile: String,
    /// Tier of that profile whose limits hold; `unlimited` for none.
    pub tier: String,
    /// Price book: a name from `scenarios/prices/`, or a path ending in `.toml`.
    pub prices: String,
    /// The documents.
    pub documents: Documents,
    /// When requests arrive.
    #[schemars(with = "load::Table")]
    pub load: Load,
    /// Where the service runs.
    #[serde(default)]
    pub platform: platform::Settings,
    /// How the service asks.
    #[serde(default)]
    pub generator: generator::Settings,
    /// What goes wrong at the provider.
    #[serde(default)]
    pub fault: Vec<FaultRule>,
}

fn both_modes() -> Vec<Mode> {
    vec![Base::Naive.into(), Base::Hardened.into()]
}

/// Modes by their names.
mod names {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::record::Mode;

    pub(super) fn serialize<S: Serializer>(modes: &[Mode], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(modes.iter().map(Mode::to_string))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Mode>, D::Error> {
        let names = Vec::<String>::deserialize(from)?;
        let modes = names.iter().map(|name| name.parse());
        modes.collect::<Result<_, _>>().map_err(D::Error::custom)
    }
}

/// A scenario with the files that it names.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Loaded {
    /// The story.
    pub scenario: Scenario,
    /// The model.
    pub profile: Profile,
    /// The prices.
    pub prices: PriceBook,
    /// The limits of the scenario's tier.
    pub limits: Option<Limits>,
}

impl Loaded {
    /// Loads a scenario by its name, or from a file when `name` ends in `.toml`.
    ///
    /// # Errors
    /// When it does not exist, or anything in it is wrong.
    pub fn find(name: &str) -> Result<Self, ScenarioError> {
        if name.ends_with(".toml") {
            let path = Path::new(name);
            return Self::parse(&read(path)?, name, path.parent().unwrap_or(Path::new("")));
        }
        let text = catalog::builtin(name)
            .ok_or_else(|| unknown("scenario", name, catalog::builtin_ids()))?;
        Self::parse(
            text,
            &format!("scenarios/{name}.toml"),
            Path::new("scenarios"),
        )
    }

    /// Reads a scenario from its text. `file` is its name in messages, `folder` where relative
    /// paths in it begin.
    ///
    /// # Errors
    /// When anything in it is wrong.
    pub fn parse(text: &str, file: &str, folder: &Path) -> Result<Self, ScenarioError> {
        let scenario = extends::scenario(text, file, folder)?;
        let profile: Profile = named(
            "profile",
            &scenario.profile,
            folder,
            catalog::profile,
            catalog::PROFILES,
        )?;
        let prices: PriceBook = named(
            "price book",
            &scenario.prices,
            folder,
            catalog::prices,
            catalog::PRICES,
        )?;
        let limits = tier(&scenario, &profile)?;
        check(&scenario, &profile, &prices)?;
        Ok(Self {
            scenario,
            profile,
            prices,
            limits,
        })
    }

    /// SHA-256 of all settings, so that two runs can be known to tell the same story.
    #[must_use]
    pub fn digest(&self) -> String {
        let json = serde_json::to_vec(self).expect("settings have only string keys");
        hex::encode(Sha256::digest(json))
    }
}

fn tier(scenario: &Scenario, profile: &Profile) -> Result<Option<Limits>, ScenarioError> {
    if scenario.tier == "unlimited" {
        return Ok(None);
    }
    let known = || {
        profile
            .tiers
            .keys()
            .cloned()
            .chain(["unlimited".to_owned()])
            .collect()
    };
    match profile.tiers.get(&scenario.tier) {
        Some(limits) => Ok(Some(*limits)),
        None => Err(unknown("tier", &scenario.tier, known())),
    }
}

fn check(scenario: &Scenario, profile: &Profile, prices: &PriceBook) -> Result<(), ScenarioError> {
    let id = scenario.id.clone();
    scenario
        .load
        .check()
        .map_err(|source| ScenarioError::Load {
            id: id.clone(),
            source,
        })?;
    let wrong = |key, value: String, expected: &str| {
        Err(ScenarioError::Value {
            id: id.clone(),
            key,
            value,
            expected: expected.to_owned(),
        })
    };
    let documents = &scenario.documents;
    if documents.lines == 0 || documents.lines_per_symbol == 0 {
        return wrong(
            "documents.lines",
            documents.lines.to_string(),
            "lines and lines_per_symbol are at least 1",
        );
    }
    if !(8.0..=200.0).contains(&documents.bytes_per_line) {
        return wrong(
            "documents.bytes_per_line",
            documents.bytes_per_line.to_string(),
            "8 to 200 are possible",
        );
    }
    if !(0.0..=1.0).contains(&documents.changed_per_round) {
        return wrong(
            "documents.changed_per_round",
            documents.changed_per_round.to_string(),
            "0 to 1 are possible",
        );
    }
    if documents.files == Some(0) {
        return wrong(
            "documents.files",
            "0".to_owned(),
            "leave it out for a file per request, or give at least 1",
        );
    }
    if let Some((key, value, expected)) = scenario.platform.wrong() {
        return wrong(key, value, &expected);
    }
    if scenario.modes.is_empty() {
        return wrong(
            "modes",
            "empty".to_owned(),
            "name at least one of naive, sdk, hardened",
        );
    }
    if scenario.generator.max_tokens == 0
        || scenario.generator.max_tokens > profile.max_output_tokens
    {
        let expected = format!(
            "{} writes 1 to {} tokens",
            profile.model, profile.max_output_tokens
        );
        return wrong(
            "generator.max_tokens",
            scenario.generator.max_tokens.to_string(),
            &expected,
        );
    }
    if scenario.generator.chunk_tokens < generator::MIN_CHUNK_TOKENS {
        let expected = format!(
            "the instructions alone take hundreds; {} at least",
            generator::MIN_CHUNK_TOKENS
        );
        return wrong(
            "generator.chunk_tokens",
            scenario.generator.chunk_tokens.to_string(),
            &expected,
        );
    }
    if !prices.models.contains_key(&profile.model) {
        let expected = format!(
            "it has no price for `{}`, and a model without a price is never free",
            profile.model
        );
        return wrong("prices", prices.name.clone(), &expected);
    }
    Ok(())
}

fn named<T: for<'de> Deserialize<'de>>(
    what: &'static str,
    name: &str,
    folder: &Path,
    builtin: fn(&str) -> Option<&'static str>,
    known: &[(&str, &str)],
) -> Result<T, ScenarioError> {
    if name.ends_with(".toml") {
        let path = folder.join(name);
        return from_toml(what, &path.display().to_string(), &read(&path)?);
    }
    let names = || known.iter().map(|(name, _)| (*name).to_owned()).collect();
    let text = builtin(name).ok_or_else(|| unknown(what, name, names()))?;
    from_toml(what, name, text)
}

fn read(path: &Path) -> Result<String, ScenarioError> {
    std::fs::read_to_string(path).map_err(|source| ScenarioError::Read {
        path: path.to_owned(),
        source,
    })
}

fn from_toml<T: for<'de> Deserialize<'de>>(
    what: &'static str,
    file: &str,
    text: &str,
) -> Result<T, ScenarioError> {
    toml::from_str(text).map_err(|error| syntax(what, file, &error))
}

fn syntax(what: &'static str, file: &str, error: &toml::de::Error) -> ScenarioError {
    ScenarioError::Syntax {
        what,
        file: file.to_owned(),
        reason: error.to_string().trim_end().to_owned(),
    }
}

fn unknown(what: &'static str, name: &str, known: Vec<String>) -> ScenarioError {
    // Below half the letters in common, a suggestion would be a guess.
    let nearest = known
        .iter()
        .map(|candidate| (strsim::normalized_levenshtein(name, candidate), candidate))
        .filter(|(likeness, _)| *likeness >= 0.5)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate.clone());
    ScenarioError::Unknown {
        what,
        name: name.to_owned(),
        nearest,
        known,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text() -> String {
        catalog::builtin("rate-limits").unwrap().to_owned()
    }

    fn message(text: &str) -> String {
        Loaded::parse(text, "mine.toml", Path::new(""))
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn every_scenario_that_ships_is_sound() {
        for id in catalog::builtin_ids() {
            let loaded = Loaded::find(&id).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(loaded.scenario.id, id);
        }
    }

    #[test]
    fn an_unknown_scenario_is_answered_with_the_nearest_name() {
        let message = Loaded::find("rate-limit").unwrap_err().to_string();
        assert!(message.contains("did you mean `rate-limits`?"), "{message}");
    }

    #[test]
    fn a_misspelt_key_is_refused_with_its_line_and_column() {
        let message = message(&text().replace("requests = ", "reqests = "));
        assert!(
            message.contains("line") && message.contains("column"),
            "{message}"
        );
        assert!(message.contains("unknown field `reqests`"), "{message}");
    }

    #[test]
    fn a_model_without_a_price_is_refused() {
        let mut loaded = Loaded::find("rate-limits").unwrap();
        loaded.prices.models.clear();
        let error = check(&loaded.scenario, &loaded.profile, &loaded.prices).unwrap_err();
        assert!(error.to_string().contains("never free"), "{error}");
    }

    #[test]
    fn an_unknown_tier_is_refused_with_the_ones_there_are() {
        let message = message(&text().replace("tier = \"tier1-2025\"", "tier = \"tier2\""));
        assert!(message.contains("tier1-2025"), "{message}");
    }

    #[test]
    fn a_changed_setting_changes_the_digest() {
        let loaded = Loaded::find("rate-limits").unwrap();
        let mut other = loaded.clone();
        other.scenario.load.requests += 1;
        assert_ne!(loaded.digest(), other.digest());
    }
}
