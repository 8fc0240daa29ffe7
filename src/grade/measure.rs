//! The measures that a rubric can name: what each is, and which values it can have.

use strum::VariantNames;

use crate::record::exam::{Case, CaseRecord, Exam};

pub(super) mod isolation;
pub(super) mod read;
mod telling;

use telling::Telling;

/// A measure: how it is read, and which values it can have.
pub(super) struct Metric {
    pub(super) name: &'static str,
    /// What the number is, with its unit.
    pub(super) what: &'static str,
    pub(super) least: f64,
    pub(super) most: f64,
    /// Which requests and calls show it.
    pub(super) telling: Telling,
    read: fn(&Exam, &CaseRecord) -> Option<f64>,
}

const ENDLESS: f64 = f64::INFINITY;

const METRICS: &[Metric] = &[
    Metric {
        name: "valid",
        what: "share of requests answered with whole, correct documentation",
        least: 0.0,
        most: 1.0,
        telling: Telling::WrongAnswers,
        read: read::valid,
    },
    Metric {
        name: "coverage",
        what: "share of definitions that are documented",
        least: 0.0,
        most: 1.0,
        telling: Telling::WrongAnswers,
        read: read::coverage,
    },
    Metric {
        name: "cost_ratio",
        what: "answered upstream calls, as a multiple of what one request costs",
        least: 1.0,
        most: ENDLESS,
        telling: Telling::LaterCalls,
        read: read::cost_ratio,
    },
    Metric {
        name: "cut_noticed",
        what: "1 if all is documented although an answer was cut; from 0.5 if it is said that something lacks",
        least: 0.0,
        most: 1.0,
        telling: Telling::WrongAnswers,
        read: read::cut_noticed,
    },
    Metric {
        name: "second_right",
        what: "1 if the second file got its own documentation",
        least: 0.0,
        most: 1.0,
        telling: Telling::Second,
        read: read::second_right,
    },
    Metric {
        name: "duplicates",
        what: "entries beyond the first of a definition, per definition",
        least: 0.0,
        most: ENDLESS,
        telling: Telling::Repeats,
        read: read::duplicates,
    },
    Metric {
        name: "disorder",
        what: "share of entries that break the order of the source",
        least: 0.0,
        most: 1.0,
        telling: Telling::Disorder,
        read: read::disorder,
    },
    Metric {
        name: "prompt_ratio",
        what: "bytes of answered prompts per byte of the file",
        least: 0.0,
        most: ENDLESS,
        telling: Telling::LongestPrompts,
        read: read::prompt_ratio,
    },
    Metric {
        name: "honest",
        what: "1 if what could not be documented was said to be missing or failed",
        least: 0.0,
        most: 1.0,
        telling: Telling::First,
        read: read::honest,
    },
    Metric {
        name: "recovered",
        what: "1 if the same request worked once the API was well again",
        least: 0.0,
        most: 1.0,
        telling: Telling::Second,
        read: read::second_right,
    },
    Metric {
        name: "attempts",
        what: "attempts that met the refusal, one after the other",
        least: 0.0,
        most: ENDLESS,
        telling: Telling::Trouble,
        read: read::attempts,
    },
    Metric {
        name: "delay_cv",
        what: "coefficient of variation of the waits before the first retry",
        least: 0.0,
        most: ENDLESS,
        telling: Telling::Trouble,
        read: read::delay_cv,
    },
    Metric {
        name: "waited",
        what: "share of retries that came no sooner than retry-after",
        least: 0.0,
        most: 1.0,
        telling: Telling::Trouble,
        read: read::waited,
    },
    Metric {
        name: "refused",
        what: "share of bad bodies that were answered with 4xx",
        least: 0.0,
        most: 1.0,
        telling: Telling::Accepted,
        read: read::refused,
    },
    Metric {
        name: "alive",
        what: "1 if the service answered an ordinary request afterwards",
        least: 0.0,
        most: 1.0,
        telling: Telling::WrongAnswers,
        read: read::alive,
    },
    Metric {
        name: "max_in_flight",
        what: "most upstream calls at once",
        least: 0.0,
        most: ENDLESS,
        telling: Telling::Trouble,
        read: read::max_in_flight,
    },
    Metric {
        name: "makespan_ratio",
        what: "time to the last answer for each call of a request, as a multiple of our hardened service's on this machine",
        least: 0.0,
        most: ENDLESS,
        telling: Telling::Slowest,
        read: read::makespan_ratio,
    },
    Metric {
        name: "late_calls",
        what: "upstream calls that began after all clients had left",
        least: 0.0,
        most: ENDLESS,
        telling: Telling::LateCalls,
        read: read::late_calls,
    },
    Metric {
        name: "answered",
        what: "share of requests that got any answer in time",
        least: 0.0,
        most: 1.0,
        telling: Telling::Unanswered,
        read: read::answered,
    },
    Metric {
        name: "items_right",
        what: "share of files of the batch with the right answer in the right place",
        least: 0.0,
        most: 1.0,
        telling: Telling::WrongAnswers,
        read: read::items_right,
    },
    Metric {
        name: "foreign",
        what: "entries of other files, of earlier contents, or that no reply of this examination carried",
        least: 0.0,
        most: ENDLESS,
        telling: Telling::Foreign,
        read: read::foreign,
    },
    Metric {
        name: "mixed_options",
        what: "1 if the answer to one set of options was given for another",
        least: 0.0,
        most: 1.0,
        telling: Telling::Second,
        read: isolation::mixed_options,
    },
    Metric {
        name: "worse_disguises",
        what: "ways to ask that were answered worse than a plain request",
        least: 0.0,
        most: ENDLESS,
        telling: Telling::WrongAnswers,
        read: isolation::count_worse_disguises,
    },
    Metric {
        name: "leaks",
        what: "answers in which the API key shows",
        least: 0.0,
        most: ENDLESS,
        telling: Telling::Leaks,
        read: read::leaks,
    },
];

/// Name of each metric, and what it is, with its unit.
pub fn metrics() -> impl Iterator<Item = (&'static str, &'static str)> {
    METRICS.iter().map(|metric| (metric.name, metric.what))
}

/// Names of the cases of an examination.
#[must_use]
pub fn case_names() -> Vec<&'static str> {
    Case::VARIANTS.to_vec()
}

/// Where a measure is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place<'m> {
    /// A case that every examination knows.
    BuiltIn(Case),
    /// A case that the rubric defines.
    Own(&'m str),
}

/// A measure of a case, e.g. `repeat.cost_ratio`.
#[derive(Clone, Copy)]
pub(super) struct Measure<'m> {
    pub(super) place: Place<'m>,
    pub(super) metric: &'static Metric,
}

/// What is said of a measure whose case nobody knows.
pub(super) fn no_case(name: &str) -> String {
    let cases = Case::VARIANTS.join(", ");
    format!(
        "there is no measure `{name}`: the cases are {cases}, and those that the rubric defines by [[case]]"
    )
}

impl<'m> Measure<'m> {
    /// Finds a measure by its name. Whether a case of the rubric's own exists is not looked at.
    pub(super) fn named(name: &'m str) -> Result<Self, String> {
        let wrong = |what: &str| format!("there is no measure `{name}`: {what}");
        let (case, metric) = name
            .split_once('.')
            .ok_or_else(|| wrong("write CASE.METRIC"))?;
        let place = case.parse().map_or(Place::Own(case), Place::BuiltIn);
        let metric = METRICS.iter().find(|one| one.name == metric);
        let names = || {
            metrics()
                .map(|(name, _)| name)
                .collect::<Vec<_>>()
                .join(", ")
        };
        Ok(Self {
            place,
            metric: metric.ok_or_else(|| wrong(&format!("the metrics are {}", names())))?,
        })
    }

    /// What was observed in its case.
    pub(super) fn record(self, exam: &Exam) -> Option<&CaseRecord> {
        match self.place {
            Place::BuiltIn(case) => exam.cases.get(&case),
            Place::Own(id) => exam.own.get(id).map(|own| &own.record),
        }
    }

    /// The number, if it can be told.
    pub(super) fn read(self, exam: &Exam) -> Option<f64> {
        let value = (self.metric.read)(exam, self.record(exam)?)?;
        value.is_finite().then_some(value)
    }
}
