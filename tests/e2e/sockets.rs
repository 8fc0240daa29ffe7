//! Virtual time against real sockets: the same story, the same endings.

use std::collections::BTreeMap;

use breaklab::clock::Clock;
use breaklab::load::{Arrivals, Stop};
use breaklab::record::{Base, Ending, Run};

use crate::scenarios::job;

fn run(scenario: &str, base: Base, clock: Clock) -> Run {
    let job = job(scenario, base);
    let run = job.run(clock, &Stop::default()).unwrap().0;
    assert_eq!(
        breaklab::summary::violations(&run),
        Vec::<String>::new(),
        "{scenario} {}",
        run.subject
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
    for base in [Base::Naive, Base::Hardened] {
        let simulated = run("flaky-provider", base, Clock::Virtual);
        let mut job = job("flaky-provider", base);
        // The naive job takes an hour one file at a time; ten clients tell the same story sooner.
        job.loaded.scenario.load.arrivals = Arrivals::Closed {
            workers: 20,
            duration_s: None,
        };
        // A call is given up after 120 s, here 6 s of the wall: no machine stalls as long.
        let real = job
            .run(Clock::Real { speed: 20.0 }, &Stop::default())
            .unwrap()
            .0;
        assert_eq!(breaklab::summary::violations(&real), Vec::<String>::new());
        assert_eq!(endings(&real), endings(&simulated), "{base}");
    }
}

#[test]
fn a_killed_file_is_paid_for_over_real_sockets_too() {
    let real = run("large-files", Base::Naive, Clock::Real { speed: 100.0 });
    assert_eq!(real.endings.get(&Ending::TimeLimit), Some(&1));
    assert!(real.ledger.totals.wasted_pico > 0);
}

#[test]
fn ten_equal_requests_at_once_are_one_call_over_real_sockets() {
    let real = run(
        "cost-explosion-at-once",
        Base::Hardened,
        Clock::Real { speed: 50.0 },
    );
    assert_eq!(
        (real.attempts.sent, real.endings.get(&Ending::Ok)),
        (1, Some(&10))
    );
}

/// What the gateway gives up goes on, and jobs are looked for, over sockets as on the paused clock.
#[test]
fn a_gateway_gives_up_and_jobs_are_collected_over_sockets_as_well() {
    let setup = |base| {
        let mut job = job("gateway-timeout", base);
        job.loaded.scenario.load.requests = 4;
        job.loaded.scenario.load.arrivals = breaklab::load::Arrivals::Burst;
        job
    };
    let real = |base| {
        setup(base)
            .run(Clock::Real { speed: 40.0 }, &Stop::default())
            .unwrap()
            .0
    };
    let naive = real(Base::Naive);
    assert_eq!(naive.endings, [(Ending::GatewayTimeout, 4)].into());
    assert_eq!(naive.attempts.by_status, [(200, 4)].into());
    assert_eq!(naive.invocations.unwrap().gateway_timeouts, 4);
    let hardened = real(Base::Hardened);
    assert_eq!(hardened.endings, [(Ending::Ok, 4)].into());
    let asked = hardened.invocations.unwrap().gateway_requests;
    assert!(asked > 4, "clients look at their jobs: {asked}");

    // A job that its function's limit kills fails alike on both clocks, in Lambda's own words.
    let mut killed = setup(Base::Hardened);
    killed.loaded.scenario.platform.time_limit_s = Some(30.0);
    let run = |clock| killed.run(clock, &Stop::default()).unwrap().0;
    let (real, simulated) = (run(Clock::Real { speed: 40.0 }), run(Clock::Virtual));
    for run in [&real, &simulated] {
        assert_eq!(run.endings, [(Ending::TimeLimit, 4)].into());
        assert_eq!(run.statuses, [(200, 4)].into());
        let words = "Task timed out after 30.00 seconds".to_owned();
        assert_eq!(run.errors, [(words, 4)].into());
    }
}
