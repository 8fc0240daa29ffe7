//! How fast simulated time runs: every built-in scenario, then `rate-limits` with many requests.
//!
//! `cargo bench --bench run [-- REQUESTS]` (default 100,000). The ratio is simulated time over wall
//! time; both modes of a scenario go side by side, as in `breaklab run`.

use breaklab::clock::{Clock, Stopwatch};
use breaklab::generator::Policy;
use breaklab::load::Stop;
use breaklab::runner::{self, Setup};
use breaklab::scenario::{self, Loaded};

fn jobs(scenario: &str, requests: Option<u64>) -> Vec<Setup> {
    let mut loaded = Loaded::find(scenario).expect("built-in scenarios are sound");
    if let Some(requests) = requests {
        loaded.scenario.load = loaded.scenario.load.scaled_to(requests);
    }
    let modes = loaded.scenario.modes.clone();
    let job = |mode| Setup {
        policy: Policy::new(mode, &loaded.scenario.generator),
        loaded: loaded.clone(),
        corpus: None,
        seed: 1,
    };
    modes.into_iter().map(job).collect()
}

#[expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
fn measure(name: &str, jobs: &[Setup]) {
    let watch = Stopwatch::start();
    let runs = runner::run_all(jobs, Clock::Virtual, &Stop::default(), &runner::nobody());
    let wall = watch.elapsed().as_secs_f64();
    let runs = runs.expect("virtual runs need nothing that could be missing");
    let simulated: f64 = runs
        .iter()
        .map(|(run, _)| run.makespan_ms as f64 / 1000.0)
        .sum();
    let requests: u64 = runs.iter().map(|(run, _)| run.offered).sum();
    println!(
        "{name:<28} {requests:>9} requests {simulated:>12.0} s simulated {wall:>8.2} s wall  {:>9.0} times as fast",
        simulated / wall
    );
}

fn main() {
    // Cargo passes `--bench` along.
    let requests = std::env::args()
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(100_000);
    let all: Vec<Setup> = scenario::builtin_ids()
        .iter()
        .flat_map(|id| jobs(id, None))
        .collect();
    measure("all scenarios", &all);
    measure(
        "rate-limits, both modes",
        &jobs("rate-limits", Some(requests)),
    );
}
