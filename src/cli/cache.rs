//! `breaklab cache`: makes, looks into and empties a cache of answers that processes or machines share; and the options
//! by which other commands name one.

use std::io::Write;

use anyhow::{Context, bail};
use clap::Subcommand;

use super::Exit;
use super::exit::complain;
use crate::generator::{self, CachePlace, Store};

/// Whose answers those of our own mock are. They are made up, and never handed out as an API's.
pub(super) const MOCK: &str = "mock";

/// Memory over a store that is only looked into, in megabytes.
const NO_MEMORY: u64 = 1;

/// Where answers are kept.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Place {
    /// Where answers are kept and shared: sqlite:FILE with processes of this machine, dynamodb:TABLE with other machines,
    /// memory with nobody
    #[arg(long, value_name = "PLACE", default_value = "memory")]
    cache: CachePlace,
    /// Days for which a table hands out an answer
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3650))]
    cache_days: u32,
}

impl Place {
    /// Whether others share it.
    pub(super) fn is_shared(&self) -> bool {
        self.cache != CachePlace::Memory
    }

    /// What was named, unless it is memory. Its trouble is said on standard error.
    pub(super) fn open(&self, memory_mb: u64) -> anyhow::Result<Option<Store>> {
        let say = |why: &str| complain(&format!("the cache is out of use: {why}"));
        Ok(Store::open(&self.cache, memory_mb, self.cache_days, say)?)
    }
}

/// Arguments of `breaklab cache`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make a table for answers, paid by request, unless it is there
    Create(Named),
    /// Say how many answers there are, and how large (a table is read as a whole, which is billed)
    Stats(Named),
    /// Forget all answers
    Purge {
        #[command(flatten)]
        named: Named,
        /// Do it: what was paid for is paid for again
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, clap::Args)]
struct Named {
    /// sqlite:FILE or dynamodb:TABLE
    #[arg(value_name = "PLACE")]
    place: CachePlace,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let mut out = std::io::stdout();
    match &args.action {
        Action::Create(Named { place }) => {
            for line in create(place)? {
                writeln!(out, "{line}")?;
            }
        }
        Action::Stats(Named { place }) => {
            let stats = open(place)?.stats().map_err(anyhow::Error::msg)?;
            writeln!(
                out,
                "{place}: {} answers, {} bytes; {} being asked",
                stats.answers, stats.bytes, stats.leases
            )?;
        }
        Action::Purge { named, yes } => {
            if !yes {
                bail!(
                    "all answers in {} would be paid for again; add --yes if you mean it",
                    named.place
                );
            }
            let answers = open(&named.place)?.purge().map_err(anyhow::Error::msg)?;
            writeln!(out, "{}: {answers} answers forgotten", named.place)?;
        }
    }
    Ok(Exit::Done)
}

fn create(place: &CachePlace) -> anyhow::Result<Vec<String>> {
    match place {
        CachePlace::Dynamodb(table) => Ok(generator::create_table(table)?),
        CachePlace::Sqlite(_) => {
            Store::open(place, NO_MEMORY, 1, |_| {})?;
            Ok(vec![format!("{place} is ready")])
        }
        CachePlace::Memory => bail!("memory needs no making; give sqlite:FILE or dynamodb:TABLE"),
    }
}

/// What is at `place`. A file that is not there is not made.
fn open(place: &CachePlace) -> anyhow::Result<Store> {
    if let CachePlace::Sqlite(path) = place {
        std::fs::metadata(path)
            .with_context(|| format!("there is no cache `{}`", path.display()))?;
    }
    Store::open(place, NO_MEMORY, 1, |_| {})?
        .context("memory ends with its process; give sqlite:FILE or dynamodb:TABLE")
}
