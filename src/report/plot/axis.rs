//! From values to places: scales and their ticks.

/// A mapping of values to pixels, linear or logarithmic.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    values: (f64, f64),
    pixels: (f64, f64),
    log: bool,
}

impl Scale {
    /// Equal steps for equal differences.
    pub(super) fn linear(values: (f64, f64), pixels: (f64, f64)) -> Self {
        let values = if values.1 > values.0 {
            values
        } else {
            (values.0, values.0 + 1.0)
        };
        Self {
            values,
            pixels,
            log: false,
        }
    }

    /// Equal steps for equal ratios; both values must be positive.
    pub(super) fn log(values: (f64, f64), pixels: (f64, f64)) -> Self {
        let values = if values.1 > values.0 {
            values
        } else {
            (values.0, values.0 * 10.0)
        };
        Self {
            values,
            pixels,
            log: true,
        }
    }

    /// Where `value` lies; outside values lie on the border.
    pub(super) fn at(&self, value: f64) -> f64 {
        let place = |value: f64| {
            if self.log {
                value.max(f64::MIN_POSITIVE).ln()
            } else {
                value
            }
        };
        let (from, to) = (place(self.values.0), place(self.values.1));
        let share = ((place(value) - from) / (to - from)).clamp(0.0, 1.0);
        self.pixels.0 + share * (self.pixels.1 - self.pixels.0)
    }

    /// `count + 1` values that cut the scale into equal lengths.
    pub(super) fn edges(&self, count: usize) -> Vec<f64> {
        let (from, to) = self.values;
        (0..=count)
            .map(|index| {
                let share = index as f64 / count as f64;
                if self.log {
                    from * (to / from).powf(share)
                } else {
                    from + (to - from) * share
                }
            })
            .collect()
    }

    /// Round values to write beside the scale, about `wanted` of them.
    pub(super) fn ticks(&self, wanted: usize) -> Vec<f64> {
        if self.log {
            self.log_ticks(wanted)
        } else {
            self.linear_ticks(wanted)
        }
    }

    /// Round moments on a linear scale of seconds: people count by 15 and 30 up to an hour.
    pub(super) fn time_ticks(&self, wanted: usize) -> Vec<f64> {
        const STEPS: [f64; 12] = [
            5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0,
        ];
        let least = (self.values.1 - self.values.0) / wanted.max(1) as f64;
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
        let (from, to) = self.values;
        self.multiples(round_up((to - from) / wanted.max(1) as f64))
    }

    fn multiples(&self, step: f64) -> Vec<f64> {
        let (from, to) = self.values;
        let first = (from / step).ceil() as i64;
        let last = (to / step + 1e-9).floor() as i64;
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
        let first = self.values.0.log10().floor() as i32;
        let last = self.values.1.log10().ceil() as i32;
        let (low, high) = (self.values.0 * 0.999, self.values.1 * 1.001);
        (first..=last)
            .flat_map(|power| digits.iter().map(move |digit| digit * 10f64.powi(power)))
            .filter(|value| (low..=high).contains(value))
            .collect()
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
    fn linear_ticks_are_round_and_inside() {
        let ticks = Scale::linear((0.0, 97.0), (0.0, 100.0)).ticks(5);
        assert_eq!(ticks, [0.0, 20.0, 40.0, 60.0, 80.0]);
    }

    #[test]
    fn moments_are_round_in_the_unit_in_which_they_are_said() {
        let ticks = |span: f64| Scale::linear((0.0, span), (0.0, 1.0)).time_ticks(8);
        assert_eq!(ticks(160.0)[1], 30.0);
        assert_eq!(ticks(3_800.0)[1], 600.0);
        assert_eq!(ticks(21_000.0)[1], 3_600.0);
        assert_eq!(ticks(210_000.0)[1], 36_000.0);
    }

    #[test]
    fn log_ticks_are_decades_or_their_thirds() {
        assert_eq!(Scale::log((1.0, 10_000.0), (0.0, 100.0)).ticks(5).len(), 5);
        assert_eq!(
            Scale::log((1.0, 10.0), (0.0, 100.0)).ticks(5),
            [1.0, 2.0, 5.0, 10.0]
        );
    }

    #[test]
    fn a_short_log_scale_still_has_two_ticks() {
        let ticks = |from, to| Scale::log((from, to), (0.0, 100.0)).ticks(5);
        assert_eq!(ticks(33.0, 58.0), [40.0, 50.0]);
        assert!(ticks(41.0, 47.0).len() >= 2);
    }

    #[test]
    fn a_scale_without_extent_still_has_one() {
        let scale = Scale::linear((3.0, 3.0), (0.0, 100.0));
        assert_eq!(scale.at(3.0), 0.0);
        assert!(!scale.ticks(4).is_empty());
    }

    #[test]
    fn edges_of_a_log_scale_have_equal_ratios() {
        let edges = Scale::log((1.0, 1000.0), (0.0, 1.0)).edges(3);
        for (edge, wanted) in edges.iter().zip([1.0, 10.0, 100.0, 1000.0]) {
            assert!((edge - wanted).abs() < 1e-9, "{edge}");
        }
    }
}
