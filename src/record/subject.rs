//! The service that a run is about: ours in one of its modes, or a stranger's.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::mode::Mode;
use super::protection::{Base, Protection};

/// The service that a run is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// Our own, in this mode.
    Mode(Mode),
    /// One that was only seen from outside: what it sent upstream and what that cost is unknown, not
    /// zero.
    Outside,
    /// A run that a comparison set beside others, under a name of its own.
    Compared {
        /// The name.
        name: String,
        /// What it was about before.
        subject: Box<Self>,
    },
}

impl From<Mode> for Subject {
    fn from(mode: Mode) -> Self {
        Self::Mode(mode)
    }
}

impl From<Base> for Subject {
    fn from(base: Base) -> Self {
        Self::Mode(base.into())
    }
}

impl Subject {
    /// The same under the name that a comparison gives it.
    #[must_use]
    pub fn compared(&self, name: String) -> Self {
        Self::Compared {
            name,
            subject: Box::new(self.clone()),
        }
    }

    /// The mode, if it is our own and stands under no other name.
    #[must_use]
    pub fn mode(&self) -> Option<&Mode> {
        match self {
            Self::Mode(mode) => Some(mode),
            Self::Outside | Self::Compared { .. } => None,
        }
    }

    /// What is on, whatever it is called now; nothing is known of a service outside.
    pub fn protections(&self) -> impl Iterator<Item = Protection> {
        self.original()
            .mode()
            .into_iter()
            .flat_map(Mode::protections)
    }

    /// Whether it is `base` as it is, nothing taken away or added, under no other name.
    #[must_use]
    pub fn is(&self, base: Base) -> bool {
        self.mode().is_some_and(|mode| *mode == base.into())
    }

    /// Whether it was only seen from outside, whatever it is called now.
    #[must_use]
    pub fn is_outside(&self) -> bool {
        *self.original() == Self::Outside
    }

    /// What it was before any comparison.
    fn original(&self) -> &Self {
        match self {
            Self::Compared { subject, .. } => subject.original(),
            own => own,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mode(mode) => mode.fmt(f),
            Self::Outside => f.write_str("outside"),
            Self::Compared { name, .. } => f.write_str(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_compared_is_judged_under_its_new_name_and_stays_what_it_was() {
        let outside = Subject::Outside.compared("today".to_owned());
        assert!(outside.is_outside());
        let naive = Subject::from(Base::Naive);
        let renamed = naive.compared("last week".to_owned());
        assert!(naive.is(Base::Naive) && !renamed.is(Base::Naive) && !renamed.is_outside());
        assert_eq!(renamed.to_string(), "last week");
    }

    #[test]
    fn every_subject_survives_its_json() {
        let cache = Mode::hardened_without(Protection::Cache);
        let subjects = [
            Subject::from(Base::Sdk),
            cache.into(),
            Subject::Outside,
            Subject::Outside.compared("a \"name\"".to_owned()),
        ];
        for subject in subjects {
            let json = serde_json::to_string(&subject).unwrap();
            assert_eq!(serde_json::from_str::<Subject>(&json).unwrap(), subject);
        }
    }
}
