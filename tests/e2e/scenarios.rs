//! The story in numbers: naive breaks as the chapter says, hardened holds, and both are repeatable.

use breaklab::clock::Clock;
use breaklab::generator::Policy;
use breaklab::load::Stop;
use breaklab::record::{Base, Ending, Mode, Protection, Run};
use breaklab::runner::Setup;
use breaklab::scenario::Loaded;
use breaklab::summary::{self, ClaimList, RunSummary};

pub(crate) fn job(scenario: &str, base: Base) -> Setup {
    let loaded = Loaded::find(scenario).unwrap();
    let policy = Policy::new(base, &loaded.scenario.generator);
    Setup {
        loaded,
        policy,
        corpus: None,
        seed: 1,
    }
}

fn run(job: &Setup) -> Run {
    job.run(Clock::Virtual, &Stop::default()).unwrap().0
}

fn summarize(run: Run) -> RunSummary {
    let record = breaklab::record::Record {
        schema: breaklab::record::SCHEMA.to_owned(),
        version: String::new(),
        clock: breaklab::record::ClockKind::Virtual,
        speed: 1.0,
        seed: 1,
        host: None,
        interrupted: false,
        runs: vec![run],
    };
    let summary = summary::summarize(&record, &ClaimList::default(), &[])
        .runs
        .remove(0);
    assert_eq!(
        summary.violations,
        Vec::<String>::new(),
        "{} {}",
        summary.scenario,
        summary.mode
    );
    summary
}

fn both(scenario: &str) -> (RunSummary, RunSummary) {
    (
        summarize(run(&job(scenario, Base::Naive))),
        summarize(run(&job(scenario, Base::Hardened))),
    )
}

fn whole(docs: &summary::DocsSummary) {
    assert_eq!(
        (
            docs.coverage,
            docs.duplicates,
            docs.out_of_order,
            docs.foreign
        ),
        (Some(1.0), 0, 0, 0)
    );
}

#[test]
fn a_large_file_kills_naive_at_300_s_and_hardened_documents_it_whole() {
    for scenario in ["large-files", "large-files-one-liners"] {
        let killed = run(&job(scenario, Base::Naive));
        assert_eq!(killed.endings.get(&Ending::TimeLimit), Some(&1));
        assert!(
            killed
                .errors
                .contains_key("Task timed out after 300.00 seconds"),
            "{:?}",
            killed.errors
        );
        let (naive, hardened) = both(scenario);
        assert_eq!(naive.docs.documented, 0);
        assert!(
            naive.cost.wasted_usd > 0.5,
            "killed work is paid for: {:?}",
            naive.cost
        );
        assert_eq!(hardened.requests.ok, 1);
        assert!(hardened.makespan_s < 300.0, "{}", hardened.makespan_s);
        whole(&hardened.docs);
    }
}

#[test]
fn ten_equal_requests_cost_naive_ten_times_what_they_cost_hardened() {
    for scenario in ["cost-explosion", "cost-explosion-at-once"] {
        let (naive, hardened) = both(scenario);
        assert!(
            naive.cost.usd / hardened.cost.usd >= 9.9,
            "{} / {}",
            naive.cost.usd,
            hardened.cost.usd
        );
        assert_eq!(hardened.requests.ok, 10);
        whole(&hardened.docs);
    }
}

#[test]
fn the_rate_limit_fails_a_third_to_a_half_of_naive_and_nothing_of_hardened() {
    let (naive, hardened) = both("rate-limits");
    let rate = naive.failure_rate.unwrap();
    assert!((0.35..=0.5).contains(&rate), "{rate}");
    assert_eq!(hardened.failure_rate, Some(0.0));
    let (at_once, hardened) = both("rate-limits-at-once");
    assert!(at_once.failure_rate.unwrap() > rate);
    assert_eq!(hardened.failure_rate, Some(0.0));
    whole(&hardened.docs);
}

#[test]
fn a_hundred_files_take_naive_fifty_minutes_and_ten_workers_a_tenth() {
    let (naive, hardened) = both("slow-processing");
    assert!(naive.makespan_s >= 3000.0, "{}", naive.makespan_s);
    assert!(
        naive.makespan_s / hardened.makespan_s >= 9.5,
        "{} / {}",
        naive.makespan_s,
        hardened.makespan_s
    );
    let (breakdown, _) = both("slow-processing-breakdown");
    assert!(
        (490.0..=510.0).contains(&breakdown.makespan_s),
        "{}",
        breakdown.makespan_s
    );
    let (_, wide) = both("slow-processing-wide");
    assert!(
        wide.makespan_s < hardened.makespan_s / 3.0,
        "{}",
        wide.makespan_s
    );
}

#[test]
fn a_month_costs_naive_twenty_thousand_rupees_and_hardened_at_most_3800() {
    let (naive, hardened) = both("monthly");
    assert!(
        (19_000.0..=21_000.0).contains(&naive.cost.inr),
        "{}",
        naive.cost.inr
    );
    assert!(hardened.cost.inr <= 3_800.0, "{}", hardened.cost.inr);
    assert_eq!(hardened.upstream.attempts, 100 + 9 * 10);
}

#[test]
fn a_flaky_provider_costs_naive_files_and_hardened_none() {
    let (naive, hardened) = both("flaky-provider");
    assert!(naive.requests.failed >= 5, "{:?}", naive.requests);
    assert_eq!(hardened.requests.ok, 100);
    whole(&hardened.docs);
}

#[test]
fn taking_a_protection_away_brings_its_failure_back() {
    let without = |scenario, protection| {
        let job = job(scenario, Base::Hardened);
        let settings = &job.loaded.scenario.generator;
        let policy = Policy::new(Mode::hardened_without(protection), settings);
        summarize(run(&Setup { policy, ..job }))
    };
    assert_eq!(
        without("large-files", Protection::Chunking).requests.failed,
        1
    );
    assert!(without("cost-explosion", Protection::Cache).cost.inr > 190.0);
    assert!(
        without("cost-explosion-at-once", Protection::SingleFlight)
            .cost
            .inr
            > 190.0
    );
    assert!(without("slow-processing", Protection::Parallelism).makespan_s > 3000.0);
    assert!(without("flaky-provider", Protection::Retry).requests.failed > 0);
    let unpaced = without("rate-limits-at-once", Protection::Pacing);
    assert!(
        unpaced
            .upstream
            .by_status
            .get(&429)
            .is_some_and(|&refused| refused > 0),
        "{:?}",
        unpaced.upstream
    );
}

#[test]
fn no_run_ends_before_its_lower_bound() {
    for scenario in breaklab::scenario::builtin_ids() {
        let (naive, hardened) = both(&scenario);
        for run in [naive, hardened] {
            let limit = run.limit_s.unwrap_or(0.0);
            assert!(
                limit <= run.makespan_s,
                "{} {}: {limit}",
                run.scenario,
                run.subject
            );
        }
    }
}

#[test]
fn one_seed_gives_one_record_and_another_seed_another() {
    let bytes = |seed| {
        let job = Setup {
            seed,
            ..job("flaky-provider", Base::Hardened)
        };
        serde_json::to_vec(&run(&job)).unwrap()
    };
    assert_eq!(bytes(1), bytes(1));
    assert_ne!(bytes(1), bytes(2));
}

#[test]
fn a_call_that_the_mock_did_not_see_is_a_violation() {
    let mut spoilt = run(&job("cost-explosion", Base::Hardened));
    assert_eq!(summary::violations(&spoilt), Vec::<String>::new());
    spoilt.ledger.totals.attempts -= 1;
    assert!(
        summary::violations(&spoilt)
            .iter()
            .any(|law| law.contains("attempts the mock saw"))
    );
    let mut spoilt = run(&job("cost-explosion", Base::Hardened));
    spoilt.attempts.replied_output_tokens += 1;
    assert!(
        summary::violations(&spoilt)
            .iter()
            .any(|law| law.contains("replied output tokens"))
    );
    let mut spoilt = run(&job("cost-explosion", Base::Hardened));
    spoilt.offered += 1;
    assert!(
        summary::violations(&spoilt)
            .iter()
            .any(|law| law.contains("requests offered"))
    );
}

#[test]
fn a_stopped_run_keeps_what_had_finished_and_counts_the_rest_as_dropped() {
    let stop = Stop::default();
    stop.stop();
    let run = job("slow-processing", Base::Naive)
        .run(Clock::Virtual, &stop)
        .unwrap()
        .0;
    assert_eq!(run.endings.get(&Ending::Dropped), Some(&100));
    assert_eq!(summary::violations(&run), Vec::<String>::new());
}

#[test]
fn behind_a_gateway_of_29_seconds_nothing_is_documented_and_everything_is_paid() {
    let (naive, hardened) = both("gateway-timeout");
    assert_eq!((naive.requests.ok, naive.requests.failed), (0, 100));
    assert_eq!(naive.endings.get(&Ending::GatewayTimeout), Some(&100));
    assert_eq!(
        naive.top_error.as_ref().unwrap().0,
        "Endpoint request timed out"
    );
    assert_eq!(naive.upstream.attempts, 100);
    assert_eq!(
        naive.upstream.by_status.get(&200),
        Some(&100),
        "the work goes on to its end"
    );
    assert!(
        (naive.makespan_s - 2902.0).abs() < 3.0,
        "{}",
        naive.makespan_s
    );
    assert_eq!(hardened.requests.ok, 100);
    whole(&hardened.docs);
    assert_eq!(hardened.cost.usd, naive.cost.usd);

    let (retried, hardened) = both("gateway-timeout-retried");
    assert_eq!(
        (retried.requests.failed, retried.upstream.attempts),
        (100, 200)
    );
    assert!((retried.cost.usd / naive.cost.usd - 2.0).abs() < 1e-9);
    assert_eq!(
        (hardened.requests.ok, hardened.upstream.attempts),
        (100, 100)
    );
}

#[test]
fn a_gateway_that_waits_longer_mends_it_too_and_a_function_url_never_gives_up() {
    for settings in ["gateway_limit_s = 120", "gateway = \"function-url\""] {
        let text = breaklab::scenario::builtin("gateway-timeout").unwrap();
        let text = text.replace("analysis_ms = 500", settings);
        let loaded = Loaded::parse(&text, "test", std::path::Path::new("")).unwrap();
        let mut job = job("gateway-timeout", Base::Naive);
        job.loaded = loaded;
        let naive = summarize(run(&job));
        assert_eq!(naive.requests.ok, 100, "{settings}");
    }
}

#[test]
fn the_platforms_bill_is_its_seconds_its_gateway_and_its_invocations_and_it_mostly_waits() {
    let naive = summarize(run(&job("slow-processing", Base::Naive)));
    let bill = naive.platform.unwrap();
    // Half a gigabyte for as long as the job takes, but for the gateway's 0.2 s a file.
    let seconds = naive.makespan_s - 100.0 * 0.2;
    assert!(
        (bill.gb_seconds - seconds / 2.0).abs() < 0.1,
        "{}",
        bill.gb_seconds
    );
    let expected = seconds / 2.0 * 0.0000166667 + 100.0 * (3.5 + 0.2) / 1e6;
    assert!((bill.usd - expected).abs() < 1e-5, "{}", bill.usd);
    assert!(
        (0.97..1.0).contains(&bill.waiting.unwrap()),
        "{:?}",
        bill.waiting
    );
    assert_eq!(
        (bill.counts.gateway_requests, bill.counts.invocations),
        (100, 100)
    );
}

#[test]
fn instances_that_are_not_to_be_had_are_told_from_the_providers_429() {
    let (naive, hardened) = both("throttled-functions");
    assert_eq!(naive.endings.get(&Ending::Throttled), Some(&90));
    assert_eq!(naive.top_error.as_ref().unwrap().0, "Internal server error");
    assert_eq!(naive.upstream.by_status.get(&429), None);
    assert_eq!(naive.platform.unwrap().counts.throttled, 90);
    whole(&hardened.docs);
    assert_eq!(hardened.requests.ok, 100);

    let (storm, hardened) = both("cold-start-storm");
    let counts = storm.platform.unwrap().counts;
    assert_eq!((counts.cold_starts, counts.throttled), (1000, 500));
    let init_s = counts.init_ms as f64 / 1e6;
    assert!((0.98..1.05).contains(&init_s), "a second each: {init_s}");
    assert_eq!(hardened.requests.ok, 1500);
    assert_eq!(hardened.platform.unwrap().counts.cold_starts, 100);
}

#[test]
fn a_cache_in_each_instance_pays_again_for_what_another_instance_has() {
    let (_, shared) = both("cache-per-instance");
    let mut alone = job("cache-per-instance", Base::Hardened);
    let mode = Mode::hardened_without(Protection::SharedCache);
    alone.policy = Policy::new(mode, &alone.loaded.scenario.generator);
    let alone = summarize(run(&alone));
    assert_eq!((shared.upstream.attempts, alone.requests.ok), (20, 400));
    assert!(
        alone.cost.usd > 10.0 * shared.cost.usd,
        "{}",
        alone.cost.usd
    );
    let counts = shared.platform.unwrap().counts;
    assert_eq!(counts.cache_read_units, 400);
    assert_eq!(alone.platform.unwrap().counts.cache_read_units, 0);
}
