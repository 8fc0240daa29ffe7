//! Runs a scenario from code, naive against hardened, and prints its summary: as a table, and one
//! number of it by name.
//!
//! `cargo run --example run_a_scenario [-- SCENARIO]`; `breaklab scenario list` names them, and a path
//! that ends in `.toml` is a story of your own.

use std::error::Error;

use breaklab::clock::Clock;
use breaklab::generator::Policy;
use breaklab::load::Stop;
use breaklab::record::Record;
use breaklab::runner::{self, Setup};
use breaklab::scenario::{self, Loaded};
use breaklab::summary::{self, Metric};
use breaklab::{report, text};

const SEED: u64 = 1;
const WIDTH: usize = 100;

#[expect(clippy::print_stdout, reason = "an example shows what it found")]
fn show(scenario: &str) -> Result<(), Box<dyn Error>> {
    let loaded = Loaded::find(scenario)?;
    let modes = loaded.scenario.modes.clone();
    let setups: Vec<Setup> = modes
        .into_iter()
        .map(|mode| Setup {
            policy: Policy::new(mode, &loaded.scenario.generator),
            loaded: loaded.clone(),
            corpus: None,
            seed: SEED,
        })
        .collect();

    // First the facts …
    let ended = runner::run_all(&setups, Clock::Virtual, &Stop::default(), &runner::nobody())?;
    let runs = ended.into_iter().map(|(run, _)| run).collect();
    let record = Record::new(Clock::Virtual.describe(), SEED, runs);

    // … and then the numbers, which can be computed again from the facts at any time.
    let summary = summary::summarize(&record, &scenario::claims(), &[]);
    println!("{}", report::table(&record, &summary, WIDTH, false));
    for run in &summary.runs {
        let lost = run.value(Metric::FailureRate);
        println!("{}: {} lost", run.mode, text::figures::percent(lost));
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let scenario = std::env::args().nth(1);
    show(scenario.as_deref().unwrap_or("rate-limits"))
}

#[test]
fn it_runs() {
    show("rate-limits").unwrap();
}
