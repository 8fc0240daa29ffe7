//! `shard.json`: how a part of a run says which part it is.

use std::path::Path;

use anyhow::Context;
use sha2::{Digest, Sha256};

use crate::load::Share;
use crate::record::{Part, Shard, Span, Unit};
use crate::report;

const SHARD: &str = "shard.json";

/// Reads `I/N`, with I from 1 to N.
pub(super) fn parse(text: &str) -> Result<Share, String> {
    let wrong = || "write I/N with I from 1 to N, e.g. 2/4".to_owned();
    let (index, of) = text.split_once('/').ok_or_else(wrong)?;
    let index: u64 = index.parse().map_err(|_| wrong())?;
    let of: u64 = of.parse().map_err(|_| wrong())?;
    if index == 0 || index > of {
        return Err(wrong());
    }
    Ok(Share {
        index: index - 1,
        of,
    })
}

pub(super) fn digest(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

/// What all shards have in common.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    /// What is shared out.
    pub(super) unit: Unit,
    /// SHA-256 of the settings, hexadecimal.
    pub(super) digest: String,
    /// Runs or requests in all.
    pub(super) total: u64,
}

/// Says beside the record in `dir` which part of `plan` it is.
pub(super) fn write(
    dir: &Path,
    share: Share,
    plan: Plan,
    spans_ms: Vec<Span>,
) -> anyhow::Result<()> {
    let shard = Shard {
        schema: Shard::SCHEMA.to_owned(),
        unit: plan.unit,
        index: share.index + 1,
        of: share.of,
        plan: plan.digest,
        total: plan.total,
        record_sha256: record_sha256(dir)?,
        spans_ms,
    };
    let path = dir.join(SHARD);
    let text = serde_json::to_vec_pretty(&shard)?;
    std::fs::write(&path, text).with_context(|| format!("cannot write `{}`", path.display()))
}

/// Reads a part back.
pub(super) fn read(dir: &Path) -> anyhow::Result<Part> {
    let path = dir.join(SHARD);
    let text = std::fs::read(&path).with_context(|| {
        format!(
            "cannot read `{}`; name directories that a run with --shard wrote",
            path.display()
        )
    })?;
    let shard: Shard = serde_json::from_slice(&text)
        .with_context(|| format!("`{}` does not describe a shard", path.display()))?;
    anyhow::ensure!(
        shard.schema == Shard::SCHEMA && (1..=shard.of).contains(&shard.index),
        "`{}` is not of the layout `{}`",
        path.display(),
        Shard::SCHEMA
    );
    anyhow::ensure!(
        shard.record_sha256 == record_sha256(dir)?,
        "`{}` is about another record than the one beside it; run the shard again",
        path.display()
    );
    Ok(Part {
        name: dir.display().to_string(),
        shard,
        record: report::read_record(dir)?,
    })
}

fn record_sha256(dir: &Path) -> anyhow::Result<String> {
    let path = dir.join("record.json");
    let text = std::fs::read(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
    Ok(hex::encode(Sha256::digest(text)))
}
