//! Exact decimal numbers, in which bounds and steps of a schema are reckoned: 0.1 is one tenth.

use std::cmp::Ordering;

use serde_json::{Number, Value};

/// `digits` times ten to the power of minus `places`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Decimal {
    digits: i128,
    places: u32,
}

impl Decimal {
    pub(super) const fn whole(digits: i128) -> Self {
        Self { digits, places: 0 }
    }

    /// Ten to the power of minus `places`.
    pub(super) const fn unit(places: u32) -> Self {
        Self { digits: 1, places }
    }

    /// The number in `value`; `None` for anything else, and for numbers of more than 30 digits.
    pub(super) fn read(value: &Value) -> Option<Self> {
        let Value::Number(number) = value else {
            return None;
        };
        let text = number.to_string();
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (text.as_str(), 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
        let places = fraction.len() as i32 - exponent;
        let decimal = match u32::try_from(places) {
            Ok(places) if places <= MOST_PLACES => Self { digits, places },
            Ok(_) => return None,
            Err(_) => Self::whole(digits.checked_mul(power(places.unsigned_abs())?)?),
        };
        (decimal.digits.unsigned_abs() < 10u128.pow(MOST_DIGITS)).then_some(decimal)
    }

    /// Both numbers in the same unit.
    fn align(self, other: Self) -> Option<(i128, i128, u32)> {
        let places = self.places.max(other.places);
        let left = self.digits.checked_mul(power(places - self.places)?)?;
        let right = other.digits.checked_mul(power(places - other.places)?)?;
        Some((left, right, places))
    }

    pub(super) fn compare(self, other: Self) -> Ordering {
        match self.align(other) {
            Some((left, right, _)) => left.cmp(&right),
            None => self.approximate().total_cmp(&other.approximate()),
        }
    }

    fn approximate(self) -> f64 {
        self.digits as f64 / 10f64.powi(self.places as i32)
    }

    /// The smallest number that is a multiple of both.
    pub(super) fn common_multiple(self, other: Self) -> Option<Self> {
        let (left, right, places) = self.align(other)?;
        let (left, right) = (left.abs(), right.abs());
        let digits = (left / greatest_divisor(left, right)).checked_mul(right)?;
        Some(Self { digits, places })
    }

    pub(super) fn is_multiple_of(self, step: Self) -> bool {
        match self.align(step) {
            Some((value, step, _)) => step != 0 && value % step == 0,
            None => false,
        }
    }

    /// How often `step` goes into this number, rounded down.
    pub(super) fn floor_in(self, step: Self) -> Option<i128> {
        let (value, step, _) = self.align(step)?;
        (step > 0).then(|| value.div_euclid(step))
    }

    pub(super) fn times(self, count: i128) -> Option<Self> {
        let digits = self.digits.checked_mul(count)?;
        Some(Self { digits, ..self })
    }

    pub(super) fn half(self) -> Option<Self> {
        let digits = self.digits.checked_mul(5)?;
        let places = self.places + 1;
        Some(Self { digits, places })
    }

    pub(super) fn is_positive(self) -> bool {
        self.digits > 0
    }

    /// As JSON writes it: a whole number has no decimal point.
    pub(super) fn to_value(self) -> Option<Value> {
        let scale = power(self.places)?;
        if self.digits % scale == 0 {
            let whole = self.digits / scale;
            if let Ok(whole) = i64::try_from(whole) {
                return Some(Value::from(whole));
            }
            if let Ok(whole) = u64::try_from(whole) {
                return Some(Value::from(whole));
            }
        }
        let text = format!("{}e-{}", self.digits, self.places);
        Number::from_f64(text.parse().ok()?).map(Value::Number)
    }
}

// More than any `f64` or 64-bit number needs, and few enough that 128 bits hold the digits; where two
// numbers cannot be brought to one unit within them, they are compared approximately.
const MOST_PLACES: u32 = 18;
const MOST_DIGITS: u32 = 30;

fn power(exponent: u32) -> Option<i128> {
    10i128.checked_pow(exponent)
}

fn greatest_divisor(mut a: i128, mut b: i128) -> i128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Decimal {
        Decimal::read(&serde_json::from_str(text).unwrap()).unwrap()
    }

    #[test]
    fn tenths_are_exact() {
        assert!(read("0.3").is_multiple_of(read("0.1")));
        assert!(!read("0.35").is_multiple_of(read("0.1")));
        assert_eq!(read("1e-2").times(435).unwrap().to_value().unwrap(), 4.35);
        assert_eq!(read("-2.5").floor_in(read("1")), Some(-3));
    }

    #[test]
    fn a_common_multiple_is_a_multiple_of_both() {
        let both = read("0.4").common_multiple(read("0.06")).unwrap();
        assert_eq!(both.to_value().unwrap(), 1.2);
    }

    #[test]
    fn numbers_beyond_exact_reckoning_are_not_read() {
        assert!(Decimal::read(&serde_json::json!(1e300)).is_none());
    }
}
