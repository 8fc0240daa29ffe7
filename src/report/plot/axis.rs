//! An axis of a chart: plotters' coordinates, with lines at values that people find round.

use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use plotters::coord::types::RangedCoordf64;

use super::units::{pixels, units};

/// From values to places, and which values have a line and a figure.
#[derive(Debug, Clone)]
pub(super) struct Axis {
    values: Range<f64>,
    log: bool,
    ticks: Vec<f64>,
    figure: Option<fn(f64) -> String>,
}

impl Axis {
    /// Equal steps for equal differences, without lines.
    pub(super) fn linear(from: f64, to: f64) -> Self {
        let to = if to > from { to } else { from + 1.0 };
        Self {
            values: from..to,
            log: false,
            ticks: vec![],
            figure: None,
        }
    }

    /// Equal steps for equal ratios, without lines; both values must be positive.
    pub(super) fn log(from: f64, to: f64) -> Self {
        let to = if to > from { to } else { from * 10.0 };
        Self {
            log: true,
            ..Self::linear(from, to)
        }
    }

    /// Seconds from 0 on, with about `wanted` lines at round moments.
    pub(super) fn time(to: f64, wanted: usize) -> Self {
        let axis = Self::linear(0.0, to);
        let ticks = axis.moments(wanted);
        axis.lines_at(ticks)
    }

    /// The same with about `wanted` lines at round values.
    pub(super) fn lines(self, wanted: usize) -> Self {
        let ticks = if self.log {
            self.log_ticks(wanted)
        } else {
            self.linear_ticks(wanted)
        };
        self.lines_at(ticks)
    }

    /// The same with lines at these values.
    pub(super) fn lines_at(self, ticks: Vec<f64>) -> Self {
        Self { ticks, ..self }
    }

    /// The same with figures at the lines.
    pub(super) fn figures(self, figure: fn(f64) -> String) -> Self {
        Self {
            figure: Some(figure),
            ..self
        }
    }

    /// True when a chart must leave room for figures.
    pub(super) fn has_figures(&self) -> bool {
        self.figure.is_some()
    }

    /// Where `value` lies between two places in CSS pixels; outside values lie at the nearer one.
    pub(super) fn at(&self, value: f64, (from, to): (f64, f64)) -> f64 {
        let value = value.clamp(self.values.start, self.values.end);
        let [from, to] = [from, to].map(units);
        pixels(self.map(&value, (from, to)))
    }

    /// `count + 1` values that cut the axis into equal lengths.
    pub(super) fn edges(&self, count: usize) -> Vec<f64> {
        let Range { start, end } = self.values;
        let value = |index: usize| {
            let share = index as f64 / count as f64;
            if self.log {
                start * (end / start).powf(share)
            } else {
                start + (end - start) * share
            }
        };
        (0..=count).map(value).collect()
    }

    fn place(&self, value: f64) -> f64 {
        if self.log {
            value.max(f64::MIN_POSITIVE).ln()
        } else {
            value
        }
    }

    /// Round moments: people count by 15 and 30 up to an hour.
    fn moments(&self, wanted: usize) -> Vec<f64> {
        const STEPS: [f64; 12] = [
            5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0,
        ];
        let least = (self.values.end - self.values.start) / wanted.max(1) as f64;
        if least <= 2.0 {
            return self.linear_ticks(wanted);
        }
        let hours = || 3600.0 * round_up(least / 3600.0);
        let step = STEPS
            .into_iter()
            .find(|step| *step >= least * 0.999)
            .unwrap_or_else(hours);
        self.multiples(step)
    }

    fn linear_ticks(&self, wanted: usize) -> Vec<f64> {
        let span = self.values.end - self.values.start;
        self.multiples(round_up(span / wanted.max(1) as f64))
    }

    fn multiples(&self, step: f64) -> Vec<f64> {
        let first = (self.values.start / step).ceil() as i64;
        let last = (self.values.end / step + 1e-9).floor() as i64;
        (first..=last).map(|index| index as f64 * step).collect()
    }

    /// The densest of three rows of round values that does not crowd; less than two of them say no
    /// scale, and a span that short may as well be told in equal steps.
    fn log_ticks(&self, wanted: usize) -> Vec<f64> {
        const DIGITS: [&[f64]; 3] = [
            &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0],
            &[1.0, 2.0, 5.0],
            &[1.0],
        ];
        let rows = DIGITS.into_iter().map(|digits| self.round_values(digits));
        rows.into_iter()
            .find(|ticks| (2..=wanted).contains(&ticks.len()))
            .unwrap_or_else(|| match self.round_values(DIGITS[2]) {
                decades if decades.len() > 1 => decades,
                _ => self.linear_ticks(wanted),
            })
    }

    fn round_values(&self, digits: &[f64]) -> Vec<f64> {
        let Range { start, end } = self.values;
        let (first, last) = (start.log10().floor() as i32, end.log10().ceil() as i32);
        (first..=last)
            .flat_map(|power| digits.iter().map(move |digit| digit * 10f64.powi(power)))
            .filter(|value| (start * 0.999..=end * 1.001).contains(value))
            .collect()
    }
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        let places = self.place(self.values.start)..self.place(self.values.end);
        RangedCoordf64::from(places).map(&self.place(*value), limit)
    }

    /// plotters asks twice, for fine lines and for those with figures; there are no fine ones.
    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        if hint.weight().allow_light_points() {
            vec![]
        } else {
            self.ticks.clone()
        }
    }

    fn range(&self) -> Range<f64> {
        self.values.clone()
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, value: &f64) -> String {
        self.figure
            .map_or_else(String::new, |figure| figure(*value))
    }
}

/// The next step in which people count: 1, 2 or 5 times a power of ten.
fn round_up(step: f64) -> f64 {
    if !(step.is_finite() && step > 0.0) {
        return 1.0;
    }
    let power = 10f64.powf(step.log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|digit| digit * power)
        .find(|round| *round >= step * 0.999)
        .unwrap_or(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_at_round_values_inside() {
        assert_eq!(
            Axis::linear(0.0, 97.0).lines(5).ticks,
            [0.0, 20.0, 40.0, 60.0, 80.0]
        );
    }

    #[test]
    fn moments_are_round_in_the_unit_in_which_they_are_said() {
        let second = |span: f64| Axis::time(span, 8).ticks[1];
        assert_eq!(second(160.0), 30.0);
        assert_eq!(second(3_800.0), 600.0);
        assert_eq!(second(21_000.0), 3_600.0);
        assert_eq!(second(210_000.0), 36_000.0);
    }

    #[test]
    fn log_lines_are_at_decades_or_their_thirds() {
        assert_eq!(Axis::log(1.0, 10_000.0).lines(5).ticks.len(), 5);
        assert_eq!(Axis::log(1.0, 10.0).lines(5).ticks, [1.0, 2.0, 5.0, 10.0]);
    }

    #[test]
    fn a_short_log_axis_still_has_two_lines() {
        assert_eq!(Axis::log(33.0, 58.0).lines(5).ticks, [40.0, 50.0]);
        assert!(Axis::log(41.0, 47.0).lines(5).ticks.len() >= 2);
    }

    #[test]
    fn an_axis_without_extent_still_has_one() {
        let axis = Axis::linear(3.0, 3.0).lines(4);
        assert_eq!(axis.at(3.0, (0.0, 100.0)), 0.0);
        assert!(!axis.ticks.is_empty());
    }

    #[test]
    fn values_outside_lie_on_the_border() {
        let axis = Axis::log(1.0, 100.0);
        let ends = (100.0, 0.0);
        let places = [0.1, 1.0, 10.0, f64::INFINITY].map(|value| axis.at(value, ends));
        assert_eq!(places, [100.0, 100.0, 50.0, 0.0]);
    }

    #[test]
    fn edges_of_a_log_axis_have_equal_ratios() {
        let edges = Axis::log(1.0, 1000.0).edges(3);
        for (edge, wanted) in edges.iter().zip([1.0, 10.0, 100.0, 1000.0]) {
            assert!((edge - wanted).abs() < 1e-9, "{edge}");
        }
    }
}
