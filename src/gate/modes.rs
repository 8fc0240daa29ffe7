//! Which runs a rule speaks of, by their mode: what a rules file says in a word, read once.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

use crate::record::{Base, Mode, Subject, UnknownName};

/// What stands for any ending of a name.
const ANY: char = '*';

/// The runs that a rule speaks of.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Modes {
    /// `*`: every run.
    All,
    /// `outside`: services that were only seen from outside.
    Outside,
    /// `hardened-without-cache`: this mode and no other.
    Exactly(Mode),
    /// `hardened*`: whatever is based on it.
    Based(Base),
    /// `hardened-without-*`: what lacks some protection of it.
    Lacking(Base),
    /// `naive-with-*`: what has protections beyond it.
    Having(Base),
}

impl Modes {
    /// Whether `subject` is one of them.
    #[must_use]
    pub fn cover(&self, subject: &Subject) -> bool {
        let based = |base: Base| subject.mode().filter(|mode| mode.base() == base);
        match self {
            Self::All => true,
            Self::Outside => *subject == Subject::Outside,
            Self::Exactly(mode) => subject.mode() == Some(mode),
            Self::Based(base) => based(*base).is_some(),
            Self::Lacking(base) => based(*base).is_some_and(|mode| !mode.without().is_empty()),
            Self::Having(base) => based(*base).is_some_and(|mode| !mode.with().is_empty()),
        }
    }
}

impl TryFrom<String> for Modes {
    type Error = UnknownName;

    fn try_from(name: String) -> Result<Self, UnknownName> {
        name.parse()
    }
}

impl FromStr for Modes {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        let Some(start) = name.strip_suffix(ANY) else {
            return match name {
                "outside" => Ok(Self::Outside),
                _ => name.parse().map(Self::Exactly),
            };
        };
        if start.is_empty() {
            return Ok(Self::All);
        }
        match (
            start.strip_suffix("-without-"),
            start.strip_suffix("-with-"),
        ) {
            (Some(base), _) => base.parse().map(Self::Lacking),
            (_, Some(base)) => base.parse().map(Self::Having),
            (None, None) => start.parse().map(Self::Based),
        }
    }
}

impl fmt::Display for Modes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => write!(f, "{ANY}"),
            Self::Outside => Subject::Outside.fmt(f),
            Self::Exactly(mode) => mode.fmt(f),
            Self::Based(base) => write!(f, "{base}{ANY}"),
            Self::Lacking(base) => write!(f, "{base}-without-{ANY}"),
            Self::Having(base) => write!(f, "{base}-with-{ANY}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_covers_what_it_says_and_is_written_as_it_was_read() {
        let cases: [(&str, &[&str], &[&str]); 5] = [
            ("naive", &["naive"], &["naive-with-retry", "hardened"]),
            (
                "hardened*",
                &["hardened", "hardened-without-cache"],
                &["naive", "sdk"],
            ),
            (
                "hardened-without-*",
                &["hardened-without-retry"],
                &["hardened"],
            ),
            ("naive-with-*", &["naive-with-cache"], &["naive"]),
            ("*", &["naive", "sdk", "hardened-without-cache"], &[]),
        ];
        for (word, covered, others) in cases {
            let modes: Modes = word.parse().unwrap();
            assert_eq!(modes.to_string(), word);
            let covers = |name: &&str| modes.cover(&name.parse::<Mode>().unwrap().into());
            assert!(covered.iter().all(covers), "{word}");
            assert!(!others.iter().any(covers), "{word}");
        }
    }

    #[test]
    fn outside_is_covered_by_its_own_word_and_by_all() {
        let covers = |word: &str| word.parse::<Modes>().unwrap().cover(&Subject::Outside);
        assert!(covers("outside") && covers("*") && !covers("hardened*"));
    }

    #[test]
    fn a_word_that_is_no_mode_is_told_the_choices() {
        let why = "hardend*".parse::<Modes>().unwrap_err().to_string();
        assert!(why.contains("naive, sdk, hardened"), "{why}");
    }
}
