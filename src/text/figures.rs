//! Numbers as people read them: grouped digits, fitting units, no false precision.

/// What stands where nothing was measured.
pub const ABSENT: &str = "–";

/// `1234567` as `1,234,567`.
#[must_use]
pub fn count(value: u64) -> String {
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
#[must_use]
pub fn number(value: f64) -> String {
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
#[must_use]
pub fn seconds(value: f64) -> String {
    match value.abs() {
        0.0 => "0 s".to_owned(),
        size if size < 0.9995 => format!("{} ms", number(value * 1000.0)),
        size if size < 600.0 => format!("{} s", number(value)),
        size if size < 7200.0 => format!("{} min", number(value / 60.0)),
        _ => format!("{} h", number(value / 3600.0)),
    }
}

/// Milliseconds, see [`seconds`].
#[must_use]
pub fn millis(value: Option<f64>) -> String {
    value.map_or_else(|| ABSENT.to_owned(), |value| seconds(value / 1000.0))
}

/// Rupees: `₹20`, `₹19,953`.
#[must_use]
pub fn rupees(value: f64) -> String {
    format!("₹{}", number(value))
}

/// A share of 1 in per cent; what is not quite all never reads `100 %`, nor a trace `0 %`.
#[must_use]
pub fn percent(share: Option<f64>) -> String {
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
#[must_use]
pub fn times(factor: f64) -> String {
    let digits = if factor.abs() < 9.95 {
        (factor * 10.0).round() / 10.0
    } else {
        factor.round()
    };
    format!("{}×", number(digits))
}

/// Points of a grade: whole ones as such, others to three places.
#[must_use]
pub fn points(value: f64) -> String {
    let text = format!("{value:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    match text {
        "-0" => "0".to_owned(),
        text => text.to_owned(),
    }
}

/// A share of 1 in per cent with one decimal, rounded down: 100 % is all.
#[must_use]
pub fn percent_reached(share: f64) -> String {
    format!("{} %", points((share * 1000.0 + 1e-9).floor() / 10.0))
}

/// A number that is held against another: few enough digits to be read, enough to see what changed.
#[must_use]
pub fn measured(value: Option<f64>, unit: &str) -> String {
    let Some(value) = value else {
        return "-".to_owned();
    };
    let text = match value.abs() {
        _ if value.fract() == 0.0 => format!("{value}"),
        size if size >= 1000.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.3}"),
        _ => format!("{value:.5}"),
    };
    format!("{text} {unit}").trim_end().to_owned()
}

/// A number in a column of such numbers: all have so many decimals.
#[must_use]
pub fn aligned(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(|| ABSENT.to_owned(), |value| format!("{value:.decimals$}"))
}

/// Dollars, as finely as single calls are priced: `$0.0123`.
#[must_use]
pub fn dollars(value: f64) -> String {
    format!("${value:.4}")
}

/// A time that is only estimated: one unit, whole numbers.
#[must_use]
pub fn about(seconds: f64) -> String {
    match seconds.ceil() {
        few if few < 120.0 => format!("{few} s"),
        many if many < 7200.0 => format!("{:.0} min", many / 60.0),
        more => format!("{:.0} h", more / 3600.0),
    }
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
    fn points_have_no_noise_and_a_share_reached_is_never_rounded_up() {
        assert_eq!(
            [1.0, 0.25, 1.0 / 3.0, -0.0].map(points),
            ["1", "0.25", "0.333", "0"]
        );
        assert_eq!(
            [0.2275, 0.9999, 1.0].map(percent_reached),
            ["22.7 %", "99.9 %", "100 %"]
        );
    }

    #[test]
    fn what_is_compared_shows_what_changed_without_a_row_of_digits() {
        let said = [44_924.927, 1.0125, 0.01, 3.0].map(|value| measured(Some(value), "ms"));
        assert_eq!(said, ["44924.9 ms", "1.012 ms", "0.01000 ms", "3 ms"]);
        assert_eq!(measured(None, "ms"), "-");
    }

    #[test]
    fn columns_estimates_and_money_have_a_form_each() {
        assert_eq!(aligned(Some(2.0), 1), "2.0");
        assert_eq!(aligned(None, 1), ABSENT);
        assert_eq!(
            [0.2, 119.5, 3600.0, 9000.0].map(about),
            ["1 s", "2 min", "60 min", "2 h"]
        );
        assert_eq!(dollars(0.01234), "$0.0123");
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
