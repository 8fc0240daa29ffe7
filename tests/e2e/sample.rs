//! The committed sample report is what the program writes today.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::cli::breaklab;

/// The chapter's four failures, with the protections that mend them.
const RUN: [&str; 9] = [
    "run",
    "large-files",
    "cost-explosion",
    "rate-limits",
    "slow-processing",
    "--ablate",
    "--quiet",
    "--out",
    "written",
];

/// What is committed of it: the data is too large.
const PAGES: [&str; 5] = ["report", "written", "--pages-only", "--out", "sample"];

/// The same pages from the record alone.
const AGAIN: [&str; 4] = ["report", "written", "--out", "again"];

/// Set to renew the sample instead of comparing with it.
const RENEW: &str = "UPDATE_REPORTS";

#[test]
fn the_committed_sample_is_current() {
    let folder = tempfile::tempdir().unwrap();
    for command in [&RUN[..], &PAGES, &AGAIN] {
        let output = breaklab(folder.path(), command);
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{complaint}");
    }
    assert!(
        pages(&folder.path().join("written")) == pages(&folder.path().join("again")),
        "`breaklab report` does not give the pages of `breaklab run` again"
    );
    let written = pages(&folder.path().join("sample"));
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("reports/sample");
    if std::env::var_os(RENEW).is_some() {
        renew(&sample, &written);
    }
    let committed = pages(&sample);
    let names = |files: &BTreeMap<PathBuf, String>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&committed), names(&written), "{}", way_out());
    for (name, text) in &written {
        assert!(
            committed[name] == *text,
            "reports/sample/{} is out of date; {}",
            name.display(),
            way_out()
        );
    }
}

fn way_out() -> String {
    format!("look at the new pages, then renew them: {RENEW}=1 cargo test --test e2e sample")
}

fn renew(sample: &Path, written: &BTreeMap<PathBuf, String>) {
    fs::remove_dir_all(sample.join("plots")).ok();
    fs::create_dir_all(sample.join("plots")).unwrap();
    for (name, text) in written {
        fs::write(sample.join(name), text).unwrap();
    }
}

/// The files of a report that people read: pages and plots.
fn pages(folder: &Path) -> BTreeMap<PathBuf, String> {
    let mut names = vec![PathBuf::from("report.html"), PathBuf::from("report.md")];
    if let Ok(plots) = folder.join("plots").read_dir() {
        names.extend(plots.map(|plot| Path::new("plots").join(plot.unwrap().file_name())));
    }
    let text = |name: PathBuf| Some((fs::read_to_string(folder.join(&name)).ok()?, name));
    names
        .into_iter()
        .filter_map(text)
        .map(|(text, name)| (name, text))
        .collect()
}
