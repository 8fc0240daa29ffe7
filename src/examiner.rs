//! Examines a documentation service that somebody else wrote: asks it what a rubric needs, with
//! our mock as its upstream, and records what could be observed. It judges nothing.

pub use api::{API_KEY, ExamApi, random_salt};
pub use examine::{ExaminerError, Plan, examine};
pub use process::{Launch, ServiceProcess, StartError};
pub use reference::reference;

mod api;
mod cases;
mod client;
mod examine;
mod family;
mod process;
mod reference;
mod running;
mod session;
mod source_files;
mod upstream;
