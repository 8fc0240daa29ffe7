//! Amounts as they may be given on the command line.

/// A cap above this is a slip of the finger.
const MAX_CAP_USD: f64 = 1e6;

/// An amount of money, as it may be given on the command line.
pub(super) fn dollars(text: &str) -> Result<f64, String> {
    let usd: f64 = text.parse().map_err(|_| "it is no number".to_owned())?;
    if usd > 0.0 && usd < MAX_CAP_USD {
        Ok(usd)
    } else {
        Err(format!("give an amount above 0 and below {MAX_CAP_USD}"))
    }
}

/// A number of bytes, as it may be given on the command line: `500kB` are 500,000.
pub(super) fn bytes(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "" | "b" => Some(1),
        "k" | "kb" => Some(1_000),
        "m" | "mb" => Some(1_000_000),
        _ => None,
    };
    let number: Option<u64> = digits.trim().parse().ok().filter(|number| *number > 0);
    number
        .zip(factor)
        .and_then(|(number, factor)| number.checked_mul(factor))
        .ok_or_else(|| "give a number of bytes, kB or MB, e.g. 500kB".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units_and_amounts_have_bounds() {
        for (text, size) in [
            ("7", 7),
            ("500kB", 500_000),
            ("2MB", 2_000_000),
            ("3 k", 3_000),
        ] {
            assert_eq!(bytes(text), Ok(size), "{text}");
        }
        for text in ["", "0", "5x", "kB", "-1", "99999999999999999999MB"] {
            assert!(bytes(text).is_err(), "{text}");
        }
        assert_eq!(dollars("0.5"), Ok(0.5));
        for text in ["0", "-1", "1e9", "NaN", "many"] {
            assert!(dollars(text).is_err(), "{text}");
        }
    }
}
