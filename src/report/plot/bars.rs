//! The comparison at one glance: failures, time and cost of every scenario, one bar a mode.

use crate::report::ReportError;
use crate::report::scenarios::Scenario;
use crate::summary::RunSummary;
use crate::text;
use crate::text::figures::{percent, rupees, seconds};

use super::axis::Axis;
use super::canvas::{Anchor, Canvas, Pen, draw};
use super::palette::Role;
use super::{MARGIN, NARROW, Plot, Words};

const LINE: f64 = 18.0;
const HEAD: f64 = 26.0;

/// What is compared: name, value, text of the value.
type Measure = (
    &'static str,
    fn(&RunSummary) -> f64,
    fn(&RunSummary) -> String,
);

const MEASURES: [Measure; 3] = [
    (
        "failed",
        |run| run.failure_rate.unwrap_or(0.0),
        |run| percent(run.failure_rate),
    ),
    (
        "last ending",
        |run| run.makespan_s,
        |run| seconds(run.makespan_s),
    ),
    ("cost", |run| run.cost.inr, |run| rupees(run.cost.inr)),
];

/// Those that are known.
fn measures(scenario: &Scenario<'_>) -> &'static [Measure] {
    let known = if scenario.upstream_seen() { 3 } else { 2 };
    &MEASURES[..known]
}

/// All scenarios and modes.
pub(in crate::report) fn bars(scenarios: &[Scenario<'_>]) -> Result<Plot, ReportError> {
    let alternative: Vec<String> = scenarios.iter().map(words).collect();
    let text = Words {
        name: "comparison".to_owned(),
        title: "All scenarios".to_owned(),
        caption: format!(
            "{}. Bars compare the modes within one scenario and measure: the longer one fills its column \
             (failures: a full column is 100 %).",
            if scenarios.iter().any(Scenario::upstream_seen) {
                "Failures, time until the last ending and cost"
            } else {
                "Failures and time until the last ending"
            }
        ),
        alternative: alternative.join(" "),
    };
    text.drawn(|width| {
        let layout = Layout::of(width);
        let height: f64 = scenarios
            .iter()
            .map(|scenario| layout.height(scenario))
            .sum();
        draw(width, height.ceil() as i32, |canvas| {
            let mut top = 0.0;
            for scenario in scenarios {
                layout.paint(canvas, scenario, top);
                top += layout.height(scenario);
            }
        })
    })
}

fn words(scenario: &Scenario<'_>) -> String {
    let runs: Vec<String> = shown(scenario)
        .into_iter()
        .map(|(run, _)| {
            let figures = measures(scenario).iter();
            let figures: Vec<_> = figures
                .map(|(name, _, text)| format!("{name} {}", text(run)))
                .collect();
            format!("{}: {}", text::line(&run.mode), figures.join(", "))
        })
        .collect();
    format!("{}, {}.", text::line(scenario.id), runs.join("; "))
}

/// Columns on a desk, rows on a telephone.
struct Layout {
    width: f64,
    stacked: bool,
}

impl Layout {
    fn of(width: i32) -> Self {
        Self {
            width: f64::from(width),
            stacked: width <= NARROW,
        }
    }

    fn height(&self, scenario: &Scenario<'_>) -> f64 {
        let lines = shown(scenario).len() as f64 * LINE;
        if self.stacked {
            HEAD + LINE + measures(scenario).len() as f64 * (lines + 22.0) + 10.0
        } else {
            HEAD + lines + 30.0
        }
    }

    /// Markers and names of the modes, from the right.
    fn legend(&self, canvas: &mut Canvas, scenario: &Scenario<'_>, y: f64) {
        let mut x = self.width - MARGIN;
        for (run, slot) in shown(scenario).into_iter().rev() {
            let name = text::line(&run.mode);
            x -= name.chars().count() as f64 * 6.7;
            canvas.text(&name, (x, y), 12.0, Role::Mode(slot), Anchor::Start);
            canvas.marker((x - 9.0, y), 4.0, slot);
            x -= 28.0;
        }
    }

    fn paint(&self, canvas: &mut Canvas, scenario: &Scenario<'_>, top: f64) {
        let rule = Pen::solid(Role::Rule, 1.0);
        canvas.line((MARGIN, top + 1.0), (self.width - MARGIN, top + 1.0), rule);
        canvas.strong(
            &text::line(scenario.id),
            (MARGIN, top + HEAD * 0.7),
            14.0,
            Role::Text,
            Anchor::Start,
        );
        // Beside a long name there is no room on a telephone.
        let top = if self.stacked { top + LINE } else { top };
        self.legend(canvas, scenario, top + HEAD * 0.7);
        let column = (self.width - MARGIN) / MEASURES.len() as f64;
        for (index, measure) in measures(scenario).iter().enumerate() {
            let lines = shown(scenario).len() as f64 * LINE;
            let (left, top, width) = if self.stacked {
                (
                    MARGIN,
                    top + HEAD + index as f64 * (lines + 22.0),
                    self.width - 2.0 * MARGIN,
                )
            } else {
                (MARGIN + index as f64 * column, top + HEAD, column - MARGIN)
            };
            paint_measure(canvas, scenario, measure, (left, top), width);
        }
    }
}

/// The modes that the verdict tells of; the others are in their scenario's own table.
fn shown<'a>(scenario: &Scenario<'a>) -> Vec<(&'a RunSummary, usize)> {
    let told = scenario.told();
    let all = scenario.runs.iter().copied().zip(scenario.slots());
    let wanted = |run: &RunSummary| {
        run.subject == scenario.baseline().subject
            || told.iter().any(|told| told.subject == run.subject)
    };
    all.filter(|(run, _)| wanted(run)).collect()
}

fn paint_measure(
    canvas: &mut Canvas,
    scenario: &Scenario<'_>,
    measure: &Measure,
    (left, top): (f64, f64),
    width: f64,
) {
    const TEXT: f64 = 64.0;
    let (name, value, text) = measure;
    canvas.text(name, (left, top + 9.0), 12.0, Role::Quiet, Anchor::Start);
    let largest = shown(scenario)
        .iter()
        .map(|(run, _)| value(run))
        .fold(0.0, f64::max);
    let full = if *name == "failed" { 1.0 } else { largest };
    let room = (width - 18.0 - TEXT).max(10.0);
    let scale = Axis::linear(0.0, full);
    for (line, (run, slot)) in shown(scenario).into_iter().enumerate() {
        let y = top + 26.0 + line as f64 * LINE;
        let start = left + 16.0;
        let end = scale.at(value(run), (start, start + room)).max(start + 1.0);
        canvas.marker((left + 5.0, y), 4.0, slot);
        let title = format!(
            "{}, {}: {name} {}",
            text::line(scenario.id),
            text::line(&run.mode),
            text(run)
        );
        canvas.titled(&title, |canvas| {
            canvas.rect((start, y - 5.0), (end, y + 5.0), Role::Mode(slot));
        });
        canvas.text(&text(run), (end + 6.0, y), 12.0, Role::Text, Anchor::Start);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;
    use crate::report::scenarios::scenarios;

    #[test]
    fn every_figure_of_the_picture_is_also_in_its_words() {
        let summary = fixture::summary(&fixture::record());
        let plot = bars(&scenarios(&summary)).unwrap();
        for run in &summary.runs {
            let cost = rupees(run.cost.inr);
            assert!(
                plot.wide.inline().contains(&cost)
                    && plot.narrow.inline().contains(&cost)
                    && plot.alternative.contains(&cost)
            );
        }
    }
}
