//! How the processes of an examined service are kept apart from the grader, from the records of others
//! and from the environment of whoever grades.

use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::process::{Pid, Resource, Rlimit, geteuid, getpid, prlimit};
use tempfile::TempDir;

use crate::record::exam::Isolation;

/// Variables that a service may need to find its language; whatever else is set here may be a secret.
const KEPT: [&str; 22] = [
    "PATH",
    "HOME",
    "LANG",
    "LANGUAGE",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "USER",
    "LOGNAME",
    "SHELL",
    "VIRTUAL_ENV",
    "PYTHONPATH",
    "PYTHONHOME",
    "NODE_PATH",
    "JAVA_HOME",
    "GOROOT",
    "GOPATH",
    "CARGO_HOME",
    "RUSTUP_HOME",
    "LD_LIBRARY_PATH",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
];

const GIB: u64 = 1 << 30;
/// What one process of a service may use. Memory is what it can write to: runtimes reserve far more.
const LIMITS: [(Resource, u64); 4] = [
    (Resource::Core, 0),
    (Resource::Nofile, 4096),
    (Resource::Fsize, GIB),
    (Resource::Data, 4 * GIB),
];
/// Processes and threads of a service that has a user of its own.
const PROCESSES: u64 = 512;
/// First of the users that nobody else has; a grader takes one by its own number.
const FIRST_USER: u32 = 61_000;
const USERS: u32 = 4_000;

/// The strongest way that works on this machine.
#[must_use]
pub fn strongest() -> Isolation {
    let ways = [
        Isolation::Bwrap,
        Isolation::BwrapWithNetwork,
        Isolation::User,
    ];
    let mut working = ways.into_iter().filter(|way| works(*way).is_ok());
    working.next().unwrap_or(Isolation::None)
}

/// Whether a way works here.
///
/// # Errors
/// Why it does not, and what to do.
pub fn works(isolation: Isolation) -> Result<(), String> {
    match isolation {
        Isolation::None => Ok(()),
        Isolation::User if geteuid().is_root() => Ok(()),
        Isolation::User => Err(
            "--isolate user: only root can start a service as another user; use --isolate bwrap, or grade as root"
                .to_owned(),
        ),
        Isolation::Bwrap | Isolation::BwrapWithNetwork => {
            let mut probe = Command::new("bwrap");
            probe.args(NAMESPACES).args(network(isolation)).arg("true");
            probe.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            match probe.status() {
                Ok(status) if status.success() => Ok(()),
                Ok(_) => Err(
                    "--isolate bwrap: bubblewrap may not make namespaces here; use --isolate bwrap-with-network, user as root, \
                     or a container"
                        .to_owned(),
                ),
                Err(error) => Err(format!(
                    "--isolate bwrap: cannot start `bwrap` ({error}); install bubblewrap, or use --isolate user as root"
                )),
            }
        }
        Isolation::Container => {
            let marks = ["/.dockerenv", "/run/.containerenv"];
            if marks.iter().any(|mark| Path::new(mark).exists()) {
                return Ok(());
            }
            Err(
                "--isolate container: this is no container; docs/grading.md has the command that starts one"
                    .to_owned(),
            )
        }
    }
}

/// A network with nobody in it, where that is meant.
fn network(isolation: Isolation) -> Option<&'static str> {
    (isolation == Isolation::Bwrap).then_some("--unshare-net")
}

/// How a service that has a network of its own and its grader reach each other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ways<'w> {
    /// Our own program.
    pub(super) program: &'w Path,
    /// Port of the API.
    pub(super) upstream: u16,
    /// Port of the service.
    pub(super) port: u16,
}

/// What runs beside the service and lets it reach the API, and be reached: the first words of a shell's
/// arguments are the relay's.
const WITH_RELAY: &str = r#""$0" grade relay "$1" "$2" "$3" & shift 3; exec sh "$@""#;

/// A view of the machine with its own processes and a root that cannot be written.
const NAMESPACES: [&str; 16] = [
    "--ro-bind",
    "/",
    "/",
    "--dev",
    "/dev",
    "--proc",
    "/proc",
    "--unshare-pid",
    "--unshare-ipc",
    "--unshare-uts",
    "--cap-drop",
    "ALL",
    "--die-with-parent",
    "--new-session",
    "--hostname",
    "service",
];

/// The place of one service: what is its own goes with it.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) isolation: Isolation,
    /// Where it runs.
    folder: PathBuf,
    /// Its home and its temporary files, if it gets its own.
    own: Option<TempDir>,
    user: u32,
}

impl Place {
    /// Prepares the place of a service whose code is in `folder`.
    ///
    /// # Errors
    /// When its own files cannot be made.
    pub(super) fn prepare(isolation: Isolation, folder: Option<&Path>) -> io::Result<Self> {
        let here = std::env::current_dir()?;
        let mut place = Self {
            isolation,
            folder: here.join(folder.unwrap_or(&here)),
            own: None,
            user: FIRST_USER + getpid().as_raw_nonzero().get().unsigned_abs() % USERS,
        };
        if !matches!(isolation, Isolation::None | Isolation::Container) {
            place.own = Some(tempfile::Builder::new().prefix("service-").tempdir()?);
        }
        if let (Isolation::User, Some(own)) = (isolation, &place.own) {
            // Another user can neither write in the folder nor, perhaps, read it.
            if folder.is_some() {
                let copy = own.path().join("code");
                run(Command::new("cp").arg("-R").arg(&place.folder).arg(&copy))?;
                place.folder = copy;
            }
            let owner = format!("{0}:{0}", place.user);
            run(Command::new("chown").args(["-R", &owner]).arg(own.path()))?;
        }
        Ok(place)
    }

    /// The folder by which it reaches us, if its network is its own.
    pub(super) fn network(&self) -> Option<&Path> {
        let own = self.own.as_ref().map(TempDir::path);
        own.filter(|_| self.isolation == Isolation::Bwrap)
    }

    /// The command that runs `script` here. `hidden` are folders that it must not see, `handed` names
    /// of variables that it gets beside the usual ones.
    pub(super) fn shell(
        &self,
        script: &str,
        ways: &Ways<'_>,
        hidden: &[PathBuf],
        handed: &[String],
    ) -> Command {
        let mut shell = match self.isolation {
            Isolation::Bwrap | Isolation::BwrapWithNetwork => self.wrapped(script, ways, hidden),
            Isolation::User | Isolation::None | Isolation::Container => Command::new("sh"),
        };
        shell
            .args(["-c", script])
            .current_dir(&self.folder)
            .env_clear();
        if self.isolation == Isolation::User {
            shell.uid(self.user).gid(self.user);
        }
        for name in KEPT.into_iter().chain(handed.iter().map(String::as_str)) {
            if let Some(value) = std::env::var_os(name) {
                shell.env(name, value);
            }
        }
        if let Some(own) = &self.own {
            shell.env("TMPDIR", own.path());
            if self.isolation == Isolation::User {
                shell.env("HOME", own.path());
            }
        }
        shell
    }

    fn wrapped(&self, script: &str, ways: &Ways<'_>, hidden: &[PathBuf]) -> Command {
        let mut wrapped = Command::new("bwrap");
        wrapped.args(NAMESPACES).args(network(self.isolation));
        // Many programs write to /tmp without asking; code that lies there must stay to be seen.
        if let (Some(own), false) = (&self.own, script.contains("/tmp")) {
            wrapped.arg("--bind").arg(own.path()).arg("/tmp");
        }
        for folder in hidden.iter().filter(|folder| folder.is_dir()) {
            wrapped.arg("--tmpfs").arg(folder);
        }
        for folder in self
            .own
            .iter()
            .map(TempDir::path)
            .chain([self.folder.as_path()])
        {
            wrapped.arg("--bind").args([folder, folder]);
        }
        // What is hidden stays so when it lies in the folder.
        for folder in hidden
            .iter()
            .filter(|one| one.is_dir() && one.starts_with(&self.folder))
        {
            wrapped.arg("--tmpfs").arg(folder);
        }
        let Some(folder) = self.network() else {
            wrapped.args(["--", "sh"]);
            return wrapped;
        };
        // It may lie where the service sees nothing.
        wrapped.arg("--ro-bind").args([ways.program, ways.program]);
        wrapped.args(["--", "sh", "-c", WITH_RELAY]);
        wrapped.arg(ways.program).arg(folder);
        wrapped.args([ways.upstream, ways.port].map(|port| port.to_string()));
        wrapped
    }

    /// Bounds what the process `pid` and all that it starts may use.
    pub(super) fn bound(&self, pid: Pid) {
        let processes = (self.isolation == Isolation::User).then_some((Resource::Nproc, PROCESSES));
        for (resource, most) in LIMITS.into_iter().chain(processes) {
            let limit = Rlimit {
                current: Some(most),
                maximum: Some(most),
            };
            // A limit that is lower already stays, and a service that has ended needs none.
            let _lower = prlimit(Some(pid), resource, limit);
        }
    }
}

fn run(command: &mut Command) -> io::Result<()> {
    let output = command.stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(io::Error::other(said.trim().to_owned()))
}
