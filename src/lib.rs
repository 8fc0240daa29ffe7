//! breaklab breaks an LLM documentation service on purpose and proves that the hardened one holds.
//!
//! The way a request goes:
//!
//! ```text
//! scenario → runner → load → platform → generator → claude → transport → mock-claude
//!              │                                                            │
//!              └──────────────── record (facts of both sides) ──────────────┘
//! record → summary (the only room that computes a number) → report
//! ```
//!
//! Rooms from the top; each imports only those below it, and `tests/e2e/layers.rs` holds that as law:
//!
//! ```text
//! cli        one file a subcommand: parses, calls, prints, exits
//! selftest   services and runs with known faults, which gate and grade must find
//! runner     scenario × mode × clock → record
//! examiner   a stranger's service, case by case → record
//! scenario   TOML → checked settings
//! platform   where the service runs: gateway, cold start, time limit; the service over HTTP
//! generator  documents → chunks → calls → documentation, one file a protection
//! report     numbers → pages and tables
//! gate       numbers → verdict
//! grade      record → points with reasons
//! summary    record → numbers; nobody else computes
//! limit      the shortest time that a workload can take
//! load       arrivals
//! claude     the client of the Messages API
//! transport  one request out, one watched reply back: over TCP or in process
//! corpus     the documents, synthetic or real, and what documentation of them proves
//! clock      virtual or real time
//! contract   what a service is asked and answers: one reader, and every limit that a grader applies
//! record     facts
//! text       foreign text made harmless, wrapping, figures with units: the only room that escapes
//! ```
//!
//! The judges (summary, report, gate, grade) and the doers (generator, platform, load, claude,
//! transport) never import each other: they meet in the record. What is under test (generator and
//! claude) never imports the mock; only transport's in-process route and the rooms that run
//! something do. Below all of them lies the crate `ground`, on which the mock stands too.

pub mod claude;
pub mod cli;
pub mod clock;
pub mod contract;
pub mod corpus;
pub mod examiner;
pub mod gate;
pub mod generator;
pub mod grade;
pub mod limit;
pub mod load;
pub mod platform;
pub mod record;
pub mod report;
pub mod runner;
pub mod scenario;
pub mod selftest;
pub mod summary;
pub mod text;
pub mod transport;
