//! From what was observed of a service to points, each with its reason. Everything here is a pure
//! function of the examination and the rubric, so a regrade needs no run.
//!
//! ```
//! use breaklab::grade::{self, Rubric};
//!
//! let text = grade::builtin("caching").expect("it is built in");
//! let rubric = Rubric::parse(text, "caching.toml")?;
//! assert!(rubric.lint().is_empty());
//! assert!(grade::known_flaws().any(|(id, title)| (id, title) == ("F4", "no cache")));
//! # Ok::<(), grade::RubricError>(())
//! ```

pub use behaviour::Behaviour;
pub use flaw::{Flaw, find as find_flaws, known as known_flaws, untold as untold_flaws};
pub use judge::grade;
pub use measure::{case_names, metrics};
pub use page::{class as class_page, student as student_page};
pub use result::{Grade, SCHEMA, Status};
pub use rubric::{Rubric, RubricError, builtin, builtin_names};
pub use score::{Mark, Score, Scored};

mod behaviour;
pub mod class;
pub mod diff;
pub mod feedback;
mod flaw;
pub mod format;
mod judge;
pub mod lms;
mod measure;
pub mod ours;
mod page;
mod result;
mod rubric;
mod score;
mod similar;
mod spreadsheet;
mod words;
