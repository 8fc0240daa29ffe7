//! The folder of a grade: the record, the grade, what the student reads, and other formats.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, bail};

use crate::grade::format::Format;
use crate::grade::{Grade, feedback};
use crate::record::exam::{Exam, SCHEMA};

fn read_json<T: serde::de::DeserializeOwned>(path: &Path, what: &str) -> anyhow::Result<T> {
    let text = std::fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("`{}` is not {what}", path.display()))
}

pub(super) fn read_exam(folder: &Path) -> anyhow::Result<Exam> {
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

pub(super) fn read_grade(folder: &Path) -> anyhow::Result<Grade> {
    read_json(&folder.join("grade.json"), "a grade")
}

pub(super) fn write_out(
    folder: &Path,
    exam: &Exam,
    grade: &Grade,
    formats: &[Format],
) -> anyhow::Result<()> {
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

/// Writes beside the file and renames, so that no reader sees half a file.
pub(super) fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.persist(path)
        .with_context(|| format!("cannot write `{}`", path.display()))?;
    Ok(())
}
