//! The files of a report: the only place of this room that touches the disk.
//!
//! Each file appears whole or not at all. Nothing is ever deleted.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::record::{self, Record};
use crate::summary::Summary;

use super::hgrm::{self, file, hgrm};
use super::{Data, ReportError, Story, csv, html, markdown};
use crate::text;

/// Name of the file that holds the facts.
const RECORD: &str = "record.json";

/// Writes record, summary, pages, CSV files, plots and histograms into `dir`, which is created when
/// missing, and returns their paths. Every file is complete when it appears under its name.
pub fn write_all(
    dir: &Path,
    record: &Record,
    summary: &Summary,
    stories: &[Story],
) -> Result<Vec<PathBuf>, ReportError> {
    let mut files = vec![
        (RECORD.to_owned(), json(RECORD, record)?),
        ("summary.json".to_owned(), json("summary.json", summary)?),
        ("requests.csv".to_owned(), csv::requests(record)?),
        ("summary.csv".to_owned(), csv::summary(summary)?),
    ];
    for run in &record.runs {
        let endings = run
            .latency
            .iter()
            .map(|(&ending, latencies)| (ending.name(), latencies));
        // In simulated time the lag is zero throughout.
        let lag = (run.lag.micros().max() > 0).then_some(("lag", &run.lag));
        for (what, latencies) in endings.chain(lag) {
            let name = file(run, what);
            files.push((format!("{name}.hgrm"), hgrm(latencies)));
            files.push((format!("{name}.csv"), hgrm::csv(latencies)));
        }
    }
    files.extend(pages(record, summary, stories, Data::Beside)?);
    write_files(dir, &files)
}

/// Writes pages and plots alone, for a place that the data is too large for; otherwise like [`write_all`].
pub fn write_pages(
    dir: &Path,
    record: &Record,
    summary: &Summary,
    stories: &[Story],
) -> Result<Vec<PathBuf>, ReportError> {
    write_files(dir, &pages(record, summary, stories, Data::Absent)?)
}

/// Name and content.
type File = (String, String);

fn pages(
    record: &Record,
    summary: &Summary,
    stories: &[Story],
    data: Data,
) -> Result<Vec<File>, ReportError> {
    let chapters = html::chapters(record, summary, stories)?;
    let page = html::page(record, summary, &chapters, data);
    let mut files = vec![
        ("report.html".to_owned(), page),
        ("report.md".to_owned(), markdown(record, summary, stories)),
    ];
    let plots = chapters.plots();
    files.extend(plots.map(|plot| {
        (
            format!("plots/{}.svg", text::file_name(&plot.name)),
            plot.file(),
        )
    }));
    Ok(files)
}

fn write_files(dir: &Path, files: &[File]) -> Result<Vec<PathBuf>, ReportError> {
    files
        .iter()
        .map(|(name, content)| write(&dir.join(name), content))
        .collect()
}

/// Makes sure that [`write_all`] can write into `dir`, which is created when missing, so that a long
/// run does not end in an error message.
pub fn check_writable(dir: &Path) -> Result<(), ReportError> {
    let probe = fs::create_dir_all(dir).and_then(|()| readable().tempfile_in(dir));
    match probe {
        Ok(_) => Ok(()),
        Err(source) => Err(ReportError::Write {
            path: dir.to_owned(),
            source,
        }),
    }
}

/// Reads the record that [`write_all`] left in `dir`.
pub fn read_record(dir: &Path) -> Result<Record, ReportError> {
    #[derive(Deserialize)]
    struct Head {
        schema: String,
    }
    let path = dir.join(RECORD);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(source) => return Err(ReportError::Read { path, source }),
    };
    let layout = |source| ReportError::Layout {
        path: path.clone(),
        source,
    };
    let head: Head = serde_json::from_slice(&text).map_err(layout)?;
    if head.schema != record::SCHEMA {
        return Err(ReportError::Schema {
            path,
            found: head.schema,
            expected: record::SCHEMA,
        });
    }
    serde_json::from_slice(&text).map_err(layout)
}

fn json(file: &'static str, value: &impl Serialize) -> Result<String, ReportError> {
    let mut text =
        serde_json::to_string_pretty(value).map_err(|source| ReportError::Json { file, source })?;
    text.push('\n');
    Ok(text)
}

fn write(path: &Path, content: &str) -> Result<PathBuf, ReportError> {
    match replace(path, content) {
        Ok(()) => Ok(path.to_owned()),
        Err(source) => Err(ReportError::Write {
            path: path.to_owned(),
            source,
        }),
    }
}

/// Writes beside the target and renames, so that a reader or a crash never meets half a file.
fn replace(path: &Path, content: &str) -> std::io::Result<()> {
    let dir = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(dir)?;
    let mut file = readable().tempfile_in(dir)?;
    file.write_all(content.as_bytes())?;
    file.persist(path)?;
    Ok(())
}

/// Temporary files are private by default; a report is for everybody whom the user's mask allows.
fn readable() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.prefix(".breaklab-");
    builder
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    fn written(dir: &Path) -> Vec<PathBuf> {
        let record = fixture::record();
        write_all(
            dir,
            &record,
            &fixture::summary(&record),
            &fixture::stories(),
        )
        .unwrap()
    }

    #[test]
    fn what_is_written_reads_back_as_the_same_record() {
        let dir = tempfile::tempdir().unwrap();
        written(dir.path());
        assert_eq!(read_record(dir.path()).unwrap(), fixture::record());
    }

    #[test]
    fn all_files_are_there_and_nothing_else_is_touched() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("mine.txt"), "keep").unwrap();
        let paths = written(dir.path());
        for name in [
            "record.json",
            "summary.json",
            "report.html",
            "report.md",
            "requests.csv",
            "summary.csv",
            "plots/comparison.svg",
            "plots/rate-limits-latency.svg",
            "histograms/rate-limits.naive.rate-limited.hgrm",
            "histograms/rate-limits.naive.rate-limited.csv",
        ] {
            assert!(paths.contains(&dir.path().join(name)), "{name}");
        }
        assert!(paths.iter().all(|path| path.is_file()));
        assert_eq!(
            fs::read_to_string(dir.path().join("mine.txt")).unwrap(),
            "keep"
        );
        let left_over = fs::read_dir(dir.path()).unwrap().filter(|entry| {
            entry
                .as_ref()
                .unwrap()
                .file_name()
                .to_string_lossy()
                .starts_with(".breaklab-")
        });
        assert_eq!(left_over.count(), 0);
    }

    #[test]
    fn the_same_record_gives_the_same_bytes() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for (a, b) in written(one.path()).iter().zip(written(two.path())) {
            assert_eq!(
                fs::read(a).unwrap(),
                fs::read(b).unwrap(),
                "{}",
                a.display()
            );
        }
    }

    #[test]
    fn a_record_of_another_layout_is_refused_by_name() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(
            dir.path().join(RECORD),
            r#"{"schema":"breaklab/record/v1","old":1}"#,
        )
        .unwrap();
        let error = read_record(dir.path()).unwrap_err().to_string();
        assert!(
            error.contains("breaklab/record/v1") && error.contains("run the scenarios again"),
            "{error}"
        );
    }

    #[test]
    fn a_missing_record_says_what_to_name_instead() {
        let error = read_record(Path::new("/nonexistent"))
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("/nonexistent/record.json") && error.contains("breaklab run"),
            "{error}"
        );
    }

    #[test]
    fn an_unwritable_directory_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        let record = fixture::record();
        assert!(check_writable(&file).is_err());
        let error = write_all(&file, &record, &fixture::summary(&record), &[])
            .unwrap_err()
            .to_string();
        assert!(error.contains(&file.display().to_string()), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn others_may_read_a_report() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let plain = dir.path().join("plain");
        fs::write(&plain, "").unwrap();
        let path = &written(dir.path())[0];
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(path), mode(&plain));
    }
}
