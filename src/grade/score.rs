//! Points of one rubric: measure, curve, gate and cap.

use serde::{Deserialize, Serialize};

use super::measure::Measure;
use super::rubric::{Criterion, Rubric, Visibility};
use super::words;
use crate::record::exam::{CaseRecord, Exam};
use crate::text::figures::{percent_reached, points};

/// The points of one rubric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// The rubric.
    pub rubric: String,
    /// One line about it.
    pub title: String,
    /// Its SHA-256.
    pub sha256: String,
    /// Points.
    pub score: f64,
    /// Points that could be had: those of the rubric without what is open.
    pub max_score: f64,
    /// Points of what could not be told, which are neither given nor lost.
    #[serde(default)]
    pub open: f64,
    /// Whether a gate passes.
    pub passed: bool,
    /// In the order of the rubric.
    pub criteria: Vec<Scored>,
    /// Why points are capped, if they are.
    pub caps: Vec<String>,
}

/// The points of one criterion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scored {
    /// Its id.
    pub id: String,
    /// One line.
    pub title: String,
    /// Points.
    pub points: f64,
    /// Points that could be had.
    pub max_points: f64,
    /// Points of it that could not be told.
    #[serde(default)]
    pub open: f64,
    /// How it went.
    pub mark: Mark,
    /// The measure.
    pub measure: String,
    /// What the measure is, with its unit.
    pub what: String,
    /// Its value, if it could be told.
    pub value: Option<f64>,
    /// Value for all points.
    pub full: f64,
    /// Value for none.
    pub zero: f64,
    /// What the points were multiplied with.
    pub gate: f64,
    /// Why it matters.
    pub why: String,
    /// Some of the requests and calls that show what was lost, each with its moment.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<String>,
    /// What to try.
    pub help: String,
    /// Who sees it.
    pub visibility: Visibility,
}

/// How a criterion went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// All points.
    Passed,
    /// Some.
    Partial,
    /// None.
    Failed,
    /// It could not be told; its points are open.
    Inconclusive,
    /// Nothing was examined.
    Skipped,
}

pub(super) fn score(exam: &Exam, rubric: &Rubric, ungradable: bool) -> Score {
    let criteria: Vec<Scored> = rubric
        .criterion
        .iter()
        .map(|one| scored(exam, one, ungradable))
        .collect();
    let sum: f64 = criteria.iter().map(|one| one.points).sum();
    let struck = rubric.cap.iter().filter(|cap| {
        let value = Measure::named(&cap.measure)
            .ok()
            .and_then(|measure| measure.read(exam));
        value.is_some_and(|value| value > cap.above)
    });
    let open = round(criteria.iter().map(|one| one.open).sum());
    let told = round(rubric.total - open);
    let (mut most, mut caps) = (told, Vec::new());
    for cap in struck {
        most = most.min(told * cap.max_fraction);
        // The same fault in several cases is said once.
        if !caps.contains(&cap.why) {
            caps.push(cap.why.clone());
        }
    }
    let score = round(sum.min(most));
    Score {
        rubric: rubric.rubric.clone(),
        title: rubric.title.clone(),
        sha256: rubric.digest(),
        score,
        max_score: told,
        open,
        // In proportion, where some points are open.
        passed: !ungradable && told > 0.0 && score * rubric.total >= rubric.pass_at * told,
        criteria,
        caps,
    }
}

/// Points are told in hundredths; no points are 0 and not -0.
pub(super) fn round(points: f64) -> f64 {
    (points * 100.0).round() / 100.0 + 0.0
}

fn scored(exam: &Exam, one: &Criterion, ungradable: bool) -> Scored {
    let measure = Measure::named(&one.measure).ok();
    let value = measure.and_then(|measure| measure.read(exam));
    let record = measure.and_then(|measure| measure.record(exam));
    // Trouble that was avoided has not been survived.
    let unmet = record.is_some_and(|record| record.is_unmet(None));
    let death = record.and_then(|record| record.death.as_ref());
    // A service that ended or was too slow leaves nothing open: what it did not get to, it has not done.
    let case = one.measure.split('.').next().unwrap_or_default();
    let unplayed = record.is_none() && exam.unplayed.contains(case);
    let ended = match record {
        Some(record) => record.death.is_some(),
        None => exam.cases.values().any(|record| record.death.is_some()),
    };
    // A gate that cannot be told is shut: correctness has to be shown.
    let gate = one.gate.iter().map(|name| {
        Measure::named(name)
            .ok()
            .and_then(|measure| measure.read(exam))
            .unwrap_or(0.0)
            .clamp(0.0, 1.0)
    });
    let gate = gate.fold(1.0, f64::min);
    let reached = if unmet { None } else { value };
    let share = reached.map_or(0.0, |value| one.curve(value)) * gate;
    let mark = match value {
        _ if ungradable => Mark::Skipped,
        _ if unmet => Mark::Failed,
        None if gate > 0.0 && !ended && !unplayed => Mark::Inconclusive,
        _ if share >= 1.0 => Mark::Passed,
        _ if share > 0.0 => Mark::Partial,
        _ => Mark::Failed,
    };
    let lost = !ungradable && mark != Mark::Passed;
    let shown = measure.zip(record.filter(|_| lost));
    let evidence = shown.map(|(measure, record)| {
        let (exchanges, attempts) = measure.metric.telling.of(record);
        words::told(record, &exchanges, &attempts)
    });
    Scored {
        id: one.id.clone(),
        title: one.title.clone(),
        points: if ungradable {
            0.0
        } else {
            round(one.points * share)
        },
        max_points: one.points,
        open: if mark == Mark::Inconclusive {
            round(one.points * gate)
        } else {
            0.0
        },
        mark,
        measure: one.measure.clone(),
        what: measure.map_or_else(String::new, |measure| measure.metric.what.to_owned()),
        value,
        full: one.full,
        zero: one.zero,
        gate,
        why: match death {
            Some(death) => format!(
                "The service ended in this case ({}), so more could not be seen.",
                death.status
            ),
            None if unplayed => UNPLAYED.to_owned(),
            None if ended => ENDED.to_owned(),
            None if unmet => UNMET.to_owned(),
            None => why(one, measure, value, gate),
        },
        evidence: evidence.unwrap_or_default(),
        // Nothing can be advised about a service that was not there.
        help: death.map_or_else(|| one.help.clone(), |_| String::new()),
        visibility: one.visibility,
    }
}

/// What a student reads for whose service the time did not suffice.
const UNPLAYED: &str =
    "The time for all cases was over before this one: the service answered too slowly.";

/// What a student reads whose service did not live to see a case.
const ENDED: &str = "The service ended before this case and could not be started again.";

/// What a student reads whose service never met the trouble of a case.
const UNMET: &str = "No call of the service met the trouble that waited for it in this case, so nothing was seen that \
                     could give points.";

/// What the student reads: what was measured, or that correct answers come first.
fn why(one: &Criterion, measure: Option<Measure<'_>>, value: Option<f64>, gate: f64) -> String {
    if gate <= 0.0 {
        return "This counts for correct answers only, and there were none here yet.".to_owned();
    }
    let shown = value.map_or_else(
        || "an unknown part".to_owned(),
        |value| figure(measure, value),
    );
    let mut why = one.why.replace("{value}", &shown);
    if gate < 1.0 {
        why += &format!(
            " Points are for correct answers only: {}.",
            percent_reached(gate)
        );
    }
    why
}

/// A value of a measure; a share is told as its percentage.
fn figure(measure: Option<Measure<'_>>, value: f64) -> String {
    let is_share = measure.is_some_and(|measure| measure.metric.most <= 1.0);
    if is_share {
        percent_reached(value)
    } else {
        points(value)
    }
}

impl Score {
    /// The points in proportion to all of the rubric, for programs that know its total and nothing of
    /// open points.
    #[must_use]
    pub fn of_total(&self) -> f64 {
        if self.max_score > 0.0 {
            round(self.score * (self.max_score + self.open) / self.max_score)
        } else {
            0.0
        }
    }
}

impl Scored {
    /// The value, where correct answers make it one: what costs nothing and documents nothing is no thrift.
    #[must_use]
    pub fn telling_value(&self) -> Option<f64> {
        self.value.filter(|_| self.gate > 0.0)
    }

    /// Points that were not given, although it could be told.
    #[must_use]
    pub fn lost(&self) -> f64 {
        self.max_points - self.open - self.points
    }

    /// The case whose measure it is, as it is spelt in rubrics.
    #[must_use]
    pub fn case(&self) -> &str {
        self.measure.split('.').next().unwrap_or_default()
    }

    /// What was observed in that case.
    pub(super) fn record<'e>(&self, exam: &'e Exam) -> Option<&'e CaseRecord> {
        Measure::named(&self.measure).ok()?.record(exam)
    }

    /// What gives all points, in words.
    #[must_use]
    pub fn needed(&self) -> String {
        if let Some(condition) = self.what.strip_prefix("1 if ") {
            let whole = condition.split(';').next().unwrap_or(condition);
            return format!("that {whole}");
        }
        let bound = if self.full < self.zero {
            "at most"
        } else {
            "at least"
        };
        format!("{bound} {}: {}", self.shown(self.full), self.what)
    }

    /// `value` of its measure, a share as its percentage.
    #[must_use]
    pub fn shown(&self, value: f64) -> String {
        figure(Measure::named(&self.measure).ok(), value)
    }

    /// What to try next; nothing where something else has to come first.
    #[must_use]
    pub fn advice(&self) -> Option<&str> {
        let reached = self.value.is_some_and(|value| {
            if self.full > self.zero {
                value >= self.full
            } else {
                value <= self.full
            }
        });
        let lost = matches!(self.mark, Mark::Partial | Mark::Failed);
        (lost && !reached && self.gate > 0.0 && !self.help.is_empty()).then_some(self.help.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grade::Rubric;
    use crate::grade::rubric::builtin;

    fn criterion() -> Criterion {
        let rubric = Rubric::parse(builtin("chunking").unwrap(), "chunking").unwrap();
        rubric.criterion[0].clone()
    }

    #[test]
    fn a_share_is_told_in_per_cent_and_never_rounded_up_to_all() {
        let one = criterion();
        let measure = Measure::named(&one.measure).ok();
        let told = |value, gate| why(&one, measure, value, gate);
        assert!(told(Some(0.2275), 1.0).contains("22.7 % are documented"));
        assert!(told(Some(0.9999), 1.0).contains("99.9 %"));
        assert!(told(Some(0.5), 0.4).ends_with("correct answers only: 40 %."));
        assert!(told(Some(0.5), 0.0).contains("none here yet"));
    }

    #[test]
    fn what_cannot_be_told_is_neither_given_nor_lost_but_a_death_leaves_nothing_open() {
        use crate::grade::format::tests::exam;
        use crate::record::exam::{Case, Death};

        let rubric = Rubric::parse(builtin("caching").unwrap(), "caching").unwrap();
        let mut exam = exam(true, "x");
        let told = score(&exam, &rubric, false);
        assert_eq!((told.max_score, told.open), (7.0, 13.0));
        assert_eq!(told.of_total(), round(told.score * 20.0 / 7.0));
        let repeat = exam.cases.get_mut(&Case::Repeat).unwrap();
        repeat.death = Some(Death {
            status: "exit status: 1".to_owned(),
            last_words: String::new(),
        });
        let dead = score(&exam, &rubric, false);
        assert_eq!((dead.max_score, dead.open), (20.0, 0.0));
        assert!(dead.criteria.iter().any(|one| one.why == ENDED));
    }
}
