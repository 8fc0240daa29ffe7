//! Typical mistakes, recognised by what a service does. Each names its evidence.

use serde::{Deserialize, Serialize};

use super::words::told;
use crate::record::exam::{Case, CaseRecord, Exam, Outcome};

use known::{KNOWN, Shows, UNTOLD};

mod cache;
mod chunks;
mod evidence;
mod integrity;
mod known;
mod load;
mod retry;

/// A mistake that was recognised.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Flaw {
    /// E.g. `F4`.
    pub id: String,
    /// One line.
    pub title: String,
    /// The case in which it showed.
    pub case: Case,
    /// What was seen.
    pub seen: String,
    /// What was expected instead.
    pub expected: String,
    /// Some of the requests and calls below, in words.
    #[serde(default)]
    pub evidence: Vec<String>,
    /// Requests of that case that show it.
    pub exchanges: Vec<usize>,
    /// Upstream calls that show it, by `seq`.
    pub attempts: Vec<u64>,
}

/// Ids and titles of all mistakes that can be recognised.
pub fn known() -> impl Iterator<Item = (&'static str, &'static str)> {
    KNOWN.iter().map(|known| (known.id, known.title))
}

/// Id, title and reason of mistakes that cannot be recognised from outside.
pub fn untold() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    UNTOLD.iter().copied()
}

/// The service dies.
pub(super) const DEATH: &str = "F31";

/// All mistakes that `exam` shows, in the order of their ids; a death comes first, for it explains
/// what follows. Nothing else is inferred from a case in which the service died.
#[must_use]
pub fn find(exam: &Exam) -> Vec<Flaw> {
    let mut living = exam.clone();
    living.cases.retain(|_, record| !is_dead(record));
    let works = works(exam);
    let shown = KNOWN
        .iter()
        .filter(|known| works || known.shows == Shows::Always);
    let mut flaws: Vec<Flaw> = shown
        .filter_map(|known| {
            let seen = if known.id == DEATH { exam } else { &living };
            let evidence = (known.detect)(seen, seen.cases.get(&known.case)?)?;
            let case = evidence.case.unwrap_or(known.case);
            Some(Flaw {
                id: known.id.to_owned(),
                title: known.title.to_owned(),
                case,
                seen: evidence.seen,
                expected: known.expected.to_owned(),
                evidence: told(
                    exam.cases.get(&case)?,
                    &evidence.exchanges,
                    &evidence.attempts,
                ),
                exchanges: evidence.exchanges,
                attempts: evidence.attempts,
            })
        })
        .collect();
    flaws.sort_by_key(|flaw| flaw.id != DEATH);
    flaws
}

/// Whether the service died in this case or before it.
fn is_dead(record: &CaseRecord) -> bool {
    let mut exchanges = record.exchanges.iter();
    let unheard = exchanges.all(|exchange| exchange.outcome == Outcome::Closed);
    record.death.is_some() || (!record.alive_after && !record.exchanges.is_empty() && unheard)
}

/// A single small file gets through.
fn works(exam: &Exam) -> bool {
    let single = exam.cases.get(&Case::Single);
    single.is_some_and(|record| {
        record
            .exchanges
            .iter()
            .any(|exchange| exchange.found.documented > 0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_nearly_all_have_a_service_that_shows_them() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/students");
        let names: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        let mut ids = std::collections::BTreeSet::new();
        for (id, title) in known() {
            assert!(ids.insert(id), "{id} is there twice");
            let prefix = format!("f{:0>2}_", &id[1..]);
            assert!(
                names.iter().any(|name| name.starts_with(&prefix)),
                "{id} {title} has no example"
            );
        }
    }
}
