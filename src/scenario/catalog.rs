//! The scenarios, profiles and price books that are built in, so that the program needs no files.

use crate::summary::ClaimList;

use super::Loaded;

/// Scenarios in the order in which they are told.
const SCENARIOS: &[(&str, &str)] = &[
    (
        "large-files",
        include_str!("../../scenarios/large-files.toml"),
    ),
    (
        "large-files-one-liners",
        include_str!("../../scenarios/large-files-one-liners.toml"),
    ),
    (
        "cost-explosion",
        include_str!("../../scenarios/cost-explosion.toml"),
    ),
    (
        "cost-explosion-at-once",
        include_str!("../../scenarios/cost-explosion-at-once.toml"),
    ),
    (
        "rate-limits",
        include_str!("../../scenarios/rate-limits.toml"),
    ),
    (
        "rate-limits-at-once",
        include_str!("../../scenarios/rate-limits-at-once.toml"),
    ),
    (
        "slow-processing",
        include_str!("../../scenarios/slow-processing.toml"),
    ),
    (
        "slow-processing-wide",
        include_str!("../../scenarios/slow-processing-wide.toml"),
    ),
    (
        "slow-processing-breakdown",
        include_str!("../../scenarios/slow-processing-breakdown.toml"),
    ),
    ("monthly", include_str!("../../scenarios/monthly.toml")),
    (
        "flaky-provider",
        include_str!("../../scenarios/flaky-provider.toml"),
    ),
    (
        "gateway-timeout",
        include_str!("../../scenarios/gateway-timeout.toml"),
    ),
    (
        "gateway-timeout-retried",
        include_str!("../../scenarios/gateway-timeout-retried.toml"),
    ),
    (
        "throttled-functions",
        include_str!("../../scenarios/throttled-functions.toml"),
    ),
    (
        "cold-start-storm",
        include_str!("../../scenarios/cold-start-storm.toml"),
    ),
    (
        "cache-per-instance",
        include_str!("../../scenarios/cache-per-instance.toml"),
    ),
];

/// Model profiles by name.
pub(super) const PROFILES: &[(&str, &str)] = &[
    ("opus", include_str!("../../scenarios/profiles/opus.toml")),
    (
        "chapter-3s",
        include_str!("../../scenarios/profiles/chapter-3s.toml"),
    ),
];

/// Price books by name.
pub(super) const PRICES: &[(&str, &str)] = &[
    (
        "chapter",
        include_str!("../../scenarios/prices/chapter.toml"),
    ),
    (
        "list-2026-11",
        include_str!("../../scenarios/prices/list-2026-11.toml"),
    ),
];

/// Text of a built-in scenario.
#[must_use]
pub fn builtin(id: &str) -> Option<&'static str> {
    find(SCENARIOS, id)
}

/// Ids of the built-in scenarios, in the order in which they are told.
#[must_use]
pub fn builtin_ids() -> Vec<String> {
    SCENARIOS.iter().map(|(id, _)| (*id).to_owned()).collect()
}

/// Text of a built-in profile.
pub(super) fn profile(name: &str) -> Option<&'static str> {
    find(PROFILES, name)
}

/// Text of a built-in price book.
pub(super) fn prices(name: &str) -> Option<&'static str> {
    find(PRICES, name)
}

/// The chapter's figures.
///
/// # Panics
/// Never in a tested build: the file is part of the program and read by a test.
#[must_use]
pub fn claims() -> ClaimList {
    let mut claims: ClaimList = toml::from_str(include_str!("../../scenarios/claims.toml"))
        .expect("the built-in claims file is checked by a test");
    claims.digests = builtin_ids()
        .into_iter()
        .filter_map(|id| Some((id.clone(), Loaded::find(&id).ok()?.digest())))
        .collect();
    claims
}

fn find(list: &[(&str, &'static str)], name: &str) -> Option<&'static str> {
    list.iter()
        .find(|(known, _)| *known == name)
        .map(|(_, text)| *text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_claims_file_can_be_read_and_its_ids_are_unique() {
        let claims = claims().claim;
        let ids: std::collections::BTreeSet<&str> =
            claims.iter().map(|claim| claim.id.as_str()).collect();
        assert_eq!(ids.len(), claims.len());
    }
}
