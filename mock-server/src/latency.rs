//! How long a model takes: time to the first token, reading the prompt, writing the answer.

use crate::fault::Identity;
use crate::mix::normal;
use crate::profile::Latency;
use crate::stream::MAX_DELTAS;

/// The planned times of one answer, in nanoseconds of simulated time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Latencies {
    pub(crate) to_first_token_ns: u64,
    pub(crate) decode_ns: u64,
}

impl Latencies {
    /// Draws the times of an answer; the same identity always takes the same time.
    pub(crate) fn draw(latency: &Latency, who: Identity, input: u64, output: u64) -> Self {
        let factor = |purpose| (latency.sigma * normal(who.bits(purpose))).exp();
        let first = latency.time_to_first_token_ms / 1000.0 * factor(FIRST_TOKEN);
        let prefill = input as f64 / latency.prefill_tokens_per_s;
        let decode = output as f64 / latency.decode_tokens_per_s * factor(DECODE);
        Self {
            to_first_token_ns: nanoseconds(first + prefill),
            decode_ns: nanoseconds(decode),
        }
    }
}

impl Latencies {
    /// The same answer as the slow drip of a fault: ten times slower, at most five events a second.
    pub(crate) fn dripping(self, tokens: u64) -> Self {
        let events = tokens.min(MAX_DELTAS);
        Self {
            decode_ns: (self.decode_ns * 10).max(events * DRIP_NS),
            ..self
        }
    }
}

const DRIP_NS: u64 = 200_000_000;

fn nanoseconds(seconds: f64) -> u64 {
    (seconds * 1e9).round() as u64
}

const FIRST_TOKEN: u64 = 0x77F7;
const DECODE: u64 = 0xDEC0;

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
