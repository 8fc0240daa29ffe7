//! `breaklab grade --roster`: a whole class, one student after the other, whatever one of them does.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};

use super::exam::{Started, cases, examine_running, examine_started, take_reference};
use super::folder::{read_exam, write, write_out};
use super::{Args, Exit, unless_interrupted};
use crate::examiner;
use crate::grade::class::{self, Row, Student};
use crate::grade::format::Format;
use crate::grade::{self, Grade, Rubric, Status, lms};
use crate::record::exam::Exam;
use crate::text::{excerpt, file_name};
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
    rubrics: &[Rubric],
    formats: &[Format],
) -> anyhow::Result<Exit> {
    let text = std::fs::read_to_string(roster)
        .with_context(|| format!("cannot read `{}`", roster.display()))?;
    let students = class::roster(&text).map_err(anyhow::Error::msg)?;
    let remote = students
        .iter()
        .find(|one| !one.endpoint.is_empty() && !transport::is_loopback(&one.endpoint));
    if let Some(student) = remote.filter(|_| !args.allow_remote) {
        bail!(
            "the endpoint of {} is not on this machine; add --allow-remote if you mean to put it under load",
            student.id
        );
    }
    let mut rows = Vec::new();
    let mut out = std::io::stdout();
    for student in students {
        let folder = args.out.join("students").join(file_name(&student.id));
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("cannot make the folder `{}`", folder.display()))?;
        let result = match one(args, &student, &folder, rubrics, formats) {
            Ok(None) => return Ok(Exit::Interrupted),
            Ok(Some(grade)) => Ok(grade),
            Err(error) => Err(format!("{error:#}")),
        };
        let graded = Row { student, result };
        write!(out, "{}", class::lines(&graded))?;
        rows.push(graded);
        write(&args.out.join("class.csv"), class::csv(&rows).as_bytes())?;
        write(&args.out.join("class.html"), class::page(&rows).as_bytes())?;
    }
    writeln!(out, "class: {}", args.out.join("class.html").display())?;
    Ok(Exit::Done)
}

/// The grade of one student, unless interrupted; what an earlier invocation has examined is not
/// examined again.
fn one(
    args: &Args,
    student: &Student,
    folder: &Path,
    rubrics: &[Rubric],
    formats: &[Format],
) -> anyhow::Result<Option<Grade>> {
    let target = if student.command.is_empty() {
        &student.endpoint
    } else {
        &student.command
    };
    let needed = cases(rubrics);
    let known = read_exam(folder).ok().filter(|exam| {
        // What could not be examined is worth another try.
        let complete = needed.iter().all(|case| exam.cases.contains_key(case));
        exam.target == *target && exam.preflight.iter().all(|check| check.passed) && complete
    });
    let exam = match known {
        Some(exam) => exam,
        None => match examine(args, student, folder, rubrics)? {
            Some(exam) => exam,
            None => return Ok(None),
        },
    };
    let grade = grade::grade(&exam, rubrics);
    write_out(folder, &exam, &grade, formats)?;
    Ok(Some(grade))
}

fn examine(
    args: &Args,
    student: &Student,
    folder: &Path,
    rubrics: &[Rubric],
) -> anyhow::Result<Option<Exam>> {
    let salt = examiner::random_salt();
    let within = Duration::from_secs(args.student_deadline);
    let work = async {
        let mut exam = if student.command.is_empty() {
            examine_running(args, &student.endpoint, &salt, cases(rubrics)).await?
        } else {
            let directory =
                Some(Path::new(&student.directory)).filter(|path| !path.as_os_str().is_empty());
            let started = Started {
                command: &student.command,
                folder: directory,
                out: folder,
                ready: Duration::from_secs(args.ready_within),
                deadline: Duration::from_secs(args.deadline),
                cases: cases(rubrics),
            };
            examine_started(&started, &salt, &|_| {}).await?
        };
        if rubrics.iter().any(Rubric::needs_reference)
            && exam.preflight.iter().all(|check| check.passed)
        {
            take_reference(&mut exam).await?;
        }
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

/// Fills points into an exported file.
pub(super) fn fill(args: &FillArgs) -> anyhow::Result<Exit> {
    let text = std::fs::read_to_string(&args.export)
        .with_context(|| format!("cannot read `{}`", args.export.display()))?;
    let table = args.from.join("class.csv");
    let mut reader = csv::Reader::from_path(&table)
        .with_context(|| format!("cannot read `{}`", table.display()))?;
    let mut points = BTreeMap::new();
    for row in reader.deserialize::<BTreeMap<String, String>>() {
        let row = row?;
        let of = |name: &str| row.get(name).cloned().unwrap_or_default();
        let (who, score) = (of(args.by.into()), of("score"));
        // Open points are for people to settle, not for a gradebook.
        if !who.is_empty() && !score.is_empty() && of("status") == Status::Graded.name() {
            points.insert(who, score);
        }
    }
    let filled = lms::fill(&text, &args.key, &args.column, &points).map_err(anyhow::Error::msg)?;
    write(&args.out, filled.text.as_bytes())?;
    let mut out = std::io::stdout();
    writeln!(out, "{} rows filled: {}", filled.filled, args.out.display())?;
    for who in &filled.unused {
        writeln!(out, "no row for {}", excerpt(who, LONGEST_ID))?;
    }
    Ok(Exit::Done)
}
