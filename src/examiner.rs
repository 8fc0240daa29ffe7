//! Examines a documentation service that somebody else wrote: asks it what a rubric needs, with
//! our mock as its upstream, and records what could be observed. It judges nothing.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use breaklab::examiner::{self, ExamApi, Plan};
//! use breaklab::record::exam::Case;
//! use tokio::net::TcpListener;
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! // The service under examination asks this port instead of the real API, and answers at 8000.
//! let upstream = TcpListener::bind("127.0.0.1:4010").await?;
//! let salt = examiner::random_salt()?;
//! let api = ExamApi::new()?;
//! tokio::spawn(api.clone().serve(upstream));
//! let plan = Plan {
//!     target: "my service".to_owned(),
//!     endpoint: "http://127.0.0.1:8000".to_owned(),
//!     salt,
//!     cases: vec![Case::Repeat, Case::Outage],
//!     own: vec![],
//!     deadline: Duration::from_secs(60),
//!     within: Duration::from_secs(300),
//! };
//! let exam = examiner::examine(&api, &plan, &mut None, &|_| {}).await?;
//! # Ok(())
//! # }
//! ```

pub use api::{ExamApi, random_salt};
pub use error::ExaminerError;
pub use examine::{Plan, examine};
pub use handler::Handler;
pub use own::OwnCase;
pub use process::{Launch, ServiceProcess, StartError};
pub use reference::reference;
pub use relay::relay_inside;

mod api;
mod cases;
mod client;
mod error;
mod examine;
mod family;
mod handler;
pub mod isolation;
mod lateness;
mod log;
mod own;
mod process;
mod reference;
mod relay;
mod running;
mod session;
mod source_files;
mod upstream;
