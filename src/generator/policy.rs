//! How the generator behaves, as data: a mode and the settings of its protections.

use serde::{Deserialize, Serialize};

use crate::record::{Base, Mode, Protection};

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

/// For whom the documentation is written.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
    clap::ValueEnum,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Style {
    /// Those who call the code: purpose, parameters, results, errors, an example.
    #[default]
    Reference,
    /// Those who only want to know what is there: a sentence or two.
    Brief,
    /// Those who see the code for the first time.
    Tutorial,
}

/// Least input tokens of a chunk: a question with as much code as instructions.
pub const MIN_CHUNK_TOKENS: u64 = 1_000;

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
    /// Most estimated input tokens in a chunk, at least [`MIN_CHUNK_TOKENS`].
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
    /// Threads of the `sdk` mode's pool.
    pub sdk_threads: usize,
    /// For whom the documentation is written.
    #[serde(skip_serializing_if = "is_default")]
    pub style: Style,
    /// Words that are added to every question.
    #[serde(skip_serializing_if = "is_default")]
    pub instructions: String,
}

/// Settings that nobody made stay out of the digest of a story.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
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
            sdk_threads: 10,
            style: Style::default(),
            instructions: String::new(),
        }
    }
}

/// A mode with its settings.
///
/// ```
/// use breaklab::generator::{Policy, Settings};
/// use breaklab::record::{Mode, Protection};
///
/// let mode = Mode::hardened_without(Protection::Parallelism);
/// let policy = Policy::new(mode, &Settings::default());
/// assert_eq!(policy.files_at_once(), 1);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    mode: Mode,
    pub(super) settings: Settings,
}

impl Policy {
    /// `mode` with `settings`.
    #[must_use]
    pub fn new(mode: impl Into<Mode>, settings: &Settings) -> Self {
        Self {
            mode: mode.into(),
            settings: settings.clone(),
        }
    }

    /// The mode.
    #[must_use]
    pub fn mode(&self) -> &Mode {
        &self.mode
    }

    /// How many files of a bulk job this service works on at once.
    #[must_use]
    pub fn files_at_once(&self) -> usize {
        if !self.has(Protection::Parallelism) {
            return 1;
        }
        match self.mode.base() {
            Base::Sdk => self.settings.sdk_threads.max(1),
            Base::Naive | Base::Hardened => self.settings.parallel.max(1),
        }
    }

    /// Whether `protection` is on.
    #[must_use]
    pub fn has(&self, protection: Protection) -> bool {
        self.mode.has(protection)
    }

    /// Calls in flight at once; none where the mode has no bound of its own.
    pub(super) fn calls_at_once(&self) -> Option<usize> {
        match self.mode.base() {
            Base::Sdk => None,
            Base::Naive if !self.has(Protection::Parallelism) => None,
            Base::Naive | Base::Hardened => Some(self.files_at_once()),
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
    fn only_hardened_and_the_pool_work_on_several_files() {
        let settings = Settings {
            parallel: 7,
            sdk_threads: 3,
            ..Settings::default()
        };
        let files = |mode: Mode| Policy::new(mode, &settings).files_at_once();
        assert_eq!(files(Base::Naive.into()), 1);
        assert_eq!(files(Base::Sdk.into()), 3);
        assert_eq!(files(Base::Hardened.into()), 7);
        assert_eq!(files(Mode::hardened_without(Protection::Parallelism)), 1);
    }
}
