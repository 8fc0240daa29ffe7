//! `--isolate`: how a service that is started is kept apart.

use crate::examiner::isolation;
use crate::record::exam::Isolation;

/// What `--isolate` may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, strum::IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub(super) enum Isolate {
    /// The strongest of these that works here, and says which
    Auto,
    /// Not at all
    None,
    /// As a user that nobody else is, in a copy of its folder; the grader must be root
    User,
    /// With bubblewrap: own processes, a network with nobody but its API, nothing to write but its folder,
    /// records hidden
    Bwrap,
    /// The same with the network of this machine, e.g. for a database that runs beside it
    BwrapWithNetwork,
    /// By the container in which this grader runs
    Container,
}

impl Isolate {
    /// The way that is meant, if it works here.
    pub(super) fn resolve(self) -> anyhow::Result<Isolation> {
        let chosen = match self {
            Self::Auto => return Ok(isolation::strongest()),
            Self::None => Isolation::None,
            Self::User => Isolation::User,
            Self::Bwrap => Isolation::Bwrap,
            Self::BwrapWithNetwork => Isolation::BwrapWithNetwork,
            Self::Container => Isolation::Container,
        };
        isolation::works(chosen).map_err(anyhow::Error::msg)?;
        Ok(chosen)
    }
}
