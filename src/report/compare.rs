//! Several runs set beside each other as if they were modes of one, so that every page, table and
//! sheet of this room can show them.

use std::collections::BTreeSet;

use crate::record::{ClockKind, Record, Run, Subject};
use crate::summary::{RunSummary, Summary, agreements};

use super::ReportError;
use crate::text::figures::number;

/// One invocation's runs under a name, for example their directory's.
#[derive(Debug, Clone)]
pub struct Named {
    /// The name.
    pub name: String,
    /// What was observed.
    pub record: Record,
    /// What was computed.
    pub summary: Summary,
}

/// One record and summary in which the runs stand beside each other, the first as the baseline.
///
/// What ran in several of them, scenario and mode, becomes a scenario of its own with one mode a
/// run. Where a scenario shares no mode between runs (naive in one, hardened in the other), all its
/// modes are set beside each other. Claims are left out: they belong to one run.
pub fn compare(runs: &[Named]) -> Result<(Record, Summary), ReportError> {
    let [first, _, ..] = runs else {
        return Err(ReportError::NothingToCompare(if runs.is_empty() {
            "nothing"
        } else {
            "only one run"
        }));
    };
    let mut names = BTreeSet::new();
    if let Some(twice) = runs.iter().find(|run| !names.insert(&run.name)) {
        return Err(ReportError::SameName(twice.name.clone()));
    }
    let (facts, numbers): (Vec<Run>, Vec<RunSummary>) = groups(runs).into_iter().flatten().unzip();
    let record = Record {
        runs: facts,
        interrupted: runs.iter().any(|run| run.record.interrupted),
        host: runs.iter().find_map(|run| run.record.host.clone()),
        ..first.record.clone()
    };
    let interrupted = record.interrupted;
    let summary = Summary {
        runs: numbers,
        claims: vec![],
        ablation: vec![],
        agreement: match runs {
            [first, second] => agreements(&first.summary, &second.summary),
            _ => vec![],
        },
        interrupted,
        ..first.summary.clone()
    };
    Ok((record, summary))
}

type Pair = (Run, RunSummary);

fn groups(runs: &[Named]) -> Vec<Vec<Pair>> {
    let mut scenarios: Vec<(&str, Vec<&Subject>)> = vec![];
    for run in runs.iter().flat_map(|named| &named.record.runs) {
        match scenarios
            .iter_mut()
            .find(|(scenario, _)| *scenario == run.scenario)
        {
            Some((_, subjects)) if subjects.contains(&&run.subject) => {}
            Some((_, subjects)) => subjects.push(&run.subject),
            None => scenarios.push((&run.scenario, vec![&run.subject])),
        }
    }
    let mut groups = vec![];
    for (scenario, subjects) in scenarios {
        let in_common = subjects
            .iter()
            .map(|subject| shared(runs, scenario, subject))
            .filter(|group| group.len() > 1);
        let before = groups.len();
        groups.extend(in_common);
        if groups.len() == before {
            groups.push(apart(runs, scenario));
        }
    }
    groups
}

/// The runs of one scenario about the same, one a name.
fn shared(runs: &[Named], scenario: &str, subject: &Subject) -> Vec<Pair> {
    let matching = |run: &Run| run.scenario == scenario && run.subject == *subject;
    pairs(runs, matching)
        .map(|(named, run, numbers)| {
            let scenario = format!("{scenario}, {subject}");
            renamed(run, numbers, scenario, label(runs, named))
        })
        .collect()
}

/// All modes of one scenario from every run.
fn apart(runs: &[Named], scenario: &str) -> Vec<Pair> {
    pairs(runs, |run: &Run| run.scenario == scenario)
        .map(|(named, run, numbers)| {
            let name = format!("{}: {}", label(runs, named), run.subject);
            renamed(run, numbers, scenario.to_owned(), name)
        })
        .collect()
}

fn pairs(
    runs: &[Named],
    wanted: impl Fn(&Run) -> bool,
) -> impl Iterator<Item = (&Named, &Run, &RunSummary)> {
    runs.iter()
        .flat_map(|named| {
            let pairs = named.record.runs.iter().zip(&named.summary.runs);
            pairs.map(move |(run, numbers)| (named, run, numbers))
        })
        .filter(move |(_, run, _)| wanted(run))
}

fn renamed(run: &Run, numbers: &RunSummary, scenario: String, name: String) -> Pair {
    let subject = run.subject.compared(name);
    (
        Run {
            scenario: scenario.clone(),
            subject: subject.clone(),
            ..run.clone()
        },
        RunSummary {
            scenario,
            mode: subject.to_string(),
            subject,
            ..numbers.clone()
        },
    )
}

/// The run's name, and its clock and seed where the runs differ in them.
fn label(runs: &[Named], Named { name, record, .. }: &Named) -> String {
    let mut label = name.clone();
    let differ =
        |same: fn(&Record, &Record) -> bool| runs.iter().any(|other| !same(record, &other.record));
    if differ(|a, b| a.clock == b.clock && a.speed == b.speed) {
        let clock = match record.clock {
            ClockKind::Virtual => "virtual".to_owned(),
            ClockKind::Real => format!("real, {}×", number(record.speed)),
        };
        label = match clock.strip_prefix(name.as_str()) {
            Some(rest) => format!("{name}{rest}"),
            None => format!("{label} ({clock})"),
        };
    }
    if differ(|a, b| a.seed == b.seed) {
        label += &format!(" (seed {})", record.seed);
    }
    label
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Base;
    use crate::report::{fixture, table};

    fn named(name: &str, seed: u64) -> Named {
        let record = Record {
            seed,
            ..fixture::record()
        };
        let summary = fixture::summary(&record);
        Named {
            name: name.to_owned(),
            record,
            summary,
        }
    }

    #[test]
    fn the_same_scenario_and_mode_of_two_runs_stand_side_by_side() {
        let (mut last_week, today) = (named("last-week", 1), named("today", 1));
        last_week.summary.runs[1].makespan_s *= 2.0;
        let (record, summary) = compare(&[last_week, today]).unwrap();
        assert_eq!(record.runs.len(), 8);
        let modes: Vec<&str> = summary.runs[2..4]
            .iter()
            .map(|run| run.mode.as_str())
            .collect();
        assert_eq!(
            (summary.runs[2].scenario.as_str(), modes),
            ("rate-limits, hardened", vec!["last-week", "today"])
        );
        let text = table(&record, &summary, 100, false);
        assert!(
            text.contains(
                "today beside last-week: 1 better, 0 worse, 0 mixed, 3 without a difference."
            ),
            "{text}"
        );
    }

    #[test]
    fn naive_in_one_run_and_hardened_in_the_other_are_compared_with_each_other() {
        let (mut a, mut b) = (named("before", 1), named("after", 2));
        for (run, base) in [(&mut a, Base::Naive), (&mut b, Base::Hardened)] {
            run.record.runs.retain(|run| run.subject.is(base));
            run.summary.runs.retain(|run| run.subject.is(base));
        }
        let (_, summary) = compare(&[a, b]).unwrap();
        let modes: Vec<&str> = summary
            .runs
            .iter()
            .map(|run| run.mode.as_str())
            .take(2)
            .collect();
        assert_eq!(
            modes,
            ["before (seed 1): naive", "after (seed 2): hardened"]
        );
    }

    #[test]
    fn one_run_or_one_name_is_refused() {
        assert!(matches!(
            compare(&[named("a", 1)]),
            Err(ReportError::NothingToCompare("only one run"))
        ));
        assert!(
            matches!(compare(&[named("a", 1), named("a", 2)]), Err(ReportError::SameName(name)) if name == "a")
        );
    }
}
