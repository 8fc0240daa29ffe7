//! The processes of a service, wherever they went: its children, and whoever carries its mark.

use std::path::Path;

use rustix::process::{Pid, Signal, getpid, kill_process};

/// Names our children in their environment, for a grader that was killed and started again.
pub(super) const MARK: &str = "SERVICE_INSTANCE";
/// How often a family is looked for when it is ended.
pub(super) const ROUNDS: usize = 5;

/// Ends what a grader left behind that was itself killed.
pub(super) fn end_leftovers(marker: &Path) {
    let mark = std::fs::read_to_string(marker).unwrap_or_default();
    if mark.is_empty() {
        return;
    }
    for _ in 0..ROUNDS {
        for pid in marked(&mark) {
            let _gone = kill_process(pid, Signal::KILL);
        }
    }
}

/// Our descendants and, wherever they are, the processes that carry `mark`.
pub(super) fn family(mark: &str) -> Vec<Pid> {
    let below = descendants(getpid());
    let others = marked(mark).into_iter();
    let others: Vec<Pid> = others.filter(|pid| !below.contains(pid)).collect();
    [below, others].concat()
}

/// All processes below `root`. One service runs at a time, so these are its own.
fn descendants(root: Pid) -> Vec<Pid> {
    let parents: Vec<(Pid, Pid)> = processes()
        .filter_map(|pid| Some((pid, parent(pid)?)))
        .collect();
    let mut found = vec![root];
    let mut next = 0;
    while let Some(&above) = found.get(next) {
        found.extend(
            parents
                .iter()
                .filter(|(_, parent)| *parent == above)
                .map(|(pid, _)| *pid),
        );
        next += 1;
    }
    found.split_off(1)
}

fn processes() -> impl Iterator<Item = Pid> {
    let processes = std::fs::read_dir("/proc").into_iter().flatten();
    processes.filter_map(|process| Pid::from_raw(process.ok()?.file_name().to_str()?.parse().ok()?))
}

/// The parent by `/proc/PID/stat`, unless the process has ended and only waits to be reaped.
fn parent(pid: Pid) -> Option<Pid> {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
    // The name before it is in parentheses and may hold anything.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace();
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    (state != "Z").then(|| Pid::from_raw(parent)).flatten()
}

/// Processes that carry `mark` in their environment.
fn marked(mark: &str) -> Vec<Pid> {
    let entry = format!("{MARK}={mark}");
    processes()
        .filter(|pid| {
            let path = format!("/proc/{}/environ", pid.as_raw_nonzero());
            let environment = std::fs::read(path).unwrap_or_default();
            environment
                .split(|byte| *byte == 0)
                .any(|line| line == entry.as_bytes())
        })
        .collect()
}
