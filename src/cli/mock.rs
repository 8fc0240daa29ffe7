//! `breaklab mock`: the same server as the `mock-claude` program.

use anyhow::Context;

use super::Exit;

/// Arguments of `breaklab mock`.
pub(super) type Args = mock_claude::cli::Options;

/// Serves until it is interrupted.
pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the async runtime")?
        .block_on(mock_claude::cli::run(args))?;
    Ok(Exit::Done)
}
