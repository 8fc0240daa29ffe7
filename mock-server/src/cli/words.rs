//! The limits in force, in words for the start-up lines.

use ground::limits::Limits;
use ground::profile::Profile;

use crate::request::grouped;
use crate::settings::{Config, Options as Behaviour};

/// The limits of all models: the commonest first, then the models that have others.
pub(super) fn limits(config: &Config, behaviour: &Behaviour) -> String {
    let of = |profile: &Profile| {
        let tier = behaviour.tier.as_ref();
        config.limits.or_else(|| profile.tiers.get(tier?).copied())
    };
    let count = |limits| config.profiles.iter().filter(|p| of(p) == limits).count();
    let commonest = config
        .profiles
        .iter()
        .map(of)
        .max_by_key(|limits| count(*limits));
    let Some(Some(limits)) = commonest else {
        return "none (--preset start switches those of the API's entry tier on)".to_owned();
    };
    let others = config.profiles.iter().filter(|p| of(p) != Some(limits));
    let mut text = format!("{} for each model and key", amounts(limits));
    for profile in others {
        if let Some(limits) = of(profile) {
            text += &format!("\n        {}: {}", profile.model, amounts(limits));
        }
    }
    text
}

fn amounts(limits: Limits) -> String {
    format!(
        "{} requests, {} input and {} output tokens a minute",
        grouped(limits.requests_per_minute),
        grouped(limits.input_tokens_per_minute),
        grouped(limits.output_tokens_per_minute),
    )
}
