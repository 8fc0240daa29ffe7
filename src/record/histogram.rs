//! Mergeable latencies: an HDR histogram of microseconds that is text in JSON.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{
    Deserializer as HdrReader, Serializer as HdrWriter, V2Serializer,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Three significant digits: any latency is kept within 0.1 %.
const SIGNIFICANT_DIGITS: u8 = 3;

/// Counts of latencies in microseconds, from 1 µs up, with three significant digits.
///
/// In JSON it is the base64 of the HDR histogram V2 encoding, which other HDR tools can read.
#[derive(Debug, Clone, PartialEq)]
pub struct Latencies(Histogram<u64>);

impl Default for Latencies {
    fn default() -> Self {
        let mut histogram =
            Histogram::new(SIGNIFICANT_DIGITS).expect("three digits are within HDR's 0 to 5");
        histogram.auto(true);
        Self(histogram)
    }
}

impl Latencies {
    /// Counts one latency.
    pub fn record(&mut self, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        // Not `saturating_record`: it clamps to the present range instead of growing it.
        self.0
            .record(micros)
            .expect("an auto-resizing histogram takes any latency");
    }

    /// Adds all of `other`.
    pub fn merge(&mut self, other: &Self) {
        self.0
            .add(&other.0)
            .expect("an auto-resizing histogram of equal precision takes any other");
    }

    /// The histogram, in microseconds.
    #[must_use]
    pub fn micros(&self) -> &Histogram<u64> {
        &self.0
    }
}

impl Serialize for Latencies {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut bytes = Vec::new();
        V2Serializer::new()
            .serialize(&self.0, &mut bytes)
            .map_err(|error| serde::ser::Error::custom(format!("{error:?}")))?;
        serializer.serialize_str(&BASE64.encode(bytes))
    }
}

impl<'de> Deserialize<'de> for Latencies {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = BASE64.decode(text).map_err(de::Error::custom)?;
        let mut histogram: Histogram<u64> = HdrReader::new()
            .deserialize(&mut bytes.as_slice())
            .map_err(|error| de::Error::custom(format!("not an HDR histogram: {error:?}")))?;
        histogram.auto(true);
        Ok(Self(histogram))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latencies_survive_json() {
        let mut latencies = Latencies::default();
        for ms in [1, 20, 300, 300_000] {
            latencies.record(Duration::from_millis(ms));
        }
        let json = serde_json::to_string(&latencies).unwrap();
        let back: Latencies = serde_json::from_str(&json).unwrap();
        assert_eq!(back, latencies);
        assert_eq!(back.micros().len(), 4);
        assert_eq!(back.micros().max() / 1_000_000, 300);
    }

    #[test]
    fn merging_is_counting_together() {
        let (mut a, mut b, mut whole) = (
            Latencies::default(),
            Latencies::default(),
            Latencies::default(),
        );
        for ms in 0..1000 {
            let latency = Duration::from_millis(ms * ms);
            if ms % 3 == 0 {
                a.record(latency)
            } else {
                b.record(latency)
            };
            whole.record(latency);
        }
        a.merge(&b);
        assert_eq!(a, whole);
    }
}
