//! `breaklab document`: the hardened generator as a tool, against the mock or the real API.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::bail;
use futures_util::StreamExt;
use mock_claude::MockClaude;
use mock_claude::prices::{ModelPrice, PICO_PER_USD, PriceBook};
use mock_claude::profile::Profile;
use mock_claude::settings::{Settings as MockSettings, built_in_prices, built_in_profiles};
use mock_claude::timeline::Timeline;

use super::Exit;
use crate::claude::{Claude, Spending};
use crate::clock::Clock;
use crate::corpus::{self, Skipped};
use crate::generator::{Document, Generator, Mode, Policy, Settings};
use crate::load::Stop;
use crate::transport::{AttemptLog, Transport};

use bill::Bill;
use pages::{Page, Pages};

mod bill;
mod pages;

/// Where the work is kept that a later run need not pay for again.
const ANSWERS: &str = ".breaklab/answers.sqlite";

/// Arguments of `breaklab document`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Source files, or folders of them (`.gitignore` is respected)
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    /// Folder for one Markdown page per file and an index; run again to go on where it stopped
    #[arg(long, value_name = "DIR", required_unless_present = "dry_run")]
    out: Option<PathBuf>,
    /// Model id
    #[arg(long, value_name = "ID", default_value = "claude-sonnet-5")]
    model: String,
    /// Call a real API here, e.g. https://api.anthropic.com, with the key in ANTHROPIC_API_KEY
    /// [default: the mock, in simulated time and for free]
    #[arg(long, value_name = "URL", requires = "max_cost_usd")]
    base_url: Option<String>,
    /// Make no call that might bring the bill above this
    #[arg(long, value_name = "USD")]
    max_cost_usd: Option<f64>,
    /// Say what it would cost and stop
    #[arg(long)]
    dry_run: bool,
    /// Calls in flight at once
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=1000))]
    parallel: u64,
    /// Largest answer in tokens; larger files are cut so that answers fit
    #[arg(long, value_name = "N", default_value_t = 16_000, value_parser = clap::value_parser!(u64).range(1..))]
    max_tokens: u64,
    /// Print nothing but errors
    #[arg(long)]
    quiet: bool,
}

/// What there is to do.
struct Job {
    documents: Vec<Document>,
    skipped: Vec<Skipped>,
    price: ModelPrice,
    book: PriceBook,
    settings: Settings,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let job = job(args)?;
    let key = api_key(args)?;
    let Some(out) = args.out.as_deref().filter(|_| !args.dry_run) else {
        bill::print_estimate(&job.documents, &estimate(args, &job), &job.book)?;
        return Ok(Exit::Done);
    };
    let stop = Stop::default();
    super::interrupt::on_interrupt(stop.clone())?;
    let pages = Pages::open(out, &manifest(args), args.quiet, job.documents.len())?;
    let cap_pico = args.max_cost_usd.map(|usd| (usd * PICO_PER_USD) as u64);
    let spending = Spending::new(job.price, cap_pico);
    let clock = match args.base_url {
        Some(_) => Clock::Real { speed: 1.0 },
        None => Clock::Virtual,
    };
    let (outcome, _) = clock.run(async |timeline| {
        let timeline = if args.base_url.is_some() {
            real_timeline()
        } else {
            timeline
        };
        let log = AttemptLog::new(timeline, 0);
        let transport = transport(args, timeline, &log)?;
        let claude = Claude::new(transport, &key).with_spending(spending.clone());
        let settings = Settings {
            cache_path: Some(out.join(ANSWERS)),
            ..job.settings.clone()
        };
        let policy = Policy::new(Mode::Hardened, &settings, &BTreeSet::new());
        let generator = Generator::new(policy, &args.model, claude, None, timeline, 1)?;
        let done = document_all(&generator, &job, &stop, &pages, &spending).await;
        anyhow::Ok((done, log.snapshot(), timeline.now()))
    })?;
    let (done, attempts, took) = outcome?;
    pages.write_index(&done, &job.skipped)?;
    let bill = Bill {
        pages: &done,
        skipped: &job.skipped,
        attempts: &attempts,
        spending: &spending,
        took,
        stopped: stop.is_stopped(),
    };
    if !args.quiet {
        bill.print(&job.book, args.base_url.is_some())?;
    }
    Ok(bill.exit())
}

fn job(args: &Args) -> anyhow::Result<Job> {
    let profiles = built_in_profiles();
    let book = built_in_prices();
    let serves =
        |profile: &&Profile| profile.model == args.model || profile.aliases.contains(&args.model);
    let Some(profile) = profiles.iter().find(serves).cloned() else {
        let known: Vec<&str> = profiles
            .iter()
            .map(|profile| profile.model.as_str())
            .collect();
        bail!(
            "model `{}` has no known price; choose from {}",
            args.model,
            known.join(", ")
        );
    };
    let Some(price) = book.models.get(&profile.model).copied() else {
        bail!(
            "price book `{}` has no price for `{}`",
            book.name,
            profile.model
        );
    };
    let (documents, skipped) = read_all(&args.paths)?;
    let settings = Settings {
        max_tokens: args.max_tokens.min(profile.max_output_tokens),
        parallel: args.parallel as usize,
        bytes_per_token: profile.bytes_per_token,
        // A bulk job outlives an outage; nobody waits at the other end.
        retry_budget_s: 3_600.0,
        ..Settings::default()
    };
    Ok(Job {
        documents,
        skipped,
        price,
        book,
        settings,
    })
}

/// Reads all paths; one that cannot be read is named and does not stop the others.
fn read_all(paths: &[PathBuf]) -> anyhow::Result<(Vec<Document>, Vec<Skipped>)> {
    let (mut documents, mut skipped) = (Vec::new(), Vec::new());
    let mut taken = BTreeSet::new();
    for path in paths {
        match corpus::load(path) {
            Ok(loaded) => {
                skipped.extend(loaded.skipped);
                for file in loaded.files {
                    let name = unique_name(paths.len(), path, &file.path, &mut taken);
                    documents.push(Document {
                        path: name,
                        content: file.content,
                    });
                }
            }
            Err(error) if paths.len() == 1 => return Err(error.into()),
            Err(error) => skipped.push(Skipped {
                path: path.clone(),
                why: error.to_string(),
            }),
        }
    }
    if documents.is_empty() {
        bail!("none of the paths has a source file that can be documented");
    }
    Ok((documents, skipped))
}

/// The file's path below its folder; with several folders, below the folder's name.
fn unique_name(paths: usize, root: &Path, file: &str, taken: &mut BTreeSet<String>) -> String {
    let folder = root.file_name().filter(|_| paths > 1 && root.is_dir());
    let base = match folder {
        Some(folder) => format!("{}/{file}", folder.to_string_lossy()),
        None => file.to_owned(),
    };
    let mut name = base.clone();
    let mut copy = 2;
    while !taken.insert(name.clone()) {
        name = format!("{copy}/{base}");
        copy += 1;
    }
    name
}

fn estimate(args: &Args, job: &Job) -> bill::Estimate {
    let policy = Policy::new(Mode::Hardened, &job.settings, &BTreeSet::new());
    let mut estimate = bill::Estimate::new(job.price, &args.model);
    let mut seen = BTreeSet::new();
    for document in &job.documents {
        if seen.insert(&document.content) {
            policy
                .calls(document)
                .into_iter()
                .for_each(|call| estimate.add(call));
        }
    }
    estimate
}

/// What all pages of one folder have in common: it must not change between runs.
fn manifest(args: &Args) -> String {
    format!(
        "model = {:?}\nmax_tokens = {}\n",
        args.model, args.max_tokens
    )
}

fn api_key(args: &Args) -> anyhow::Result<String> {
    if args.dry_run {
        return Ok(String::new());
    }
    match (&args.base_url, std::env::var("ANTHROPIC_API_KEY")) {
        (None, _) => Ok("mock".to_owned()),
        (Some(_), Ok(key)) if !key.trim().is_empty() => Ok(key.trim().to_owned()),
        (Some(_), _) => bail!("ANTHROPIC_API_KEY is not set; --base-url needs a key"),
    }
}

fn transport(args: &Args, timeline: Timeline, log: &AttemptLog) -> anyhow::Result<Transport> {
    if let Some(url) = &args.base_url {
        return Ok(Transport::tcp(url, log.clone())?);
    }
    let mock = MockClaude::new(MockSettings::default().into_config(), timeline)?;
    Ok(Transport::in_process(mock, log.clone()))
}

/// Documents all files, writing each page when it is there. A stop lets those in work finish.
async fn document_all(
    generator: &Generator,
    job: &Job,
    stop: &Stop,
    pages: &Pages,
    spending: &Spending,
) -> Vec<Page> {
    let work = job
        .documents
        .iter()
        .zip(0..)
        .map(|(document, request)| async move {
            if stop.is_stopped() {
                return None;
            }
            let outcome = generator.document(request, document).await;
            Some(pages.write(document, outcome, spending.spent_pico()))
        });
    let pages: Vec<Option<Page>> = futures_util::stream::iter(work)
        .buffered(job.settings.parallel)
        .collect()
        .await;
    pages.into_iter().flatten().collect()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the real API's dates are the calendar's"
)]
fn real_timeline() -> Timeline {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Timeline::start(1.0, now.unwrap_or(Duration::ZERO).as_secs())
}
