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
//! A room imports only rooms below it; `tests/e2e/layers.rs` reads the imports and holds that as
//! law. From the top: [`cli`], [`selftest`], [`runner`], [`scenario`], [`platform`] beside
//! [`report`] and [`gate`], [`generator`] beside [`summary`], [`load`] and [`claude`], [`transport`], [`corpus`],
//! [`record`] and [`clock`]. The judges ([`summary`], [`report`], [`gate`]) and the doers
//! ([`generator`], [`platform`]) never import each other: they meet in [`record`].

pub mod claude;
pub mod cli;
pub mod clock;
pub mod corpus;
pub mod gate;
pub mod generator;
pub mod grade;
pub mod limit;
pub mod load;
pub mod platform;
pub mod probe;
pub mod record;
pub mod report;
pub mod runner;
pub mod scenario;
pub mod selftest;
pub mod summary;
pub mod text;
pub mod transport;
