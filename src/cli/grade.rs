//! `breaklab grade`: examine a service, grade it by rubrics, and say why.

use std::collections::BTreeSet;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::net::TcpListener;

use super::Exit;
use crate::generator::Mode;
use crate::grade::format::Format;
use crate::grade::{self, Grade, Rubric, Status, diff, feedback};
use crate::probe::{self, Bench, Plan, Service, StartError};
use crate::record::exam::{Check, Exam, Play, SCHEMA};
use crate::transport;

mod class;

/// Arguments of `breaklab grade`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Option<Action>,
    /// URL of a service that runs already and asks the API at --upstream
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,
    /// Command that starts the service on the port in PORT; it is given ANTHROPIC_BASE_URL and ANTHROPIC_API_KEY
    #[arg(long, value_name = "CMD", conflicts_with = "endpoint")]
    start: Option<String>,
    /// Folder in which --start is run
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Grade again what an earlier run recorded in this folder
    #[arg(long, value_name = "DIR", conflicts_with_all = ["endpoint", "start"])]
    from: Option<PathBuf>,
    /// Built-in rubrics, or TOML files [default: all four]
    #[arg(long, value_delimiter = ',', value_name = "NAME|FILE,…")]
    rubric: Vec<String>,
    /// Folder for the record and the grade
    #[arg(long, value_name = "DIR", default_value = "reports/grade")]
    out: PathBuf,
    /// Folder of an earlier grade to compare with
    #[arg(long, value_name = "DIR")]
    diff: Option<PathBuf>,
    /// Goes into every name in the files; the same salt gives the same files [default: random]
    #[arg(long, value_name = "WORD")]
    salt: Option<String>,
    /// Where our API listens for a service that runs already
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:4010")]
    upstream: SocketAddr,
    /// Seconds that a service gets for one answer
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=600))]
    deadline: u64,
    /// Seconds that --start gets to listen
    #[arg(long, value_name = "SECONDS", default_value_t = 15, value_parser = clap::value_parser!(u64).range(1..=600))]
    ready_within: u64,
    /// Allow an endpoint that is not on this machine: it will be under load
    #[arg(long)]
    allow_remote: bool,
    /// CSV file of a class: id, and endpoint or command, perhaps directory and email; one after the other
    #[arg(long, value_name = "FILE", conflicts_with_all = ["endpoint", "start", "from"])]
    roster: Option<PathBuf>,
    /// Seconds that one student of a roster gets in all
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=7200))]
    student_deadline: u64,
    /// Also write it for other programs: gradescope, classroom50, github, prairielearn, autolab, coderunner,
    /// junit, tap, markdown, csv, or all
    #[arg(long, value_delimiter = ',', value_name = "FORMAT,…")]
    format: Vec<String>,
    /// Print the grade as JSON and nothing else
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Check rubric files for sums, unknown measures and thresholds that cannot be reached
    Lint {
        /// Built-in rubrics, or TOML files [default: all four]
        #[arg(value_name = "NAME|FILE")]
        rubrics: Vec<String>,
    },
    /// Grade our own services: naive must get less than 40 %, hardened at least 95 %
    SelfTest,
    /// List the flaws that can be recognised
    Flaws,
    /// Put a class's points into the CSV file that a learning platform exported
    Fill(class::FillArgs),
}

/// Runs the command.
pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    match &args.action {
        Some(Action::Lint { rubrics }) => return lint(rubrics),
        Some(Action::Flaws) => return flaws(),
        Some(Action::SelfTest) => return self_test(),
        Some(Action::Fill(args)) => return class::fill(args),
        None => {}
    }
    let rubrics = rubrics(&args.rubric)?;
    let formats = formats(&args.format)?;
    if let Some(roster) = &args.roster {
        return class::run(args, roster, &rubrics, &formats);
    }
    let exam = match &args.from {
        Some(folder) => read_exam(folder)?,
        None => runtime()?.block_on(examine(args, &rubrics))?,
    };
    let grade = grade::grade(&exam, &rubrics);
    let earlier = args
        .diff
        .as_ref()
        .map(|folder| read_grade(folder))
        .transpose()?;
    write_out(&args.out, &exam, &grade, &formats)?;
    let mut out = std::io::stdout();
    if args.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&grade)?)?;
        return Ok(Exit::Done);
    }
    write!(out, "{}", feedback::text(&grade))?;
    if let Some(earlier) = &earlier {
        write!(
            out,
            "\nsince {}: {}",
            earlier.salt,
            diff::text(earlier, &grade)
        )?;
    }
    writeln!(out, "grade: {}", args.out.join("grade.json").display())?;
    if formats.contains(&Format::Autolab) {
        // Autolab reads the last line.
        write!(out, "{}", Format::Autolab.write(&grade, &|_| None))?;
    }
    Ok(Exit::Done)
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the async runtime")
}

fn rubrics(names: &[String]) -> anyhow::Result<Vec<Rubric>> {
    if names.is_empty() {
        return grade::builtin_names()
            .iter()
            .map(|name| rubric(name))
            .collect();
    }
    names.iter().map(|name| rubric(name)).collect()
}

fn rubric_text(name: &str) -> anyhow::Result<String> {
    if name.ends_with(".toml") {
        return std::fs::read_to_string(name).with_context(|| format!("cannot read `{name}`"));
    }
    match grade::builtin(name) {
        Some(text) => Ok(text.to_owned()),
        None => bail!(
            "there is no rubric `{name}`; there are {}, or name a .toml file",
            grade::builtin_names().join(", ")
        ),
    }
}

fn rubric(name: &str) -> anyhow::Result<Rubric> {
    Ok(Rubric::parse(&rubric_text(name)?, name)?)
}

/// Plays that the rubrics need, the one that may hang last.
fn plays(rubrics: &[Rubric]) -> Vec<Play> {
    let plays: BTreeSet<Play> = rubrics.iter().flat_map(Rubric::plays).collect();
    plays.into_iter().collect()
}

async fn examine(args: &Args, rubrics: &[Rubric]) -> anyhow::Result<Exam> {
    let salt = args.salt.clone().unwrap_or_else(probe::random_salt);
    if salt.is_empty() || salt.len() > 16 || !salt.bytes().all(|byte| byte.is_ascii_alphanumeric())
    {
        bail!("--salt is `{salt}`; use at most 16 letters and digits");
    }
    if let Some(url) = &args.endpoint
        && !args.allow_remote
        && !transport::is_loopback(url)
    {
        bail!(
            "{url} is not on this machine, and grading puts it under load; add --allow-remote if you mean it"
        );
    }
    std::fs::create_dir_all(&args.out)
        .with_context(|| format!("cannot make the folder `{}`", args.out.display()))?;
    let mut exam = match (&args.endpoint, &args.start) {
        (Some(url), _) => examine_running(args, url, &salt, plays(rubrics)).await?,
        (None, Some(command)) => {
            let deadline = Duration::from_secs(args.deadline);
            let ready = Duration::from_secs(args.ready_within);
            let started = Started {
                command,
                folder: args.dir.as_deref(),
                out: &args.out,
                ready,
                deadline,
                plays: plays(rubrics),
            };
            examine_started(&started, &salt, &heard(args)).await?
        }
        (None, None) => bail!(
            "name a service: --endpoint URL, --start CMD, --roster FILE, or --from DIR to grade again"
        ),
    };
    if rubrics.iter().any(Rubric::needs_reference)
        && exam.preflight.iter().all(|check| check.passed)
    {
        take_reference(&mut exam).await?;
    }
    Ok(exam)
}

/// Progress on standard error, for people who wait.
fn heard(args: &Args) -> impl Fn(Play) + Sync + use<> {
    let quiet = args.json;
    move |play| {
        if !quiet {
            // Nobody is left to tell when standard error is gone.
            let _gone = writeln!(std::io::stderr(), "played: {play:?}");
        }
    }
}

async fn examine_running(
    args: &Args,
    url: &str,
    salt: &str,
    plays: Vec<Play>,
) -> anyhow::Result<Exam> {
    let bench = Bench::new(salt)?;
    let listener = TcpListener::bind(args.upstream).await.with_context(|| {
        format!(
            "our API cannot listen on {}; choose another --upstream",
            args.upstream
        )
    })?;
    let _gone = writeln!(
        std::io::stderr(),
        "our API listens on http://{0}: the service must have been started with ANTHROPIC_BASE_URL=http://{0}",
        listener.local_addr()?
    );
    let api = tokio::spawn(bench.clone().serve(listener));
    let plan = Plan {
        target: url.to_owned(),
        endpoint: url.to_owned(),
        salt: salt.to_owned(),
        plays,
        deadline: Duration::from_secs(args.deadline),
    };
    let exam = probe::examine(&bench, &plan, &heard(args)).await?;
    api.abort();
    Ok(exam)
}

/// A service to be started.
struct Started<'a> {
    command: &'a str,
    folder: Option<&'a Path>,
    out: &'a Path,
    ready: Duration,
    deadline: Duration,
    plays: Vec<Play>,
}

/// Starts a service with an API of its own, examines it and ends it.
async fn examine_started(
    started: &Started<'_>,
    salt: &str,
    heard: &(dyn Fn(Play) + Sync),
) -> anyhow::Result<Exam> {
    let bench = Bench::new(salt)?;
    let listener = TcpListener::bind(("127.0.0.1", 0))
        .await
        .context("no loopback port")?;
    let upstream = format!("http://{}", listener.local_addr()?);
    let api = tokio::spawn(bench.clone().serve(listener));
    let log = started.out.join("service.log");
    let service = Service::start(
        started.command,
        started.folder,
        &upstream,
        &log,
        started.ready,
    )
    .await;
    let exam = match service {
        Ok(service) => {
            let plan = Plan {
                target: started.command.to_owned(),
                endpoint: service.endpoint.clone(),
                salt: salt.to_owned(),
                plays: started.plays.clone(),
                deadline: started.deadline,
            };
            let exam = probe::examine(&bench, &plan, heard).await;
            service.stop().await;
            exam?
        }
        Err(error @ StartError::Spawn { .. }) => return Err(error.into()),
        Err(error) => not_started(started.command, salt, &error),
    };
    api.abort();
    Ok(exam)
}

/// A service that does not come up is ungradable, and its student reads why.
fn not_started(command: &str, salt: &str, why: &StartError) -> Exam {
    Exam {
        schema: SCHEMA.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        target: command.to_owned(),
        salt: salt.to_owned(),
        preflight: vec![Check {
            id: "started".to_owned(),
            passed: false,
            said: why.to_string(),
        }],
        plays: [].into(),
    }
}

/// Our own times for the plays whose times count, taken on this machine now.
async fn take_reference(exam: &mut Exam) -> anyhow::Result<()> {
    let timed = [Play::Burst];
    let ours = probe::reference(Mode::Hardened, &timed).await?;
    for play in timed {
        let time = ours.plays.get(&play).map(|played| played.makespan_ms);
        if let Some(played) = exam.plays.get_mut(&play) {
            played.reference_ms = time;
        }
    }
    Ok(())
}

fn read_json<T: serde::de::DeserializeOwned>(path: &Path, what: &str) -> anyhow::Result<T> {
    let text = std::fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("`{}` is not {what}", path.display()))
}

fn read_exam(folder: &Path) -> anyhow::Result<Exam> {
    let exam: Exam = read_json(&folder.join("exam.json"), "the record of an examination")?;
    if exam.schema != SCHEMA {
        bail!(
            "`{}` has layout `{}`; this version reads `{SCHEMA}`",
            folder.join("exam.json").display(),
            exam.schema
        );
    }
    Ok(exam)
}

fn read_grade(folder: &Path) -> anyhow::Result<Grade> {
    read_json(&folder.join("grade.json"), "a grade")
}

fn write_out(folder: &Path, exam: &Exam, grade: &Grade, formats: &[Format]) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the folder `{}`", folder.display()))?;
    write(&folder.join("exam.json"), &serde_json::to_vec(exam)?)?;
    write(
        &folder.join("grade.json"),
        &serde_json::to_vec_pretty(grade)?,
    )?;
    for format in formats {
        let text = format.write(grade, &|name| std::env::var(name).ok());
        write(&folder.join(format.file()), text.as_bytes())?;
    }
    write(
        &folder.join("feedback.txt"),
        feedback::text(grade).as_bytes(),
    )
}

fn formats(names: &[String]) -> anyhow::Result<Vec<Format>> {
    if names.iter().any(|name| name == "all") {
        return Ok(Format::ALL.to_vec());
    }
    names
        .iter()
        .map(|name| name.parse().map_err(anyhow::Error::msg))
        .collect()
}

/// Writes beside the file and renames, so that no reader sees half a file.
fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.persist(path)
        .with_context(|| format!("cannot write `{}`", path.display()))?;
    Ok(())
}

fn lint(names: &[String]) -> anyhow::Result<Exit> {
    let names: Vec<String> = match names.is_empty() {
        true => grade::builtin_names()
            .into_iter()
            .map(str::to_owned)
            .collect(),
        false => names.to_vec(),
    };
    let (mut out, mut sound) = (std::io::stdout(), true);
    for name in names {
        match Rubric::parse(&rubric_text(&name)?, &name) {
            Ok(rubric) => {
                let criteria = rubric.criterion.len();
                writeln!(
                    out,
                    "{name}: sound; {criteria} criteria, {} points",
                    feedback::number(rubric.total)
                )?;
            }
            Err(error) => {
                sound = false;
                writeln!(out, "{error}")?;
            }
        }
    }
    Ok(if sound { Exit::Done } else { Exit::Failed })
}

fn flaws() -> anyhow::Result<Exit> {
    let mut out = std::io::stdout();
    for (id, title) in grade::known_flaws() {
        writeln!(out, "{id:<4} {title}")?;
    }
    Ok(Exit::Done)
}

/// Shares of the points that our own services must stay below, or reach.
const NAIVE_BELOW: f64 = 0.40;
const HARDENED_FROM: f64 = 0.95;

fn self_test() -> anyhow::Result<Exit> {
    let rubrics = rubrics(&[])?;
    let mut out = std::io::stdout();
    let mut held = true;
    for mode in [Mode::Naive, Mode::Hardened] {
        let exam = runtime()?.block_on(async {
            let mut exam = probe::reference(mode, &plays(&rubrics)).await?;
            take_reference(&mut exam).await?;
            anyhow::Ok(exam)
        })?;
        let grade = grade::grade(&exam, &rubrics);
        let share = grade.fraction();
        let right = grade.status == Status::Graded
            && match mode {
                Mode::Naive => share < NAIVE_BELOW,
                _ => share >= HARDENED_FROM,
            };
        held &= right;
        let flaws: BTreeSet<&str> = grade.flaws.iter().map(|flaw| flaw.id.as_str()).collect();
        writeln!(
            out,
            "{mode}: {:.1} % {} ({flaws:?})",
            share * 100.0,
            if right { "as it should be" } else { "WRONG" }
        )?;
        if !right {
            write!(out, "{}", feedback::text(&grade))?;
        }
    }
    Ok(if held { Exit::Done } else { Exit::Failed })
}
