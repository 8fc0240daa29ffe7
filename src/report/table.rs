//! The summary on a terminal.

use crate::record::Record;
use crate::summary::{RunSummary, Summary};

use super::judgement::{Judgement, Tone};
use super::magnitude::magnitude;
use super::rows::{lost, rows};
use super::scenarios::{Scenario, scenarios};
use super::spark::spread;
use super::verdict::{overall, sentence};
use crate::text::figures::{millis, percent, rupees, seconds};
use crate::text::{self, cut, left, right, wrapped};

/// Narrowest terminal that is laid out for.
const NARROWEST: usize = 40;

/// Wrapping beyond this makes sentences hard to read.
const WIDEST: usize = 110;

/// The summary as a table of at most `width` columns: each scenario's modes side by side, and one
/// sentence of verdict. `colour` adds ANSI colours; nothing is said by colour alone.
#[must_use]
pub fn table(record: &Record, summary: &Summary, width: usize, colour: bool) -> String {
    let page = Page {
        width: width.clamp(NARROWEST, WIDEST),
        colour,
    };
    let mut lines = vec![];
    for scenario in scenarios(summary) {
        page.scenario(record, &scenario, &mut lines);
    }
    page.wrapped(&overall(summary), "", &mut lines);
    if let Some(magnitude) = magnitude(summary) {
        page.wrapped(&magnitude, "", &mut lines);
    }
    if summary.interrupted {
        page.wrapped(
            "Interrupted: what had finished is here, the rest is missing.",
            "",
            &mut lines,
        );
    }
    let mut text = lines.join("\n");
    text.push('\n');
    text
}

struct Page {
    width: usize,
    colour: bool,
}

impl Page {
    fn scenario(&self, record: &Record, scenario: &Scenario<'_>, lines: &mut Vec<String>) {
        let judgement = Judgement::of(scenario);
        let mark = format!("{} {}", judgement.mark(), judgement.word());
        let room = self
            .width
            .saturating_sub(text::width(scenario.id) + text::width(&mark) + 4);
        let title = cut(&text::line(scenario.title), room);
        let gap = " ".repeat(room.saturating_sub(text::width(&title)) + 2);
        let code = match judgement.tone() {
            Tone::Good => "32",
            Tone::Bad => "31",
            Tone::Open => "33",
        };
        lines.push(format!(
            "{}  {}{gap}{}",
            self.paint("1", &text::line(scenario.id)),
            self.paint("2", &title),
            self.paint(code, &mark)
        ));
        for violation in scenario.runs.iter().flat_map(|run| &run.violations) {
            self.wrapped(&format!("INVALID: {violation}"), "  ", lines);
        }
        if scenario.runs.len() <= 2 {
            self.side_by_side(record, scenario, lines)
        } else {
            self.one_a_line(scenario, lines)
        }
        self.wrapped(&sentence(scenario), "  ", lines);
        lines.push(String::new());
    }

    /// One column a mode.
    fn side_by_side(&self, record: &Record, scenario: &Scenario<'_>, lines: &mut Vec<String>) {
        const LABEL: usize = 20;
        let column = ((self.width - 2 - LABEL) / 3).min(18);
        let head: String = scenario
            .runs
            .iter()
            .map(|run| right(&text::line(&run.mode), column))
            .collect();
        lines.push(self.paint("2", &format!("  {}{head}", " ".repeat(LABEL))));
        let spread = spread(record, scenario, (column - 3).min(14));
        for row in rows(scenario).into_iter().chain(spread) {
            let values: String = row
                .values
                .iter()
                .map(|value| right(value, column))
                .collect();
            let change = if row.change.is_empty() {
                String::new()
            } else {
                format!("   {}", row.change)
            };
            let line = format!("  {}{values}", left(row.label, LABEL));
            let room = self.width.saturating_sub(text::width(&line));
            lines.push(format!("{line}{}", self.paint("36", &cut(&change, room))));
        }
    }

    /// One line a mode.
    fn one_a_line(&self, scenario: &Scenario<'_>, lines: &mut Vec<String>) {
        type Column = (&'static str, fn(&RunSummary) -> String);
        const COLUMNS: [Column; 5] = [
            ("failed", lost),
            ("last", |run| seconds(run.makespan_s)),
            ("median", |run| millis(run.latency_ms.p50)),
            ("cost", |run| rupees(run.cost.inr)),
            ("coverage", |run| percent(run.docs.coverage)),
        ];
        let column = ((self.width - 2) / 7).min(14);
        let label = (self.width - 2 - COLUMNS.len() * column).min(36);
        let head: String = COLUMNS
            .iter()
            .map(|(name, _)| right(name, column))
            .collect();
        lines.push(self.paint("2", &format!("  {}{head}", " ".repeat(label))));
        for run in &scenario.runs {
            let values: String = COLUMNS
                .iter()
                .map(|(_, value)| right(&value(run), column))
                .collect();
            lines.push(format!("  {}{values}", left(&text::line(&run.mode), label)));
        }
    }

    fn wrapped(&self, text: &str, indent: &str, lines: &mut Vec<String>) {
        let paragraph = wrapped(text, indent, indent, self.width);
        lines.extend(paragraph.lines().map(str::to_owned));
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.colour && !text.is_empty() {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        let record = fixture::record();
        let summary = fixture::summary(&record);
        for width in [40, 60, 80, 200] {
            for line in table(&record, &summary, width, false).lines() {
                assert!(
                    text::width(line) <= width.max(NARROWEST),
                    "{} columns: {line}",
                    text::width(line)
                );
            }
        }
    }

    #[test]
    fn colour_changes_no_word() {
        let record = fixture::record();
        let summary = fixture::summary(&record);
        let coloured = table(&record, &summary, 80, true);
        assert_ne!(coloured, table(&record, &summary, 80, false));
        let bare =
            coloured
                .split('\u{1b}')
                .enumerate()
                .fold(String::new(), |text, (index, part)| {
                    text + if index == 0 {
                        part
                    } else {
                        part.split_once('m').map_or("", |(_, rest)| rest)
                    }
                });
        assert_eq!(bare, table(&record, &summary, 80, false));
    }

    #[test]
    fn an_invalid_run_says_so_before_its_figures() {
        let record = fixture::record();
        let mut summary = fixture::summary(&record);
        summary.runs[0].violations =
            vec!["attempts sent (3) and attempts ended (2) differ".to_owned()];
        let text = table(&record, &summary, 80, false);
        let (mark, figures) = (
            text.find("INVALID: attempts sent (3)"),
            text.find("requests failed"),
        );
        assert!(mark.is_some() && mark < figures, "{text}");
    }

    #[test]
    fn three_modes_take_a_line_each() {
        let record = fixture::record();
        let mut summary = fixture::summary(&record);
        let mut third = summary.runs[1].clone();
        third.mode = "hardened-without-cache".to_owned();
        third.subject = fixture::subject(&third.mode);
        summary.runs.insert(2, third);
        assert!(table(&record, &summary, 80, false).contains("  hardened-without-cache  "));
    }
}
