//! What the Claude API is, for whoever speaks of it: the mock that stands in for it, the client that asks
//! it, and the judges of both. Facts and pure arithmetic only; nothing here opens a connection.
//!
//! Rooms from the bottom:
//!
//! ```text
//! chance     draws that depend on a seed and a name alone
//! timeline   the one clock of a run
//! usage      tokens of a call
//! prices     what they cost, exactly
//! limits     how much may be asked in a minute
//! profile    what a model is like
//! models     what the id of a model tells
//! version    versions of the API
//! presets    today's models and prices
//! fault      what can go wrong on purpose, and when
//! ledger     what a server saw
//! symbols    what a prompt asks about
//! proof      what documentation proves
//! ```

pub mod chance;
pub mod fault;
pub mod ledger;
pub mod limits;
pub mod models;
pub mod presets;
pub mod prices;
pub mod profile;
pub mod proof;
pub mod symbols;
pub mod timeline;
pub mod usage;
pub mod version;
