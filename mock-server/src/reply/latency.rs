//! How long a model takes: time to the first token, reading the prompt, writing the answer.

use ground::chance::normal;
use ground::profile::Latency;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::fault::Identity;

/// Most content events in one stream; a longer answer packs more tokens into each.
pub(crate) const MAX_DELTAS: u64 = 64;

/// How long one real answer took.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RecordedLatency {
    /// Milliseconds to the first token, the reading of the prompt included.
    pub ttft_ms: f64,
    /// Tokens written per second from then on.
    pub decode_tokens_per_s: f64,
}

/// The planned times of one answer, in nanoseconds of simulated time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Latencies {
    pub(crate) to_first_token_ns: u64,
    pub(crate) decode_ns: u64,
}

impl Latencies {
    /// Draws the times of an answer; the same identity always takes the same time.
    pub(crate) fn draw(latency: &Latency, who: Identity, input: u64, output: u64) -> Self {
        let factor = |purpose| match latency.sigma {
            0.0 => 1.0,
            sigma => (sigma * normal(who.bits(purpose))).exp(),
        };
        let first = latency.time_to_first_token_ms / 1000.0 * factor(FIRST_TOKEN);
        let prefill = input as f64 / latency.prefill_tokens_per_s;
        let decode = output as f64 / latency.decode_tokens_per_s * factor(DECODE);
        Self {
            to_first_token_ns: nanoseconds(first + prefill),
            decode_ns: nanoseconds(decode),
        }
    }

    /// Replays one of `records`, if there are any; the same identity always replays the same.
    pub(crate) fn replay(records: &[RecordedLatency], who: Identity, output: u64) -> Option<Self> {
        let choice = who.bits(RECORD) % (records.len().max(1) as u64);
        let record = records.get(choice as usize)?;
        Some(Self {
            to_first_token_ns: nanoseconds(record.ttft_ms / 1000.0),
            decode_ns: nanoseconds(output as f64 / record.decode_tokens_per_s),
        })
    }

    /// The same answer as the slow drip of a fault: ten times slower, at most five events a second.
    pub(crate) fn dripping(self, tokens: u64) -> Self {
        let events = tokens.min(MAX_DELTAS);
        Self {
            decode_ns: (self.decode_ns * 10).max(events * DRIP_NS),
            ..self
        }
    }
}

/// Between tokens that drip: no time-out on silence ever strikes, only one on the whole answer.
const DRIP_NS: u64 = 200_000_000;

fn nanoseconds(seconds: f64) -> u64 {
    (seconds * 1e9).round() as u64
}

const FIRST_TOKEN: u64 = 0x77F7;
const DECODE: u64 = 0xDEC0;
const RECORD: u64 = 0x4EC0;

#[cfg(test)]
mod tests {
    use super::*;

    const LATENCY: Latency = Latency {
        time_to_first_token_ms: 1000.0,
        prefill_tokens_per_s: 5000.0,
        decode_tokens_per_s: 50.0,
        sigma: 0.0,
    };

    fn draw(latency: Latency, digest: u64) -> Latencies {
        Latencies::draw(
            &latency,
            Identity {
                seed: 1,
                digest,
                seen: 0,
            },
            10_000,
            100,
        )
    }

    #[test]
    fn without_spread_the_formula_is_exact() {
        let expected = Latencies {
            to_first_token_ns: 3_000_000_000,
            decode_ns: 2_000_000_000,
        };
        assert_eq!(draw(LATENCY, 1), expected);
    }

    #[test]
    fn each_record_is_replayed_about_equally_often_and_as_a_whole() {
        let records = [(500.0, 50.0), (1500.0, 200.0)].map(|(ttft_ms, decode_tokens_per_s)| {
            RecordedLatency {
                ttft_ms,
                decode_tokens_per_s,
            }
        });
        let who = |digest| Identity {
            seed: 1,
            digest,
            seen: 0,
        };
        let replay = |digest| Latencies::replay(&records, who(digest), 100).unwrap();
        let times: Vec<_> = (0..1000)
            .map(replay)
            .map(|l| (l.to_first_token_ns / 1_000_000, l.decode_ns / 1_000_000))
            .collect();
        let slow_to_write = times.iter().filter(|time| **time == (500, 2000)).count();
        let slow_to_begin = times.iter().filter(|time| **time == (1500, 500)).count();
        assert_eq!(slow_to_write + slow_to_begin, 1000);
        assert!((450..550).contains(&slow_to_write), "{slow_to_write}");
        assert_eq!(Latencies::replay(&[], who(1), 100), None);
    }

    #[test]
    fn with_spread_the_median_stays() {
        let spread = Latency {
            sigma: 0.5,
            ..LATENCY
        };
        let mut times: Vec<u64> = (0..1001).map(|d| draw(spread, d).decode_ns).collect();
        times.sort_unstable();
        let median = times[500] as f64 / 1e9;
        assert!((median - 2.0).abs() < 0.15, "{median}");
        assert!(times[0] < times[1000] / 4);
    }
}
