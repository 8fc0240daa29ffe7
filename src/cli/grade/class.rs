//! `breaklab grade --roster`: a whole class, several students side by side, whatever one of them does.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, bail};
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::exam::{examine_running, take_reference};
use super::folder::{read_exam, write, write_out};
use super::merge::{Whole, write_class};
use super::records::{self, Records};
use super::rubrics::Rubrics;
use super::side_by_side::{default_jobs, side_by_side};
use super::{Args, Exit, apart, code, stop_when_told, unless_interrupted};
use crate::examiner;
use crate::grade::class::{self, Row, Student};
use crate::grade::format::Format;
use crate::grade::{self, Grade, lms};
use crate::load::Stop;
use crate::record::exam::Exam;
use crate::text::figures::about;
use crate::text::{COLUMNS, block, excerpt, file_name, wrapped};
use crate::transport;

/// Characters of a foreign id that are repeated.
const LONGEST_ID: usize = 200;

/// Arguments of `breaklab grade fill`.
#[derive(Debug, clap::Args)]
pub(super) struct FillArgs {
    /// The file that the learning platform exported
    #[arg(value_name = "EXPORT.csv")]
    export: PathBuf,
    /// Folder of a graded class
    #[arg(long, value_name = "DIR", default_value = "reports/grade")]
    from: PathBuf,
    /// Column of the export that names the student
    #[arg(long, value_name = "COLUMN")]
    key: String,
    /// What the key is compared with: the roster's id or email
    #[arg(long, value_enum, default_value = "email")]
    by: Identity,
    /// Column of the export that takes the points
    #[arg(long, value_name = "COLUMN")]
    column: String,
    /// Convert the points to what the column takes, where the export says how much that is
    #[arg(long)]
    scale: bool,
    /// The filled file; the export itself is left alone
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// What the rows of an export are matched by.
#[derive(Debug, Clone, Copy, clap::ValueEnum, strum::IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
enum Identity {
    Id,
    Email,
}

/// Grades everybody in `roster`, and writes tables over all after each.
pub(super) fn run(
    args: &Args,
    roster: &Path,
    rubrics: &Rubrics,
    formats: &[Format],
) -> anyhow::Result<Exit> {
    let bytes =
        std::fs::read(roster).with_context(|| format!("cannot read `{}`", roster.display()))?;
    let everybody = class::roster(&bytes).map_err(anyhow::Error::msg)?;
    let whole = Whole {
        share: args.shard.unwrap_or_default(),
        roster_sha256: hex::encode(Sha256::digest(&bytes)),
        total: everybody.len(),
    };
    let mine = (0..).zip(everybody);
    let mine = mine.filter(|(at, _)| whole.share.holds(*at));
    let students: Vec<Student> = mine.map(|(_, student)| student).collect();
    if students.is_empty() {
        bail!(
            "this shard holds no student, because there are only {}; use fewer shards",
            whole.total
        );
    }
    let remote = students
        .iter()
        .find(|one| !one.endpoint.is_empty() && !transport::is_loopback(&one.endpoint));
    if let Some(student) = remote.filter(|_| !args.allow_remote) {
        bail!(
            "the endpoint of {} is not on this machine; add --allow-remote if you mean to put it under load",
            student.id
        );
    }
    let jobs = args
        .jobs
        .map_or_else(default_jobs, |jobs| usize::from(jobs.get()));
    let stop = Stop::default();
    stop_when_told(stop.clone())?;
    let folder = |student: &Student| folder_of(args, student);
    let records = Records::before(students.iter().map(folder));
    let class = Class {
        args,
        records: &records,
        rubrics,
        formats,
        stop: &stop,
        upstream: Mutex::new(()),
    };
    let mut rows: Vec<Option<Row>> = vec![None; students.len()];
    let began = Instant::now();
    let mut out = std::io::stdout();
    side_by_side(
        students.len(),
        jobs,
        &stop,
        |at| class.row(&students[at]),
        |at, row, under_way| {
            let Some(row) = row? else { return Ok(()) };
            write!(out, "{}", class::lines(&row))?;
            rows[at] = Some(row);
            let done: Vec<Row> = rows.iter().flatten().cloned().collect();
            write_class(&args.out, &done, &whole)?;
            let slowest = under_way.slowest();
            let slowest = slowest.map(|(at, took)| (students[at].id.as_str(), took));
            // Those under way are half done on average.
            let ended = done.len() as f64 + under_way.count() as f64 / 2.0;
            let each = began.elapsed().as_secs_f64() / ended;
            tell_progress(done.len(), rows.len(), each, slowest);
            Ok(())
        },
    )?;
    for folder in records.put_changed_aside() {
        let said = format!(
            "the record in {} was changed by somebody else meanwhile and is put aside as exam.refused.json: look at the services \
             that ran then",
            folder.display()
        );
        write!(out, "{}", wrapped(&said, "", "  ", COLUMNS))?;
    }
    if stop.is_stopped() {
        return Ok(Exit::Interrupted);
    }
    writeln!(out, "class: {}", args.out.join("class.html").display())?;
    Ok(Exit::Done)
}

/// How far a class is, for people who wait.
fn tell_progress(done: usize, count: usize, each_s: f64, slowest: Option<(&str, Duration)>) {
    if done == count {
        return;
    }
    let left = each_s * (count - done) as f64;
    let slowest = slowest.map_or_else(String::new, |(id, took)| {
        let id = excerpt(id, LONGEST_ID);
        format!("; longest under way: {id}, {}", about(took.as_secs_f64()))
    });
    let said = format!(
        "{done} of {count} students, about {} left{slowest}",
        about(left)
    );
    // Nobody is left to tell when standard error is gone.
    let _gone = write!(std::io::stderr(), "{}", wrapped(&said, "", "  ", COLUMNS));
}

/// Puts the record of other code aside, so that it is never taken for one of this code.
fn set_aside(folder: &Path) -> std::io::Result<()> {
    match std::fs::rename(folder.join("exam.json"), folder.join("exam.previous.json")) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Where the records of a student stand.
fn folder_of(args: &Args, student: &Student) -> PathBuf {
    args.out.join("students").join(file_name(&student.id))
}

/// What all students of a class have in common.
struct Class<'a> {
    args: &'a Args,
    records: &'a Records,
    rubrics: &'a Rubrics,
    formats: &'a [Format],
    stop: &'a Stop,
    /// Services that run already ask the one API at `--upstream`, and so go one after the other.
    upstream: Mutex<()>,
}

impl Class<'_> {
    /// What became of one student; nothing if there was a stop first.
    fn row(&self, student: &Student) -> anyhow::Result<Option<Row>> {
        let folder = folder_of(self.args, student);
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("cannot make the folder `{}`", folder.display()))?;
        let result = match self.grade(student, &folder) {
            Ok(None) => return Ok(None),
            Ok(Some(grade)) => Ok(grade),
            Err(error) => {
                let why = format!("{error:#}");
                // Everybody gets an answer, also who has no grade.
                let said = format!("Your service could not be examined: {}\n", block(&why));
                write(&folder.join("feedback.txt"), said.as_bytes())?;
                Err(why)
            }
        };
        Ok(Some(Row {
            student: student.clone(),
            result,
        }))
    }

    /// The grade of one student, unless there was a stop; what an earlier invocation has examined is
    /// not examined again while the code is the same.
    fn grade(&self, student: &Student, folder: &Path) -> anyhow::Result<Option<Grade>> {
        let target = student.target();
        let code = code::digest(student);
        let known = read_exam(folder).ok();
        let known = known.map(|exam| self.rubrics.of_these_cases(exam));
        let known = known.filter(|exam| {
            let is_same = code
                .as_ref()
                .is_none_or(|code| code::is_known(folder, code));
            let complete = self.rubrics.are_answered_by(exam);
            let passed = exam.preflight.iter().all(|check| check.passed);
            let played = passed && exam.unplayed.is_empty();
            // What could not be examined is tried again when asked for; it may take long to fail.
            let is_enough = (complete || !passed) && (played || !self.args.again);
            let believed = self.records.is_believed(folder);
            exam.target == target && is_enough && is_same && believed
        });
        let exam = match known {
            Some(exam) => exam,
            None => {
                set_aside(folder)?;
                self.records.believe(folder);
                // Before, since a kill may come between the record and what follows it.
                code::remember(folder, std::slice::from_ref(&code))?;
                records::begin(folder, self.args.again)?;
                let exam = self.examine(student, folder);
                records::end(folder);
                let Some(exam) = exam? else {
                    return Ok(None);
                };
                code::remember(folder, &[code, code::digest(student)])?;
                exam
            }
        };
        let grade = grade::grade(&exam, &self.rubrics.all);
        write_out(folder, &exam, &grade, self.formats)?;
        self.records.believe(folder);
        Ok(Some(grade))
    }

    fn examine(&self, student: &Student, folder: &Path) -> anyhow::Result<Option<Exam>> {
        if student.endpoint.is_empty() {
            return apart::examine(self.args, student, folder, self.stop);
        }
        // A thread that panicked has left nothing half done here.
        let _one_at_a_time = self.upstream.lock().unwrap_or_else(PoisonError::into_inner);
        let salt = examiner::random_salt()?;
        let within = Duration::from_secs(self.args.student_deadline);
        let work = async {
            let mut exam =
                examine_running(self.args, &student.endpoint, &salt, self.rubrics).await?;
            take_reference(&mut exam, self.rubrics).await?;
            anyhow::Ok(exam)
        };
        unless_interrupted(async {
            tokio::time::timeout(within, work).await.with_context(|| {
                format!(
                    "not done within {} s; --student-deadline gives more",
                    within.as_secs()
                )
            })?
        })
    }
}

/// Fills points into an exported file.
pub(super) fn fill(args: &FillArgs) -> anyhow::Result<Exit> {
    let export = std::fs::read(&args.export)
        .with_context(|| format!("cannot read `{}`", args.export.display()))?;
    let table = args.from.join("class.csv");
    let class =
        std::fs::read(&table).with_context(|| format!("cannot read `{}`", table.display()))?;
    let points = lms::points_of(&class, args.by.into())
        .map_err(|why| anyhow::anyhow!("`{}`: {why}", table.display()))?;
    let filled = lms::fill(&export, &args.key, &args.column, args.scale, &points)
        .map_err(|why| anyhow::anyhow!("`{}`: {why}", args.export.display()))?;
    if filled.filled == 0 {
        bail!(
            "no row of `{}` was filled: none has in its column `{}` the {} of a student with a grade in `{}`; \
             choose other --key and --by",
            args.export.display(),
            args.key,
            <&str>::from(args.by),
            table.display()
        );
    }
    write(&args.out, &filled.bytes)?;
    let mut out = std::io::stdout();
    writeln!(out, "{} rows filled: {}", filled.filled, args.out.display())?;
    for who in &filled.unused {
        writeln!(out, "no row for {}", excerpt(who, LONGEST_ID))?;
    }
    Ok(Exit::Done)
}
