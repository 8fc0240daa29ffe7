//! How our own service behaves: what it is based on, what is taken away and what is added. A name is made
//! here and read here, once; everything else asks the type.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};
use strum::VariantArray;

use super::protection::{Base, Protection, UnknownName, no_protection};

/// How our own service behaves. Taken away is only what the base has, added only what it has not, so
/// that equal behaviour is equal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "Written")]
pub struct Mode {
    base: Base,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    without: BTreeSet<Protection>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    with: BTreeSet<Protection>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    base: Base,
    #[serde(default)]
    without: BTreeSet<Protection>,
    #[serde(default)]
    with: BTreeSet<Protection>,
}

impl From<Written> for Mode {
    fn from(written: Written) -> Self {
        Self::new(written.base, written.without, written.with)
    }
}

impl From<Base> for Mode {
    fn from(base: Base) -> Self {
        Self::new(base, [], [])
    }
}

impl Mode {
    /// `base` without some protections and with others. What changes nothing is left out.
    #[must_use]
    pub fn new(
        base: Base,
        without: impl IntoIterator<Item = Protection>,
        with: impl IntoIterator<Item = Protection>,
    ) -> Self {
        let without = without.into_iter().filter(|one| base.has(*one));
        let with = with.into_iter().filter(|one| !base.has(*one));
        Self {
            base,
            without: without.collect(),
            with: with.collect(),
        }
    }

    /// Hardened without one protection.
    #[must_use]
    pub fn hardened_without(protection: Protection) -> Self {
        Self::new(Base::Hardened, [protection], [])
    }

    /// Naive with one protection.
    #[must_use]
    pub fn naive_with(protection: Protection) -> Self {
        Self::new(Base::Naive, [], [protection])
    }

    /// What it is based on.
    #[must_use]
    pub fn base(&self) -> Base {
        self.base
    }

    /// What was taken from the base.
    #[must_use]
    pub fn without(&self) -> &BTreeSet<Protection> {
        &self.without
    }

    /// What was added to the base.
    #[must_use]
    pub fn with(&self) -> &BTreeSet<Protection> {
        &self.with
    }

    /// Whether `protection` is on.
    #[must_use]
    pub fn has(&self, protection: Protection) -> bool {
        let kept = self.base.has(protection) && !self.without.contains(&protection);
        kept || self.with.contains(&protection)
    }

    /// What is on, in a fixed order.
    pub fn protections(&self) -> impl Iterator<Item = Protection> {
        let all = Protection::VARIANTS.iter().copied();
        all.filter(|protection| self.has(*protection))
    }
}

/// E.g. `hardened`, `hardened-without-cache`, `naive-with-retry`.
impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.base)?;
        for (word, protections) in [("without", &self.without), ("with", &self.with)] {
            let mut between = format!("-{word}");
            for protection in protections {
                write!(f, "{between}-{protection}")?;
                between.clear();
            }
        }
        Ok(())
    }
}

/// Reads a name as it is displayed; for files that people write and for the command line.
impl FromStr for Mode {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        let (rest, with) = listed(name, "-with-")?;
        let (base, without) = listed(rest, "-without-")?;
        Ok(Self::new(base.parse()?, without, with))
    }
}

/// What stands before `word`, and the protections that follow it.
fn listed<'a>(name: &'a str, word: &str) -> Result<(&'a str, Vec<Protection>), UnknownName> {
    let Some((before, mut list)) = name.split_once(word) else {
        return Ok((name, Vec::new()));
    };
    let mut found = Vec::new();
    // Names of protections have dashes in them, too, but none is the beginning of another.
    while let Some((protection, rest)) = first(list) {
        found.push(protection);
        match rest.strip_prefix('-') {
            Some(next) => list = next,
            None if rest.is_empty() => return Ok((before, found)),
            None => break,
        }
    }
    Err(no_protection(list))
}

/// The protection that `list` begins with, and what follows its name.
fn first(list: &str) -> Option<(Protection, &str)> {
    Protection::VARIANTS.iter().find_map(|&known| {
        let rest = list.strip_prefix(known.to_string().as_str())?;
        Some((known, rest))
    })
}

/// Reads a value by its name, for files that people write.
///
/// # Errors
/// What the value's own reader says of the name.
pub fn by_name<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: fmt::Display>,
{
    let name = String::deserialize(deserializer)?;
    name.parse().map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_say_what_differs_from_the_base() {
        let both = [Protection::SingleFlight, Protection::Cache];
        let name =
            |base, without: &[Protection]| Mode::new(base, without.iter().copied(), []).to_string();
        assert_eq!(name(Base::Hardened, &[]), "hardened");
        assert_eq!(
            name(Base::Hardened, &both),
            "hardened-without-cache-single-flight"
        );
        assert_eq!(name(Base::Naive, &both), "naive");
        let with = Mode::naive_with(Protection::PartialResults);
        assert_eq!(with.to_string(), "naive-with-partial-results");
    }

    #[test]
    fn what_is_no_mode_is_told_the_choices() {
        let message = |name: &str| name.parse::<Mode>().unwrap_err().to_string();
        assert_eq!(
            message("turbo"),
            "`turbo` is not a mode; choose from naive, sdk, hardened"
        );
        for broken in [
            "hardened-without-",
            "hardened-without-cachet",
            "hardened-without-cache-",
            "naive-with-cache-with-retry",
            "",
        ] {
            assert!(message(broken).contains("choose from"), "{broken}");
        }
    }

    fn some() -> impl Strategy<Value = Vec<Protection>> {
        prop::sample::subsequence(Protection::VARIANTS.to_vec(), 0..=7)
    }

    proptest! {
        #[test]
        fn a_mode_survives_its_name_and_its_json(base in prop::sample::select(Base::VARIANTS), without in some(), with in some()) {
            let mode = Mode::new(base, without, with);
            prop_assert_eq!(mode.to_string().parse(), Ok(mode.clone()));
            let json = serde_json::to_string(&mode).unwrap();
            prop_assert_eq!(serde_json::from_str::<Mode>(&json).unwrap(), mode);
        }
    }
}
