//! A service that we start ourselves, and whose whole family we end again.

use std::fs::File;
use std::io::PipeWriter;
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{
    DumpableBehavior, Pid, Signal, WaitOptions, getpid, kill_process, kill_process_group,
    set_child_subreaper, set_dumpable_behavior, wait,
};

use super::api::random_hex;
use super::family::{MARK, ROUNDS, end_leftovers, family};
use super::handler::is_bare_handler;
use super::isolation::{Place, Ways};
use super::log;
use super::relay::Relay;
use crate::record::exam::{Death, Isolation};

/// Between looks at whether a process has ended: short beside [`GRACE`].
const POLL: Duration = Duration::from_millis(50);
/// Time between asking a process to end and ending it.
const GRACE: Duration = Duration::from_secs(2);
/// A running service. Dropping it ends its processes at once.
#[derive(Debug)]
pub struct ServiceProcess {
    launch: Launch,
    child: Child,
    mark: String,
    /// Holds the mark as long as the service may run.
    marker: PathBuf,
    place: Place,
    /// Where its network is its own.
    relay: Option<Relay>,
    port: u16,
    /// Where it listens.
    pub endpoint: String,
}

/// How a service is started, and started again after it died.
#[derive(Debug, Clone)]
pub struct Launch {
    /// What a shell runs.
    pub command: String,
    /// Where; absent: here.
    pub folder: Option<PathBuf>,
    /// Address of the API that it is given.
    pub upstream: SocketAddr,
    /// Key for that API.
    pub api_key: String,
    /// File for what it prints.
    pub log: PathBuf,
    /// Our own program, whose `grade relay` connects a service that has a network of its own.
    pub program: PathBuf,
    /// How it is kept apart.
    pub isolation: Isolation,
    /// Folders that it must not see, where its isolation can hide them.
    pub hidden: Vec<PathBuf>,
    /// Variables that it is given, with their values.
    pub variables: Vec<(String, String)>,
    /// Variables of this process's environment that it is handed beside those that every program needs.
    pub handed: Vec<String>,
    /// How long it may take to listen.
    pub within: Duration,
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
    /// There is no such folder.
    #[error("the folder `{}` does not exist, in which the service is to be started", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
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
    /// It ended well, for it only defines a handler.
    #[error(
        "`{command}` ended before it listened: it defines a Lambda handler, which nobody calls then; give the handler \
         itself with --lambda MODULE.FUNCTION, e.g. --lambda app.handler"
    )]
    Handler {
        /// The command.
        command: String,
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

impl ServiceProcess {
    /// Starts a service in a shell with `PORT`, `ANTHROPIC_BASE_URL` and `ANTHROPIC_API_KEY` in
    /// its environment, and waits until it listens. Its output goes to its log.
    ///
    /// # Errors
    /// When it does not come up; nothing of it is left then.
    pub async fn start(launch: Launch) -> Result<Self, StartError> {
        let port = free_port().map_err(|source| launch.spawn_error(source))?;
        File::create(&launch.log).map_err(|source| launch.spawn_error(source))?;
        Self::start_on(port, launch).await
    }

    /// Starts it once more after its death, on the same port; its log goes on.
    ///
    /// # Errors
    /// As for [`ServiceProcess::start`].
    pub async fn restart(mut self) -> Result<Self, StartError> {
        if let Some(relay) = self.relay.take() {
            relay.close().await;
        }
        let (port, launch) = (self.port, self.launch.clone());
        // Whatever is left of it ends first: what begins now would count as its family.
        drop(self);
        Self::start_on(port, launch).await
    }

    async fn start_on(port: u16, launch: Launch) -> Result<Self, StartError> {
        let spawn = |source| launch.spawn_error(source);
        if let Some(folder) = launch.folder.as_ref().filter(|folder| !folder.is_dir()) {
            return Err(StartError::Folder {
                folder: folder.clone(),
            });
        }
        let mark = random_hex::<16>().map_err(|error| spawn(std::io::Error::other(error)))?;
        let marker = launch.log.with_file_name("service.mark");
        end_leftovers(&marker);
        std::fs::write(&marker, &mark).map_err(spawn)?;
        // Nobody of the same user reads this process's memory, where the secrets are.
        let _old_kernel = set_dumpable_behavior(DumpableBehavior::NotDumpable);
        // Whoever leaves the process group, or even clears its environment, becomes our child
        // when its parent ends. A kernel without that leaves us the group and the mark.
        let _old_kernel = set_child_subreaper(Some(getpid()));
        let (words, output) = std::io::pipe().map_err(spawn)?;
        let errors = output.try_clone().map_err(spawn)?;
        let log = File::options().append(true).open(&launch.log);
        log::keep(words, log.map_err(spawn)?);
        let place = Place::prepare(launch.isolation, launch.folder.as_deref()).map_err(spawn)?;
        let relay = match place.network() {
            Some(folder) => {
                let relay = Relay::open(folder, launch.upstream, port).await;
                Some(relay.map_err(spawn)?)
            }
            None => None,
        };
        let child = launch.shell(&place, port, &mark, output, errors).spawn();
        let child = child.map_err(spawn)?;
        if let Some(pid) = Pid::from_raw(child.id().cast_signed()) {
            place.bound(pid);
        }
        let mut service = Self {
            child,
            place,
            relay,
            mark,
            marker,
            port,
            endpoint: format!("http://127.0.0.1:{port}"),
            launch,
        };
        let within = service.launch.within;
        let command = service.launch.command.clone();
        match tokio::time::timeout(within, service.listening()).await {
            Ok(None) => Ok(service),
            Ok(Some(_)) if service.defines_a_handler() => Err(StartError::Handler { command }),
            Ok(Some(status)) => Err(StartError::Ended {
                command,
                status,
                tail: service.last_words().await,
            }),
            Err(_) => Err(StartError::Late {
                command,
                within: within.as_secs(),
                tail: service.last_words().await,
            }),
        }
    }

    /// Whether its command has ended well after it had only defined a Lambda handler.
    fn defines_a_handler(&mut self) -> bool {
        let folder = self.launch.folder.as_deref().unwrap_or(Path::new("."));
        let ended = self.child.try_wait();
        ended.is_ok_and(|status| status.is_some_and(|status| status.success()))
            && is_bare_handler(&self.launch.command, folder)
    }

    /// How it is kept apart.
    #[must_use]
    pub fn isolation(&self) -> Isolation {
        self.place.isolation
    }

    /// How it died, if nobody listens on its port any more.
    pub async fn death(&mut self) -> Option<Death> {
        if self.answers().await {
            return None;
        }
        let status = match self.child.try_wait() {
            Ok(Some(status)) => status.to_string(),
            _ => "exit status unknown: its command still runs, but nobody listens".to_owned(),
        };
        Some(Death {
            status,
            last_words: self.last_words().await,
        })
    }

    async fn answers(&self) -> bool {
        if let Some(relay) = &self.relay {
            return relay.answers().await;
        }
        tokio::net::TcpStream::connect(("127.0.0.1", self.port))
            .await
            .is_ok()
    }

    /// Waits for the port; the exit status if the command ends with a failure first. One that
    /// ends well may have left its server in the background.
    async fn listening(&mut self) -> Option<String> {
        loop {
            if self.answers().await {
                return None;
            }
            if let Ok(Some(status)) = self.child.try_wait()
                && (!status.success() || self.defines_a_handler())
            {
                return Some(status.to_string());
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// The end of what it printed.
    async fn last_words(&self) -> String {
        // What it said last may be on its way to the file.
        tokio::time::sleep(POLL).await;
        log::last_words(&self.launch.log)
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

    /// Ends it at once, with all that it started.
    fn end(&mut self) {
        self.signal(Signal::KILL);
        // A process that forks faster than it is found is found in a later round.
        for _ in 0..ROUNDS {
            for pid in family(&self.mark) {
                let _gone = kill_process(pid, Signal::KILL);
            }
            let _reaped = self.child.wait();
            while let Ok(Some(_orphan)) = wait(WaitOptions::NOHANG) {}
        }
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

impl Drop for ServiceProcess {
    fn drop(&mut self) {
        self.end();
        let _kept = std::fs::remove_file(&self.marker);
    }
}

impl Launch {
    fn spawn_error(&self, source: std::io::Error) -> StartError {
        StartError::Spawn {
            command: self.command.clone(),
            source,
        }
    }

    fn shell(
        &self,
        place: &Place,
        port: u16,
        mark: &str,
        output: PipeWriter,
        errors: PipeWriter,
    ) -> Command {
        let ways = Ways {
            program: &self.program,
            upstream: self.upstream.port(),
            port,
        };
        let mut shell = place.shell(&self.command, &ways, &self.hidden, &self.handed);
        let mut of_bedrock = self.of_bedrock().to_vec();
        of_bedrock.retain(|(name, _)| !self.handed.iter().any(|handed| handed == name));
        shell.process_group(0);
        shell.stdin(Stdio::null()).stdout(output).stderr(errors);
        shell
            .env("PORT", port.to_string())
            .env("ANTHROPIC_BASE_URL", format!("http://{}", self.upstream))
            .env("ANTHROPIC_API_KEY", &self.api_key)
            .envs(of_bedrock)
            .env(MARK, mark)
            .env("PYTHONUNBUFFERED", "1")
            .env("NO_PROXY", "127.0.0.1,localhost")
            .env("no_proxy", "127.0.0.1,localhost")
            .envs(self.variables.iter().cloned());
        shell
    }
}

impl Launch {
    /// The same API as Amazon's clients find it: the address of Bedrock, a region, and credentials that are secret.
    fn of_bedrock(&self) -> [(&'static str, String); 5] {
        [
            (
                "AWS_ENDPOINT_URL_BEDROCK_RUNTIME",
                format!("http://{}", self.upstream),
            ),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_DEFAULT_REGION", "us-east-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "AKIAEXAMINED00000000".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", self.api_key.clone()),
        ]
    }
}

fn free_port() -> std::io::Result<u16> {
    std::net::TcpListener::bind(("127.0.0.1", 0))?
        .local_addr()
        .map(|address| address.port())
}
