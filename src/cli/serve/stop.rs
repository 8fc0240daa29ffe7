//! How serving begins and ends: jobs that an earlier process left are taken up, and those in flight get their time.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use tokio::net::TcpListener;

use super::super::Exit;
use super::super::exit::complain;
use super::super::interrupt::told_to_end;
use super::Args;
use crate::contract::Ask;
use crate::platform;
use crate::platform::http::Handler;

/// Serves until it is told to end; then waits for the work in flight, but not longer than grace.
pub(super) async fn until_stopped(
    args: &Args,
    listener: TcpListener,
    handler: Handler,
) -> anyhow::Result<Exit> {
    let stop = tokio::sync::Notify::new();
    let serving = platform::serve(listener, handler.clone(), stop.notified());
    tokio::pin!(serving);
    tokio::select! {
        biased;
        ended = &mut serving => {
            ended?;
            return Ok(Exit::Done);
        }
        () = told_to_end() => stop.notify_one(),
    }
    let _gone = writeln!(
        std::io::stderr(),
        "finishing what is in flight (ctrl-C again ends at once)"
    );
    tokio::select! {
        biased;
        _finished = &mut serving => {}
        () = tokio::time::sleep(Duration::from_secs_f64(args.grace)) => {}
        () = told_to_end() => {}
    }
    let left = handler.unfinished();
    match &args.unfinished {
        Some(path) => write_unfinished(path, &left).map(|()| Exit::Done),
        None if left.is_empty() => Ok(Exit::Done),
        None => {
            complain(&format!(
                "{} unfinished jobs are lost; --unfinished FILE would keep them",
                left.len()
            ));
            Ok(Exit::Interrupted)
        }
    }
}

pub(super) fn take_up(args: &Args, handler: &Handler) -> anyhow::Result<()> {
    let Some(path) = args.unfinished.as_ref().filter(|path| path.exists()) else {
        return Ok(());
    };
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read the unfinished jobs in `{}`", path.display()))?;
    for line in text.lines() {
        let files: Vec<Ask> = serde_json::from_str(line)
            .with_context(|| format!("`{}` holds no unfinished jobs", path.display()))?;
        let job = handler.resume(files);
        writeln!(
            std::io::stdout(),
            "taken up from an earlier process: /jobs/{job}"
        )?;
    }
    Ok(())
}

fn write_unfinished(path: &Path, jobs: &[Vec<Ask>]) -> anyhow::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let mut file = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
    for job in jobs {
        writeln!(file, "{}", serde_json::to_string(job)?)?;
    }
    file.persist(path)
        .with_context(|| format!("cannot write the unfinished jobs to `{}`", path.display()))?;
    Ok(())
}
