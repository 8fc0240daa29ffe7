//! What paired differences can show: Wilcoxon's signed ranks, exact by counting. Pure.
//!
//! The Hodges-Lehmann estimate is the median of all Walsh averages (Hodges and Lehmann 1963); its
//! interval and the test are those of the signed ranks; Holm's step-down keeps the false alarms of
//! several tests together below [`ALPHA`].

use serde::Serialize;

use super::Better;

/// The chance of a false alarm over all rules together.
pub const ALPHA: f64 = 0.05;

/// Fewest pairs that have a 95 % interval: with 6, two in 2⁶ = 3.1 % is reachable.
pub const MIN_PAIRS: usize = 6;

/// Most pairs whose Walsh averages are counted.
pub const MAX_PAIRS: usize = 200;

/// What pairs of runs show of one metric. Differences are in the metric's unit, and positive is worse.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Shift {
    /// Hodges-Lehmann estimate.
    pub estimate: f64,
    /// Lower end of the 95 % interval.
    pub low: f64,
    /// Upper end of the 95 % interval.
    pub high: f64,
    /// One-sided chance of such differences if the true shift were not above the margin.
    pub p: f64,
    /// The smallest true shift that pairs scattered like these would have shown.
    pub detectable: f64,
}

/// Compares paired differences (`b` minus `a`, positive is worse) against `margin`. `None` without
/// at least [`MIN_PAIRS`] finite ones, or above [`MAX_PAIRS`].
#[must_use]
pub fn shift(differences: &[f64], margin: f64, rules: usize) -> Option<Shift> {
    let n = differences.len();
    let usable = (MIN_PAIRS..=MAX_PAIRS).contains(&n) && differences.iter().all(|d| d.is_finite());
    if !usable {
        return None;
    }
    let walsh = walsh(differences);
    let estimate = median(&walsh);
    let cut = critical(n, ALPHA / 2.0).unwrap_or(0);
    let strict = critical(n, ALPHA / rules.max(1) as f64);
    Some(Shift {
        estimate,
        low: walsh[cut],
        high: walsh[walsh.len() - 1 - cut],
        p: upper_tail(differences, margin),
        // With too few pairs for that many rules no shift is large enough.
        detectable: strict.map_or(f64::INFINITY, |cut| margin + estimate - walsh[cut]),
    })
}

/// What changed from `before` to `after` in each pair; positive is worse.
#[must_use]
pub fn differences(before: &[f64], after: &[f64], better: Better) -> Vec<f64> {
    let pairs = before.iter().zip(after);
    pairs.map(|(a, b)| better.worse_by(*a, *b)).collect()
}

/// The median of `values`; absent where there are none.
#[must_use]
pub fn typical(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    (!sorted.is_empty()).then(|| median(&sorted))
}

/// All averages of two differences, each with itself too, in order.
fn walsh(differences: &[f64]) -> Vec<f64> {
    let mut averages = Vec::with_capacity(differences.len() * (differences.len() + 1) / 2);
    for (index, a) in differences.iter().enumerate() {
        averages.extend(differences[index..].iter().map(|b| f64::midpoint(*a, *b)));
    }
    averages.sort_by(f64::total_cmp);
    averages
}

/// The median of numbers in order; there is at least one.
fn median(sorted: &[f64]) -> f64 {
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 {
        sorted[middle]
    } else {
        f64::midpoint(sorted[middle - 1], sorted[middle])
    }
}

/// Chance of each value of the signed-rank statistic of `n` pairs.
fn distribution(n: usize) -> Vec<f64> {
    let mut chances = vec![1.0];
    for rank in 1..=n {
        let mut next = vec![0.0; chances.len() + rank];
        for (sum, chance) in chances.iter().enumerate() {
            next[sum] += chance / 2.0;
            next[sum + rank] += chance / 2.0;
        }
        chances = next;
    }
    chances
}

/// The largest `k` such that the statistic is at most `k` with a chance of at most `alpha`: that many
/// Walsh averages may be cut off each end.
fn critical(n: usize, alpha: f64) -> Option<usize> {
    let mut sum = 0.0;
    let within = distribution(n).into_iter().take_while(|chance| {
        sum += chance;
        sum <= alpha
    });
    within.count().checked_sub(1)
}

/// Chance that the signed-rank statistic of differences beyond `margin` is as large as it is.
/// An average that equals the margin counts as not beyond it, which can only make the chance larger.
fn upper_tail(differences: &[f64], margin: f64) -> f64 {
    let beyond = walsh(differences)
        .iter()
        .filter(|average| **average > margin)
        .count();
    distribution(differences.len())
        .iter()
        .skip(beyond)
        .sum::<f64>()
        .min(1.0)
}

/// Holm's step-down: which of `chances` are significant together at [`ALPHA`].
#[must_use]
pub fn holm(chances: &[f64]) -> Vec<bool> {
    let mut order: Vec<usize> = (0..chances.len()).collect();
    order.sort_by(|&a, &b| chances[a].total_cmp(&chances[b]));
    let mut significant = vec![false; chances.len()];
    for (step, &index) in order.iter().enumerate() {
        if chances[index] > ALPHA / (chances.len() - step) as f64 {
            break;
        }
        significant[index] = true;
    }
    significant
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distribution_is_that_of_the_tables() {
        // Tables of Wilcoxon's signed ranks: n = 6 two-sided 5 % is 0, n = 10 is 8, n = 20 is 52.
        assert_eq!(critical(5, 0.025), None);
        assert_eq!(critical(6, 0.025), Some(0));
        assert_eq!(critical(10, 0.025), Some(8));
        assert_eq!(critical(20, 0.025), Some(52));
    }

    #[test]
    fn a_clear_shift_is_seen_and_none_is_not() {
        let clear = shift(&[9.0, 10.0, 11.0, 10.5, 9.5, 10.2, 9.8], 2.0, 1).unwrap();
        assert!(
            (clear.estimate - 10.0).abs() < 0.1 && clear.p < 0.01,
            "{clear:?}"
        );
        let none = shift(&[-1.0, 1.0, -0.5, 0.4, 0.2, -0.3, 0.1], 0.0, 1).unwrap();
        assert!(
            none.p > 0.2 && none.low < 0.0 && none.high > 0.0,
            "{none:?}"
        );
    }

    #[test]
    fn too_few_pairs_prove_nothing() {
        assert_eq!(shift(&[1.0; 5], 0.0, 1), None);
        assert_eq!(shift(&[1.0; 6], 0.0, 4).unwrap().detectable, f64::INFINITY);
        assert_eq!(shift(&[f64::NAN; 7], 0.0, 1), None);
    }

    #[test]
    fn holm_steps_down_and_stops_at_the_first_that_is_not_significant() {
        assert_eq!(holm(&[0.01, 0.04, 0.03]), [true, false, false]);
        assert_eq!(holm(&[0.01, 0.02, 0.03]), [true, true, true]);
    }

    #[test]
    fn equal_runs_raise_a_false_alarm_in_at_most_one_of_twenty() {
        use ground::chance::{mix, unit};
        let alarms = (0..2000u64)
            .filter(|&pair| {
                let draws: Vec<f64> = (0..7).map(|n| unit(mix(&[pair, n])) - 0.5).collect();
                shift(&draws, 0.0, 1).unwrap().p <= ALPHA
            })
            .count();
        assert!(alarms as f64 / 2000.0 <= ALPHA + 0.01, "{alarms}");
    }
}
