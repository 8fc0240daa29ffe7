//! Why a scenario cannot be run, in words that say what would mend it.

use std::path::PathBuf;

use crate::load::LoadError;

/// Why a scenario cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// No such name.
    #[error("there is no {what} `{name}`{}; there are: {}", suggestion(nearest.as_deref()), known.join(", "))]
    Unknown {
        /// `scenario`, `profile`, `price book`.
        what: &'static str,
        /// As given.
        name: String,
        /// The nearest that exists.
        nearest: Option<String>,
        /// All that exist.
        known: Vec<String>,
    },
    /// A file cannot be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A file is not what it should be; the reason has line and column.
    #[error("`{file}` is not a {what}: {reason}")]
    Syntax {
        /// `scenario`, `profile`, `price book`.
        what: &'static str,
        /// The file.
        file: String,
        /// Line, column and what was expected.
        reason: String,
    },
    /// Scenarios that extend each other.
    #[error("scenarios extend each other in a circle: {}; one of them has to be whole", files.join(" extends "))]
    Circle {
        /// Their files, the last one again.
        files: Vec<String>,
    },
    /// The load cannot be carried out.
    #[error("scenario `{id}` cannot be run")]
    Load {
        /// The scenario.
        id: String,
        /// The setting that is wrong.
        source: LoadError,
    },
    /// A setting has an impossible value.
    #[error("scenario `{id}`: `{key}` is {value}; {expected}")]
    Value {
        /// The scenario.
        id: String,
        /// The setting.
        key: &'static str,
        /// Its value.
        value: String,
        /// What is possible.
        expected: String,
    },
}

fn suggestion(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!(", did you mean `{name}`?"))
}
