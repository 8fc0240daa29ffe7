//! The figures of a platform: a preset, and what differs from it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The `[platform]` table of a scenario: a preset, and what differs from it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Where the service runs.
    pub preset: Preset,
    /// Overhead of the gateway on each request, in milliseconds.
    pub gateway_ms: Option<u64>,
    /// Start of an instance, in milliseconds.
    pub cold_start_ms: Option<u64>,
    /// Work is killed after this many seconds.
    pub time_limit_s: Option<f64>,
    /// An idle instance is kept this many seconds.
    pub keep_warm_s: Option<f64>,
    /// Instances that never go away.
    pub provisioned: Option<u64>,
    /// Instances at the most.
    pub max_instances: Option<u64>,
    /// Reading and checking the source before the call, in milliseconds.
    pub analysis_ms: u64,
    /// Putting the answer together after the call, in milliseconds.
    pub response_ms: u64,
}

/// Platforms that the chapter names.
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
    strum::VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Preset {
    /// AWS Lambda behind API Gateway with the chapter's five-minute limit.
    #[default]
    Lambda,
    /// The same with ten instances kept warm.
    LambdaProvisioned,
    /// A container service: always warm, no time limit.
    Ecs,
    /// A process on this machine.
    Local,
}

impl Preset {
    /// The name in TOML and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// A platform with every figure settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Platform {
    /// Overhead of the gateway.
    pub gateway: Duration,
    /// Start of an instance.
    pub cold_start: Duration,
    /// Work is killed after this.
    pub time_limit: Option<Duration>,
    /// An idle instance is kept for this long.
    pub keep_warm: Duration,
    /// Instances that never go away.
    pub provisioned: u64,
    /// Instances at the most.
    pub max_instances: u64,
    /// Work before the call.
    pub analysis: Duration,
    /// Work after the call.
    pub response: Duration,
}

impl Settings {
    /// The preset's figures with the overrides applied. Sources of the presets: the chapter's
    /// breakdown (gateway 0.2 s, cold start 1 s, limit 300 s); Lambda's default account limit of
    /// 1,000 instances; about ten idle minutes before an instance is reclaimed, as commonly seen.
    #[must_use]
    pub fn resolve(&self) -> Platform {
        let ms = Duration::from_millis;
        let lambda = Platform {
            gateway: ms(200),
            cold_start: ms(1000),
            time_limit: Some(ms(300_000)),
            keep_warm: ms(600_000),
            provisioned: 0,
            max_instances: 1000,
            analysis: ms(self.analysis_ms),
            response: ms(self.response_ms),
        };
        let always = Platform {
            provisioned: u64::MAX,
            max_instances: u64::MAX,
            time_limit: None,
            ..lambda
        };
        let preset = match self.preset {
            Preset::Lambda => lambda,
            Preset::LambdaProvisioned => Platform {
                provisioned: 10,
                ..lambda
            },
            Preset::Ecs => Platform {
                gateway: ms(20),
                ..always
            },
            Preset::Local => Platform {
                gateway: ms(0),
                ..always
            },
        };
        let seconds = |seconds: f64| Duration::from_secs_f64(seconds.max(0.0));
        Platform {
            gateway: self.gateway_ms.map_or(preset.gateway, ms),
            cold_start: self.cold_start_ms.map_or(preset.cold_start, ms),
            time_limit: self.time_limit_s.map(seconds).or(preset.time_limit),
            keep_warm: self.keep_warm_s.map_or(preset.keep_warm, seconds),
            provisioned: self.provisioned.unwrap_or(preset.provisioned),
            max_instances: self.max_instances.unwrap_or(preset.max_instances),
            ..preset
        }
    }
}
