//! Parts of a run, made by processes that knew nothing of each other, put together exactly. Pure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Record, Run};

/// Version of the layout of [`Shard`].
const SCHEMA: &str = "breaklab/shard/v1";

/// Which part of a whole a record is. Stands in `shard.json` beside it, so that the record itself
/// is the same whoever made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shard {
    /// `breaklab/shard/v1`.
    pub schema: String,
    /// What was shared out.
    pub unit: Unit,
    /// Which part, from 1.
    pub index: u64,
    /// How many parts there are.
    pub of: u64,
    /// SHA-256 of what all parts must have in common: scenarios, modes, seed, clock.
    pub plan: String,
    /// Runs, or requests, of the whole.
    pub total: u64,
    /// SHA-256 of the `record.json` that this is about; another record is no shard.
    pub record_sha256: String,
    /// Of shared requests: first scheduled moment and last ending of each run, in milliseconds.
    pub spans_ms: Vec<Span>,
}

/// When a run's first request was due and its last one ended, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(u64, u64)", into = "(u64, u64)")]
pub struct Span {
    /// First scheduled moment.
    pub first_ms: u64,
    /// Last ending.
    pub last_ms: u64,
}

impl From<(u64, u64)> for Span {
    fn from((first_ms, last_ms): (u64, u64)) -> Self {
        Self { first_ms, last_ms }
    }
}

impl From<Span> for (u64, u64) {
    fn from(span: Span) -> Self {
        (span.first_ms, span.last_ms)
    }
}

/// What a plan is split into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Whole runs: nothing in virtual time is shared between two of them.
    Runs,
    /// Requests of one load on a service outside.
    Requests,
}

/// A shard with its record, and what to call it in messages.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Its directory.
    pub name: String,
    /// Which part.
    pub shard: Shard,
    /// Its facts.
    pub record: Record,
}

/// Why parts do not make a whole.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum MergeError {
    /// Nothing given.
    #[error("no shard was given; name the directories that `--shard` runs wrote")]
    Nothing,
    /// Not parts of the same.
    #[error(
        "`{0}` and `{1}` are not parts of one plan: their {2} differ; run the shards with the same arguments"
    )]
    Mixed(String, String, &'static str),
    /// A part that is not there.
    #[error("shards {} of {of} are missing; run them with --shard I/{of}", missing.iter().map(u64::to_string).collect::<Vec<_>>().join(", "))]
    Missing {
        /// Numbers of the missing parts.
        missing: Vec<u64>,
        /// Parts in all.
        of: u64,
    },
    /// A part that is there twice.
    #[error("`{0}` and `{1}` are both shard {2}; name each shard once")]
    Twice(String, String, u64),
    /// A part that is not whole.
    #[error("`{name}` holds {holds} of its {wanted} {unit}; it was interrupted, run it again")]
    Partial {
        /// The part.
        name: String,
        /// What it holds.
        holds: u64,
        /// What it should hold.
        wanted: u64,
        /// `runs` or `requests`.
        unit: &'static str,
    },
}

impl Shard {
    /// The layout's version, for whoever makes one.
    pub const SCHEMA: &str = SCHEMA;

    fn share(&self) -> u64 {
        (self.total + self.of - self.index) / self.of
    }
}

/// Makes of all parts, in any order, the record that one process would have made. `max_rows` is
/// the most rows of requests that it would have kept.
///
/// # Errors
/// [`MergeError`] when the parts are of different wholes, or not each part is there once and whole.
pub fn merge(parts: Vec<Part>, max_rows: usize) -> Result<Record, MergeError> {
    let parts = in_order(parts)?;
    for part in &parts {
        check_whole(part)?;
    }
    let unit = parts[0].shard.unit;
    let spans: Vec<Vec<Span>> = parts
        .iter()
        .map(|part| part.shard.spans_ms.clone())
        .collect();
    let mut records = parts.into_iter().map(|part| part.record);
    let mut whole = records.next().ok_or(MergeError::Nothing)?;
    match unit {
        Unit::Runs => {
            let mut shards = vec![std::mem::take(&mut whole.runs).into_iter()];
            shards.extend(records.map(|record| record.runs.into_iter()));
            // Run n of the whole is the next one of part n mod N.
            for shard in (0..shards.len()).cycle() {
                let Some(run) = shards[shard].next() else {
                    break;
                };
                whole.runs.push(run);
            }
        }
        Unit::Requests => {
            for record in records {
                for (run, other) in whole.runs.iter_mut().zip(record.runs) {
                    add(run, other, max_rows);
                }
            }
            for (index, run) in whole.runs.iter_mut().enumerate() {
                let of_run = || spans.iter().filter_map(|spans| spans.get(index));
                let first = of_run().map(|span| span.first_ms).min().unwrap_or(0);
                let last = of_run().map(|span| span.last_ms).max().unwrap_or(0);
                run.makespan_ms = last - first;
            }
        }
    }
    Ok(whole)
}

fn in_order(parts: Vec<Part>) -> Result<Vec<Part>, MergeError> {
    let mut found: BTreeMap<u64, Part> = BTreeMap::new();
    for part in parts {
        if let Some((_, first)) = found.first_key_value()
            && let Some(what) = difference(first, &part)
        {
            return Err(MergeError::Mixed(first.name.clone(), part.name, what));
        }
        if let Some(other) = found.get(&part.shard.index) {
            let (other, index) = (other.name.clone(), part.shard.index);
            return Err(MergeError::Twice(other, part.name, index));
        }
        found.insert(part.shard.index, part);
    }
    let of = found
        .first_key_value()
        .ok_or(MergeError::Nothing)?
        .1
        .shard
        .of;
    let missing: Vec<u64> = (1..=of)
        .filter(|index| !found.contains_key(index))
        .collect();
    if missing.is_empty() {
        Ok(found.into_values().collect())
    } else {
        Err(MergeError::Missing { missing, of })
    }
}

fn difference(a: &Part, b: &Part) -> Option<&'static str> {
    let checks = [
        (a.record.seed != b.record.seed, "seeds"),
        (a.record.version != b.record.version, "versions of breaklab"),
        (
            a.record.clock != b.record.clock || a.record.speed != b.record.speed,
            "clocks",
        ),
        (
            a.shard.of != b.shard.of || a.shard.unit != b.shard.unit,
            "numbers of shards",
        ),
        (
            a.shard.plan != b.shard.plan || a.shard.total != b.shard.total,
            "scenarios, modes or settings",
        ),
    ];
    checks
        .into_iter()
        .find_map(|(differ, what)| differ.then_some(what))
}

fn check_whole(part: &Part) -> Result<(), MergeError> {
    let (holds, unit) = match part.shard.unit {
        Unit::Runs => (part.record.runs.len() as u64, "runs"),
        Unit::Requests => (
            part.record.runs.iter().map(|run| run.offered).sum(),
            "requests",
        ),
    };
    let wanted = part.shard.share();
    if part.record.interrupted || holds != wanted {
        let name = part.name.clone();
        return Err(MergeError::Partial {
            name,
            holds,
            wanted,
            unit,
        });
    }
    Ok(())
}

/// Adds the requests of `other`, which saw the same service from outside.
fn add(run: &mut Run, other: Run, max_rows: usize) {
    run.offered += other.offered;
    for (ending, count) in other.endings {
        *run.endings.entry(ending).or_default() += count;
    }
    for (status, count) in other.statuses {
        *run.statuses.entry(status).or_default() += count;
    }
    for (ending, latencies) in other.latency {
        run.latency.entry(ending).or_default().merge(&latencies);
    }
    run.lag.merge(&other.lag);
    for (text, count) in other.errors {
        *run.errors.entry(text).or_default() += count;
    }
    run.docs.add(other.docs);
    run.requests.extend(other.requests);
    run.requests.sort_by_key(|request| request.index);
    run.requests.truncate(max_rows);
}
