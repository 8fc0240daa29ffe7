//! Pages, tables and CSV files from a record and its summary.
//!
//! Everything here is a pure function except [`write_all`], [`write_pages`], [`check_writable`] and [`read_record`]. No number is
//! computed here: [`crate::summary`] does that, and this room puts it into words and pictures.

use std::path::PathBuf;

pub use ablation::{ablation_table, main_runs};
pub use agreement::agreement;
pub use compare::{Named, compare};
pub use html::html;
pub use markdown::markdown;
pub use table::table;
pub use write::{check_writable, read_record, write_all, write_pages};

mod ablation;
mod agreement;
mod compare;
mod csv;
#[cfg(test)]
mod fixture;
mod headline;
mod hgrm;
mod html;
mod judgement;
mod magnitude;
mod markdown;
mod plot;
mod rows;
mod scenarios;
mod spark;
mod table;
mod verdict;
mod write;

/// Characters of an error that a page repeats.
const EXCERPT: usize = 320;

/// Where the data of a page is, so that no link leads nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Data {
    /// In the same folder.
    Beside,
    /// Left out: the page stands alone.
    Absent,
}

/// What a scenario tells, in words that the scenario's author wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Story {
    /// Scenario id.
    pub scenario: String,
    /// What is done and what breaks, two sentences.
    pub story: String,
    /// What fixes it.
    pub fix: String,
    /// The command that repeats it.
    pub reproduce: String,
}

/// Why a report could not be made or read.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// Fewer than two runs to compare.
    #[error("{0} given to compare; name two directories or more that `breaklab run --out` wrote")]
    NothingToCompare(&'static str),
    /// Two runs of one name.
    #[error("two runs are called `{0}`; name directories with different names")]
    SameName(String),
    /// A plot could not be drawn.
    #[error("a plot could not be drawn: {0}")]
    Draw(String),
    /// A CSV file could not be laid out.
    #[error("a CSV file could not be written")]
    Csv(#[from] ::csv::Error),
    /// Values that have no JSON form.
    #[error("{file} could not be written as JSON")]
    Json {
        /// The file.
        file: &'static str,
        /// The cause.
        source: serde_json::Error,
    },
    /// A file or directory could not be written.
    #[error("cannot write `{}`; choose another directory with --out", path.display())]
    Write {
        /// The path.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A file could not be read.
    #[error("cannot read `{}`; name a directory that `breaklab run --out` wrote", path.display())]
    Read {
        /// The path.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A file that is no record.
    #[error("`{}` is not a record of breaklab", path.display())]
    Layout {
        /// The path.
        path: PathBuf,
        /// The cause, with line and column.
        source: serde_json::Error,
    },
    /// A record of another layout.
    #[error("`{}` has the layout `{found}`, this breaklab reads `{expected}`; run the scenarios again, or use the breaklab that wrote it", path.display())]
    Schema {
        /// The path.
        path: PathBuf,
        /// Its layout.
        found: String,
        /// Ours.
        expected: &'static str,
    },
}
