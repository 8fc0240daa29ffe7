//! Laws over any story: whatever arrives, breaks and is set, the facts of a run agree with each other,
//! no run ends before its bound, and ok means whole. A seed makes the story, so a seed repeats it.
//!
//! `tests/chaos/run` goes through thousands of seeds; a seed that broke a law is kept in [`KEPT`].

use std::sync::mpsc;
use std::time::Duration;

use breaklab::clock::Clock;
use breaklab::generator::{Policy, Settings, Streaming};
use breaklab::load::{Arrivals, Stop};
use breaklab::platform::{Gateway, Preset, Runtime};
use breaklab::record::{Base, ClockKind, Ending, Mode, Protection, Record, Run};
use breaklab::runner::{RunError, Setup};
use breaklab::scenario::Loaded;
use breaklab::summary::{ClaimList, summarize};
use ground::fault::{FaultKind, FaultRule};
use strum::VariantArray;

/// Stories that broke a law once.
const KEPT: [u64; 1] = [5_999];
/// Stories in a test run; `CHAOS_SEEDS` asks for more.
const SEEDS: u64 = 300;
/// A run of a hundred requests takes milliseconds: what takes a minute and a half hangs.
const PATIENCE: Duration = Duration::from_secs(90);

#[test]
fn no_story_breaks_a_law() {
    let number = |name: &str| Some(std::env::var(name).ok()?.parse::<u64>().unwrap());
    let first = number("CHAOS_FROM").unwrap_or(1);
    let count = number("CHAOS_SEEDS").unwrap_or(SEEDS);
    let seeds: Vec<u64> = KEPT.into_iter().chain(first..first + count).collect();
    let next = std::sync::atomic::AtomicUsize::new(0);
    let broken = std::sync::Mutex::new(Vec::new());
    let width = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..width {
            scope.spawn(|| {
                while let Some(seed) =
                    seeds.get(next.fetch_add(1, std::sync::atomic::Ordering::SeqCst))
                {
                    for law in broken_laws(*seed) {
                        broken.lock().unwrap().push(format!("seed {seed}: {law}"));
                    }
                }
            });
        }
    });
    let broken = broken.into_inner().unwrap();
    assert!(
        broken.is_empty(),
        "{} laws are broken:\n{}",
        broken.len(),
        broken.join("\n")
    );
}

/// The laws can be broken: by a run whose facts were tampered with.
#[test]
fn a_tampered_run_breaks_the_laws() {
    let mut setup = story(1);
    setup.loaded = Loaded::find("rate-limits").unwrap();
    setup.loaded.scenario.load = setup.loaded.scenario.load.scaled_to(60);
    setup.policy = Policy::new(Base::Hardened, &setup.loaded.scenario.generator);
    let (run, _) = setup.run(Clock::Virtual, &Stop::default()).unwrap();
    assert_eq!(laws(&setup, &run), Vec::<String>::new());
    let tampered: [fn(&mut Run); 4] = [
        |run| run.offered += 1,
        |run| run.ledger.totals.attempts += 1,
        |run| run.makespan_ms = 0,
        |run| run.requests[0].docs.foreign += 1,
    ];
    for tamper in tampered {
        let mut other = run.clone();
        tamper(&mut other);
        assert_ne!(laws(&setup, &other), Vec::<String>::new());
    }
}

/// The laws that the story of `seed` breaks, in words.
fn broken_laws(seed: u64) -> Vec<String> {
    let (tell, told) = mpsc::channel();
    // A run that hangs cannot be ended; its thread is left alone.
    std::thread::spawn(move || {
        let setup = story(seed);
        let runs = [0, 1].map(|_| {
            let run = std::panic::catch_unwind(|| setup.run(Clock::Virtual, &Stop::default()));
            run.map(|run| run.map(|(run, _)| run))
        });
        let _ = tell.send((setup, runs));
    });
    let Ok((setup, [first, second])) = told.recv_timeout(PATIENCE) else {
        return vec![format!("it hangs: {}", told_in_short(&story(seed)))];
    };
    match (first, second) {
        (Err(_), _) | (_, Err(_)) => vec!["it panics".to_owned()],
        (Ok(Err(error)), _) => vec![refused(&error)],
        (Ok(Ok(run)), Ok(again)) => {
            let mut broken = laws(&setup, &run);
            if !broken.is_empty() {
                broken.push(told_in_short(&setup));
            }
            let text = |run: &Run| serde_json::to_string(run).unwrap();
            if !again.is_ok_and(|again| text(&again) == text(&run)) {
                broken.push("a replay differs".to_owned());
            }
            broken
        }
    }
}

fn told_in_short(setup: &Setup) -> String {
    let scenario = &setup.loaded.scenario;
    let mode = setup.policy.mode();
    format!(
        "{mode} {:?} {:?} {:?}",
        scenario.load, scenario.generator, scenario.fault
    )
}

fn refused(error: &RunError) -> String {
    format!("it cannot take place: {error}")
}

fn laws(setup: &Setup, run: &Run) -> Vec<String> {
    let record = Record::new((ClockKind::Virtual, 1.0), setup.seed, vec![run.clone()]);
    let summary = summarize(&record, &ClaimList::default(), &[])
        .runs
        .remove(0);
    let mut broken = summary.violations.clone();
    let counts = summary.requests;
    if counts.offered != counts.ok + counts.degraded + counts.failed + counts.dropped {
        broken.push(format!("requests do not add up: {counts:?}"));
    }
    if let Some(limit) = summary.limit_s
        && summary.makespan_s + 0.002 < limit
    {
        broken.push(format!(
            "it takes {} s, below its bound of {limit} s",
            summary.makespan_s
        ));
    }
    for request in &run.requests {
        let docs = request.docs;
        let is_whole = docs.documented == docs.symbols
            && docs.duplicates + docs.foreign + docs.out_of_order == 0;
        // Without chunking nobody looks into answers: that is what breaks a naive service.
        let is_checked = setup.policy.mode().has(Protection::Chunking);
        if is_checked && request.ending == Ending::Ok && !(is_whole && request.missing.is_empty()) {
            broken.push(format!(
                "request {} is ok but not whole: {docs:?}",
                request.index
            ));
        }
        if request.ended_ms < request.started_ms || request.started_ms < request.scheduled_ms {
            broken.push(format!("request {} goes back in time", request.index));
        }
    }
    let billed: u64 = summary.upstream.by_status.values().sum();
    if billed > summary.upstream.attempts {
        broken.push("there are more answers than attempts".to_owned());
    }
    broken
}

/// A mixer of 64 bits, so that a seed makes the same story on every machine.
struct Dice(u64, u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.1 += 1;
        ground::chance::mix(&[self.0, self.1])
    }

    /// From `low` to `high`, both included.
    fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.next() % (high - low + 1)
    }

    /// From 0 to 1.
    fn share(&mut self) -> f64 {
        self.between(0, 1_000) as f64 / 1_000.0
    }

    /// True in one of `of` cases.
    fn one_in(&mut self, of: u64) -> bool {
        self.next().is_multiple_of(of)
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.next() as usize % from.len()]
    }

    fn some<T: Copy>(&mut self, from: &[T], of: u64) -> Vec<T> {
        from.iter().copied().filter(|_| self.one_in(of)).collect()
    }
}

/// The story of a seed.
fn story(seed: u64) -> Setup {
    let mut dice = Dice(seed, 0);
    let mut loaded = Loaded::find("rate-limits").unwrap();
    let scenario = &mut loaded.scenario;
    let tiers: Vec<Option<&String>> = loaded
        .profile
        .tiers
        .keys()
        .map(Some)
        .chain([None])
        .collect();
    let tier = dice.pick(&tiers);
    scenario.tier = tier.map_or("unlimited".to_owned(), Clone::clone);
    loaded.limits = tier.map(|tier| loaded.profile.tiers[tier]);
    scenario.id = format!("chaos-{seed}");
    scenario.documents.lines = dice.pick(&[1, 12, 60, 60, 200, 300, 1_000]);
    scenario.documents.lines_per_symbol = dice.between(1, 40) as usize;
    scenario.documents.bytes_per_line = dice.between(8, 80) as f64;
    scenario.documents.files = dice.one_in(2).then(|| dice.between(1, 20));
    scenario.documents.changed_per_round = dice.share();
    let most = if scenario.documents.lines > 300 {
        3
    } else {
        25
    };
    scenario.load.requests = dice.between(1, most);
    scenario.load.arrivals = arrivals(&mut dice, scenario.load.requests);
    scenario.load.rounds = dice.pick(&[1, 1, 1, 2, 3]);
    scenario.load.rest_s = dice.pick(&[0.0, 0.0, 1.0, 700.0]);
    scenario.load.retries = dice.pick(&[0, 0, 0, 1, 3]);
    platform(&mut dice, &mut scenario.platform);
    let longest = loaded.profile.max_output_tokens.min(20_000);
    scenario.generator = generator(&mut dice, longest);
    // A call for each line of a long file is no story, but a long wait.
    let lines = scenario.documents.lines;
    scenario.generator.chunk_lines = scenario.generator.chunk_lines.max(lines / 20);
    scenario.fault = (0..dice.pick(&[0, 0, 1, 1, 2, 4]))
        .map(|_| fault(&mut dice))
        .collect();
    let policy = Policy::new(mode(&mut dice), &scenario.generator);
    Setup {
        loaded,
        policy,
        corpus: None,
        seed,
    }
}

fn arrivals(dice: &mut Dice, requests: u64) -> Arrivals {
    let rate_per_s = dice.between(1, 500) as f64 / 50.0;
    match dice.between(0, 8) {
        0 => Arrivals::Burst,
        1 => Arrivals::Job,
        2 => Arrivals::Spread {
            over_s: dice.share() * 600.0,
        },
        3 => Arrivals::Constant { rate_per_s },
        4 => Arrivals::Poisson { rate_per_s },
        5 => Arrivals::Ramp {
            from_per_s: dice.share() + 0.01,
            rate_per_s,
            over_s: 1.0 + dice.share() * 60.0,
        },
        6 => Arrivals::Spike {
            rate_per_s,
            peak_per_s: rate_per_s * 20.0,
            peak_at_s: dice.share() * 20.0,
            peak_for_s: 0.1 + dice.share() * 5.0,
        },
        7 => {
            let mut times_s: Vec<f64> = (0..requests).map(|_| dice.share() * 120.0).collect();
            times_s.sort_by(f64::total_cmp);
            Arrivals::Replay { times_s }
        }
        _ => Arrivals::Closed {
            workers: dice.between(1, 12) as usize,
            duration_s: dice.one_in(3).then(|| dice.share() * 300.0 + 1.0),
        },
    }
}

fn platform(dice: &mut Dice, platform: &mut breaklab::platform::Settings) {
    platform.preset = dice.pick(Preset::VARIANTS);
    platform.time_limit_s = dice.one_in(3).then(|| 0.5 + dice.share() * 120.0);
    platform.cold_start_ms = dice.one_in(3).then(|| dice.between(0, 9_000));
    platform.keep_warm_s = dice.one_in(3).then(|| dice.share() * 900.0);
    platform.max_instances = dice.one_in(3).then(|| dice.between(1, 20));
    platform.provisioned = dice.one_in(4).then(|| dice.between(0, 5));
    platform.gateway_ms = dice.one_in(3).then(|| dice.between(0, 2_000));
    platform.analysis_ms = dice.pick(&[0, 0, 5, 500]);
    platform.response_ms = dice.pick(&[0, 0, 5, 500]);
    platform.gateway = dice.one_in(3).then(|| dice.pick(Gateway::VARIANTS));
    platform.gateway_limit_s = dice.one_in(4).then(|| 0.05 + dice.share() * 60.0);
    platform.runtime = dice.one_in(4).then(|| dice.pick(Runtime::VARIANTS));
    platform.imports_ms = dice.pick(&[0, 0, 900]);
    platform.new_instances_per_10_s = dice.one_in(4).then(|| dice.between(1, 30));
}

fn generator(dice: &mut Dice, longest: u64) -> Settings {
    Settings {
        max_tokens: dice.between(100, longest),
        stream: dice.pick(&[Streaming::Auto, Streaming::Always, Streaming::Never]),
        call_timeout_s: dice.pick(&[1.0, 20.0, 60.0, 600.0]),
        chunk_lines: dice.pick(&[1, 20, 200, 2_000]),
        chunk_tokens: dice.pick(&[1_000, 4_000, 40_000]),
        tokens_per_definition: dice.between(20, 400),
        bytes_per_token: 2.0 + dice.share() * 4.0,
        parallel: dice.between(1, 30) as usize,
        attempts: dice.between(1, 9) as u32,
        retry_budget_s: dice.pick(&[0.0, 10.0, 600.0, 5_000.0]),
        backoff_base_ms: dice.between(0, 2_000),
        backoff_cap_ms: dice.between(0, 60_000),
        headroom_ms: dice.between(0, 1_000),
        hedge_factor: dice.pick(&[0.0, 1.0, 4.0]),
        cache_mb: dice.pick(&[0, 1, 64]),
        sdk_threads: dice.between(1, 20) as usize,
        ..Settings::default()
    }
}

fn fault(dice: &mut Dice) -> FaultRule {
    let from_s = dice.one_in(4).then(|| dice.share() * 60.0);
    FaultRule {
        kind: dice.pick(FaultKind::VARIANTS),
        probability: dice.one_in(2).then(|| dice.share()),
        attempts: dice.one_in(3).then(|| dice.between(1, 4) as u32),
        from_s,
        to_s: dice
            .one_in(4)
            .then(|| from_s.unwrap_or(0.0) + 0.1 + dice.share() * 60.0),
        after: dice.one_in(2).then(|| dice.share()),
    }
}

fn mode(dice: &mut Dice) -> Mode {
    let base = dice.pick(&[Base::Naive, Base::Sdk, Base::Hardened, Base::Hardened]);
    let of = dice.pick(&[1_000_000, 4, 2]);
    let (without, with) = (
        dice.some(Protection::VARIANTS, of),
        dice.some(Protection::VARIANTS, of),
    );
    Mode::new(base, without, with)
}
