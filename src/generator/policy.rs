//! How the generator behaves, as data: a mode, the protections that are on, and their settings.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What kind of service is simulated.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// One prompt with the whole file, nothing else.
    Naive,
    /// The same in a thread pool, with the official SDK's retries.
    Sdk,
    /// Every protection.
    Hardened,
}

/// One way in which the hardened generator defends itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
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
}

impl Mode {
    /// All modes.
    pub const ALL: [Self; 3] = [Self::Naive, Self::Sdk, Self::Hardened];

    fn protections(self) -> BTreeSet<Protection> {
        match self {
            Self::Naive => BTreeSet::new(),
            Self::Sdk => BTreeSet::from([Protection::Retry, Protection::Parallelism]),
            Self::Hardened => BTreeSet::from(Protection::ALL),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Naive => "naive",
            Self::Sdk => "sdk",
            Self::Hardened => "hardened",
        }
    }
}

impl Protection {
    /// All protections.
    pub const ALL: [Self; 7] = [
        Self::Chunking,
        Self::Cache,
        Self::SingleFlight,
        Self::Retry,
        Self::Pacing,
        Self::Parallelism,
        Self::PartialResults,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Chunking => "chunking",
            Self::Cache => "cache",
            Self::SingleFlight => "single-flight",
            Self::Retry => "retry",
            Self::Pacing => "pacing",
            Self::Parallelism => "parallelism",
            Self::PartialResults => "partial-results",
        }
    }
}

/// A name that is none of a closed list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is not a {what}; choose from {choices}")]
pub struct UnknownName {
    name: String,
    what: &'static str,
    choices: String,
}

macro_rules! named {
    ($type:ty, $what:literal) => {
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }

        impl FromStr for $type {
            type Err = UnknownName;

            fn from_str(name: &str) -> Result<Self, UnknownName> {
                Self::ALL
                    .into_iter()
                    .find(|one| one.name() == name)
                    .ok_or_else(|| UnknownName {
                        name: name.to_owned(),
                        what: $what,
                        choices: Self::ALL.map(Self::name).join(", "),
                    })
            }
        }
    };
}

named!(Mode, "mode");
named!(Protection, "protection");

/// Whether answers are asked for as server-sent events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Streaming {
    /// From 21,334 `max_tokens` on: where the official SDKs refuse to wait for a whole answer.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The `[generator]` table of a scenario. All durations are simulated time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Largest answer to one call, in tokens.
    pub max_tokens: u64,
    /// Whether answers are streamed.
    pub stream: Streaming,
    /// Longest silence of the API, in seconds, before a call is given up: 600, like the official SDKs.
    pub call_timeout_s: f64,
    /// Most lines in a chunk.
    pub chunk_lines: usize,
    /// Most estimated input tokens in a chunk.
    pub chunk_tokens: u64,
    /// Estimated answer tokens for one definition: a chunk holds no more definitions than fit in `max_tokens`.
    pub tokens_per_definition: u64,
    /// Estimated UTF-8 bytes of a token; corrected by what the answers report.
    pub bytes_per_token: f64,
    /// Files of a bulk job at once, and calls in flight at once.
    pub parallel: usize,
    /// Most attempts of one call. A refusal by the rate limits is not an attempt while pacing is on.
    pub attempts: u32,
    /// Longest time, in seconds from its first attempt, in which a call is tried again.
    pub retry_budget_s: f64,
    /// Upper bound of the first random wait before another attempt, in milliseconds; it doubles each time …
    pub backoff_base_ms: u64,
    /// … up to this.
    pub backoff_cap_ms: u64,
    /// Share of each rate limit's burst that is left unused, as milliseconds of refill: it covers
    /// connections that are slower than the first.
    pub headroom_ms: u64,
    /// How many times slower than the slowest answer so far a call may be before the same is asked
    /// a second time, if no call waits and half of each rate limit is free; 0 never asks twice.
    pub hedge_factor: f64,
    /// Most memory of the cache, in megabytes.
    pub cache_mb: u64,
    /// SQLite file behind the memory cache; none keeps nothing beyond the run.
    pub cache_path: Option<PathBuf>,
    /// Threads of the `sdk` mode's pool.
    pub sdk_threads: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_tokens: 16_000,
            stream: Streaming::Auto,
            call_timeout_s: 600.0,
            chunk_lines: 2000,
            chunk_tokens: 40_000,
            tokens_per_definition: 120,
            bytes_per_token: 4.0,
            parallel: 10,
            attempts: 8,
            retry_budget_s: 600.0,
            backoff_base_ms: 500,
            backoff_cap_ms: 20_000,
            headroom_ms: 200,
            hedge_factor: 4.0,
            cache_mb: 64,
            cache_path: None,
            sdk_threads: 10,
        }
    }
}

/// A mode with protections taken away or added.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    mode: Mode,
    on: BTreeSet<Protection>,
    pub(super) settings: Settings,
}

impl Policy {
    /// `mode` without the protections in `without`.
    #[must_use]
    pub fn new(mode: Mode, settings: &Settings, without: &BTreeSet<Protection>) -> Self {
        let on = mode.protections().difference(without).copied().collect();
        Self {
            mode,
            on,
            settings: settings.clone(),
        }
    }

    /// The naive generator with one protection.
    #[must_use]
    pub fn naive_with(protection: Protection, settings: &Settings) -> Self {
        Self {
            mode: Mode::Naive,
            on: BTreeSet::from([protection]),
            settings: settings.clone(),
        }
    }

    /// E.g. `hardened`, `hardened-without-cache`, `naive-with-retry`.
    #[must_use]
    pub fn name(&self) -> String {
        let base = self.mode.protections();
        let list = |word, protections: Vec<String>| match protections.is_empty() {
            true => String::new(),
            false => format!("-{word}-{}", protections.join("-")),
        };
        let without = base
            .difference(&self.on)
            .map(Protection::to_string)
            .collect();
        let with = self
            .on
            .difference(&base)
            .map(Protection::to_string)
            .collect();
        format!(
            "{}{}{}",
            self.mode,
            list("without", without),
            list("with", with)
        )
    }

    /// What is on, in a fixed order.
    #[must_use]
    pub fn protections(&self) -> Vec<Protection> {
        self.on.iter().copied().collect()
    }

    /// How many files of a bulk job this service works on at once.
    #[must_use]
    pub fn files_at_once(&self) -> usize {
        match (self.has(Protection::Parallelism), self.mode) {
            (false, _) => 1,
            (true, Mode::Sdk) => self.settings.sdk_threads.max(1),
            (true, _) => self.settings.parallel.max(1),
        }
    }

    pub(super) fn has(&self, protection: Protection) -> bool {
        self.on.contains(&protection)
    }

    pub(super) fn mode(&self) -> Mode {
        self.mode
    }

    /// Calls in flight at once; none where the mode has no bound of its own.
    pub(super) fn calls_at_once(&self) -> Option<usize> {
        match self.mode {
            Mode::Naive | Mode::Sdk if !self.has(Protection::Parallelism) => None,
            Mode::Sdk => None,
            Mode::Naive | Mode::Hardened => Some(self.files_at_once()),
        }
    }

    pub(super) fn streams(&self) -> bool {
        match self.settings.stream {
            Streaming::Auto => self.settings.max_tokens >= 21_334,
            Streaming::Always => true,
            Streaming::Never => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_differs_from_the_mode() {
        let settings = Settings::default();
        let without = BTreeSet::from([Protection::SingleFlight, Protection::Cache]);
        let name = |mode, without: &BTreeSet<_>| Policy::new(mode, &settings, without).name();
        assert_eq!(name(Mode::Hardened, &BTreeSet::new()), "hardened");
        assert_eq!(
            name(Mode::Hardened, &without),
            "hardened-without-cache-single-flight"
        );
        assert_eq!(name(Mode::Naive, &without), "naive");
        assert_eq!(
            Policy::naive_with(Protection::PartialResults, &settings).name(),
            "naive-with-partial-results"
        );
    }

    #[test]
    fn every_name_is_read_back_and_others_are_told_the_choices() {
        for protection in Protection::ALL {
            assert_eq!(protection.to_string().parse(), Ok(protection));
        }
        let error = "turbo".parse::<Mode>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "`turbo` is not a mode; choose from naive, sdk, hardened"
        );
    }

    #[test]
    fn only_hardened_and_the_pool_work_on_several_files() {
        let settings = Settings {
            parallel: 7,
            sdk_threads: 3,
            ..Settings::default()
        };
        let files = |mode, without: &[Protection]| {
            Policy::new(mode, &settings, &without.iter().copied().collect()).files_at_once()
        };
        assert_eq!(files(Mode::Naive, &[]), 1);
        assert_eq!(files(Mode::Sdk, &[]), 3);
        assert_eq!(files(Mode::Hardened, &[]), 7);
        assert_eq!(files(Mode::Hardened, &[Protection::Parallelism]), 1);
    }
}
