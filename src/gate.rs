//! The gate: rules over two summaries, and a verdict that a team can trust.
//!
//! A pass must be proven. Whatever is missing, not a number, from another story or not comparable
//! is [`Verdict::CannotTell`], never a pass. Everything here is pure except [`evidence`] and
//! [`baseline`], which read and write the files.
//!
//! ```
//! use std::path::Path;
//!
//! use breaklab::gate::{self, RuleSet, Verdict};
//!
//! let baseline = gate::read(Path::new("reports/baseline")).expect("it is part of the repository");
//! let judgement = gate::judge(&RuleSet::builtin(), &baseline, &baseline);
//! // A baseline that is held against itself proves nothing.
//! assert_eq!(judgement.verdict, Verdict::CannotTell);
//! ```

pub use accepted::{Acceptance, Accepted};
pub use baseline::accept;
pub use evidence::{Evidence, read};
pub use finding::Finding;
pub use judge::judge;
pub use judgement::{Judgement, SCHEMA};
pub use obstacle::Obstacle;
pub use rules::{Amount, Check, Margin, Rule, RuleSet, RulesError};
pub use verdict::Verdict;

mod accepted;
pub mod baseline;
pub mod evidence;
mod finding;
mod judge;
mod judgement;
pub mod modes;
mod obstacle;
pub mod output;
pub mod pairs;
mod rules;
mod verdict;
