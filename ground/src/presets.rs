//! What is built in: today's models, and what they cost.

use serde::Deserialize;

use crate::prices::PriceBook;
use crate::profile::Profile;

/// The models served when no others are given; figures and sources are in `presets/models.toml`.
#[must_use]
pub fn profiles() -> Vec<Profile> {
    #[derive(Deserialize)]
    struct Models {
        profiles: Vec<Profile>,
    }
    let models: Models = toml::from_str(include_str!("../presets/models.toml"))
        .expect("a test reads the built-in profiles");
    models.profiles
}

/// The price book used when no other is given; see `presets/prices.toml`.
#[must_use]
pub fn prices() -> PriceBook {
    toml::from_str(include_str!("../presets/prices.toml"))
        .expect("a test reads the built-in prices")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_model_has_every_tier_and_a_price() {
        let book = prices();
        for profile in profiles() {
            let tiers: Vec<_> = profile.tiers.keys().map(String::as_str).collect();
            let all = ["build", "scale", "start", "tier1-2025"];
            assert_eq!(tiers, all, "{}", profile.model);
            assert!(book.of(&profile.model).is_some(), "{}", profile.model);
        }
    }
}
