//! `breaklab document`: the hardened generator as a tool, against the mock or the real API.

use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::bail;
use futures_util::StreamExt;
use ground::prices::PICO_PER_USD;
use ground::timeline::Timeline;
use mock_claude::{MockClaude, Settings as MockSettings};

use super::Exit;
use crate::claude::{Claude, Spending, is_key};
use crate::clock::Clock;
use crate::corpus::Skipped;
use crate::generator::{Bulk, Generator, Journal, PROMPT_VERSION, Policy, Questions, Store, Style};
use crate::load::Stop;
use crate::record::Base;
use crate::transport::{AttemptLog, Transport};

use amount::{bytes, dollars};
use batch::Batches;
use bill::Bill;
use page::Page;
use pages::Pages;
use work::Work;

mod amount;
mod batch;
mod bill;
mod compare;
mod dry;
mod index;
mod list;
mod made;
mod page;
mod pages;
mod site;
mod work;
mod written;

/// Where the work is written down that a later run need not pay for again.
const JOURNAL: &str = ".breaklab/journal.sqlite";
/// Longest silence of the API while it is asked about batches.
const PATIENCE: Duration = Duration::from_secs(600);

/// Longest time in which nothing is said while a real API is asked.
const SILENCE: Duration = Duration::from_secs(30);

/// Who answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// The mock: for free, and made up.
    Mock,
    /// An API at some address.
    Api,
}

impl Origin {
    fn of(args: &Args) -> Self {
        match args.base_url {
            Some(_) => Self::Api,
            None => Self::Mock,
        }
    }
}

/// Arguments of `breaklab document`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Source files, or folders of them (`.gitignore` is respected)
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    /// Of folders, take only files that match; as in .gitignore, e.g. '*.py' or '/src/**' (repeatable)
    #[arg(long, value_name = "GLOB")]
    include: Vec<String>,
    /// Of folders, leave out files and folders that match (repeatable)
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,
    /// Skip files above this, e.g. 500kB or 2MB [default: 16MB]
    #[arg(long, value_name = "SIZE", value_parser = bytes)]
    max_file_size: Option<u64>,
    /// Folder for one Markdown page per file and an index; run again to go on where it stopped
    #[arg(long, value_name = "DIR", required_unless_present_any = ["dry_run", "list", "compare_models"])]
    out: Option<PathBuf>,
    /// Model id
    #[arg(long, value_name = "ID", default_value = "claude-sonnet-5")]
    model: String,
    /// Call a real API here, e.g. https://api.anthropic.com, with the key in ANTHROPIC_API_KEY
    /// [default: the mock, in simulated time and for free]
    #[arg(long, value_name = "URL", requires = "max_cost_usd")]
    base_url: Option<String>,
    /// Make no call that might bring the bill of all runs into this folder above this
    #[arg(long, value_name = "USD", value_parser = dollars)]
    max_cost_usd: Option<f64>,
    /// Say what it would cost and stop
    #[arg(long)]
    dry_run: bool,
    /// Print FILE, LINE and NAME of all that would be documented, apart by tabs, and stop
    #[arg(long, conflicts_with = "dry_run")]
    list: bool,
    /// Say what it would cost with each model and stop
    #[arg(long, conflicts_with_all = ["dry_run", "list"])]
    compare_models: bool,
    /// Ask in Message Batches: half the price, answered within a day
    #[arg(long)]
    batch: bool,
    /// Ask again what the API refused for good in an earlier run
    #[arg(long)]
    retry_refused: bool,
    /// Most calls in flight at once; the rate limits, learnt from the answers, hold anyway
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u64).range(1..=1000))]
    parallel: u64,
    /// Largest answer in tokens; larger files are cut so that answers fit
    #[arg(long, value_name = "N", default_value_t = 16_000, value_parser = clap::value_parser!(u64).range(1..))]
    max_tokens: u64,
    /// Write all pages as one as well, index.html, which needs no network and finds names
    #[arg(long)]
    html: bool,
    /// For whom it is written: those who call the code, those who skim, or those who are new to it
    #[arg(long, value_enum, value_name = "STYLE", default_value = "reference")]
    style: Style,
    /// Words that are added to every question, e.g. 'Write in German.'
    #[arg(long, value_name = "TEXT", default_value = "")]
    instructions: String,
    #[command(flatten)]
    cache: super::cache::Place,
    /// Print nothing but errors
    #[arg(long)]
    quiet: bool,
}

/// One run of the job.
struct Run<'a> {
    args: &'a Args,
    work: &'a Work,
    pages: &'a Pages,
    policy: Policy,
    store: Option<Store>,
    bulk: Bulk,
    spending: Spending,
    timeline: Timeline,
    claude: Claude,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let work = work::read(args)?;
    if args.list {
        list::list(&work)?;
        return Ok(Exit::Done);
    }
    if args.compare_models {
        compare::print(args, &work)?;
        return Ok(Exit::Done);
    }
    let key = api_key(args)?;
    let Some(out) = args.out.as_deref().filter(|_| !args.dry_run) else {
        let estimate = dry::estimate(args, &work)?;
        bill::print_estimate(&work.documents, &estimate, &work.book, args.batch)?;
        return Ok(Exit::Done);
    };
    if args.base_url.is_some() && !args.quiet {
        name_skipped(&work.skipped);
    }
    let stop = Stop::default();
    super::interrupt::on_interrupt(stop.clone())?;
    let origin = Origin::of(args);
    let pages = Pages::open(out, &manifest(args), origin, args, work.documents.len())?;
    pages.claim(&work)?;
    let store = args.cache.open(work.settings.cache_mb)?;
    let journal = Journal::open(&out.join(JOURNAL))?;
    let journal = match origin {
        Origin::Api => journal,
        Origin::Mock => journal.of_free_answers(),
    };
    if args.retry_refused {
        journal.forget_refusals();
    }
    let cap_pico = args.max_cost_usd.map(|usd| (usd * PICO_PER_USD) as u64);
    let bulk = Bulk {
        journal,
        stop,
        questions: args.batch.then(Questions::default),
        halted: Arc::new(OnceLock::new()),
        on_failure: pages.on_failure(),
    };
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
        let earlier = bulk.journal.earlier();
        let spending = Spending::new(work.prices, cap_pico).after(earlier.spent_pico);
        let claude = Claude::new(transport(args, timeline, &log)?, &key);
        let run = Run {
            args,
            work: &work,
            pages: &pages,
            policy: Policy::new(Base::Hardened, &work.settings),
            store: store.clone(),
            bulk: bulk.clone(),
            claude: claude.with_spending(spending.clone()),
            spending: spending.clone(),
            timeline,
        };
        let (done, trouble) = run.all().await?;
        anyhow::Ok((
            done,
            trouble,
            earlier,
            spending,
            log.snapshot(),
            timeline.now(),
        ))
    })?;
    let (done, trouble, earlier, spending, attempts, took) = outcome?;
    let index = pages.write_index(&done, &work.skipped);
    if !bulk.stop.is_stopped() {
        pages.remove_gone(&work)?;
    }
    let bill = Bill {
        pages: &done,
        files: work.documents.len(),
        skipped: &work.skipped,
        attempts: &attempts,
        earlier,
        spending: &spending,
        took,
        stopped: bulk.stop.is_stopped(),
        halted: bulk.halted.get(),
        trouble: trouble.or_else(|| journal_trouble(&bulk.journal)),
    };
    if !args.quiet {
        bill.print(&work.book, origin)?;
    }
    index?;
    Ok(bill.exit())
}

impl Run<'_> {
    /// Documents everything, in the way that was asked for. Also says what went wrong besides.
    async fn all(&self) -> anyhow::Result<(Vec<Page>, Option<String>)> {
        let say = |line: String| {
            if !self.args.quiet {
                self.pages.say(&line);
            }
        };
        let mut batches = Batches {
            claude: self.claude.clone().with_timeout(self.timeline, PATIENCE),
            journal: &self.bulk.journal,
            spending: &self.spending,
            stop: &self.bulk.stop,
            halted: &self.bulk.halted,
            timeline: self.timeline,
            say: &say,
            times: Default::default(),
            last_failure: None,
        };
        batches.collect_open(self.args.batch).await?;
        let Some(questions) = &self.bulk.questions else {
            return Ok((self.document_all(true).await?, None));
        };
        loop {
            self.document_all(false).await?;
            if !batches.ask(questions).await? {
                break;
            }
        }
        let pages = self.document_all(true).await?;
        Ok((pages, batches.last_failure))
    }

    /// Documents all files; if `write`, writes each page when it is there. A stop lets the calls in
    /// flight finish.
    async fn document_all(&self, write: bool) -> anyhow::Result<Vec<Page>> {
        let bulk = self.bulk.clone();
        let claude = self.claude.clone();
        let model = &self.args.model;
        let mut generator =
            Generator::for_bulk(self.policy.clone(), model, claude, self.timeline, bulk);
        if let Some(store) = &self.store {
            let origin = self.args.base_url.as_deref().unwrap_or(super::cache::MOCK);
            generator = generator.with_store(store, origin);
        }
        let work = self
            .work
            .documents
            .iter()
            .zip(&self.work.sources)
            .zip(0..)
            .map(|((document, source), request)| {
                let generator = &generator;
                async move {
                    if self.bulk.stop.is_stopped() && self.bulk.questions.is_none() {
                        return None;
                    }
                    let outcome = generator.document(request, document).await;
                    if !write {
                        return None;
                    }
                    let spent = self.spending.spent_pico();
                    self.pages.write((document, source), outcome, spent)
                }
            });
        let pages = futures_util::stream::iter(work)
            .buffered(self.work.settings.parallel)
            .collect::<Vec<Option<Page>>>();
        let pages = self.speaking(pages).await;
        Ok(pages.into_iter().flatten().collect())
    }

    /// Does `work`, and says how far it is when nothing else has been said for a while.
    async fn speaking<T>(&self, work: impl Future<Output = T>) -> T {
        if self.args.base_url.is_none() {
            return work.await;
        }
        tokio::pin!(work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return done,
                () = self.timeline.sleep(SILENCE) => self.pages.speak(self.spending.spent_pico()),
            }
        }
    }
}

fn journal_trouble(journal: &Journal) -> Option<String> {
    let why = journal.lost()?;
    Some(format!(
        "the journal could not be written ({why}): another run pays for some answers again"
    ))
}

/// Names what is left out before anything is paid.
fn name_skipped(skipped: &[Skipped]) {
    for file in skipped {
        // Nobody is left to tell when standard error is gone.
        let _gone = writeln!(
            std::io::stderr(),
            "skipped {}: {}",
            file.path.display(),
            file.why
        );
    }
}

/// What all pages of one folder have in common: it must not change between runs.
fn manifest(args: &Args) -> String {
    let provider = if args.base_url.is_some() {
        "api"
    } else {
        "mock"
    };
    let style: &str = args.style.into();
    let instructions = match args.instructions.trim() {
        "" => String::new(),
        words => format!("instructions = {words:?}\n"),
    };
    format!(
        "model = {:?}\nmax_tokens = {}\nprompt = {PROMPT_VERSION}\nstyle = {style:?}\n{instructions}provider = {provider:?}\n",
        args.model, args.max_tokens
    )
}

fn api_key(args: &Args) -> anyhow::Result<String> {
    if args.dry_run {
        return Ok(String::new());
    }
    match (&args.base_url, std::env::var("ANTHROPIC_API_KEY")) {
        (None, _) => Ok("mock".to_owned()),
        (Some(_), Ok(key)) if is_key(key.trim()) => Ok(key.trim().to_owned()),
        (Some(_), Ok(key)) if !key.trim().is_empty() => {
            bail!("ANTHROPIC_API_KEY holds a letter that no key has, e.g. a line end; set it again")
        }
        (Some(_), _) => bail!("ANTHROPIC_API_KEY is not set; --base-url needs a key"),
    }
}

fn transport(args: &Args, timeline: Timeline, log: &AttemptLog) -> anyhow::Result<Transport> {
    if let Some(url) = &args.base_url {
        return Ok(Transport::tcp(url, log.clone())?);
    }
    mock(timeline, log)
}

fn mock(timeline: Timeline, log: &AttemptLog) -> anyhow::Result<Transport> {
    let mock = MockClaude::new(MockSettings::default().into_config(), timeline)?;
    Ok(Transport::in_process(mock, log.clone()))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the real API's dates are the calendar's"
)]
fn real_timeline() -> Timeline {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Timeline::start(1.0, now.unwrap_or(Duration::ZERO).as_secs())
}
