//! How an examination is come by: of a service that runs, or of one that is started and ended.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::net::TcpListener;
use tokio::time::Instant;

use super::Args;
use super::isolate::Isolate;
use super::rubrics::Rubrics;
use crate::examiner::{self, ExamApi, Handler, Launch, OwnCase, Plan, ServiceProcess, StartError};
use crate::grade::class::Student;
use crate::record::Base;
use crate::record::exam::{Case, Check, Exam, Isolation, SCHEMA};
use crate::transport;

pub(super) async fn examine(args: &Args, rubrics: &Rubrics) -> anyhow::Result<Exam> {
    let salt = args.salt.clone().map_or_else(examiner::random_salt, Ok)?;
    // Names hold it, and services may change the case of letters in what they deliver.
    let salt = salt.to_ascii_lowercase();
    if salt.is_empty() || salt.len() > 16 || !salt.bytes().all(|byte| byte.is_ascii_alphanumeric())
    {
        bail!("--salt is `{salt}`; use at most 16 letters and digits");
    }
    if let Some(url) = &args.endpoint
        && !args.allow_remote
        && !transport::is_loopback(url)
    {
        bail!(
            "{url} is not on this machine, and grading puts it under load; add --allow-remote if you mean it"
        );
    }
    std::fs::create_dir_all(&args.out)
        .with_context(|| format!("cannot make the folder `{}`", args.out.display()))?;
    let lambda = args.lambda.clone().map(|lambda| Student {
        lambda,
        ..Student::default()
    });
    let started = args.start.clone();
    let target = started.or_else(|| Some(lambda?.target()));
    let mut exam = match (&args.endpoint, &target) {
        (Some(url), _) => examine_running(args, url, &salt, rubrics).await?,
        (None, Some(command)) => {
            let handler = handler(args)?;
            let deadline = Duration::from_secs(args.deadline);
            let ready = Duration::from_secs(args.ready_within);
            let started = Started {
                target: command,
                command: handler.as_ref().map_or(command, |handler| &handler.command),
                variables: handler.as_ref().map_or(&[], |handler| &handler.variables),
                folder: args.dir.as_deref(),
                out: &args.out,
                ready,
                deadline,
                within: within(args),
                isolate: args.isolate,
                hidden: vec![hidden_root(args)],
                handed: args.env.clone(),
                cases: rubrics.cases(),
                own: rubrics.own.clone(),
            };
            examine_started(&started, &salt, &heard(args)).await?
        }
        (None, None) => bail!(
            "name a service: --endpoint URL, --start CMD, --lambda HANDLER, --roster FILE, or --from DIR to grade again"
        ),
    };
    take_reference(&mut exam, rubrics).await?;
    Ok(exam)
}

/// What stands before the handler of `--lambda`.
fn handler(args: &Args) -> anyhow::Result<Option<Handler>> {
    let folder = args.dir.as_deref().unwrap_or(Path::new("."));
    let found = args
        .lambda
        .as_ref()
        .map(|named| Handler::find(named, folder));
    found.transpose().map_err(anyhow::Error::msg)
}

/// What is written after the cases takes a moment, and somebody ends the grader when its time is over.
const TO_WRITE: Duration = Duration::from_secs(5);

/// Time for all cases of a service.
fn within(args: &Args) -> Duration {
    Duration::from_secs(args.student_deadline).saturating_sub(TO_WRITE)
}

/// The folder with the records, which no service may see: of the whole class, where there is one.
fn hidden_root(args: &Args) -> PathBuf {
    let out = std::path::absolute(&args.out).unwrap_or_else(|_| args.out.clone());
    let of_class = out.parent().and_then(Path::parent);
    match of_class.filter(|_| args.until_stdin_ends) {
        Some(class) => class.to_owned(),
        None => out,
    }
}

/// Progress on standard error, for people who wait.
fn heard(args: &Args) -> impl Fn(&str) + Sync + use<> {
    let quiet = args.json;
    move |case: &str| {
        if !quiet {
            // Nobody is left to tell when standard error is gone.
            let _gone = writeln!(std::io::stderr(), "examined: {case}");
        }
    }
}

pub(super) async fn examine_running(
    args: &Args,
    url: &str,
    salt: &str,
    rubrics: &Rubrics,
) -> anyhow::Result<Exam> {
    let api = ExamApi::new()?;
    let listener = TcpListener::bind(args.upstream).await.with_context(|| {
        format!(
            "our API cannot listen on {}; choose another --upstream",
            args.upstream
        )
    })?;
    let _gone = writeln!(
        std::io::stderr(),
        "our API listens on http://{0}: the service must have been started with ANTHROPIC_BASE_URL=http://{0}",
        listener.local_addr()?
    );
    let serving = tokio::spawn(api.clone().serve(listener));
    let plan = Plan {
        target: url.to_owned(),
        endpoint: url.to_owned(),
        salt: salt.to_owned(),
        cases: rubrics.cases(),
        own: rubrics.own.clone(),
        deadline: Duration::from_secs(args.deadline),
        within: within(args),
    };
    let exam = examiner::examine(&api, &plan, &mut None, &heard(args)).await?;
    serving.abort();
    Ok(exam)
}

/// A service to be started.
pub(super) struct Started<'a> {
    /// What it is called in the record.
    pub(super) target: &'a str,
    pub(super) command: &'a str,
    pub(super) variables: &'a [(String, String)],
    pub(super) folder: Option<&'a Path>,
    pub(super) out: &'a Path,
    pub(super) ready: Duration,
    pub(super) deadline: Duration,
    pub(super) within: Duration,
    pub(super) isolate: Isolate,
    pub(super) hidden: Vec<PathBuf>,
    pub(super) handed: Vec<String>,
    pub(super) cases: Vec<Case>,
    pub(super) own: Vec<OwnCase>,
}

/// Starts a service with an API of its own, examines it and ends it.
pub(super) async fn examine_started(
    started: &Started<'_>,
    salt: &str,
    heard: &(dyn Fn(&str) + Sync),
) -> anyhow::Result<Exam> {
    let began = Instant::now();
    let api = ExamApi::new()?;
    let listener = TcpListener::bind(("127.0.0.1", 0))
        .await
        .context("no loopback port")?;
    let upstream = listener.local_addr()?;
    let serving = tokio::spawn(api.clone().serve(listener));
    let launch = Launch {
        command: started.command.to_owned(),
        folder: started.folder.map(Path::to_owned),
        upstream,
        api_key: api.api_key().to_owned(),
        log: started.out.join("service.log"),
        program: std::env::current_exe().context("cannot find this program's own file")?,
        isolation: started.isolate.resolve()?,
        variables: started.variables.to_vec(),
        hidden: started.hidden.clone(),
        handed: started.handed.clone(),
        within: started.ready,
    };
    let exam = match start(launch, started.isolate).await {
        Ok(service) => {
            let plan = Plan {
                target: started.target.to_owned(),
                endpoint: service.endpoint.clone(),
                salt: salt.to_owned(),
                cases: started.cases.clone(),
                own: started.own.clone(),
                deadline: started.deadline,
                // A service that is slow to listen has less time for its cases.
                within: started.within.saturating_sub(began.elapsed()),
            };
            let mut service = Some(service);
            let exam = examiner::examine(&api, &plan, &mut service, heard).await;
            if let Some(service) = service {
                service.stop().await;
            }
            exam?
        }
        Err(error @ (StartError::Spawn { .. } | StartError::Folder { .. })) => {
            return Err(error.into());
        }
        Err(error) => not_started(started.target, salt, &error.to_string()),
    };
    serving.abort();
    Ok(exam)
}

/// Starts a service. One that cannot run as another user, for its files are not for others, or without
/// the network gets less isolation if nobody asked for more; the grade says so.
async fn start(launch: Launch, isolate: Isolate) -> Result<ServiceProcess, StartError> {
    let weaker = match launch.isolation {
        Isolation::User => Some(Isolation::None),
        Isolation::Bwrap => Some(Isolation::BwrapWithNetwork),
        _ => None,
    };
    let weaker = weaker.filter(|_| isolate == Isolate::Auto);
    let again = weaker.map(|isolation| Launch {
        isolation,
        ..launch.clone()
    });
    match (ServiceProcess::start(launch).await, again) {
        (Err(StartError::Ended { .. } | StartError::Spawn { .. }), Some(again)) => {
            ServiceProcess::start(again).await
        }
        (started, _) => started,
    }
}

/// A service that does not come up is ungradable, and its student reads why.
pub(super) fn not_started(command: &str, salt: &str, why: &str) -> Exam {
    Exam {
        schema: SCHEMA.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        target: command.to_owned(),
        salt: salt.to_owned(),
        preflight: vec![Check {
            id: "started".to_owned(),
            passed: false,
            said: why.to_owned(),
        }],
        cases: [].into(),
        own: [].into(),
        unplayed: [].into(),
        prying: Vec::new(),
        isolation: None,
        unattributed: 0,
    }
}

/// Our own times for the cases whose times count by these rubrics, taken on this machine now.
pub(super) async fn take_reference(exam: &mut Exam, rubrics: &Rubrics) -> anyhow::Result<()> {
    let passed = exam.preflight.iter().all(|check| check.passed);
    if !passed || !rubrics.need_reference() {
        return Ok(());
    }
    let timed = [Case::Burst];
    let ours = examiner::reference(Base::Hardened, &timed).await?;
    for case in timed {
        let time = ours.cases.get(&case).map(|record| record.makespan_ms);
        if let Some(record) = exam.cases.get_mut(&case) {
            record.reference_ms = time;
        }
    }
    Ok(())
}
