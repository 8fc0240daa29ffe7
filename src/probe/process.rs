//! A service that we start ourselves, and whose whole family we end again.

use std::fs::File;
use std::io::{PipeReader, Read, Seek, SeekFrom};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{
    Pid, Signal, WaitOptions, getpid, kill_process, kill_process_group, set_child_subreaper, wait,
};

use super::API_KEY;
use crate::text::block;

/// Names our children in their environment, for a grader that was killed and started again.
const MARK: &str = "BREAKLAB_EXAMINATION";
const POLL: Duration = Duration::from_millis(50);
/// Time between asking a process to end and ending it.
const GRACE: Duration = Duration::from_secs(2);
/// Bytes of a service's own output that are kept.
const MAX_LOG: u64 = 4 << 20;
/// How often a family is looked for when it is ended.
const ROUNDS: usize = 5;
/// Bytes of a service's own output that are shown when it does not start.
const TAIL: u64 = 2_000;

/// A running service. Dropping it ends its processes at once.
#[derive(Debug)]
pub struct Service {
    child: Child,
    mark: String,
    /// Holds the mark as long as the service may run.
    marker: PathBuf,
    log: PathBuf,
    /// Where it listens.
    pub endpoint: String,
}

/// Why a service did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No process could be made, or its log not be written.
    #[error("cannot start `{command}`: {source}")]
    Spawn {
        /// The command.
        command: String,
        /// The system's reason.
        source: std::io::Error,
    },
    /// It ended before it listened.
    #[error(
        "`{command}` ended ({status}) before it listened on 127.0.0.1 at the port in PORT; its last words: {tail}"
    )]
    Ended {
        /// The command.
        command: String,
        /// Its exit status.
        status: String,
        /// The end of its output.
        tail: String,
    },
    /// It did not listen in time.
    #[error(
        "`{command}` did not listen on 127.0.0.1 within {within} s; it must use the port in the environment variable \
         PORT; its last words: {tail}"
    )]
    Late {
        /// The command.
        command: String,
        /// Seconds that it had.
        within: u64,
        /// The end of its output.
        tail: String,
    },
}

impl Service {
    /// Starts `command` in a shell with `PORT`, `ANTHROPIC_BASE_URL` and `ANTHROPIC_API_KEY` in
    /// its environment, and waits until it listens. Its output goes to the file `log`.
    ///
    /// # Errors
    /// When it does not come up; nothing of it is left then.
    pub async fn start(
        command: &str,
        folder: Option<&Path>,
        upstream: &str,
        log: &Path,
        within: Duration,
    ) -> Result<Self, StartError> {
        let spawn = |source| StartError::Spawn {
            command: command.to_owned(),
            source,
        };
        let port = free_port().map_err(spawn)?;
        let mark = super::random_salt() + &super::random_salt();
        let marker = log.with_file_name("service.mark");
        end_leftovers(&marker);
        std::fs::write(&marker, &mark).map_err(spawn)?;
        // Whoever leaves the process group, or even clears its environment, becomes our child
        // when its parent ends. A kernel without that leaves us the group and the mark.
        let _old_kernel = set_child_subreaper(Some(getpid()));
        let (words, output) = std::io::pipe().map_err(spawn)?;
        let errors = output.try_clone().map_err(spawn)?;
        keep(words, File::create(log).map_err(spawn)?);
        let mut shell = Command::new("sh");
        shell.args(["-c", command]).process_group(0);
        shell.stdin(Stdio::null()).stdout(output).stderr(errors);
        shell
            .env("PORT", port.to_string())
            .env("ANTHROPIC_BASE_URL", upstream);
        shell
            .env("ANTHROPIC_API_KEY", API_KEY)
            .env(MARK, &mark)
            .env("PYTHONUNBUFFERED", "1");
        shell
            .env("NO_PROXY", "127.0.0.1,localhost")
            .env("no_proxy", "127.0.0.1,localhost");
        if let Some(folder) = folder {
            shell.current_dir(folder);
        }
        let child = shell.spawn().map_err(spawn)?;
        let mut service = Self {
            child,
            mark,
            marker,
            log: log.to_owned(),
            endpoint: format!("http://127.0.0.1:{port}"),
        };
        match tokio::time::timeout(within, service.listening(port)).await {
            Ok(None) => Ok(service),
            Ok(Some(status)) => Err(StartError::Ended {
                command: command.to_owned(),
                status,
                tail: service.tail().await,
            }),
            Err(_) => Err(StartError::Late {
                command: command.to_owned(),
                within: within.as_secs(),
                tail: service.tail().await,
            }),
        }
    }

    /// Waits for the port; the exit status if the command ends with a failure first. One that
    /// ends well may have left its server in the background.
    async fn listening(&mut self, port: u16) -> Option<String> {
        loop {
            if tokio::net::TcpStream::connect(("127.0.0.1", port))
                .await
                .is_ok()
            {
                return None;
            }
            if let Ok(Some(status)) = self.child.try_wait()
                && !status.success()
            {
                return Some(status.to_string());
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// The end of what it printed, made harmless.
    async fn tail(&self) -> String {
        // What it said last may be on its way to the file.
        tokio::time::sleep(POLL).await;
        let mut text = Vec::new();
        if let Ok(mut file) = File::open(&self.log) {
            let length = file.metadata().map_or(0, |meta| meta.len());
            let _at_start = file.seek(SeekFrom::Start(length.saturating_sub(TAIL)));
            let _partial = file.take(TAIL).read_to_end(&mut text);
            if length > TAIL {
                // A line that was cut may begin inside a terminal sequence.
                let whole = text.iter().position(|byte| *byte == b'\n').unwrap_or(0);
                text.drain(..whole);
            }
        }
        let text = block(&String::from_utf8_lossy(&text));
        let text = text.trim().replace('\n', " | ");
        if text.is_empty() {
            "(none)".to_owned()
        } else {
            text
        }
    }

    /// Asks the whole family to end, and ends it when it does not.
    pub async fn stop(mut self) {
        self.signal(Signal::TERM);
        let _stubborn = tokio::time::timeout(GRACE, async {
            while !self.gone() {
                tokio::time::sleep(POLL).await;
            }
        })
        .await;
    }

    fn gone(&mut self) -> bool {
        let ended = self.child.try_wait().is_ok_and(|status| status.is_some());
        ended && family(&self.mark).is_empty()
    }

    fn signal(&self, signal: Signal) {
        // Whoever is gone already needs no signal.
        if let Some(group) = Pid::from_raw(self.child.id().cast_signed()) {
            let _gone = kill_process_group(group, signal);
        }
        for pid in family(&self.mark) {
            let _gone = kill_process(pid, signal);
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
        // A process that forks faster than it is found is found in a later round.
        for _ in 0..ROUNDS {
            for pid in family(&self.mark) {
                let _gone = kill_process(pid, Signal::KILL);
            }
            let _reaped = self.child.wait();
            while let Ok(Some(_orphan)) = wait(WaitOptions::NOHANG) {}
        }
        let _kept = std::fs::remove_file(&self.marker);
    }
}

/// Keeps the beginning of what a service prints, and goes on reading, so that it never waits for us.
fn keep(words: PipeReader, mut log: File) {
    std::thread::spawn(move || {
        let mut words = words;
        // A full disk or a reader that is gone loses the log, not the service.
        let _kept = std::io::copy(&mut Read::by_ref(&mut words).take(MAX_LOG), &mut log);
        let _rest = std::io::copy(&mut words, &mut std::io::sink());
    });
}

/// Ends what a grader left behind that was itself killed.
fn end_leftovers(marker: &Path) {
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
fn family(mark: &str) -> Vec<Pid> {
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

fn free_port() -> std::io::Result<u16> {
    std::net::TcpListener::bind(("127.0.0.1", 0))?
        .local_addr()
        .map(|address| address.port())
}
