//! How long an instance takes to start, as others have measured it.

use std::sync::LazyLock;
use std::time::Duration;

use ground::chance::{mix, unit};
use serde::{Deserialize, Serialize};

/// `scenarios/cold-starts.csv`, with where it comes from.
const MEASURED: &str = include_str!("../../scenarios/cold-starts.csv");

/// Names the draw of a cold start.
const DRAW: u64 = 0xC01D;

/// A runtime whose cold starts were measured.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[serde(rename_all = "lowercase")]
pub enum Runtime {
    /// Python 3.13 from a zip file.
    #[serde(rename = "python3.13")]
    #[strum(serialize = "python3.13")]
    Python313,
    /// Python 3.13 in a container image.
    #[serde(rename = "python3.13-image")]
    #[strum(serialize = "python3.13-image")]
    Python313Image,
    /// Python 3.14 from a zip file.
    #[serde(rename = "python3.14")]
    #[strum(serialize = "python3.14")]
    Python314,
    /// Node 24 from a zip file.
    #[serde(rename = "nodejs24")]
    #[strum(serialize = "nodejs24")]
    Node24,
    /// Node 24 in a container image.
    #[serde(rename = "nodejs24-image")]
    #[strum(serialize = "nodejs24-image")]
    Node24Image,
    /// A program of one's own, written in Rust.
    #[strum(serialize = "rust")]
    Rust,
    /// Java 21 from a zip file.
    #[strum(serialize = "java21")]
    Java21,
    /// .NET 8 from a zip file.
    #[strum(serialize = "dotnet8")]
    Dotnet8,
}

/// The rows of the file: a story may start a thousand instances.
static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let mut reader = csv::ReaderBuilder::new()
        .comment(Some(b'#'))
        .from_reader(MEASURED.as_bytes());
    reader.deserialize().filter_map(Result::ok).collect()
});

#[derive(Deserialize)]
struct Row {
    runtime: String,
    #[serde(flatten)]
    measured: Measured,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
struct Measured {
    median_ms: f64,
    p90_ms: f64,
    max_ms: f64,
}

impl Runtime {
    /// The name in TOML.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// How long the start of the instance `number` takes in the run of `seed`.
    #[must_use]
    pub(super) fn cold_start(self, seed: u64, number: u64) -> Duration {
        let share = unit(mix(&[seed, number, DRAW]));
        Duration::from_secs_f64(self.measured().quantile(share) / 1000.0)
    }

    fn measured(self) -> Measured {
        let mut rows = ROWS.iter();
        let row = rows.find(|row| row.runtime == self.name());
        row.expect("a test reads a row for every runtime").measured
    }
}

impl Measured {
    /// The duration that the share `q` of the starts does not exceed. What is published are median, 90th percentile
    /// and maximum: between them it is straight, and the faster half counts as the median.
    fn quantile(self, q: f64) -> f64 {
        let between = |from: f64, to: f64, share: f64| from + (to - from) * share;
        match q {
            q if q < 0.5 => self.median_ms,
            q if q < 0.9 => between(self.median_ms, self.p90_ms, (q - 0.5) / 0.4),
            q => between(self.p90_ms, self.max_ms, (q - 0.9) / 0.1),
        }
    }
}

#[cfg(test)]
mod tests {
    use strum::VariantArray;

    use super::*;

    #[test]
    fn every_runtime_has_a_row_that_rises_and_is_named_as_files_spell_it() {
        for runtime in Runtime::VARIANTS {
            let row = runtime.measured();
            assert!(0.0 < row.median_ms && row.median_ms <= row.p90_ms && row.p90_ms <= row.max_ms);
            assert_eq!(serde_json::to_value(runtime).unwrap(), runtime.name());
        }
        let rows = MEASURED.lines().filter(|line| !line.starts_with('#'));
        assert_eq!(rows.count(), Runtime::VARIANTS.len() + 1);
    }

    #[test]
    fn draws_have_the_published_quantiles_and_follow_from_the_seed() {
        let draw = |number| Runtime::Python313.cold_start(1, number);
        let mut draws: Vec<Duration> = (0..10_000).map(draw).collect();
        draws.sort();
        let ms = |share: usize| draws[draws.len() * share / 100].as_secs_f64() * 1000.0;
        assert!(
            (ms(50) - 84.0).abs() < 0.5 && (ms(90) - 93.0).abs() < 0.5,
            "{} {}",
            ms(50),
            ms(90)
        );
        assert!(draws[9_999] <= Duration::from_millis(141));
        assert_eq!(draw(7), draw(7));
        assert_ne!(Runtime::Python313.cold_start(2, 9), Duration::ZERO);
    }
}
