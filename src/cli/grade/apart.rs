//! A student examined by a grader of their own: a process beside this one, so that several can be examined
//! side by side and no service is taken for a member of another's family.

use std::io::Read as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process};
use tokio::time::Instant;

use super::folder::read_exam;
use super::{Args, Exit};
use crate::grade::class::Student;
use crate::load::Stop;
use crate::record::exam::Exam;

/// Between looks at whether a grader has ended.
const POLL: Duration = Duration::from_millis(50);
/// Time for a grader to end its service after it was asked to.
const GRACE: Duration = Duration::from_secs(10);

/// The examination of a student's command, unless told to stop.
pub(super) fn examine(
    args: &Args,
    student: &Student,
    folder: &Path,
    stop: &Stop,
) -> anyhow::Result<Option<Exam>> {
    let program = std::env::current_exe().context("cannot find this program's own file")?;
    let mut command = Command::new(program);
    command
        .args(["grade", "--json", "--until-stdin-ends"])
        .arg("--out")
        .arg(folder)
        .args(["--deadline", &args.deadline.to_string()])
        .args(["--student-deadline", &args.student_deadline.to_string()])
        .args(["--ready-within", &args.ready_within.to_string()])
        .args(["--isolate", args.isolate.into()])
        // Held open as long as this process lives.
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    if student.lambda.is_empty() {
        command.args(["--start", &student.command]);
    } else {
        command.args(["--lambda", &student.lambda]);
    }
    if !student.directory.is_empty() {
        command.args(["--dir", &student.directory]);
    }
    if !args.env.is_empty() {
        command.args(["--env", &args.env.join(",")]);
    }
    if !args.rubric.is_empty() {
        command.args(["--rubric", &args.rubric.join(",")]);
    }
    let mut grader = command.spawn().context("cannot start a grader")?;
    let within = Duration::from_secs(args.student_deadline);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .context("cannot wait for a grader")?;
    let status = runtime.block_on(async {
        let status = wait(&mut grader, within, stop).await;
        if !matches!(status, Ok(Some(_))) {
            end(&mut grader).await;
        }
        status
    })?;
    let Some(status) = status else {
        if stop.is_stopped() {
            return Ok(None);
        }
        bail!(
            "not done within {} s; --student-deadline gives more",
            within.as_secs()
        );
    };
    match status.code() {
        Some(code) if code == Exit::Done as i32 => read_exam(folder).map(Some),
        Some(code) if code == Exit::Interrupted as i32 => Ok(None),
        _ => bail!("{}", last_words(&mut grader)),
    }
}

/// How the grader ended; nothing if it has not within this time, or there is to be a stop.
async fn wait(
    grader: &mut Child,
    within: Duration,
    stop: &Stop,
) -> std::io::Result<Option<std::process::ExitStatus>> {
    let end = Instant::now() + within;
    while Instant::now() < end && !stop.is_stopped() {
        if let Some(status) = grader.try_wait()? {
            return Ok(Some(status));
        }
        tokio::time::sleep(POLL).await;
    }
    Ok(None)
}

/// Lets the grader end its service, and ends it when it does not.
async fn end(grader: &mut Child) {
    if let Some(pid) = Pid::from_raw(grader.id().cast_signed()) {
        let _gone = kill_process(pid, Signal::TERM);
    }
    let never = Stop::default();
    if !matches!(wait(grader, GRACE, &never).await, Ok(Some(_))) {
        let _gone = grader.kill();
        let _reaped = grader.wait();
    }
}

/// What it said of why it failed.
fn last_words(grader: &mut Child) -> String {
    let mut words = String::new();
    if let Some(errors) = &mut grader.stderr {
        let _unreadable = errors.read_to_string(&mut words);
    }
    let words = words.trim();
    let words = words.strip_prefix("error: ").unwrap_or(words);
    if words.is_empty() {
        "the grader ended without a word".to_owned()
    } else {
        words.to_owned()
    }
}
