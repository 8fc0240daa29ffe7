//! The settings in force. They can be replaced while the mock runs; an attempt keeps those it met.

use std::collections::HashMap;
use std::sync::Arc;

use ground::limits::{EndpointLimits, Limits};
use ground::models;
use ground::prices::Prices;
use ground::profile::Profile;
use tokio::sync::Semaphore;

use crate::reply::Script;
use crate::settings::{Config, ConfigError, Options};

/// Checked settings and what is derived from them.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) config: Config,
    pub(crate) options: Options,
    /// Profile index by model id and alias.
    pub(crate) models: HashMap<String, usize>,
    /// Prices in the order of the profiles.
    pub(crate) prices: Vec<Prices>,
    /// Number of the class that shares limits, in the order of the profiles.
    pub(crate) classes: Vec<usize>,
    /// Limits in the order of the profiles; all models have some, or none has.
    pub(crate) limits: Vec<Option<Limits>>,
    /// Limits of counting and batches.
    pub(crate) endpoints: Option<EndpointLimits>,
    /// Answers that are given instead of the built-in author's.
    pub(crate) script: Script,
    /// Slots for answers written at once.
    pub(crate) slots: Option<Arc<Semaphore>>,
}

impl Live {
    pub(crate) fn new(config: Config, options: Options) -> Result<Self, ConfigError> {
        config.check()?;
        let script = Script::new(&config.answers).unwrap_or_default();
        options.check()?;
        let ids = config.profiles.iter().enumerate().flat_map(|(i, profile)| {
            std::iter::once(&profile.model)
                .chain(&profile.aliases)
                .map(move |id| (id.clone(), i))
        });
        let models = ids.collect();
        let of = |profile: &Profile| config.prices.of(&profile.model);
        let prices = config.profiles.iter().filter_map(of).collect();
        let names: Vec<String> = config
            .profiles
            .iter()
            .map(|p| models::class(&p.model))
            .collect();
        let classes = names
            .iter()
            .map(|name| names.iter().position(|other| other == name).unwrap_or(0))
            .collect();
        let limits = limits(&config, &options)?;
        let of_tier = options.tier.as_deref().and_then(EndpointLimits::of_tier);
        let endpoints = options.endpoint_limits.or(of_tier);
        let slots = options
            .capacity
            .map(|c| Arc::new(Semaphore::new(c.slots.max(1) as usize)));
        Ok(Self {
            config,
            options,
            models,
            prices,
            classes,
            limits,
            endpoints,
            script,
            slots,
        })
    }
}

/// The limits of each model: the settings' own, or else those of the tier.
fn limits(config: &Config, options: &Options) -> Result<Vec<Option<Limits>>, ConfigError> {
    let of = |profile: &Profile| match &options.tier {
        _ if config.limits.is_some() => Ok(config.limits),
        None => Ok(None),
        Some(tier) => match profile.tiers.get(tier) {
            Some(limits) => Ok(Some(*limits)),
            None => Err(ConfigError::NoTier {
                model: profile.model.clone(),
                tier: tier.clone(),
                known: profile.tiers.keys().cloned().collect::<Vec<_>>().join(", "),
            }),
        },
    };
    config.profiles.iter().map(of).collect()
}
