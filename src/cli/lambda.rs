//! `breaklab lambda`: a real Lambda handler behind a gateway, with the limits of both, against the mock.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use ground::timeline::Timeline;
use tokio::net::TcpListener;

use super::Exit;
use super::interrupt::told_to_end;
use super::logs::log_group;
use super::serve::{like, own_mock, unix_s};
use crate::platform::lambda::{self, Command, Kind, Lambda, Settings};
use crate::platform::{Gateway, Guard, MAX_TIME_LIMIT_S, MEMORY_MB};
use crate::transport;

/// Arguments of `breaklab lambda`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The handler, e.g. app.handler for the function `handler` in app.py or app.mjs
    #[arg(long, value_name = "MODULE.FUNCTION")]
    handler: String,
    /// The folder of the code
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    dir: PathBuf,
    /// What loads the handler [default: by what the module is written in]
    #[arg(long, value_enum)]
    runtime: Option<Kind>,
    /// What stands before the function: rest gives an answer 29 s, http 30 s, function-url as long as the function has
    #[arg(long, value_enum, default_value = "rest")]
    gateway: Gateway,
    /// The gateway gives up after this many seconds instead
    #[arg(long, value_name = "SECONDS")]
    gateway_limit: Option<f64>,
    /// An event is killed after this many seconds, 900 at most
    #[arg(long, value_name = "SECONDS", default_value_t = 300.0)]
    time_limit: f64,
    /// Memory of an instance in megabytes; one that uses more is killed
    #[arg(long, value_name = "MB", default_value_t = 512)]
    memory: u64,
    /// Instances at the most; a request that finds none is throttled
    #[arg(long, value_name = "N", default_value_t = 50)]
    concurrency: usize,
    /// Instances that are up before the first request
    #[arg(long, value_name = "N", default_value_t = 0)]
    provisioned: usize,
    /// Seconds that an idle instance is kept
    #[arg(long, value_name = "SECONDS", default_value_t = 600.0)]
    keep_warm: f64,
    /// Simulated seconds per real second: all limits are divided by it, and the mock is as much faster
    #[arg(long, value_name = "N", default_value_t = 1.0)]
    speed: f64,
    /// Messages API for the handler, as ANTHROPIC_BASE_URL [default: a mock of our own, which speaks Bedrock, too]
    #[arg(long, value_name = "URL")]
    upstream: Option<String>,
    /// Scenario whose model, limits and faults the mock has
    #[arg(long, value_name = "SCENARIO")]
    like: Option<String>,
    /// File that the log is added to as well, in JSON lines for `breaklab logs`
    #[arg(long, value_name = "FILE")]
    log_group: Option<PathBuf>,
    /// A variable for the function: NAME=VALUE, or NAME to hand on this shell's
    #[arg(long, value_name = "NAME[=VALUE]")]
    env: Vec<String>,
    /// Address to listen on; port 0 picks one. Loopback only
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Answer web pages of this origin, e.g. http://app.example; * for all [default: only those of this machine]
    #[arg(long, value_name = "ORIGIN")]
    allow_origin: Vec<String>,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    check(args)?;
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the async runtime")?
        .block_on(serve(args))
}

fn check(args: &Args) -> anyhow::Result<()> {
    let above = [
        ("--speed", Some(args.speed), 1e6),
        ("--time-limit", Some(args.time_limit), MAX_TIME_LIMIT_S),
        ("--gateway-limit", args.gateway_limit, MAX_TIME_LIMIT_S),
        ("--keep-warm", Some(args.keep_warm), 1e6),
    ];
    for (name, value, most) in above {
        if value.is_some_and(|value| !(value > 0.0 && value <= most)) {
            bail!(
                "{name} is {}; give a number above 0, {most} at most",
                value.unwrap_or_default()
            );
        }
    }
    if !MEMORY_MB.contains(&args.memory) {
        bail!("--memory is {}; Lambda has 128 to 10240 MB", args.memory);
    }
    if args.concurrency == 0 || args.provisioned > args.concurrency {
        bail!(
            "--concurrency is {}; give at least 1, and as many as --provisioned ({})",
            args.concurrency,
            args.provisioned
        );
    }
    if !args.listen.ip().is_loopback() {
        bail!(
            "{} is not a loopback address; a stranger's request would run your code",
            args.listen
        );
    }
    if let Some(url) = args
        .upstream
        .as_ref()
        .filter(|url| !transport::is_loopback(url))
    {
        bail!("{url} is not on this machine; give the address of a mock, e.g. of `breaklab mock`");
    }
    Ok(())
}

async fn serve(args: &Args) -> anyhow::Result<Exit> {
    let timeline = Timeline::start(args.speed, unix_s());
    let command =
        Command::find(&args.handler, &args.dir, args.runtime).map_err(anyhow::Error::msg)?;
    let upstream = match &args.upstream {
        Some(url) => url.clone(),
        None => own_mock(&like(args.like.as_deref())?, timeline).await?,
    };
    let settings = settings(args, command, &upstream)?;
    let name = settings.name.clone();
    let group = args.log_group.as_deref();
    let group = group.map(|path| log_group(path, &name)).transpose()?;
    let log = move |stream: &str, line: &str| {
        // Nobody is left to tell when standard error is gone.
        let _gone = writeln!(std::io::stderr(), "{line}");
        if let Some(group) = &group {
            group.put_now(timeline, stream, line);
        }
    };
    let function = Lambda::new(settings, timeline, Arc::new(log));
    let listener = TcpListener::bind(args.listen)
        .await
        .with_context(|| format!("cannot listen on {}", args.listen))?;
    function.provision().await.map_err(anyhow::Error::msg)?;
    let url = format!("http://{}", listener.local_addr()?);
    let mut out = std::io::stdout();
    writeln!(out, "listening on {url}")?;
    writeln!(out, "export API_ENDPOINT={url}/document")?;
    writeln!(
        out,
        "function {name}, handler {}, gateway {}, {} s, {} MB, upstream {upstream}, speed {}",
        args.handler,
        args.gateway.name(),
        args.time_limit,
        args.memory,
        args.speed
    )?;
    let guard = Guard {
        origins: args.allow_origin.clone(),
        any_host: false,
    };
    tokio::select! {
        biased;
        ended = lambda::serve(listener, function.clone(), guard) => ended?,
        () = told_to_end() => {}
    }
    function.close();
    Ok(Exit::Done)
}

fn settings(args: &Args, command: Command, upstream: &str) -> anyhow::Result<Settings> {
    let folder = command.folder.file_name();
    let name = folder.map_or_else(
        || "function".into(),
        |name| name.to_string_lossy().into_owned(),
    );
    let mut variables = vec![
        ("ANTHROPIC_BASE_URL".to_owned(), upstream.to_owned()),
        (
            "ANTHROPIC_API_KEY".to_owned(),
            "sk-ant-simulated".to_owned(),
        ),
        (
            "AWS_ENDPOINT_URL_BEDROCK_RUNTIME".to_owned(),
            upstream.to_owned(),
        ),
    ];
    for given in &args.env {
        variables.push(match given.split_once('=') {
            Some((name, value)) => (name.to_owned(), value.to_owned()),
            None => {
                let value = std::env::var(given).with_context(|| {
                    format!("--env {given}: this shell has no such variable; give {given}=VALUE")
                })?;
                (given.clone(), value)
            }
        });
    }
    let gateway_limit = args.gateway_limit.map(Duration::from_secs_f64);
    Ok(Settings {
        command,
        name,
        gateway: args.gateway,
        gateway_limit: gateway_limit.or(args.gateway.limit()),
        time_limit: Duration::from_secs_f64(args.time_limit),
        memory_mb: args.memory,
        max_instances: args.concurrency,
        provisioned: args.provisioned,
        keep_warm: Duration::from_secs_f64(args.keep_warm),
        variables,
    })
}
