//! The folder of a grade: the record, the grade, what the student reads, and other formats.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, bail};
use serde_json::Value;

use super::history;
use crate::contract::first_words;
use crate::grade::format::Format;
use crate::grade::{self, Grade, feedback};
use crate::record::exam::{self, Exam};

/// Reads a file whose field `schema` must be `schema`: what another version wrote may mean something else.
pub(super) fn read_json<T: serde::de::DeserializeOwned>(
    path: &Path,
    what: &str,
    schema: &str,
) -> anyhow::Result<T> {
    let shown = path.display();
    let text = std::fs::read(path).with_context(|| format!("cannot read `{shown}`"))?;
    let json: Value =
        serde_json::from_slice(&text).with_context(|| format!("`{shown}` is not {what}"))?;
    match json["schema"].as_str() {
        Some(found) if found != schema => bail!(
            "`{shown}` has the layout `{}`, and this version reads `{schema}`: examine the service again, \
             or use the version of breaklab that wrote it",
            first_words(found)
        ),
        _ => serde_json::from_value(json).with_context(|| format!("`{shown}` is not {what}")),
    }
}

pub(super) fn read_exam(folder: &Path) -> anyhow::Result<Exam> {
    read_json(
        &folder.join("exam.json"),
        "the record of an examination",
        exam::SCHEMA,
    )
}

pub(super) fn read_grade(folder: &Path) -> anyhow::Result<Grade> {
    read_json(&folder.join("grade.json"), "a grade", grade::SCHEMA)
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
    history::note(folder, grade)?;
    for format in formats {
        let text = format.write(grade, &|name| std::env::var(name).ok());
        write(&folder.join(format.file()), text.as_bytes())?;
    }
    write(
        &folder.join("feedback.html"),
        grade::student_page(grade, exam).as_bytes(),
    )?;
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
