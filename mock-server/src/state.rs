//! What a mock remembers: the settings in force, limits in use, attempts under way, the ledger, the
//! prompt cache and batches.

pub mod verdict;

mod attempt;
mod batches;
mod files;
mod headers;
mod lateness;
mod ledger;
mod live;
mod prompt_cache;
mod shared;
mod snapshot;

pub(crate) use attempt::Attempt;
pub use batches::Spent;
pub(crate) use batches::{Batch, BatchEnd, LIFETIME, Line};
pub(crate) use files::File;
pub(crate) use headers::{REQUEST_ID, SHOULD_RETRY, WORKSPACE, rfc3339, text as header_text};
pub use lateness::Lateness;
pub use ledger::Called;
pub(crate) use live::Live;
pub(crate) use prompt_cache::{Prefix, prefixes};
pub(crate) use shared::Shared;
pub use snapshot::{Level, LimitLevels, Snapshot};
