//! The ways to keep a service apart from its grader.

use serde::{Deserialize, Serialize};

/// How a service's processes were kept apart from the grader.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::VariantNames,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Isolation {
    /// Not at all: it could read and end whatever its user can.
    None,
    /// By a user of its own.
    User,
    /// By bubblewrap: its own processes, a network without anybody but its API, nothing to be written but
    /// its folder, records hidden.
    Bwrap,
    /// The same, with the network of this machine.
    BwrapWithNetwork,
    /// By the container in which the grader runs as well.
    Container,
}
