//! How full the provider's token buckets were, worked out again from the ledger.

use ground::ledger::{Ending, Row};

use crate::record::Run;

const MS_PER_MINUTE: f64 = 60_000.0;

/// Levels over time: moments in milliseconds, levels as shares of the capacity. Between two
/// points a level is a straight line. Output may be below zero: it is charged while it appears.
#[derive(Debug, Clone, PartialEq)]
pub struct Levels {
    /// Requests left.
    pub requests: Vec<(f64, f64)>,
    /// Input tokens left.
    pub input: Vec<(f64, f64)>,
    /// Output tokens left, as if each answer appeared evenly over the whole of its attempt.
    pub output: Vec<(f64, f64)>,
}

/// The levels of a run; `None` without limits, or when the ledger does not hold every attempt.
#[must_use]
pub fn levels(run: &Run) -> Option<Levels> {
    let limits = run.setting.service.as_ref()?.limits?;
    let ledger = &run.ledger;
    if ledger.rows.is_empty() || (ledger.rows.len() as u64) < ledger.totals.attempts {
        return None;
    }
    let admitted = || ledger.rows.iter().filter(|row| was_admitted(row));
    let at_once =
        |tokens: fn(&Row) -> u64| admitted().map(move |row| Event::charge(row, tokens(row)));
    let end = ledger.rows.iter().map(|row| row.ended_ms).max()?;
    let flows = admitted()
        .filter(|row| row.usage.output_tokens > 0)
        .flat_map(Event::flow);
    Some(Levels {
        requests: curve(limits.requests_per_minute, at_once(|_| 1), end),
        input: curve(limits.input_tokens_per_minute, at_once(input), end),
        output: curve(limits.output_tokens_per_minute, flows, end),
    })
}

fn was_admitted(row: &Row) -> bool {
    row.usage.output_tokens + input(row) > 0 || row.ending == Ending::Complete
}

/// Prompt tokens that count against the limit: reads from the prompt cache do not.
fn input(row: &Row) -> u64 {
    row.usage.unread_tokens()
}

#[derive(Debug, Clone, Copy)]
struct Event {
    at_ms: f64,
    charge: f64,
    /// Change of the drain, tokens a millisecond.
    drain: f64,
}

impl Event {
    fn charge(row: &Row, tokens: u64) -> Self {
        Self {
            at_ms: row.arrived_ms as f64,
            charge: tokens as f64,
            drain: 0.0,
        }
    }

    fn flow(row: &Row) -> [Self; 2] {
        let (from, to) = (
            row.arrived_ms as f64,
            (row.ended_ms.max(row.arrived_ms + 1)) as f64,
        );
        let drain = row.usage.output_tokens as f64 / (to - from);
        [
            Self {
                at_ms: from,
                charge: 0.0,
                drain,
            },
            Self {
                at_ms: to,
                charge: 0.0,
                drain: -drain,
            },
        ]
    }
}

fn curve(per_minute: u64, events: impl Iterator<Item = Event>, end_ms: u64) -> Vec<(f64, f64)> {
    let capacity = per_minute.max(1) as f64;
    let mut events: Vec<Event> = events.collect();
    events.push(Event {
        at_ms: end_ms as f64,
        charge: 0.0,
        drain: 0.0,
    });
    events.sort_by(|a, b| a.at_ms.total_cmp(&b.at_ms));
    let mut points = vec![(0.0, 1.0)];
    let (mut now, mut level, mut drain) = (0.0, capacity, 0.0);
    for event in events {
        let rate = capacity / MS_PER_MINUTE - drain;
        let span = event.at_ms - now;
        let missing = capacity - level;
        if rate > 0.0 && missing > 0.0 && missing < rate * span {
            points.push((now + missing / rate, 1.0));
        }
        level = (level + rate * span).min(capacity);
        now = event.at_ms;
        points.push((now, level / capacity));
        if event.charge > 0.0 {
            level -= event.charge;
            points.push((now, level / capacity));
        }
        drain += event.drain;
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(at_ms: f64, charge: f64, drain: f64) -> Event {
        Event {
            at_ms,
            charge,
            drain,
        }
    }

    #[test]
    fn a_charge_falls_at_once_and_refills_within_its_share_of_a_minute() {
        let points = curve(60, [event(0.0, 30.0, 0.0)].into_iter(), 60_000);
        assert_eq!(
            points,
            [
                (0.0, 1.0),
                (0.0, 1.0),
                (0.0, 0.5),
                (30_000.0, 1.0),
                (60_000.0, 1.0)
            ]
        );
    }

    #[test]
    fn a_drain_faster_than_the_refill_goes_below_zero() {
        // 180 a minute against a refill of 60: 120 less after a minute, from a full 60.
        let drain = 180.0 / MS_PER_MINUTE;
        let points = curve(
            60,
            [event(0.0, 0.0, drain), event(60_000.0, 0.0, -drain)].into_iter(),
            60_000,
        );
        let (at, level) = points[points.len() - 1];
        assert!(at == 60_000.0 && (level + 1.0).abs() < 1e-9, "{level}");
    }
}
