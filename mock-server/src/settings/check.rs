//! What the types of settings cannot hold: ranges of numbers.

use crate::fault::Phase;
use crate::reply::RecordedLatency;

use super::error::ConfigError;

/// Refuses `field` = `value` of `of` unless it lies between `least` and `most`.
pub(super) fn in_range(
    field: &'static str,
    value: f64,
    of: &str,
    least: f64,
    most: f64,
) -> Result<(), ConfigError> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(ConfigError::OutOfRange {
        field,
        value,
        of: of.to_owned(),
        must: match (least, most) {
            (0.0, 1.0) => "between 0 and 1",
            (1.0, _) => "1 or greater",
            _ => "0 or greater",
        },
    })
}

/// Checks a recorded latency, the `number`th from 1.
pub(super) fn recorded(record: &RecordedLatency, number: usize) -> Result<(), ConfigError> {
    let RecordedLatency {
        ttft_ms,
        decode_tokens_per_s,
    } = *record;
    let mistake = |field, value, must| ConfigError::OutOfRange {
        field,
        value,
        of: format!("recorded_latency, record {number}"),
        must,
    };
    if !ttft_ms.is_finite() || ttft_ms < 0.0 {
        return Err(mistake("ttft_ms", ttft_ms, "a finite number, 0 or greater"));
    }
    if decode_tokens_per_s.is_nan() || decode_tokens_per_s <= 0.0 {
        return Err(mistake(
            "decode_tokens_per_s",
            decode_tokens_per_s,
            "greater than 0",
        ));
    }
    Ok(())
}

/// Checks a phase of the schedule.
pub(super) fn phase(phase: &Phase, of: &str) -> Result<(), ConfigError> {
    in_range("from", phase.from, of, 0.0, 1.0)?;
    in_range("to", phase.to.unwrap_or(0.0), of, 0.0, 1.0)?;
    in_range("from_s", phase.from_s, of, 0.0, f64::INFINITY)?;
    let later = phase.to_s > phase.from_s;
    let period = phase.period_s.unwrap_or(1.0);
    let mistake = |field, value, must| {
        Err(ConfigError::OutOfRange {
            field,
            value,
            of: of.to_owned(),
            must,
        })
    };
    match (later, period > 0.0) {
        (false, _) => mistake("to_s", phase.to_s, "greater than from_s"),
        (_, false) => mistake("period_s", period, "greater than 0"),
        _ => Ok(()),
    }
}
