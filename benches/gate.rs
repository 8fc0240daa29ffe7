//! How often `breaklab gate run` would raise a false alarm over real sockets: equal runs by turns, judged as
//! if one side were a change.
//!
//! `cargo bench --bench gate -- 100`: so many comparisons of seven pairs each, eight at a time. Besides the
//! built-in rules, with their floors, three rules without any floor are judged, whose alarms nothing but the test holds down.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot go on should stop where it stands"
)]

use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use breaklab::clock::Clock;
use breaklab::gate::{Check, Judgement, Margin, Rule, RuleSet, Verdict, pairs};
use breaklab::generator::Policy;
use breaklab::load::Stop;
use breaklab::record::{self, Base, Record};
use breaklab::runner::Setup;
use breaklab::scenario::Loaded;
use breaklab::summary::{self, ClaimList, Metric, Summary};

const PAIRS: usize = 7;

/// Fast enough for many runs. The faster, the sooner the lag that other work causes is 5 % of the latencies, above
/// which no run is judged.
const SPEED: f64 = 100.0;

/// Comparisons that are made side by side; each mostly waits.
const ABREAST: usize = 8;

fn main() {
    let asked = std::env::args().find_map(|argument| argument.parse().ok());
    let comparisons: usize = asked.unwrap_or(20);
    let rule_sets = [
        ("built-in rules", pairs::builtin()),
        ("no floors", without_floors()),
    ];
    let next = AtomicUsize::new(1);
    // False alarms and comparisons without a verdict, for each book.
    let counts = Mutex::new([(0, 0); 2]);
    std::thread::scope(|scope| {
        for _ in 0..ABREAST {
            scope.spawn(|| {
                loop {
                    let comparison = next.fetch_add(1, Ordering::Relaxed);
                    if comparison > comparisons {
                        break;
                    }
                    let (a, b) = sides();
                    let mut counts = counts.lock().unwrap();
                    let mut out = std::io::stdout().lock();
                    for ((name, rules), (alarms, undecided)) in rule_sets.iter().zip(&mut *counts) {
                        let judgement = pairs::judge(rules, &a, &b);
                        *alarms += usize::from(judgement.verdict == Verdict::Failed);
                        *undecided += usize::from(judgement.verdict == Verdict::CannotTell);
                        say(&mut out, comparison, name, &judgement);
                    }
                }
            });
        }
    });
    let counts = counts.into_inner().unwrap();
    let mut out = std::io::stdout().lock();
    for ((name, _), (alarms, undecided)) in rule_sets.iter().zip(counts) {
        let decided = comparisons - undecided;
        writeln!(
            out,
            "{name}: {alarms} false alarms in {decided} decided comparisons of equal runs, {undecided} undecided"
        )
        .unwrap();
    }
}

/// The runs of one comparison, by turns: A B, B A, …, as `gate run` makes them.
fn sides() -> (Vec<Summary>, Vec<Summary>) {
    let pairs = (0..PAIRS).map(|pair| {
        let (first, second) = (run_once(), run_once());
        if pair % 2 == 0 {
            (first, second)
        } else {
            (second, first)
        }
    });
    pairs.unzip()
}

fn say(out: &mut impl Write, comparison: usize, name: &str, judgement: &Judgement) {
    for finding in judgement.worst_first() {
        let (verdict, why) = (finding.verdict.word(), &finding.why);
        writeln!(
            out,
            "{comparison} {name}: {verdict}: {} {why}",
            finding.rule
        )
        .unwrap();
    }
    for obstacle in &judgement.obstacles {
        writeln!(out, "{comparison} {name}: {}", obstacle.why).unwrap();
    }
}

fn without_floors() -> RuleSet {
    let rule = |metric| Rule {
        scenario: None,
        mode: None,
        check: Check::Regression(metric, Margin::default()),
        required: true,
    };
    RuleSet(
        [Metric::P50Ms, Metric::P95Ms, Metric::MakespanS]
            .map(rule)
            .into(),
    )
}

fn run_once() -> Summary {
    let loaded = Loaded::find("rate-limits").unwrap();
    let policy = Policy::new(Base::Hardened, &loaded.scenario.generator);
    let job = Setup {
        loaded,
        policy,
        corpus: None,
        seed: 1,
    };
    let clock = Clock::Real { speed: SPEED };
    let (run, _) = job.run(clock, &Stop::default()).unwrap();
    let (clock, speed) = clock.describe();
    let record = Record {
        schema: record::SCHEMA.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        clock,
        speed,
        seed: 1,
        host: None,
        interrupted: false,
        runs: vec![run],
    };
    summary::summarize(&record, &ClaimList::default(), &[])
}
