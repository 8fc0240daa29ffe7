//! Several runs set beside each other as if they were modes of one, so that every page, table and
//! sheet of this room can show them.

use std::collections::BTreeSet;

use crate::record::{ClockKind, Record, Run};
use crate::summary::{RunSummary, Summary, agreements};

use super::ReportError;
use crate::text::figures::number;

/// A run with its name, for example its directory's.
type Named = (String, Record, Summary);

/// One record and summary in which the runs stand beside each other, the first as the baseline.
///
/// What ran in several of them, scenario and mode, becomes a scenario of its own with one mode a
/// run. Where a scenario shares no mode between runs (naive in one, hardened in the other), all its
/// modes are set beside each other. Claims are left out: they belong to one run.
pub fn compare(runs: &[Named]) -> Result<(Record, Summary), ReportError> {
    let [(_, first_record, first_summary), _, ..] = runs else {
        return Err(ReportError::NothingToCompare(if runs.is_empty() {
            "nothing"
        } else {
            "only one run"
        }));
    };
    let mut names = BTreeSet::new();
    if let Some((name, ..)) = runs.iter().find(|(name, ..)| !names.insert(name)) {
        return Err(ReportError::SameName(name.clone()));
    }
    let (facts, numbers): (Vec<Run>, Vec<RunSummary>) = groups(runs).into_iter().flatten().unzip();
    let record = Record {
        runs: facts,
        interrupted: runs.iter().any(|(_, record, _)| record.interrupted),
        host: runs.iter().find_map(|(_, record, _)| record.host.clone()),
        ..first_record.clone()
    };
    let interrupted = record.interrupted;
    let summary = Summary {
        runs: numbers,
        claims: vec![],
        ablation: vec![],
        agreement: match runs {
            [(_, _, first), (_, _, second)] => agreements(first, second),
            _ => vec![],
        },
        interrupted,
        ..first_summary.clone()
    };
    Ok((record, summary))
}

type Pair = (Run, RunSummary);

fn groups(runs: &[Named]) -> Vec<Vec<Pair>> {
    let mut scenarios: Vec<(&str, Vec<&str>)> = vec![];
    for run in runs.iter().flat_map(|(_, record, _)| &record.runs) {
        match scenarios
            .iter_mut()
            .find(|(scenario, _)| *scenario == run.scenario)
        {
            Some((_, modes)) if modes.contains(&run.mode.as_str()) => {}
            Some((_, modes)) => modes.push(&run.mode),
            None => scenarios.push((&run.scenario, vec![&run.mode])),
        }
    }
    let mut groups = vec![];
    for (scenario, modes) in scenarios {
        let in_common = modes
            .iter()
            .map(|mode| shared(runs, scenario, mode))
            .filter(|group| group.len() > 1);
        let before = groups.len();
        groups.extend(in_common);
        if groups.len() == before {
            groups.push(apart(runs, scenario));
        }
    }
    groups
}

/// The runs of one scenario and mode, one a name.
fn shared(runs: &[Named], scenario: &str, mode: &str) -> Vec<Pair> {
    let matching = |run: &Run| run.scenario == scenario && run.mode == mode;
    pairs(runs, matching)
        .map(|(named, run, numbers)| {
            renamed(
                run,
                numbers,
                format!("{scenario}, {mode}"),
                label(runs, named),
            )
        })
        .collect()
}

/// All modes of one scenario from every run.
fn apart(runs: &[Named], scenario: &str) -> Vec<Pair> {
    pairs(runs, |run: &Run| run.scenario == scenario)
        .map(|(named, run, numbers)| {
            let mode = format!("{}: {}", label(runs, named), run.mode);
            renamed(run, numbers, scenario.to_owned(), mode)
        })
        .collect()
}

fn pairs(
    runs: &[Named],
    wanted: impl Fn(&Run) -> bool,
) -> impl Iterator<Item = (&Named, &Run, &RunSummary)> {
    runs.iter()
        .flat_map(|named| {
            named
                .1
                .runs
                .iter()
                .zip(&named.2.runs)
                .map(move |(run, numbers)| (named, run, numbers))
        })
        .filter(move |(_, run, _)| wanted(run))
}

fn renamed(run: &Run, numbers: &RunSummary, scenario: String, mode: String) -> Pair {
    (
        Run {
            scenario: scenario.clone(),
            mode: mode.clone(),
            ..run.clone()
        },
        RunSummary {
            scenario,
            mode,
            ..numbers.clone()
        },
    )
}

/// The run's name, and its clock and seed where the runs differ in them.
fn label(runs: &[Named], (name, record, _): &Named) -> String {
    let mut label = name.clone();
    let differ =
        |same: fn(&Record, &Record) -> bool| runs.iter().any(|(_, other, _)| !same(record, other));
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
    use crate::report::{fixture, table};

    fn named(name: &str, seed: u64) -> Named {
        let record = Record {
            seed,
            ..fixture::record()
        };
        let summary = fixture::summary(&record);
        (name.to_owned(), record, summary)
    }

    #[test]
    fn the_same_scenario_and_mode_of_two_runs_stand_side_by_side() {
        let (mut last_week, today) = (named("last-week", 1), named("today", 1));
        last_week.2.runs[1].makespan_s *= 2.0;
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
        for (run, mode) in [(&mut a, "naive"), (&mut b, "hardened")] {
            run.1.runs.retain(|run| run.mode == mode);
            run.2.runs.retain(|run| run.mode == mode);
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
