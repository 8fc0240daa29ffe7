//! `breaklab grade merge`: one class from the parts that several machines graded with `--shard`.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use serde::{Deserialize, Serialize};

use super::Exit;
use super::folder::{read_grade, read_json, write};
use crate::grade::class::{self, Row, Student};
use crate::grade::{Grade, class_page};
use crate::load::Share;
use crate::text::file_name;

const FILE: &str = "class.json";
const SCHEMA: &str = "breaklab/class/v1";

/// Arguments of `breaklab grade merge`.
#[derive(Debug, clap::Args)]
pub(super) struct MergeArgs {
    /// Folders that `grade --roster FILE --shard I/N` wrote, all of them, in any order
    #[arg(value_name = "DIR", required = true)]
    dirs: Vec<PathBuf>,
    /// Folder for the whole class
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// Which students of a roster a folder holds; `class.json`.
#[derive(Debug, Serialize, Deserialize)]
struct Part {
    schema: String,
    /// Which part, from 1, of how many.
    shard: u64,
    of: u64,
    /// SHA-256 of the roster.
    roster_sha256: String,
    /// Students of the whole roster.
    total: u64,
    students: Vec<Entry>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    id: String,
    email: String,
    /// Why there is no grade.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// What the parts of a class have in common.
#[derive(Debug, Clone)]
pub(super) struct Whole {
    pub(super) share: Share,
    pub(super) roster_sha256: String,
    pub(super) total: usize,
}

/// Writes the tables over `rows` into `folder`, and which part of which class they are.
pub(super) fn write_class(folder: &Path, rows: &[Row], whole: &Whole) -> anyhow::Result<()> {
    let part = Part {
        schema: SCHEMA.to_owned(),
        shard: whole.share.index + 1,
        of: whole.share.of,
        roster_sha256: whole.roster_sha256.clone(),
        total: whole.total as u64,
        students: rows.iter().map(entry).collect(),
    };
    write(&folder.join("class.csv"), class::csv(rows).as_bytes())?;
    write(&folder.join("class.html"), class_page(rows).as_bytes())?;
    write(&folder.join(FILE), &serde_json::to_vec_pretty(&part)?)
}

fn entry(row: &Row) -> Entry {
    Entry {
        id: row.student.id.clone(),
        email: row.student.email.clone(),
        error: row.result.as_ref().err().cloned(),
    }
}

/// Runs the command.
pub(super) fn merge(args: &MergeArgs) -> anyhow::Result<Exit> {
    let mut parts = BTreeMap::new();
    let out = args.out.canonicalize().ok();
    for dir in &args.dirs {
        // To copy a file onto itself would empty it.
        ensure!(
            out.is_none() || dir.canonicalize().ok() != out,
            "`{}` is a part and --out as well; choose another --out",
            dir.display()
        );
        let part: Part = read_json(&dir.join(FILE), "a graded class", SCHEMA)?;
        if let Some((other, _)) = parts.insert(part.shard, (dir, part)) {
            bail!(
                "`{}` and `{}` are the same shard; name each once",
                other.display(),
                dir.display()
            );
        }
    }
    let whole = whole(&parts)?;
    let of = parts.len();
    // Each part has every `of`-th student: taken in turn they are in the roster's order again.
    let parts: Vec<_> = parts.into_values().collect();
    let rows = (0..whole.total).map(|at| {
        let (dir, part) = &parts[at % of];
        row(dir, &part.students[at / of])
    });
    let rows = rows.collect::<anyhow::Result<Vec<Row>>>()?;
    one_rubric(&rows)?;
    for (dir, part) in &parts {
        for one in &part.students {
            copy(dir, &args.out, &one.id)?;
        }
    }
    write_class(&args.out, &rows, &whole)?;
    let mut out = std::io::stdout();
    writeln!(
        out,
        "{} students, class: {}",
        rows.len(),
        args.out.join("class.html").display()
    )?;
    Ok(Exit::Done)
}

/// The class of which these are all parts.
fn whole(parts: &BTreeMap<u64, (&PathBuf, Part)>) -> anyhow::Result<Whole> {
    let (first_dir, first) = parts.values().next().context("no folder was given")?;
    for (dir, part) in parts.values() {
        ensure!(
            (part.of, &part.roster_sha256) == (first.of, &first.roster_sha256),
            "`{}` and `{}` are not parts of one class: roster or number of shards differ",
            first_dir.display(),
            dir.display()
        );
        ensure!(
            (1..=part.of).contains(&part.shard),
            "`{}` says that it is shard {} of {}, and there is none; grade it again",
            dir.display(),
            part.shard,
            part.of
        );
        let wanted = (part.total + part.of - part.shard) / part.of;
        ensure!(
            part.students.len() as u64 == wanted,
            "`{}` holds {} of its {wanted} students; run the same command again to finish it",
            dir.display(),
            part.students.len()
        );
    }
    let missing = (1..=first.of).filter(|shard| !parts.contains_key(shard));
    let missing: Vec<String> = missing
        .map(|shard| format!("{shard}/{}", first.of))
        .collect();
    ensure!(
        missing.is_empty(),
        "shards are missing: {}; grade them with --shard",
        missing.join(", ")
    );
    Ok(Whole {
        share: Share::default(),
        roster_sha256: first.roster_sha256.clone(),
        total: first.total as usize,
    })
}

fn row(dir: &Path, entry: &Entry) -> anyhow::Result<Row> {
    let result = match &entry.error {
        Some(why) => Err(why.clone()),
        None => Ok(read_grade(
            &dir.join("students").join(file_name(&entry.id)),
        )?),
    };
    Ok(Row {
        student: Student {
            id: entry.id.clone(),
            email: entry.email.clone(),
            ..Student::default()
        },
        result,
    })
}

/// Points by different rubrics do not belong into one table.
fn one_rubric(rows: &[Row]) -> anyhow::Result<()> {
    let of = |grade: &Grade| -> Vec<String> {
        grade
            .rubrics
            .iter()
            .map(|rubric| rubric.sha256.clone())
            .collect()
    };
    let graded = rows
        .iter()
        .filter_map(|row| Some((&row.student.id, row.result.as_ref().ok()?)));
    let mut graded = graded.peekable();
    let Some((first, wanted)) = graded.peek().map(|(id, grade)| ((*id).clone(), of(grade))) else {
        return Ok(());
    };
    match graded.find(|(_, grade)| of(grade) != wanted) {
        Some((other, _)) => bail!(
            "{first} and {other} were graded by different rubrics; grade every shard again with the same --rubric, \
             which takes a second"
        ),
        None => Ok(()),
    }
}

fn copy(from: &Path, to: &Path, id: &str) -> anyhow::Result<()> {
    let student = Path::new("students").join(file_name(id));
    let (from, to) = (from.join(&student), to.join(&student));
    std::fs::create_dir_all(&to)
        .with_context(|| format!("cannot make the folder `{}`", to.display()))?;
    let files =
        std::fs::read_dir(&from).with_context(|| format!("cannot read `{}`", from.display()))?;
    for file in files {
        let path = file?.path();
        if let Some(name) = path.file_name().filter(|_| path.is_file()) {
            std::fs::copy(&path, to.join(name))
                .with_context(|| format!("cannot copy `{}`", path.display()))?;
        }
    }
    Ok(())
}
