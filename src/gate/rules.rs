//! The rules: what TOML may say, what is checked of it, and the rules that are built in.

use serde::{Deserialize, Serialize};

use super::modes::Modes;
use crate::record::Base;
use crate::summary::{Better, Metric, RunSummary};

/// A rules file: `[[rule]]` tables.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleSet(pub Vec<Rule>);

/// One demand on the runs that it names.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Scenario id; all when absent.
    pub scenario: Option<String>,
    /// Modes; all when absent.
    pub mode: Option<Modes>,
    /// What must hold.
    pub check: Check,
    /// Whether a number that neither run has makes the rule undecided. Otherwise it is passed over.
    pub required: bool,
}

/// What must hold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Check {
    /// The number is not above this.
    AtMost(Metric, f64),
    /// The number is not below this.
    AtLeast(Metric, f64),
    /// The number is not worse than the baseline's by more than this.
    Regression(Metric, Margin),
    /// The mode still shows the weakness that it showed in the baseline.
    StillBreaks,
}

/// How much worse a number may be: by the larger of the two.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Margin {
    /// As a share of the baseline's number.
    #[serde(default)]
    pub relative: f64,
    /// In the metric's unit.
    #[serde(default)]
    pub absolute: f64,
}

impl Margin {
    /// The allowed distance from `baseline`.
    #[must_use]
    pub fn around(self, baseline: f64) -> f64 {
        (self.relative * baseline.abs()).max(self.absolute)
    }
}

/// A bound: a number in the metric's unit, or a text with its unit, e.g. `"1.5 s"` or `"2 %"`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "toml::Value")]
pub enum Amount {
    /// In the metric's own unit.
    Number(f64),
    /// With a unit.
    Text(String),
}

impl TryFrom<toml::Value> for Amount {
    type Error = &'static str;

    fn try_from(value: toml::Value) -> Result<Self, Self::Error> {
        match value {
            toml::Value::Integer(number) => Ok(Self::Number(number as f64)),
            toml::Value::Float(number) => Ok(Self::Number(number)),
            toml::Value::String(text) => Ok(Self::Text(text)),
            _ => Err("a bound is a number, or a text with its unit such as \"1.5 s\""),
        }
    }
}

/// Why rules cannot be used.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum RulesError {
    /// Not TOML, an unknown key or metric.
    #[error("the rules cannot be read: {0}")]
    Syntax(String),
    /// No rule.
    #[error(
        "the rules are empty, and nothing would be judged; write a [[rule]] or leave --rules out for the built-in ones"
    )]
    Empty,
    /// None or several of the things to check.
    #[error("rule {0} needs exactly one of at_most, at_least, regression and still_breaks = true")]
    NotOneCheck(usize),
    /// A check without its metric, or the other way round.
    #[error("rule {0}: {1}")]
    Metric(usize, &'static str),
    /// A bound that is no number.
    #[error(
        "rule {0}: `{1}` is no possible bound; give a finite number, and for a margin none below 0"
    )]
    Bound(usize, f64),
    /// A unit that does not fit.
    #[error("rule {rule}: `{amount}` is no amount of {metric}; write a number{unit}")]
    Unit {
        /// Number of the rule in the file, from 1.
        rule: usize,
        /// As written.
        amount: String,
        /// The metric.
        metric: String,
        /// ` in ms` and so on.
        unit: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    rule: Vec<Table>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    metric: Option<Metric>,
    scenario: Option<String>,
    #[serde(default)]
    mode: Option<Modes>,
    at_most: Option<Amount>,
    at_least: Option<Amount>,
    regression: Option<Margin>,
    #[serde(default)]
    still_breaks: bool,
    required: Option<bool>,
}

impl RuleSet {
    /// Reads a rules file.
    ///
    /// # Errors
    /// [`RulesError`] with the rule's number and the way out.
    pub fn parse(text: &str) -> Result<Self, RulesError> {
        let file: File = toml::from_str(text)
            .map_err(|error| RulesError::Syntax(error.to_string().trim_end().to_owned()))?;
        if file.rule.is_empty() {
            return Err(RulesError::Empty);
        }
        let rules = file.rule.into_iter().enumerate();
        rules
            .map(|(index, table)| table.check(index + 1))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The rules that hold when none are given: hardened (whole or without some protections) and
    /// the SDK mode are no worse than before in anything, hardened brings nothing foreign, and naive still breaks.
    #[must_use]
    pub fn builtin() -> Self {
        let guarded = [
            Metric::FailureRate,
            Metric::Degraded,
            Metric::P95Ms,
            Metric::MakespanS,
            Metric::CostUsd,
            Metric::Attempts,
            Metric::Coverage,
            Metric::Duplicates,
            Metric::OutOfOrder,
            Metric::MakespanOverLimit,
        ];
        let rule = |mode, check| Rule {
            scenario: None,
            mode: Some(mode),
            check,
            required: false,
        };
        let hardened = || Modes::Based(Base::Hardened);
        let naive = Modes::Exactly(Base::Naive.into());
        let mut rules: Vec<Rule> = guarded
            .into_iter()
            .map(|metric| rule(hardened(), Check::Regression(metric, Margin::default())))
            .collect();
        rules.push(rule(hardened(), Check::AtMost(Metric::Foreign, 0.0)));
        rules.push(rule(naive, Check::StillBreaks));
        Self(rules)
    }
}

impl Table {
    fn check(self, number: usize) -> Result<Rule, RulesError> {
        let checks = [
            self.at_most.is_some(),
            self.at_least.is_some(),
            self.regression.is_some(),
            self.still_breaks,
        ];
        if checks.iter().filter(|given| **given).count() != 1 {
            return Err(RulesError::NotOneCheck(number));
        }
        let named = self.metric;
        let metric = || {
            let why = "it names no metric; add e.g. metric = \"p95_ms\"";
            named.ok_or(RulesError::Metric(number, why))
        };
        let check = match (self.at_most, self.at_least, self.regression) {
            (Some(amount), ..) => Check::AtMost(metric()?, amount.of(metric()?, number)?),
            (_, Some(amount), _) => Check::AtLeast(metric()?, amount.of(metric()?, number)?),
            (.., Some(margin)) => {
                for part in [margin.relative, margin.absolute] {
                    if !(part.is_finite() && part >= 0.0) {
                        return Err(RulesError::Bound(number, part));
                    }
                }
                Check::Regression(metric()?, margin)
            }
            _ if named.is_some() => {
                let why = "still_breaks looks at several numbers; leave metric out";
                return Err(RulesError::Metric(number, why));
            }
            _ => Check::StillBreaks,
        };
        Ok(Rule {
            scenario: self.scenario,
            mode: self.mode,
            check,
            required: self.required.unwrap_or(true),
        })
    }
}

impl Amount {
    /// The number in the metric's unit.
    fn of(&self, metric: Metric, rule: usize) -> Result<f64, RulesError> {
        let value = match self {
            Self::Number(value) => *value,
            Self::Text(text) => convert(text, metric.unit()).ok_or_else(|| RulesError::Unit {
                rule,
                amount: text.clone(),
                metric: metric.name().to_owned(),
                unit: match metric.unit() {
                    "" => " or a share with %".to_owned(),
                    unit => format!(" in {unit}"),
                },
            })?,
        };
        if value.is_finite() {
            Ok(value)
        } else {
            Err(RulesError::Bound(rule, value))
        }
    }
}

fn convert(text: &str, unit: &str) -> Option<f64> {
    let split = text
        .find(|c: char| c.is_alphabetic() || c == '%' || c == ' ')
        .unwrap_or(text.len());
    let value: f64 = text[..split].parse().ok()?;
    let given = text[split..].trim();
    let millis = |unit: &str| match unit {
        "ms" => Some(1.0),
        "s" => Some(1000.0),
        "min" => Some(60_000.0),
        _ => None,
    };
    match (given, unit) {
        ("%", "") => Some(value / 100.0),
        _ if given == unit => Some(value),
        _ => Some(value * millis(given)? / millis(unit)?),
    }
}

impl Rule {
    /// Whether it speaks of this run.
    #[must_use]
    pub fn covers(&self, run: &RunSummary) -> bool {
        let scenario = self.scenario.as_deref();
        let mode = self.mode.as_ref();
        scenario.is_none_or(|wanted| wanted == run.scenario)
            && mode.is_none_or(|modes| modes.cover(&run.subject))
    }

    /// The rule in words.
    #[must_use]
    pub fn words(&self) -> String {
        match self.check {
            Check::AtMost(metric, bound) => format!("{} at most {bound}", metric.name()),
            Check::AtLeast(metric, bound) => format!("{} at least {bound}", metric.name()),
            Check::Regression(metric, margin) => {
                let side = match metric.better() {
                    Better::Lower => "above",
                    Better::Higher => "below",
                };
                let by = match (margin.relative, margin.absolute) {
                    (0.0, 0.0) => String::new(),
                    (relative, 0.0) => format!(" by more than {} %", relative * 100.0),
                    (0.0, absolute) => format!(" by more than {absolute}"),
                    (relative, absolute) => {
                        format!(" by more than {} % and {absolute}", relative * 100.0)
                    }
                };
                format!("{} not {side} the baseline's{by}", metric.name())
            }
            Check::StillBreaks => "still breaks as in the baseline".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> String {
        RuleSet::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn bounds_may_carry_their_unit() {
        let text = "[[rule]]\nmetric = \"p95_ms\"\nat_most = \"1.5 s\"\n\
                    [[rule]]\nmetric = \"failure_rate\"\nmode = \"hardened*\"\nat_most = \"2 %\"";
        let rules = RuleSet::parse(text).unwrap().0;
        assert_eq!(rules[0].check, Check::AtMost(Metric::P95Ms, 1500.0));
        assert_eq!(rules[1].check, Check::AtMost(Metric::FailureRate, 0.02));
        assert_eq!(rules[1].mode, Some(Modes::Based(Base::Hardened)));
    }

    #[test]
    fn what_cannot_be_judged_is_refused_with_the_way_out() {
        assert!(message("").contains("leave --rules out"));
        assert!(message("[[rule]]\nmetric = \"p95\"\nat_most = 3").contains("p95_ms"));
        assert!(message("[[rule]]\nmetric = \"p95_ms\"").contains("exactly one"));
        assert!(message("[[rule]]\nat_most = 3").contains("no metric"));
        let misspelt = message("[[rule]]\nmetric = \"ok\"\nmode = \"hardend\"\nat_least = 1");
        assert!(misspelt.contains("choose from naive"), "{misspelt}");
        assert!(
            message("[[rule]]\nmetric = \"ok\"\nat_most = true").contains("a bound is a number")
        );
        assert!(message("[[rule]]\nmetric = \"p95_ms\"\nat_most = \"3 USD\"").contains("in ms"));
        assert!(message("[[rule]]\nmetric = \"p95_ms\"\nat_most = nan").contains("NaN"));
        assert!(
            message("[[rule]]\nmetric = \"ok\"\nregression = { relative = -1 }").contains("-1")
        );
    }

    #[test]
    fn a_margin_is_the_larger_of_its_parts() {
        let margin = Margin {
            relative: 0.1,
            absolute: 5.0,
        };
        assert_eq!((margin.around(10.0), margin.around(100.0)), (5.0, 10.0));
    }
}
