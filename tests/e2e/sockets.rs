//! Virtual time against real sockets: the same story, the same endings.

use std::collections::BTreeMap;

use breaklab::clock::Clock;
use breaklab::generator::Mode;
use breaklab::load::Stop;
use breaklab::record::{Ending, Run};

use crate::scenarios::job;

fn run(scenario: &str, mode: Mode, clock: Clock) -> Run {
    let job = job(scenario, mode);
    let run = job.run(clock, &Stop::default()).unwrap().0;
    assert_eq!(
        breaklab::summary::violations(&run),
        Vec::<String>::new(),
        "{scenario} {}",
        run.mode
    );
    run
}

fn endings(run: &Run) -> BTreeMap<u64, Ending> {
    run.requests
        .iter()
        .map(|request| (request.index, request.ending))
        .collect()
}

#[test]
fn faults_that_depend_on_who_asks_end_the_same_over_real_sockets() {
    for mode in [Mode::Naive, Mode::Hardened] {
        let simulated = run("flaky-provider", mode, Clock::Virtual);
        let mut job = job("flaky-provider", mode);
        // The naive job takes an hour one file at a time; ten clients tell the same story sooner.
        job.loaded.scenario.load.arrivals = breaklab::load::Arrivals::Closed;
        job.loaded.scenario.load.workers = Some(20);
        let real = job
            .run(Clock::Real { speed: 100.0 }, &Stop::default())
            .unwrap()
            .0;
        assert_eq!(breaklab::summary::violations(&real), Vec::<String>::new());
        assert_eq!(endings(&real), endings(&simulated), "{mode}");
    }
}

#[test]
fn a_killed_file_is_paid_for_over_real_sockets_too() {
    let real = run("large-files", Mode::Naive, Clock::Real { speed: 100.0 });
    assert_eq!(real.endings.get(&Ending::TimeLimit), Some(&1));
    assert!(real.ledger.totals.wasted_pico > 0);
}

#[test]
fn ten_equal_requests_at_once_are_one_call_over_real_sockets() {
    let real = run(
        "cost-explosion-at-once",
        Mode::Hardened,
        Clock::Real { speed: 50.0 },
    );
    assert_eq!(
        (real.attempts.sent, real.endings.get(&Ending::Ok)),
        (1, Some(&10))
    );
}
