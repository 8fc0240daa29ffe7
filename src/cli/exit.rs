//! How a command ends: the exit codes of the contract, and one line for an error.

use std::io::Write;
use std::process::ExitCode;

use crate::text::block;

/// Exit codes that scripts may rely on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Exit {
    /// Done, or judged and passed.
    Done = 0,
    /// Judged and failed.
    Failed = 1,
    /// Wrong usage or bad input.
    Usage = 2,
    /// It cannot be told.
    Unproven = 3,
    /// The harness itself was saturated.
    Saturated = 4,
    /// A bug of ours, e.g. a broken conservation law.
    Bug = 70,
    /// Stopped by the user; what had finished was written.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Says on standard error why the exit code is not 0.
pub(super) fn complain(why: &str) {
    // Nobody is left to tell when standard error is gone.
    let _gone = writeln!(std::io::stderr(), "error: {}", block(why));
}

/// Prints an error in one line and turns the result into an exit code. A reader that went away
/// (`breaklab … | head`) is a graceful end.
pub(super) fn code(result: anyhow::Result<Exit>) -> ExitCode {
    match result {
        Ok(exit) => exit.into(),
        Err(error) if is_broken_pipe(&error) => Exit::Done.into(),
        Err(error) => {
            // Nobody is left to tell when standard error is gone.
            let _gone = writeln!(std::io::stderr(), "error: {}", block(&format!("{error:#}")));
            Exit::Usage.into()
        }
    }
}

/// Prints clap's message; help and version are not errors.
pub(super) fn usage(error: &clap::Error) -> ExitCode {
    let _gone = error.print();
    if error.use_stderr() {
        Exit::Usage.into()
    } else {
        Exit::Done.into()
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let kind = match cause.downcast_ref::<std::io::Error>() {
            Some(io) => Some(io.kind()),
            None => cause
                .downcast_ref::<serde_json::Error>()
                .and_then(serde_json::Error::io_error_kind),
        };
        kind == Some(std::io::ErrorKind::BrokenPipe)
    })
}
