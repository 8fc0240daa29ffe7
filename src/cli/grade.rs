//! `breaklab grade`: examine a service, grade it by rubrics, and say why.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, bail};
use strum::VariantArray;

use super::Exit;
use crate::contract::limits;
use crate::examiner;
use crate::grade::format::Format;
use crate::grade::{self, Grade, Status, diff, feedback};
use crate::load::{Share, Stop};
use crate::record::exam::Exam;
use crate::text::figures::points;
use crate::text::{COLUMNS, wrapped};
use exam::examine;
use folder::{read_exam, read_grade, write_out};
use rubrics::Rubrics;

mod apart;
mod class;
mod code;
mod exam;
mod folder;
mod history;
mod isolate;
mod merge;
mod own;
mod records;
mod repeat;
mod rubrics;
mod side_by_side;

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
    /// Lambda handler in Python or for Node, MODULE.FUNCTION, which is put behind a gateway
    #[arg(long, value_name = "HANDLER", conflicts_with_all = ["endpoint", "start"])]
    lambda: Option<String>,
    /// Folder in which --start is run, or with the file of --lambda
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// How a service that is started is kept apart from the grader and its records
    #[arg(long, value_enum, default_value = "auto")]
    isolate: isolate::Isolate,
    /// Variable of this environment that the service is handed too; without it, only those that every program needs
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    env: Vec<String>,
    /// Grade again what an earlier run recorded in this folder
    #[arg(long, value_name = "DIR", conflicts_with_all = ["endpoint", "start", "lambda"])]
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
    /// End with 1 if a criterion has fewer points than in --diff, or a flaw is new
    #[arg(long, requires = "diff")]
    fail_if_worse: bool,
    /// Goes into every name in the files; the same salt gives the same files [default: random]
    #[arg(long, value_name = "WORD")]
    salt: Option<String>,
    /// Where our API listens for a service that runs already
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:4010")]
    upstream: SocketAddr,
    /// Seconds that a service gets for one answer
    #[arg(long, value_name = "SECONDS", default_value_t = limits::ANSWER_WITHIN.as_secs(), value_parser = clap::value_parser!(u64).range(1..=600))]
    deadline: u64,
    /// Seconds that --start gets to listen
    #[arg(long, value_name = "SECONDS", default_value_t = limits::READY_WITHIN.as_secs(), value_parser = clap::value_parser!(u64).range(1..=600))]
    ready_within: u64,
    /// Allow an endpoint that is not on this machine: it will be under load
    #[arg(long)]
    allow_remote: bool,
    /// CSV file of a class: id, and endpoint, command or lambda, perhaps directory and email
    #[arg(long, value_name = "FILE", conflicts_with_all = ["endpoint", "start", "lambda", "from"])]
    roster: Option<PathBuf>,
    /// Seconds that one service gets in all; cases that are left then are not played
    #[arg(long, value_name = "SECONDS", default_value_t = limits::STUDENT_WITHIN.as_secs(), value_parser = clap::value_parser!(u64).range(1..=7200))]
    student_deadline: u64,
    /// Examine those once more who could not be examined, or with whom graders were killed
    #[arg(long, requires = "roster")]
    again: bool,
    /// Grade only every Nth student of the roster, from the Ith on; `grade merge` puts the parts together
    #[arg(long, value_name = "I/N", requires = "roster", value_parser = super::shard::parse)]
    shard: Option<Share>,
    /// Examine the service so often, each time with other files, and say which points moved
    #[arg(long, value_name = "N", conflicts_with_all = ["diff", "salt", "from", "roster", "endpoint"])]
    repeat: Option<std::num::NonZeroU8>,
    /// Examinations side by side, of a roster or of --repeat [default: three for each core]
    #[arg(long, value_name = "N")]
    jobs: Option<std::num::NonZeroU8>,
    /// Also write it for other programs: gradescope, classroom50, github, prairielearn, autolab, coderunner,
    /// junit, tap, markdown, csv, or all
    #[arg(long, value_delimiter = ',', value_name = "FORMAT,…")]
    format: Vec<String>,
    /// Print the grade as JSON and nothing else
    #[arg(long)]
    json: bool,
    /// End with 1 unless the service got at least so many points in all
    #[arg(long, value_name = "POINTS", conflicts_with = "roster", value_parser = at_least)]
    fail_under: Option<f64>,
    /// End when standard input does: so a grader goes with the class that it belongs to
    #[arg(long, hide = true)]
    until_stdin_ends: bool,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List, show and check rubrics, and list what they can measure
    #[command(subcommand)]
    Rubric(rubrics::RubricAction),
    /// Grade our own services: naive must get less than 40 %, hardened at least 95 %
    SelfTest,
    /// List the flaws that can be recognised
    Flaws,
    /// Show every grade that a service was given, with date and reason
    History(history::HistoryArgs),
    /// Put the parts of a class together that were graded with --shard
    Merge(merge::MergeArgs),
    /// Connects a service that has a network of its own; run by the grader
    #[command(hide = true)]
    Relay {
        /// Folder of the sockets
        folder: PathBuf,
        /// Port of the API
        upstream: u16,
        /// Port of the service
        port: u16,
    },
    /// Put a class's points into the CSV file that a learning platform exported
    Fill(class::FillArgs),
}

/// Runs the command.
pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    match &args.action {
        Some(Action::Rubric(action)) => return rubrics::run(action),
        Some(Action::Relay {
            folder,
            upstream,
            port,
        }) => {
            runtime()?.block_on(examiner::relay_inside(folder, *upstream, *port))?;
            return Ok(Exit::Done);
        }
        Some(Action::Merge(args)) => return merge::merge(args),
        Some(Action::Flaws) => return flaws(),
        Some(Action::SelfTest) => return own::self_test(),
        Some(Action::History(args)) => return history::show(args),
        Some(Action::Fill(args)) => return class::fill(args),
        None => {}
    }
    if args.jobs.is_some() && args.roster.is_none() && args.repeat.is_none() {
        bail!("--jobs is for a class or for --repeat: one service is examined case by case");
    }
    let rubrics = Rubrics::read(&args.rubric)?;
    let formats = formats(&args.format)?;
    if let Some(roster) = &args.roster {
        return class::run(args, roster, &rubrics, &formats);
    }
    if args.repeat.is_some() {
        if args.start.is_none() && args.lambda.is_none() {
            bail!("--repeat starts a service anew each time: give it with --start or --lambda");
        }
        return repeat::run(args, &rubrics, &formats);
    }
    let exam = match &args.from {
        Some(folder) => rubrics.of_these_cases(read_exam(folder)?),
        None => match unless_interrupted(examine_for_parent(args, &rubrics))? {
            Some(exam) => exam,
            None => return Ok(Exit::Interrupted),
        },
    };
    let grade = grade::grade(&exam, &rubrics.all);
    let earlier = args
        .diff
        .as_ref()
        .map(|folder| read_grade(folder))
        .transpose()?;
    write_out(&args.out, &exam, &grade, &formats)?;
    let mut out = std::io::stdout();
    let worse = earlier.as_ref().filter(|_| args.fail_if_worse);
    let worse = worse.map_or_else(Vec::new, |earlier| diff::worse(earlier, &grade));
    let exit = match args.fail_under {
        Some(least) if !reaches(&grade, least) => Exit::Failed,
        _ if !worse.is_empty() => Exit::Failed,
        _ => Exit::Done,
    };
    if args.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&grade)?)?;
        return Ok(exit);
    }
    write!(out, "{}", feedback::text(&grade))?;
    if let Some(earlier) = &earlier {
        write!(
            out,
            "\nSince the examination with salt {}: {}",
            earlier.salt,
            diff::text(earlier, &grade)
        )?;
    }
    for one in &worse {
        write!(out, "{}", wrapped(one, "worse: ", "  ", COLUMNS))?;
    }
    if let Some(least) = args.fail_under.filter(|least| !reaches(&grade, *least)) {
        writeln!(
            out,
            "less than the {} points of --fail-under",
            points(least)
        )?;
    }
    writeln!(out, "grade: {}", args.out.join("grade.json").display())?;
    if formats.contains(&Format::Autolab) {
        // Autolab reads the last line.
        write!(out, "{}", Format::Autolab.write(&grade, &|_| None))?;
    }
    Ok(exit)
}

/// Whether a service was graded and got at least `least` points in all.
fn reaches(grade: &Grade, least: f64) -> bool {
    grade.status == Status::Graded && grade.score >= least
}

/// A number of points, as it may be given on the command line.
fn at_least(text: &str) -> Result<f64, String> {
    let points = text
        .parse()
        .ok()
        .filter(|points: &f64| points.is_finite() && *points >= 0.0);
    points.ok_or_else(|| "give a number of points, 0 or more".to_owned())
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the async runtime")
}

/// Does `work`, unless ctrl-C or SIGTERM comes first: then the services that it started end with it.
fn unless_interrupted<T>(
    work: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<Option<T>> {
    // The runtime is this work's own: what is left of it ends here.
    runtime()?.block_on(async {
        tokio::select! {
            biased;
            () = super::interrupt::told_to_end() => Ok(None),
            done = work => done.map(Some),
        }
    })
}

/// Asks to stop when this process is told to end.
fn stop_when_told(stop: Stop) -> anyhow::Result<()> {
    let runtime = runtime()?;
    std::thread::spawn(move || {
        runtime.block_on(async {
            super::interrupt::told_to_end().await;
            stop.stop();
        });
    });
    Ok(())
}

/// An examination that ends with the process that asked for it, if there is one.
async fn examine_for_parent(args: &Args, rubrics: &Rubrics) -> anyhow::Result<Exam> {
    if !args.until_stdin_ends {
        return examine(args, rubrics).await;
    }
    let (send, ended) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        // Nothing is ever sent there: it ends with the other side.
        let _ended = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        let _gone = send.send(());
    });
    tokio::select! {
        biased;
        _ended = ended => bail!("the class that it was examined for has ended"),
        exam = examine(args, rubrics) => exam,
    }
}

fn formats(names: &[String]) -> anyhow::Result<Vec<Format>> {
    if names.iter().any(|name| name == "all") {
        return Ok(Format::VARIANTS.to_vec());
    }
    names.iter().map(|name| Ok(name.parse()?)).collect()
}

fn flaws() -> anyhow::Result<Exit> {
    let mut out = std::io::stdout();
    let below = "     ";
    for (id, title) in grade::known_flaws() {
        write!(
            out,
            "{}",
            wrapped(title, &format!("{id:<4} "), below, COLUMNS)
        )?;
    }
    writeln!(out, "\nNot recognised:")?;
    for (id, title, why) in grade::untold_flaws() {
        let title = format!("{title}:");
        write!(
            out,
            "{}",
            wrapped(&title, &format!("{id:<4} "), below, COLUMNS)
        )?;
        write!(out, "{}", wrapped(why, below, below, COLUMNS))?;
    }
    Ok(Exit::Done)
}
