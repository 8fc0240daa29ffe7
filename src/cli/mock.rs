//! `breaklab mock`: the same server as the `mock-claude` program, also with the troubles of a
//! scenario.

use ground::presets;
use mock_claude::Settings;

use crate::scenario::Loaded;

use super::Exit;

/// Arguments of `breaklab mock`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    mock: mock_claude::cli::Options,
    /// Limits, faults and latency of this scenario, by its id or file (see `breaklab scenario list`)
    #[arg(long, value_name = "SCENARIO", conflicts_with_all = ["config", "preset"])]
    like: Option<String>,
}

/// Serves until it is interrupted.
pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let settings = match &args.like {
        Some(name) => like(&Loaded::find(name)?),
        None => Settings::default(),
    };
    Ok(if mock_claude::cli::start(&args.mock, settings)? {
        Exit::Done
    } else {
        Exit::Failed
    })
}

/// Settings with the troubles of a scenario. Programs ask for the model that they like, so all models
/// are served, and all are as slow as the scenario's.
fn like(loaded: &Loaded) -> Settings {
    let own = &loaded.profile;
    let is_own = |id: &String| *id == own.model || own.aliases.contains(id);
    let mut profiles = vec![own.clone()];
    let mut prices = loaded.prices.clone();
    for mut other in presets::profiles() {
        if is_own(&other.model) || other.aliases.iter().any(is_own) {
            continue;
        }
        if let Some(price) = presets::prices().models.get(&other.model) {
            prices.models.entry(other.model.clone()).or_insert(*price);
        }
        other.latency = own.latency;
        profiles.push(other);
    }
    Settings {
        profiles,
        prices: Some(prices),
        limits: loaded.limits,
        faults: loaded.scenario.fault.clone(),
        ..Settings::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_can_be_played_to_any_program() {
        for id in crate::scenario::builtin_ids() {
            let loaded = Loaded::find(&id).unwrap_or_else(|error| panic!("{error}"));
            let config = like(&loaded).into_config();
            assert_eq!(config.check(), Ok(()), "{id}");
            assert!(config.profiles.len() > 10, "{id}");
            assert_eq!(config.limits, loaded.limits, "{id}");
        }
    }
}
