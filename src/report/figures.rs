//! Numbers as people read them: grouped digits, fitting units, no false precision.

/// What stands where nothing was measured.
pub(super) const ABSENT: &str = "–";

/// `1234567` as `1,234,567`.
pub(super) fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Three significant digits, grouped, without trailing zeros: `0.0513`, `2.6`, `48.2`, `3,800`.
pub(super) fn number(value: f64) -> String {
    if !value.is_finite() {
        return ABSENT.to_owned();
    }
    let size = value.abs();
    let decimals = match size {
        0.0 => 0,
        _ if size >= 99.95 => 0,
        _ if size >= 9.995 => 1,
        _ if size >= 0.9995 => 2,
        _ => (2.0 - size.log10().floor()).clamp(2.0, 9.0) as usize,
    };
    let text = format!("{size:.decimals$}");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let sign = if value < 0.0 { "−" } else { "" };
    let whole = whole.parse().map_or_else(|_| whole.to_owned(), count);
    match fraction.trim_end_matches('0') {
        "" => format!("{sign}{whole}"),
        fraction => format!("{sign}{whole}.{fraction}"),
    }
}

/// A time in the unit in which it is said: `850 ms`, `96.4 s`, `50.2 min`, `3.1 h`.
pub(super) fn seconds(value: f64) -> String {
    match value.abs() {
        0.0 => "0 s".to_owned(),
        size if size < 0.9995 => format!("{} ms", number(value * 1000.0)),
        size if size < 600.0 => format!("{} s", number(value)),
        size if size < 7200.0 => format!("{} min", number(value / 60.0)),
        _ => format!("{} h", number(value / 3600.0)),
    }
}

/// Milliseconds, see [`seconds`].
pub(super) fn millis(value: Option<f64>) -> String {
    value.map_or_else(|| ABSENT.to_owned(), |value| seconds(value / 1000.0))
}

/// Rupees: `₹20`, `₹19,953`.
pub(super) fn rupees(value: f64) -> String {
    format!("₹{}", number(value))
}

/// A share of 1 in per cent; what is not quite all never reads `100 %`, nor a trace `0 %`.
pub(super) fn percent(share: Option<f64>) -> String {
    let Some(share) = share else {
        return ABSENT.to_owned();
    };
    let percent = share * 100.0;
    match percent {
        _ if share > 0.0 && percent < 0.1 => "< 0.1 %".to_owned(),
        _ if share < 1.0 && percent > 99.9 => "> 99.9 %".to_owned(),
        _ => format!("{} %", number((percent * 10.0).round() / 10.0)),
    }
}

/// A factor in two digits, which is what people remember: `2.6×`, `480×`.
pub(super) fn times(factor: f64) -> String {
    let digits = if factor.abs() < 9.95 {
        (factor * 10.0).round() / 10.0
    } else {
        factor.round()
    };
    format!("{}×", number(digits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_three_digits_and_lose_empty_zeros() {
        let cases = [
            (0.0, "0"),
            (0.24, "0.24"),
            (0.05134, "0.0513"),
            (2.6, "2.6"),
            (9.999, "10"),
            (48.25, "48.2"),
            (99.96, "100"),
            (19_953.4, "19,953"),
            (1_234_567.0, "1,234,567"),
            (-3.5, "−3.5"),
            (f64::NAN, "–"),
        ];
        for (value, text) in cases {
            assert_eq!(number(value), text, "{value}");
        }
    }

    #[test]
    fn times_are_said_in_the_unit_that_fits() {
        let cases = [
            (0.0, "0 s"),
            (0.85, "850 ms"),
            (300.0, "300 s"),
            (3012.0, "50.2 min"),
            (9000.0, "2.5 h"),
        ];
        for (value, text) in cases {
            assert_eq!(seconds(value), text, "{value}");
        }
    }

    #[test]
    fn a_share_short_of_all_never_reads_as_all() {
        assert_eq!(percent(Some(0.9999)), "> 99.9 %");
        assert_eq!(percent(Some(1.0)), "100 %");
        assert_eq!(percent(Some(0.0001)), "< 0.1 %");
        assert_eq!(percent(Some(0.0)), "0 %");
        assert_eq!(percent(Some(0.43)), "43 %");
        assert_eq!(percent(None), "–");
    }
}
