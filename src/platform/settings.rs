//! The figures of a platform: a preset, and what differs from it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::cold_starts::Runtime;
use super::gateway::Gateway;

/// Lambda kills no work before this many seconds unless told to, and lets none last longer.
/// Source: "Lambda quotas", AWS Lambda Developer Guide, read 2026-11-25.
pub const MAX_TIME_LIMIT_S: f64 = 900.0;

/// Memory that an instance can have, in megabytes; the same source.
pub const MEMORY_MB: std::ops::RangeInclusive<u64> = 128..=10_240;

/// The `[platform]` table of a scenario: a preset, and what differs from it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Where the service runs.
    pub preset: Preset,
    /// What stands before the service, with limits of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway: Option<Gateway>,
    /// Overhead of the gateway on each request, in milliseconds.
    pub gateway_ms: Option<u64>,
    /// The gateway gives up after this many seconds, while the work goes on. Only a REST API's can be changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway_limit_s: Option<f64>,
    /// Start of an instance, in milliseconds, always the same; without it, and with a `runtime`, it is drawn
    /// from measured ones.
    pub cold_start_ms: Option<u64>,
    /// The runtime whose measured cold starts are drawn from, e.g. `python3.13`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime: Option<Runtime>,
    /// Time that the code itself takes to load in a new instance, on top of a drawn cold start, in milliseconds.
    #[serde(skip_serializing_if = "is_zero")]
    pub imports_ms: u64,
    /// Memory of an instance in megabytes, which its seconds are billed by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_mb: Option<u64>,
    /// Work is killed after this many seconds.
    pub time_limit_s: Option<f64>,
    /// An idle instance is kept this many seconds.
    pub keep_warm_s: Option<f64>,
    /// Instances that never go away.
    pub provisioned: Option<u64>,
    /// Instances at the most: what is reserved for the function, or what the account has.
    pub max_instances: Option<u64>,
    /// New instances in ten seconds at the most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_instances_per_10_s: Option<u64>,
    /// Reading and checking the source before the call, in milliseconds.
    pub analysis_ms: u64,
    /// Putting the answer together after the call, in milliseconds.
    pub response_ms: u64,
}

fn is_zero(value: &u64) -> bool {
    *value == 0
}

/// Platforms that the chapter names, and Lambda as AWS sets it up.
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
    /// Lambda behind a REST API with the limits that AWS sets: 29 s for an answer, cold starts as measured.
    AwsDefaults,
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
    /// What stands before the service.
    pub gateway: Gateway,
    /// Overhead of the gateway.
    pub gateway_overhead: Duration,
    /// The gateway gives up after this.
    pub gateway_limit: Option<Duration>,
    /// How long an instance takes to start.
    pub cold_start: ColdStart,
    /// Work is killed after this.
    pub time_limit: Option<Duration>,
    /// An idle instance is kept for this long.
    pub keep_warm: Duration,
    /// Instances that never go away.
    pub provisioned: u64,
    /// Instances at the most.
    pub max_instances: u64,
    /// New instances in ten seconds at the most.
    pub new_instances_per_10_s: u64,
    /// Memory of an instance in megabytes; none where nobody bills by the invocation.
    pub memory_mb: Option<u64>,
    /// Work before the call.
    pub analysis: Duration,
    /// Work after the call.
    pub response: Duration,
}

/// How long an instance takes to start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColdStart {
    /// Always the same.
    Constant(Duration),
    /// As measured for a runtime, and the code's own loading on top.
    Measured {
        /// The runtime.
        runtime: Runtime,
        /// The code's own loading.
        imports: Duration,
    },
}

impl Settings {
    /// What is wrong with the figures together, in words; none if nothing is.
    #[must_use]
    pub fn wrong(&self) -> Option<(&'static str, String, String)> {
        let gateway = self.resolve().gateway;
        let is_lambda = self.resolve().memory_mb.is_some();
        let wrong = |key, value: f64, expected: String| Some((key, value.to_string(), expected));
        if let Some(limit) = self.gateway_limit_s
            && !(gateway == Gateway::Rest && (0.05..=300.0).contains(&limit))
        {
            let expected = format!(
                "only `gateway = \"rest\"` has a limit that can be changed, from 0.05 to 300 s; here it is `{}`",
                gateway.name()
            );
            return wrong("platform.gateway_limit_s", limit, expected);
        }
        if let Some(limit) = self.time_limit_s
            && !(limit > 0.0 && (!is_lambda || limit <= MAX_TIME_LIMIT_S))
        {
            let expected = format!("above 0, and on Lambda at most {MAX_TIME_LIMIT_S} s");
            return wrong("platform.time_limit_s", limit, expected);
        }
        if let Some(memory) = self.memory_mb
            && !(is_lambda && MEMORY_MB.contains(&memory))
        {
            let expected =
                "Lambda has 128 to 10240 MB; other presets are not billed by it".to_owned();
            return wrong("platform.memory_mb", memory as f64, expected);
        }
        if let (Some(runtime), Some(constant)) = (self.runtime, self.cold_start_ms) {
            let expected = format!(
                "either `cold_start_ms`, always the same, or `runtime = \"{}\"`, drawn from measured ones",
                runtime.name()
            );
            return wrong("platform.cold_start_ms", constant as f64, expected);
        }
        if self.imports_ms > 0 && matches!(self.resolve().cold_start, ColdStart::Constant(_)) {
            let expected = "it comes on top of a measured start: name the `runtime`".to_owned();
            return wrong("platform.imports_ms", self.imports_ms as f64, expected);
        }
        None
    }

    /// The preset's figures with the overrides applied. Sources of the presets: the chapter's
    /// breakdown (gateway 0.2 s, cold start 1 s, limit 300 s); Lambda's default account limit of
    /// 1,000 instances, of which a function may start 1,000 in ten seconds; about ten idle minutes
    /// before an instance is reclaimed, as commonly seen. `aws-defaults` keeps one for 45 minutes, the
    /// shorter of the two figures in the one published experiment ("How long does AWS Lambda keep your
    /// idle functions around", Pluralsight, 2017, revised 2023), and the chapter's 512 MB and 300 s.
    #[must_use]
    pub fn resolve(&self) -> Platform {
        let ms = Duration::from_millis;
        let seconds = |seconds: f64| Duration::from_secs_f64(seconds.max(0.0));
        let preset = self.of_preset();
        let gateway = self.gateway.unwrap_or(preset.gateway);
        let measured = self.runtime.map(|runtime| ColdStart::Measured {
            runtime,
            imports: ms(self.imports_ms),
        });
        let constant = self
            .cold_start_ms
            .map(|start| ColdStart::Constant(ms(start)));
        let cold_start = measured.or(constant).unwrap_or(preset.cold_start);
        Platform {
            gateway,
            gateway_overhead: self.gateway_ms.map_or(preset.gateway_overhead, ms),
            gateway_limit: self.gateway_limit_s.map(seconds).or(gateway.limit()),
            cold_start,
            time_limit: self.time_limit_s.map(seconds).or(preset.time_limit),
            keep_warm: self.keep_warm_s.map_or(preset.keep_warm, seconds),
            provisioned: self.provisioned.unwrap_or(preset.provisioned),
            max_instances: self.max_instances.unwrap_or(preset.max_instances),
            new_instances_per_10_s: self
                .new_instances_per_10_s
                .unwrap_or(preset.new_instances_per_10_s),
            memory_mb: preset
                .memory_mb
                .map(|memory| self.memory_mb.unwrap_or(memory)),
            ..preset
        }
    }

    fn of_preset(&self) -> Platform {
        let ms = Duration::from_millis;
        let lambda = Platform {
            gateway: Gateway::Unlimited,
            gateway_overhead: ms(200),
            gateway_limit: None,
            cold_start: ColdStart::Constant(ms(1000)),
            time_limit: Some(ms(300_000)),
            keep_warm: ms(600_000),
            provisioned: 0,
            max_instances: 1000,
            new_instances_per_10_s: 1000,
            memory_mb: Some(512),
            analysis: ms(self.analysis_ms),
            response: ms(self.response_ms),
        };
        let always = Platform {
            provisioned: u64::MAX,
            max_instances: u64::MAX,
            new_instances_per_10_s: u64::MAX,
            time_limit: None,
            memory_mb: None,
            ..lambda
        };
        match self.preset {
            Preset::Lambda => lambda,
            Preset::LambdaProvisioned => Platform {
                provisioned: 10,
                ..lambda
            },
            Preset::AwsDefaults => Platform {
                gateway: Gateway::Rest,
                gateway_overhead: ms(20),
                cold_start: ColdStart::Measured {
                    runtime: Runtime::Python313,
                    imports: ms(self.imports_ms),
                },
                keep_warm: ms(45 * 60_000),
                ..lambda
            },
            Preset::Ecs => Platform {
                gateway_overhead: ms(20),
                ..always
            },
            Preset::Local => Platform {
                gateway_overhead: ms(0),
                ..always
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(table: &str) -> Settings {
        toml::from_str(table).unwrap()
    }

    #[test]
    fn figures_that_no_platform_has_are_refused_by_name() {
        for (table, key, way_out) in [
            (
                "gateway_limit_s = 60",
                "platform.gateway_limit_s",
                "here it is `unlimited`",
            ),
            (
                "gateway = \"http\"\ngateway_limit_s = 60",
                "platform.gateway_limit_s",
                "`http`",
            ),
            (
                "gateway = \"rest\"\ngateway_limit_s = 301",
                "platform.gateway_limit_s",
                "to 300 s",
            ),
            (
                "time_limit_s = 901",
                "platform.time_limit_s",
                "at most 900 s",
            ),
            ("time_limit_s = 0", "platform.time_limit_s", "above 0"),
            ("memory_mb = 64", "platform.memory_mb", "128 to 10240"),
            (
                "preset = \"ecs\"\nmemory_mb = 512",
                "platform.memory_mb",
                "not billed",
            ),
            (
                "runtime = \"rust\"\ncold_start_ms = 9",
                "platform.cold_start_ms",
                "either",
            ),
            ("imports_ms = 900", "platform.imports_ms", "runtime"),
        ] {
            let (wrong, _, expected) = read(table).wrong().unwrap();
            assert_eq!(wrong, key, "{table}");
            assert!(expected.contains(way_out), "{table}: {expected}");
        }
        for sound in [
            "",
            "preset = \"ecs\"\ntime_limit_s = 5000",
            "preset = \"aws-defaults\"\ngateway_limit_s = 120\nimports_ms = 900",
            "runtime = \"nodejs24\"\nimports_ms = 1\nmemory_mb = 10240",
        ] {
            assert_eq!(read(sound).wrong(), None, "{sound}");
        }
    }

    #[test]
    fn the_presets_of_the_chapter_know_nothing_of_the_gateways_limit() {
        let lambda = Settings::default().resolve();
        assert_eq!(
            (lambda.gateway, lambda.gateway_limit),
            (Gateway::Unlimited, None)
        );
        let aws = read("preset = \"aws-defaults\"").resolve();
        assert_eq!(aws.gateway_limit, Some(Duration::from_secs(29)));
        let raised = read("preset = \"aws-defaults\"\ngateway_limit_s = 120").resolve();
        assert_eq!(raised.gateway_limit, Some(Duration::from_secs(120)));
    }
}
