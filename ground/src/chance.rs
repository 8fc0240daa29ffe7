//! Chance without a generator: every draw is a pinned hash of who asks and what for.
//!
//! Nothing here may change its values: seeds are promises. Tests pin them.

use xxhash_rust::xxh3::xxh3_64;

/// Stable 64-bit digest of a text, such as a request body (XXH3-64, seed 0).
#[must_use]
pub fn digest(bytes: &[u8]) -> u64 {
    xxh3_64(bytes)
}

/// Folds `parts` into 64 well-mixed bits (`SplitMix64`'s finalizer over a running sum). The last part
/// names the draw, so that two draws of one identity are independent: any number that no other draw has.
#[must_use]
pub fn mix(parts: &[u64]) -> u64 {
    parts.iter().fold(0x243F_6A88_85A3_08D3, |state, part| {
        let mut z = (state ^ part).wrapping_add(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    })
}

/// A number in `[0, 1)` from 64 mixed bits.
#[must_use]
pub fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1u64 << 53) as f64
}

/// A standard normal draw from 64 mixed bits (Box-Muller).
#[must_use]
pub fn normal(bits: u64) -> f64 {
    let radius = (1.0 - unit(bits)).ln() * -2.0;
    radius.sqrt() * (std::f64::consts::TAU * unit(mix(&[bits]))).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_values_are_pinned() {
        assert_eq!(digest(b"{\"model\":\"x\"}"), 3_396_284_913_276_092_073);
        assert_eq!(mix(&[1, 2, 3]), 14_811_618_279_488_048_801);
    }

    #[test]
    fn normal_draws_have_mean_zero_and_variance_one() {
        let draws: Vec<f64> = (0..20_000).map(|i| normal(mix(&[7, i]))).collect();
        let mean = draws.iter().sum::<f64>() / draws.len() as f64;
        let variance = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / draws.len() as f64;
        assert!(mean.abs() < 0.02, "{mean}");
        assert!((variance - 1.0).abs() < 0.03, "{variance}");
    }
}
