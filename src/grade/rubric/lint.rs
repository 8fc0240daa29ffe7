//! What is wrong with a rubric, in words.

use std::collections::BTreeSet;

use super::{Criterion, Rubric, Scale};
use crate::grade::measure::{self, Measure, Place};
use crate::record::exam::Case;

impl Rubric {
    /// What is wrong with it, in words.
    #[must_use]
    pub fn lint(&self) -> Vec<String> {
        let mut found = Vec::new();
        let sum: f64 = self.criterion.iter().map(|one| one.points).sum();
        if self.criterion.is_empty() {
            found.push("it has no criterion".to_owned());
        }
        if (sum - self.total).abs() > 1e-9 {
            found.push(format!(
                "the points of its criteria sum up to {sum}, but `total` is {}",
                self.total
            ));
        }
        if !(0.0..=self.total).contains(&self.pass_at) {
            found.push(format!(
                "`pass_at` is {}; it lies between 0 and {}",
                self.pass_at, self.total
            ));
        }
        found.extend(self.lint_cases());
        let mut ids = BTreeSet::new();
        for one in &self.criterion {
            if !ids.insert(&one.id) {
                found.push(format!("criterion `{}` is there twice", one.id));
            }
            found.extend(
                one.lint(self)
                    .into_iter()
                    .map(|why| format!("criterion `{}`: {why}", one.id)),
            );
        }
        for cap in &self.cap {
            match self.measure(&cap.measure) {
                Err(why) => found.push(format!("cap: {why}")),
                Ok(measure)
                    if !(measure.metric.least..measure.metric.most).contains(&cap.above) =>
                {
                    found.push(format!(
                        "cap on `{0}`: it never strikes as it should above {1}: {0} lies between {2} and {3}",
                        cap.measure, cap.above, measure.metric.least, measure.metric.most
                    ));
                }
                Ok(_) => {}
            }
            if !(0.0..1.0).contains(&cap.max_fraction) {
                found.push(format!(
                    "cap on `{}`: max_fraction is {}; it is at least 0 and below 1",
                    cap.measure, cap.max_fraction
                ));
            }
        }
        found
    }
}

impl Rubric {
    /// The measure of this name, if its case is built in or defined here.
    fn measure<'n>(&self, name: &'n str) -> Result<Measure<'n>, String> {
        let measure = Measure::named(name)?;
        match measure.place {
            Place::Own(id) if !self.case.iter().any(|case| case.id == id) => {
                Err(measure::no_case(name))
            }
            _ => Ok(measure),
        }
    }

    fn lint_cases(&self) -> Vec<String> {
        let (mut found, mut ids) = (Vec::new(), BTreeSet::new());
        for case in &self.case {
            let id = &case.id;
            let is_word = !id.is_empty()
                && id
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
            if !is_word {
                found.push(format!("case `{id}`: an id has small letters and `_` only"));
            }
            if id.parse::<Case>().is_ok() || !ids.insert(id) {
                found.push(format!("case `{id}` is there already; choose another id"));
            }
        }
        found
    }
}

impl Criterion {
    fn lint(&self, rubric: &Rubric) -> Vec<String> {
        let mut found = Vec::new();
        match rubric.measure(&self.measure) {
            Err(why) => found.push(why),
            Ok(measure) => {
                let metric = measure.metric;
                for (name, value) in [("full", self.full), ("zero", self.zero)] {
                    if !(metric.least..=metric.most).contains(&value) {
                        found.push(format!(
                            "`{name}` is {value}, which cannot be reached: {} lies between {} and {}",
                            self.measure, metric.least, metric.most
                        ));
                    }
                }
            }
        }
        if self.points.is_nan() || self.points <= 0.0 {
            found.push(format!(
                "`points` is {}; give a number above 0",
                self.points
            ));
        }
        if self.full == self.zero {
            found.push(format!("`full` and `zero` are both {}", self.full));
        }
        if self.scale == Scale::Log && (self.full <= 0.0 || self.zero <= 0.0) {
            found.push("a log scale needs `full` and `zero` above 0".to_owned());
        }
        for gate in &self.gate {
            match rubric.measure(gate) {
                Err(why) => found.push(why),
                Ok(measure) if measure.metric.most > 1.0 => {
                    found.push(format!("gate `{gate}` is no share between 0 and 1"));
                }
                Ok(_) => {}
            }
        }
        for (name, text) in [
            ("title", &self.title),
            ("why", &self.why),
            ("help", &self.help),
        ] {
            if text.trim().is_empty() {
                found.push(format!("`{name}` is empty"));
            }
        }
        found
    }
}
