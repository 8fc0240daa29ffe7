//! How often `breaklab gate run` would raise a false alarm over real sockets: equal runs by turns, judged as
//! if one side were a change.
//!
//! `cargo bench --bench gate -- 100`: so many comparisons of seven pairs each. Besides the built-in rules, with
//! their floors, three rules without any floor are judged, whose alarms nothing but the test holds down.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot go on should stop where it stands"
)]

use std::collections::BTreeSet;
use std::io::Write;

use breaklab::clock::Clock;
use breaklab::gate::{Check, Judgement, Margin, Rule, RuleBook, Verdict, pairs};
use breaklab::generator::{Mode, Policy};
use breaklab::load::Stop;
use breaklab::record::{self, Record};
use breaklab::runner::Job;
use breaklab::scenario::Loaded;
use breaklab::summary::{self, ClaimBook, Metric, Summary};

const PAIRS: usize = 7;

/// Fast enough for many runs, slow enough that the service's own pacing still shows.
const SPEED: f64 = 100.0;

fn main() {
    let asked = std::env::args().find_map(|argument| argument.parse().ok());
    let comparisons: usize = asked.unwrap_or(20);
    let books = [
        ("built-in rules", pairs::builtin()),
        ("no floors", without_floors()),
    ];
    let mut alarms = [0; 2];
    let mut unjudged = [0; 2];
    for comparison in 1..=comparisons {
        let (mut a, mut b) = (Vec::new(), Vec::new());
        for pair in 0..PAIRS {
            let (first, second) = (play(), play());
            // A B, B A, …, as `gate run` plays them.
            let (before, after) = if pair % 2 == 0 {
                (first, second)
            } else {
                (second, first)
            };
            a.push(before);
            b.push(after);
        }
        let mut out = std::io::stdout().lock();
        for (index, (name, rules)) in books.iter().enumerate() {
            let judgement = pairs::judge(rules, &a, &b);
            alarms[index] += usize::from(judgement.verdict == Verdict::Failed);
            unjudged[index] += usize::from(judgement.verdict == Verdict::CannotTell);
            say(&mut out, comparison, name, &judgement);
        }
    }
    let mut out = std::io::stdout().lock();
    for (index, (name, _)) in books.iter().enumerate() {
        writeln!(
            out,
            "{name}: {} false alarms and {} undecided in {comparisons} comparisons of equal runs",
            alarms[index], unjudged[index]
        )
        .unwrap();
    }
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

fn without_floors() -> RuleBook {
    let rule = |metric| Rule {
        scenario: None,
        mode: None,
        check: Check::Regression(metric, Margin::default()),
        required: true,
    };
    RuleBook(
        [Metric::P50Ms, Metric::P95Ms, Metric::MakespanS]
            .map(rule)
            .into(),
    )
}

fn play() -> Summary {
    let loaded = Loaded::find("rate-limits").unwrap();
    let policy = Policy::new(Mode::Hardened, &loaded.scenario.generator, &BTreeSet::new());
    let job = Job {
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
    summary::summarize(&record, &ClaimBook::default(), &[])
}
