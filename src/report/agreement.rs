//! Virtual time against real sockets: one line a run, and what noise to expect.

use crate::summary::{RunSummary, Summary};

use super::figures::{ABSENT, percent, rupees, seconds};

/// The runs of `simulated` beside the same runs of `measured`, as a table of 80 columns.
#[must_use]
pub fn agreement(simulated: &Summary, measured: &Summary) -> String {
    let mut text = format!(
        "{:<26}{:>15}{:>20}{:>18}\n",
        "virtual | real", "failed", "last ending", "cost"
    );
    let mut scenario = "";
    for run in &simulated.runs {
        let same = |other: &&RunSummary| other.scenario == run.scenario && other.mode == run.mode;
        if let Some(other) = measured.runs.iter().find(same) {
            if scenario != run.scenario {
                scenario = &run.scenario;
                text += &format!("{scenario}\n");
            }
            text += &line(run, other);
        }
    }
    let tick_ms = measured.speed;
    text += &format!(
        "\nNoise to expect: a timer ticks in 1 ms of wall time, {} of simulated time at this\n\
         speed, and the machine adds its own delays; both add up along a chain of calls.\n\
         Failures that depend on who asks are the same; those that depend on a bucket's\n\
         level at one moment may differ by a request or two.\n",
        seconds(tick_ms / 1000.0)
    );
    text
}

fn line(a: &RunSummary, b: &RunSummary) -> String {
    let failed = format!("{} | {}", percent(a.failure_rate), percent(b.failure_rate));
    let ending = format!(
        "{} | {}",
        seconds(a.makespan_s),
        difference(a.makespan_s, b.makespan_s)
    );
    let cost = format!(
        "{} | {}",
        rupees(a.cost.inr),
        difference(a.cost.inr, b.cost.inr)
    );
    format!("  {:<24}{failed:>15}{ending:>20}{cost:>18}\n", a.mode)
}

/// By how much `b` differs from `a`, in percent of `a`.
fn difference(a: f64, b: f64) -> String {
    let share = (b - a) / a * 100.0;
    match share.is_finite() {
        true if share.abs() < 0.05 => "same".to_owned(),
        true => format!("{share:+.1} %"),
        false => ABSENT.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_has_a_sign_and_a_unit() {
        assert_eq!(difference(100.0, 102.0), "+2.0 %");
        assert_eq!(difference(100.0, 98.0), "-2.0 %");
        assert_eq!(difference(100.0, 100.01), "same");
        assert_eq!(difference(0.0, 1.0), "–");
    }
}
