//! `breaklab load`: a plain load on any service of the contract, timed from the schedule.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail, ensure};

use super::Exit;
use super::progress::{Progress, Work};
use super::shard::Plan;
use crate::corpus::{self, Corpus, Documents, Kind, Source};
use crate::load::{Arrivals, Load, Share, Stop};
use crate::record::{ClockKind, Record, Run, Unit};
use crate::report::{self, Story};
use crate::runner::{Endpoint, Measured};
use crate::summary::{self, ClaimList, Summary};
use crate::transport;

mod arrivals;
mod show;

/// Arguments of `breaklab load`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Base URL of the service, which offers POST /document
    #[arg(long, value_name = "URL")]
    endpoint: reqwest::Url,
    /// closed:CLIENTS, rate:PER_S, poisson:PER_S, burst:N, ramp:FROM:TO:SECONDS,
    /// spike:PER_S:PEAK:AT_S:FOR_S or replay:FILE (a moment in seconds per line)
    #[arg(long, value_name = "ARRIVALS", default_value = "closed:1", value_parser = arrivals::parse)]
    arrivals: Load,
    /// Requests in all [default: 100]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), conflicts_with = "duration")]
    requests: Option<u64>,
    /// Send for this long instead, e.g. 30s; what was sent by then is waited for
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    duration: Option<Duration>,
    /// Longest wait for an answer
    #[arg(long, value_name = "TIME", default_value = "300s", value_parser = humantime::parse_duration)]
    timeout: Duration,
    /// Send these real files instead of synthetic ones
    #[arg(long, value_name = "PATH")]
    corpus: Option<PathBuf>,
    /// Lines of each synthetic file
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    lines: u32,
    /// Different synthetic files, sent in turn
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    files: u64,
    /// Seed of documents and random arrivals
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Send only every N-th request, from the I-th on; `breaklab merge` puts the parts together
    #[arg(long, value_name = "I/N", value_parser = super::shard::parse)]
    shard: Option<Share>,
    /// Exit with 1 when a larger share of the requests fails
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share)]
    max_failure_rate: f64,
    /// Allow a target that is not on this machine; make sure that it is yours
    #[arg(long)]
    allow_remote: bool,
    /// Folder for the report
    #[arg(long, value_name = "DIR", default_value = "reports/latest")]
    out: PathBuf,
    /// Print nothing but errors
    #[arg(long)]
    quiet: bool,
    /// Print the summary as JSON and nothing else
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    check_target(args)?;
    let endpoint = endpoint(args)?;
    report::check_writable(&args.out)?;
    let stop = Stop::default();
    super::interrupt::on_interrupt(stop.clone())?;
    let progress = Progress::new(work(&endpoint.load), 1, args.quiet);
    let measured = endpoint.run(&stop, &progress.watch());
    progress.clear();
    let Measured { run, wall, span } = measured?;
    let record = record(args, run, stop.is_stopped());
    let summary = summary::summarize(&record, &ClaimList::default(), &[wall.as_secs_f64()]);
    report::write_all(&args.out, &record, &summary, &[story()])?;
    if let Some(share) = args.shard {
        let total = Load {
            share: Share::default(),
            ..endpoint.load
        }
        .offered();
        let plan = Plan {
            unit: Unit::Requests,
            digest: endpoint.digest,
            total,
        };
        super::shard::write(&args.out, share, plan, vec![span])?;
    }
    print(args, &summary)?;
    Ok(verdict(args, &summary))
}

fn check_target(args: &Args) -> anyhow::Result<()> {
    let url = &args.endpoint;
    ensure!(
        matches!(url.scheme(), "http" | "https"),
        "--endpoint is {url}; write it like http://127.0.0.1:8080 or https://…"
    );
    ensure!(
        url.username().is_empty() && url.password().is_none(),
        "--endpoint holds a user name or password, which would not be sent; leave them out"
    );
    ensure!(
        transport::is_loopback(url.as_str()) || args.allow_remote,
        "{} is not this machine; add --allow-remote if the service is yours and may be loaded",
        url.host_str().unwrap_or_default()
    );
    Ok(())
}

fn endpoint(args: &Args) -> anyhow::Result<Endpoint> {
    let load = load(args)?;
    let documents = documents(args)?;
    // Settings that shards and baselines must share; which part this is does not belong to them.
    let digest = super::shard::digest(&format!(
        "{} {} {:?} {} {}",
        args.endpoint,
        serde_json::to_string(&load)?,
        args.timeout,
        args.seed,
        super::shard::digest(&format!("{documents:?}"))
    ));
    let mut url = args.endpoint.clone();
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(Endpoint {
        url,
        load,
        documents,
        real_files: args.corpus.is_some(),
        timeout: args.timeout,
        digest,
    })
}

fn load(args: &Args) -> anyhow::Result<Load> {
    let mut load = args.arrivals.clone().seeded(args.seed);
    load.share = args.shard.unwrap_or_default();
    match (&load.arrivals, args.requests, args.duration) {
        (Arrivals::Burst | Arrivals::Replay { .. }, _, Some(_)) => {
            bail!("burst and replay have their own moments; leave --duration out")
        }
        (Arrivals::Burst | Arrivals::Replay { .. }, Some(_), None) => {
            bail!("burst and replay have their own number of requests; leave --requests out")
        }
        (Arrivals::Burst | Arrivals::Replay { .. }, None, None) => {}
        (_, requests, None) => load.requests = requests.unwrap_or(100),
        (_, _, Some(duration)) => {
            load.check()?;
            load = load.lasting(duration);
            ensure!(
                load.requests > 0,
                "no request falls into --duration {}; give a longer one",
                humantime::format_duration(duration)
            );
        }
    }
    load.check()?;
    ensure!(
        load.offered() > 0,
        "this shard holds no request; use fewer shards or more requests"
    );
    Ok(load)
}

fn work(load: &Load) -> Work {
    match load.lasts() {
        Some(time) => Work::Lasting(time),
        None => Work::Requests(load.offered()),
    }
}

fn documents(args: &Args) -> anyhow::Result<Vec<Source>> {
    if let Some(path) = &args.corpus {
        return Ok(corpus::load(path)?.files);
    }
    let shape = Documents {
        kind: Kind::Python,
        lines: args.lines as usize,
        lines_per_symbol: 12,
        bytes_per_line: 36.0,
        files: Some(args.files),
        changed_per_round: 0.0,
    };
    let corpus = Corpus::synthetic(shape, args.seed, args.files);
    Ok((0..args.files).map(|index| corpus.source(index)).collect())
}

fn record(args: &Args, run: Run, interrupted: bool) -> Record {
    Record {
        interrupted,
        ..Record::new((ClockKind::Real, 1.0), args.seed, vec![run])
    }
}

fn story() -> Story {
    Story {
        scenario: "load".to_owned(),
        story: "A plain load on a service that was only seen from outside. Latency counts from the moment at which the schedule wanted the request sent.".to_owned(),
        fix: String::new(),
        reproduce: std::env::args()
            .skip(1)
            .fold("breaklab".to_owned(), |line, word| line + " " + &word),
    }
}

fn print(args: &Args, summary: &Summary) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    if args.json {
        serde_json::to_writer_pretty(&mut out, summary)?;
        writeln!(out)?;
    } else if !args.quiet {
        for run in &summary.runs {
            out.write_all(show::text(run, args.arrivals.is_closed()).as_bytes())?;
        }
        writeln!(out, "report: {}", args.out.join("report.html").display())?;
    }
    out.flush().context("standard output")
}

fn verdict(args: &Args, summary: &Summary) -> Exit {
    let Some(run) = summary.runs.first() else {
        return Exit::Unproven;
    };
    if summary.interrupted {
        return Exit::Interrupted;
    }
    if !run.violations.is_empty() {
        return Exit::Bug;
    }
    if let Some(why) = &run.saturated {
        super::exit::complain(why);
        return Exit::Saturated;
    }
    match run.failure_rate {
        Some(rate) if rate <= args.max_failure_rate => Exit::Done,
        Some(_) => Exit::Failed,
        None => Exit::Unproven,
    }
}

fn share(text: &str) -> Result<f64, String> {
    let value = text
        .parse()
        .map_err(|_| "give a number from 0 to 1".to_owned())?;
    if (0.0..=1.0).contains(&value) {
        Ok(value)
    } else {
        Err("give a number from 0 to 1".to_owned())
    }
}
