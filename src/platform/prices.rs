//! What the platform bills, from a dated file.

use std::sync::LazyLock;

use serde::Deserialize;

use super::gateway::Gateway;
use super::settings::Platform;
use crate::record::FunctionSetting;

/// `scenarios/prices/platform/aws-2026-09.toml`.
const AWS: &str = include_str!("../../scenarios/prices/platform/aws-2026-09.toml");

/// Prices in US dollars; where they come from stands in the file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Prices {
    name: String,
    as_of: String,
    source: String,
    gb_second_usd: f64,
    million_invocations_usd: f64,
    million_rest_requests_usd: f64,
    million_http_requests_usd: f64,
    million_read_units_usd: f64,
    million_write_units_usd: f64,
}

/// Dollars for a gigabyte during a second, and for an invocation.
pub(super) fn of_functions() -> (f64, f64) {
    let prices = Prices::aws();
    (prices.gb_second_usd, prices.million_invocations_usd / 1e6)
}

impl Prices {
    fn aws() -> &'static Self {
        static READ: LazyLock<Prices> =
            LazyLock::new(|| toml::from_str(AWS).expect("a test reads the built-in prices"));
        &READ
    }
}

impl Platform {
    /// What its bill is made of; none where it does not bill by the invocation. The chapter's API Gateway is
    /// priced as a REST API.
    #[must_use]
    pub fn functions(&self) -> Option<FunctionSetting> {
        let memory_mb = self.memory_mb?;
        let prices = Prices::aws();
        let million_gateway_requests_usd = match self.gateway {
            Gateway::Unlimited | Gateway::Rest | Gateway::RestStream => {
                prices.million_rest_requests_usd
            }
            Gateway::Http => prices.million_http_requests_usd,
            Gateway::FunctionUrl => 0.0,
        };
        Some(FunctionSetting {
            gateway: self.gateway.name().to_owned(),
            gateway_limit_ms: self.gateway_limit.map(|limit| limit.as_millis() as u64),
            memory_mb,
            prices: prices.name.clone(),
            prices_source: prices.source.clone(),
            prices_as_of: prices.as_of.clone(),
            gb_second_usd: prices.gb_second_usd,
            million_invocations_usd: prices.million_invocations_usd,
            million_gateway_requests_usd,
            million_read_units_usd: prices.million_read_units_usd,
            million_write_units_usd: prices.million_write_units_usd,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::platform::{Preset, Settings};

    #[test]
    fn only_lambda_bills_by_the_invocation() {
        let functions = |preset| {
            let settings = Settings {
                preset,
                ..Settings::default()
            };
            settings.resolve().functions()
        };
        let lambda = functions(Preset::AwsDefaults).unwrap();
        assert_eq!((lambda.gateway.as_str(), lambda.memory_mb), ("rest", 512));
        assert_eq!(lambda.million_gateway_requests_usd, 3.5);
        assert_eq!(functions(Preset::Ecs), None);
    }
}
