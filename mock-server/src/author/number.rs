//! Numbers between their bounds and on their steps.

use serde_json::Value;

use super::decimal::Decimal;
use super::document::Node;
use super::kind::Kind;

/// What all schemas of a place say about its number.
#[derive(Debug, Default)]
struct Range {
    low: Option<Bound>,
    high: Option<Bound>,
    step: Option<Decimal>,
}

#[derive(Debug, Clone, Copy)]
struct Bound {
    at: Decimal,
    is_open: bool,
}

impl Range {
    /// `None` if the steps have no common multiple that can be reckoned with.
    fn read(nodes: &[Node<'_>], kind: Kind) -> Option<Self> {
        let mut range = Self::default();
        if kind == Kind::Integer {
            range.step = Some(Decimal::whole(1));
        }
        for node in nodes {
            for (bound, opening, is_low) in [
                ("minimum", "exclusiveMinimum", true),
                ("maximum", "exclusiveMaximum", false),
            ] {
                let is_open = node.get(opening) == Some(&Value::Bool(true));
                let closed = node.get(bound).and_then(Decimal::read);
                range.narrow(closed.map(|at| Bound { at, is_open }), is_low);
                let open = node.get(opening).and_then(Decimal::read);
                range.narrow(open.map(|at| Bound { at, is_open: true }), is_low);
            }
            let step = node.get("multipleOf").and_then(Decimal::read);
            if let Some(step) = step.filter(|step| step.is_positive()) {
                range.step = match range.step {
                    Some(other) => Some(other.common_multiple(step)?),
                    None => Some(step),
                };
            }
        }
        Some(range)
    }

    fn narrow(&mut self, bound: Option<Bound>, is_low: bool) {
        let Some(bound) = bound else { return };
        let current = if is_low {
            &mut self.low
        } else {
            &mut self.high
        };
        let is_tighter = current.is_none_or(|old| {
            let order = if is_low {
                bound.at.compare(old.at)
            } else {
                old.at.compare(bound.at)
            };
            order.is_gt() || (order.is_eq() && bound.is_open)
        });
        if is_tighter {
            *current = Some(bound);
        }
    }

    /// The multiples of `step` in this range, as the first and the last factor.
    fn factors(&self, step: Decimal) -> Option<(i128, i128)> {
        let first = match self.low {
            None => -FAR,
            Some(low) => {
                let below = low.at.floor_in(step)?;
                let is_on_step = step.times(below)?.compare(low.at).is_eq();
                below + i128::from(!is_on_step || low.is_open)
            }
        };
        let last = match self.high {
            None => FAR,
            Some(high) => {
                let below = high.at.floor_in(step)?;
                let is_on_step = step.times(below)?.compare(high.at).is_eq();
                below - i128::from(is_on_step && high.is_open)
            }
        };
        (first <= last).then_some((first, last))
    }
}

/// Further than any bound that can be reckoned with.
const FAR: i128 = 1 << 100;

/// A number for a place that all of `nodes` rule. Another `variety` is another number, as long as
/// there are others.
pub(super) fn write(nodes: &[Node<'_>], kind: Kind, variety: usize) -> Option<Value> {
    let range = Range::read(nodes, kind)?;
    let steps: Vec<Decimal> = match range.step {
        Some(step) => vec![step],
        // Halves at first, since a number that is not whole shows that the type is kept.
        None => [Decimal::whole(1).half()?]
            .into_iter()
            .chain((1..=18).map(Decimal::unit))
            .collect(),
    };
    // A narrow range has only few numbers on a coarse step.
    let enough = |(first, last): (i128, i128)| last - first >= variety as i128;
    let spans = || {
        steps
            .iter()
            .filter_map(|step| Some((*step, range.factors(*step)?)))
    };
    let (step, (first, last)) = spans()
        .find(|(_, span)| enough(*span))
        .or_else(|| spans().next_back())?;
    let usual = usual(step, range.step.is_some())?.clamp(first, last);
    // A narrow range begins anew.
    let count = usize::try_from(last - first + 1).unwrap_or(usize::MAX);
    let factor = nth_around(usual, variety % count, first, last)?;
    step.times(factor)?.to_value()
}

/// The factor of `step` that makes 1, or 1.5 where nothing is said about steps.
fn usual(step: Decimal, is_given: bool) -> Option<i128> {
    if is_given {
        Some(Decimal::whole(1).floor_in(step)?.max(1))
    } else {
        Decimal::whole(3).half()?.floor_in(step)
    }
}

/// The number `variety` away from `usual`, alternately above and below while there is room.
fn nth_around(usual: i128, variety: usize, first: i128, last: i128) -> Option<i128> {
    let variety = variety as i128;
    let (above, below) = (last - usual, usual - first);
    let both = above.min(below);
    let factor = if variety <= 2 * both {
        let distance = (variety + 1) / 2;
        usual
            + if variety % 2 == 1 {
                distance
            } else {
                -distance
            }
    } else if above > below {
        usual + (variety - both)
    } else {
        usual - (variety - both)
    };
    (first..=last).contains(&factor).then_some(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_of_a_range_is_met_once() {
        let met: Vec<i128> = (0..6).filter_map(|n| nth_around(2, n, 1, 6)).collect();
        let mut sorted = met.clone();
        sorted.sort_unstable();
        assert_eq!((met[0], sorted), (2, vec![1, 2, 3, 4, 5, 6]));
        assert_eq!(nth_around(2, 6, 1, 6), None);
    }
}
