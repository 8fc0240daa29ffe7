//! Virtual time against real sockets in words: one line a run, and what noise to expect.

use crate::record::Record;
use crate::summary::{Agreement, Difference, Pair, Summary};

use crate::text::figures::{ABSENT, millis, number, percent, rupees, seconds};
use crate::text::{COLUMNS, wrapped};

/// How the noise bounds come about, for every form of the table.
pub(super) const NOISE: &str = "Noise to expect: every timed wait ends up to a tick of wall time late, or as late as \
    the load driver’s own timers did; waits add up within a request, and requests that follow each other add up until \
    the last ending. Failures that depend on who asks are the same; those that depend on a bucket’s level at one \
    moment may differ by a request or two, and have the 95 % bounds of a share.";

/// One figure of one run on both clocks.
pub(super) struct Line {
    pub(super) name: &'static str,
    pub(super) simulated: String,
    pub(super) measured: String,
    /// In percent of the simulated one, failures in percentage points.
    pub(super) difference: Option<f64>,
    /// The same for the noise bounds.
    pub(super) noise: Option<(f64, f64)>,
    pub(super) agrees: Option<bool>,
}

impl Line {
    /// `+0.4 %`, or `same`.
    pub(super) fn difference(&self) -> String {
        match self.difference {
            None => ABSENT.to_owned(),
            Some(difference) if difference.abs() < 0.05 => "same".to_owned(),
            Some(difference) => format!("{difference:+.1} %"),
        }
    }

    /// `−0.2 % to +0.2 %`.
    pub(super) fn noise(&self) -> String {
        let Some((low, high)) = self.noise else {
            return ABSENT.to_owned();
        };
        format!("{low:+.1} to {high:+.1} %")
    }
}

/// The figures of a run, in the order in which they are shown.
pub(super) fn lines(agreement: &Agreement) -> Vec<Line> {
    let time = |value: Option<f64>| millis(value);
    let money = |inr: Option<f64>| inr.map_or_else(|| ABSENT.to_owned(), rupees);
    let line = |name, pair: Pair, figure: &dyn Fn(Option<f64>) -> String| {
        line(name, pair, pair.in_percent(), figure)
    };
    let failed = agreement.failure_rate;
    vec![
        self::line("failed", failed, failed.in_points(), &percent),
        line("median", agreement.p50_ms, &time),
        line("p95", agreement.p95_ms, &time),
        line("last ending", agreement.makespan_ms, &time),
        line("cost", agreement.cost_inr, &money),
    ]
}

fn line(
    name: &'static str,
    pair: Pair,
    difference: Difference,
    figure: &dyn Fn(Option<f64>) -> String,
) -> Line {
    Line {
        name,
        simulated: figure(pair.simulated),
        measured: figure(pair.measured),
        difference: difference.measured,
        noise: difference.noise.low.zip(difference.noise.high),
        agrees: pair.agrees(),
    }
}

/// `11 of 12 figures are within the noise`, or which are not.
pub(super) fn verdict(agreements: &[Agreement]) -> String {
    let judged: Vec<(String, bool)> = agreements
        .iter()
        .flat_map(|run| {
            let of_run = move |line: Line| {
                let name = format!("{} of {} {}", line.name, run.scenario, run.mode);
                Some((name, line.agrees?))
            };
            lines(run).into_iter().filter_map(of_run)
        })
        .collect();
    let outside: Vec<&str> = judged
        .iter()
        .filter_map(|(name, agrees)| (!agrees).then_some(name.as_str()))
        .collect();
    let within = judged.len() - outside.len();
    let mut text = format!(
        "{within} of {} figures over real sockets are where virtual time puts them, give or take noise",
        judged.len()
    );
    if !outside.is_empty() {
        text += &format!("; not so: {}", outside.join(", "));
    }
    text + "."
}

/// The runs on both clocks as a table of 80 columns.
#[must_use]
pub fn agreement(record: &Record, summary: &Summary) -> String {
    let mut text = format!(
        "{:<14}{:>14}{:>14}{:>14}{:>22}\n",
        "", "virtual", "real", "difference", "noise to expect"
    );
    for run in &summary.agreement {
        text += &wrapped(
            &format!("{}, {}", run.scenario, run.mode),
            "",
            "  ",
            COLUMNS,
        );
        for line in lines(run) {
            let mark = match line.agrees {
                Some(false) => " !",
                Some(true) | None => "",
            };
            text += &format!(
                "  {:<12}{:>14}{:>14}{:>14}{:>22}{mark}\n",
                line.name,
                line.simulated,
                line.measured,
                line.difference(),
                line.noise()
            );
        }
    }
    let speed = summary.agreement.first().map_or(1.0, |run| run.speed);
    let (tick, speed) = (seconds(speed / 1000.0), number(speed));
    let tick = format!("A tick of 1 ms of wall time is {tick} at speed {speed}.");
    let interrupted = "Interrupted: what had finished is here, the rest is missing.";
    let below = [tick, verdict(&summary.agreement)]
        .into_iter()
        .chain(record.interrupted.then(|| interrupted.to_owned()));
    for sentence in below {
        text += &format!("\n{}", wrapped(&sentence, "", "", COLUMNS));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Base;
    use crate::summary::Bounds;

    fn pair(simulated: f64, measured: f64) -> Pair {
        Pair {
            simulated: Some(simulated),
            measured: Some(measured),
            noise: Bounds {
                low: Some(simulated * 0.99),
                high: Some(simulated * 1.01),
            },
        }
    }

    #[test]
    fn a_difference_has_a_sign_and_a_unit() {
        let said = |simulated, measured| {
            let pair = pair(simulated, measured);
            line("p95", pair, pair.in_percent(), &percent).difference()
        };
        assert_eq!(said(100.0, 102.0), "+2.0 %");
        assert_eq!(said(100.0, 98.0), "-2.0 %");
        assert_eq!(said(100.0, 100.01), "same");
        assert_eq!(said(0.0, 1.0), "–");
    }

    #[test]
    fn what_is_outside_the_noise_is_named() {
        let run = Agreement {
            scenario: "limits".to_owned(),
            mode: "naive".to_owned(),
            subject: Base::Naive.into(),
            speed: 1.0,
            failure_rate: pair(0.4, 0.4),
            p50_ms: pair(100.0, 100.5),
            p95_ms: pair(100.0, 103.0),
            makespan_ms: pair(100.0, 100.0),
            cost_inr: pair(100.0, 100.0),
        };
        let said = verdict(&[run]);
        assert!(
            said.starts_with("4 of 5 figures") && said.ends_with("not so: p95 of limits naive."),
            "{said}"
        );
    }
}
