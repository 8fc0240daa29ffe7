//! What our own naive and hardened services get in the same cases, measured by `breaklab grade self-test`,
//! which fails when these figures are no longer true.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::record::Base;

/// Value of each measure of the built-in rubrics, by service.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Figures {
    naive: BTreeMap<String, f64>,
    hardened: BTreeMap<String, f64>,
}

static FIGURES: LazyLock<Figures> = LazyLock::new(|| {
    let text = include_str!("ours.toml");
    toml::from_str(text).expect("a test reads the file")
});

/// Measures of time, which differ from machine to machine.
const TIMED: [&str; 2] = ["makespan_ratio", "delay_cv"];

/// Names of other lengths in another examination move shares of bytes by this much.
const SPREAD: f64 = 0.02;

/// What our service in mode `base` gets for `measure`, if it was measured.
#[must_use]
pub fn figure(base: Base, measure: &str) -> Option<f64> {
    let of_base = match base {
        Base::Naive => &FIGURES.naive,
        Base::Hardened => &FIGURES.hardened,
        Base::Sdk => return None,
    };
    of_base.get(measure).copied()
}

/// Why `measured` is not what stands in the file, if so. Times are not compared.
#[must_use]
pub fn differs(base: Base, measure: &str, measured: Option<f64>) -> Option<String> {
    let told = figure(base, measure);
    let is_time = TIMED.iter().any(|name| measure.ends_with(name));
    let equal = match (told, measured) {
        _ if is_time => true,
        (Some(told), Some(measured)) => (told - measured).abs() <= told * SPREAD,
        (told, measured) => told == measured,
    };
    let words =
        |value: Option<f64>| value.map_or_else(|| "none".to_owned(), |value| format!("{value:.2}"));
    (!equal).then(|| {
        format!(
            "{measure} of {base}: {} told, {} measured",
            words(told),
            words(measured)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_count_is_told_and_another_time_is_not() {
        let told = figure(Base::Naive, "repeat.cost_ratio").unwrap();
        assert_eq!(differs(Base::Naive, "repeat.cost_ratio", Some(told)), None);
        assert!(differs(Base::Naive, "repeat.cost_ratio", Some(told + 1.0)).is_some());
        assert!(differs(Base::Naive, "repeat.cost_ratio", None).is_some());
        assert_eq!(
            differs(Base::Hardened, "transient.delay_cv", Some(0.4)),
            None
        );
    }
}
