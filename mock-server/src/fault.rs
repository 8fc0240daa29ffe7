//! What goes wrong on purpose: who is hit, when, and what that does to an answer. Deciding is pure.

mod decide;
mod identity;
mod schedule;
mod spoil;

pub(crate) use decide::{Fault, decide};
pub(crate) use identity::Identity;
pub use schedule::Phase;
pub use spoil::Hangup;
pub(crate) use spoil::{How, Spoil};
