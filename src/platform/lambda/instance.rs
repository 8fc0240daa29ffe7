//! One instance of a function: a process with a Runtime API of its own, which handles one event at a time.

use std::process::Stdio;
use std::time::Duration;

use bytes::Bytes;
use ground::timeline::Timeline;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;

use super::memory;
use super::runtime_api::{self, Event, MAX_PAYLOAD, Said, Wires};
use super::{Log, Settings, uuid};
use crate::text;

/// Time until the first event must have been asked for. Source: "Lambda runtime environment lifecycle", AWS Lambda Developer
/// Guide: ten seconds.
const INIT_LIMIT: Duration = Duration::from_secs(10);
/// Between looks at the memory of an instance, in real time.
const LOOK: Duration = Duration::from_millis(100);
/// How long an instance may take to ask for its next event before it is ended, in real time.
const AFTER: Duration = Duration::from_secs(1);
/// Longest line of a log: CloudWatch refuses a larger event.
const MAX_LINE: u64 = 256 * 1024;
/// The account and region of all names.
const REGION: &str = "us-east-1";
const ACCOUNT: &str = "000000000000";

/// How the handling of an event ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ended {
    Result(Bytes),
    Error(Bytes),
    TooLarge(usize),
    TimedOut,
    Exited(String),
    OutOfMemory,
}

/// A running instance. Dropping it ends all processes of its group.
pub(super) struct Instance {
    child: Child,
    group: Option<Pid>,
    events: mpsc::Sender<Event>,
    said: mpsc::UnboundedReceiver<Said>,
    api: JoinHandle<()>,
    timeline: Timeline,
    log: Log,
    /// Name of its stream in the log group.
    pub(super) stream: String,
    memory_mb: u64,
    name: String,
    /// Its own temporary folder, which goes with it.
    _folder: tempfile::TempDir,
    peak_mb: Option<u64>,
    /// How long it took to start, until that was billed.
    pub(super) init: Option<Duration>,
    pub(super) idle_since: Duration,
}

impl Event {
    pub(super) fn new(body: Bytes, limit: Duration, timeline: Timeline) -> Self {
        let id = uuid();
        let deadline = epoch_ms() + timeline.runtime(limit).as_millis() as u64;
        Self {
            trace: format!("Root=1-{}-{};Sampled=0", &id[..8], id[9..].replace('-', "")),
            id,
            body,
            deadline_unix_ms: deadline,
            arn: String::new(),
        }
    }
}

impl Instance {
    /// Starts a process and waits until it asks for its first event.
    ///
    /// # Errors
    /// The lines that the log gets about one that does not.
    pub(super) async fn start(
        settings: &Settings,
        stream: &str,
        timeline: Timeline,
        log: &Log,
    ) -> Result<Self, String> {
        let started = timeline.now();
        let failed = |error: std::io::Error| format!("cannot start an instance: {error}");
        let (events, incoming) = mpsc::channel(1);
        let (saying, said) = mpsc::unbounded_channel();
        let wires = Wires {
            events: Mutex::new(incoming),
            said: saying,
        };
        let (address, api) = runtime_api::open(wires).await.map_err(failed)?;
        let folder = tempfile::tempdir().map_err(failed)?;
        let mut command = command(settings, stream);
        command
            .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
            .env("TMPDIR", folder.path());
        let mut child = command.spawn().map_err(failed)?;
        let group = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        pump(child.stdout.take(), stream, log);
        pump(child.stderr.take(), stream, log);
        let mut instance = Self {
            child,
            group,
            events,
            said,
            api,
            timeline,
            log: log.clone(),
            stream: stream.to_owned(),
            memory_mb: settings.memory_mb,
            name: settings.name.clone(),
            _folder: folder,
            peak_mb: None,
            init: None,
            idle_since: started,
        };
        // Loading code is real work, whatever the speed. After ten seconds Lambda begins again, and then the function's
        // own limit counts; we let it go on instead.
        let within = INIT_LIMIT + timeline.runtime(settings.time_limit);
        let outcome = tokio::time::timeout(within, instance.first_event()).await;
        let took = timeline.now().saturating_sub(started);
        let ms = took.as_secs_f64() * 1000.0;
        match outcome {
            Ok(Ok(())) => {
                instance.init = Some(took);
                Ok(instance)
            }
            Ok(Err(why)) => Err(format!(
                "INIT_REPORT Init Duration: {ms:.2} ms\tPhase: init\tStatus: error\tError Type: {why}"
            )),
            Err(_) => Err(format!(
                "INIT_REPORT Init Duration: {ms:.2} ms\tPhase: init\tStatus: timeout"
            )),
        }
    }

    async fn first_event(&mut self) -> Result<(), String> {
        let exited = loop {
            tokio::select! {
                biased;
                said = self.said.recv() => match said {
                    Some(Said::Next) => return Ok(()),
                    Some(Said::InitError(body)) => return Err(kind(&body)),
                    Some(_) => {}
                    None => break "its Runtime API was closed".to_owned(),
                },
                status = self.child.wait() => break status.map_or_else(|error| error.to_string(), |status| how(&status)),
            }
        };
        // It may have told why just before it ended.
        match self.said.try_recv() {
            Ok(Said::InitError(body)) => Err(kind(&body)),
            _ => {
                let why = format!("Runtime exited with error: {exited} Runtime.ExitError");
                (self.log)(&self.stream, &why);
                Err("Runtime.ExitError".to_owned())
            }
        }
    }

    /// Hands `event` to the process and waits for what becomes of it. What has not ended after `limit` is killed.
    pub(super) async fn handle(&mut self, event: Event, limit: Duration) -> Ended {
        self.signal(Signal::CONT);
        let arn = format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{}", self.name);
        let id = event.id.clone();
        if self.events.send(Event { arn, ..event }).await.is_err() {
            return Ended::Exited("its Runtime API was closed".to_owned());
        }
        let timeline = self.timeline;
        let ended = timeline.timeout(limit, self.answer(&id)).await;
        let ended = ended.unwrap_or(Ended::TimedOut);
        self.look();
        ended
    }

    async fn answer(&mut self, of: &str) -> Ended {
        let mut looks = tokio::time::interval(LOOK);
        loop {
            tokio::select! {
                biased;
                said = self.said.recv() => match said {
                    Some(Said::Response { id, body }) if id == of => {
                        let bytes = body.len();
                        return if bytes > MAX_PAYLOAD { Ended::TooLarge(bytes) } else { Ended::Result(body) };
                    }
                    Some(Said::Error { id, body }) if id == of => return Ended::Error(body),
                    // A late word about an earlier event.
                    Some(_) => {}
                    None => return Ended::Exited("its Runtime API was closed".to_owned()),
                },
                status = self.child.wait() => {
                    return Ended::Exited(status.map_or_else(|error| error.to_string(), |status| how(&status)));
                }
                _ = looks.tick() => if self.look() {
                    return Ended::OutOfMemory;
                },
            }
        }
    }

    /// Whether it asks for its next event soon; what still runs then keeps it from others.
    pub(super) async fn is_ready(&mut self) -> bool {
        let asks = async {
            while let Some(said) = self.said.recv().await {
                if matches!(said, Said::Next) {
                    return true;
                }
            }
            false
        };
        tokio::time::timeout(AFTER, asks).await.unwrap_or(false)
    }

    /// Lambda freezes an instance between events: threads and timers stand still.
    pub(super) fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// The most memory that it has used so far.
    pub(super) fn peak_mb(&self) -> Option<u64> {
        self.peak_mb
    }

    /// Looks at its memory; true if it uses more than it has.
    fn look(&mut self) -> bool {
        let Some(memory) = self.child.id().and_then(memory::of) else {
            return false;
        };
        self.peak_mb = self.peak_mb.max(Some(memory.peak_mb));
        memory.used_mb > self.memory_mb
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = self.group {
            // A group that is gone needs none.
            let _gone = kill_process_group(group, signal);
        }
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
        self.api.abort();
    }
}

fn command(settings: &Settings, stream: &str) -> Command {
    let code = &settings.command;
    let mut command = Command::new(&code.words[0]);
    let memory = settings.memory_mb.to_string();
    let group = format!("/aws/lambda/{}", settings.name);
    command
        .args(&code.words[1..])
        .current_dir(&code.folder)
        .env_clear()
        .envs(
            ["PATH", "HOME", "LANG"]
                .iter()
                .filter_map(|name| Some((name, std::env::var_os(name)?))),
        )
        .env("LAMBDA_TASK_ROOT", &code.folder)
        .envs([
            ("_HANDLER", code.handler.as_str()),
            ("AWS_LAMBDA_FUNCTION_NAME", settings.name.as_str()),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", memory.as_str()),
            ("AWS_LAMBDA_LOG_GROUP_NAME", group.as_str()),
            ("AWS_LAMBDA_LOG_STREAM_NAME", stream),
            ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
            ("AWS_REGION", REGION),
            ("AWS_DEFAULT_REGION", REGION),
            ("AWS_ACCESS_KEY_ID", "simulated"),
            ("AWS_SECRET_ACCESS_KEY", "simulated"),
            ("TZ", ":UTC"),
        ])
        .envs(settings.variables.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    command
}

/// Writes what a process prints to the log, line by line.
fn pump(output: Option<impl AsyncRead + Unpin + Send + 'static>, stream: &str, log: &Log) {
    let Some(output) = output else { return };
    let (stream, log) = (stream.to_owned(), log.clone());
    tokio::spawn(async move {
        let mut output = BufReader::new(output);
        loop {
            let mut line = Vec::new();
            let read = (&mut output)
                .take(MAX_LINE)
                .read_until(b'\n', &mut line)
                .await;
            if !read.is_ok_and(|bytes| bytes > 0) {
                return;
            }
            // The clients put a carriage return where a message has a line end.
            for part in String::from_utf8_lossy(&line).trim_end().split('\r') {
                log(&stream, &text::line(part));
            }
        }
    });
}

/// The type of an error, which its client has logged already.
fn kind(body: &[u8]) -> String {
    let json: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    text::line(json["errorType"].as_str().unwrap_or("Runtime.Unknown"))
}

fn how(status: &std::process::ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(9)) => "signal: killed".to_owned(),
        (None, signal) => format!("signal: {}", signal.unwrap_or_default()),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a foreign process compares the deadline with its own clock"
)]
fn epoch_ms() -> u64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as u64)
}
