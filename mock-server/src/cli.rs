//! The program: flags, start-up lines, and serving until ctrl-C.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use ground::profile::Latency;
use ground::timeline::Timeline;
use tokio::net::TcpListener;
#[cfg(unix)]
use tokio::signal::unix::{SignalKind, signal};

use crate::api::MockClaude;
use crate::reply::RecordedLatency;
use crate::server::{control, serve};
use crate::settings::{Config, ConfigError, Options as Behaviour, Settings, schema};

mod log;
mod place;
mod words;

/// Flags of the mock, shared by every program that offers it.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// Address to serve on; port 0 picks a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:4010")]
    pub listen: SocketAddr,
    /// Settings in TOML; what is absent is built in
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Rate limits of a usage tier, instead of those of the settings
    #[arg(long, value_enum)]
    pub preset: Option<Preset>,
    /// Seed of all chance
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Address of the control listener; port 0 picks a free one [default: none]
    #[arg(long, value_name = "ADDR")]
    pub control: Option<SocketAddr>,
    /// Token that the control listener asks for [default: made up and printed]
    #[arg(long, value_name = "TOKEN", requires = "control")]
    pub control_token: Option<String>,
    /// Simulated seconds per real second
    #[arg(long, value_name = "N", default_value_t = 1.0, value_parser = positive)]
    pub speed: f64,
    /// How long answers take: as long as the model would, or no time at all
    #[arg(long, value_enum, value_name = "LATENCY", default_value_t = LatencyMode::Model, conflicts_with = "latencies")]
    pub latency: LatencyMode,
    /// Replay measured latencies: CSV with the columns ttft_ms and decode_tokens_per_s
    #[arg(long, value_name = "FILE")]
    pub latencies: Option<PathBuf>,
    /// Answer unknown ids with synthetic objects and check no meaning, for schema test suites
    #[arg(long)]
    pub conformance: bool,
    /// Write at the end what the client did wrong to FILE, as JSON; the program then ends with 1 if
    /// it did anything wrong
    #[arg(long, value_name = "FILE")]
    pub verdict: Option<PathBuf>,
    /// Print no line for each call
    #[arg(long)]
    pub quiet: bool,
    /// Print the JSON schema of the settings file and stop
    #[arg(long)]
    pub schema: bool,
}

fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && number > 0.0 => Ok(number),
        _ => Err("must be a number greater than 0".to_owned()),
    }
}

/// How long answers take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LatencyMode {
    /// As long as the model would take.
    Model,
    /// No time at all, for unit tests.
    None,
}

/// Usage tiers by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Preset {
    /// No limits, for raw load.
    Unlimited,
    /// The entry tier of 2026.
    Start,
    /// The middle tier of 2026.
    Build,
    /// The top tier of 2026.
    Scale,
    /// The entry tier of 2025: 50 requests a minute.
    #[value(name = "tier1-2025")]
    Tier1Of2025,
}

impl Preset {
    /// Its name among a profile's tiers.
    fn tier(self) -> Option<&'static str> {
        match self {
            Self::Unlimited => None,
            Self::Start => Some("start"),
            Self::Build => Some("build"),
            Self::Scale => Some("scale"),
            Self::Tier1Of2025 => Some("tier1-2025"),
        }
    }
}

/// Runs the mock as a whole program: 0 after ctrl-C, 1 if the client did something wrong and a
/// verdict was wanted, 2 when it cannot start.
#[must_use]
pub fn main(options: &Options) -> ExitCode {
    match start(options, Settings::default()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Does what `options` ask for, with `base` as the settings that are built in, and says whether the
/// client did nothing wrong; without a wish for a verdict it never did.
///
/// # Errors
/// When the settings cannot be used, an address cannot be bound, or the verdict cannot be written.
pub fn start(options: &Options, base: Settings) -> Result<bool> {
    if options.schema {
        let _ = writeln!(std::io::stdout(), "{:#}", schema());
        return Ok(true);
    }
    let (config, behaviour) = load(options, base)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the async runtime")?;
    runtime.block_on(run(options, config, behaviour))
}

async fn run(options: &Options, config: Config, behaviour: Behaviour) -> Result<bool> {
    let limits = words::limits(&config, &behaviour);
    let models: Vec<String> = config.profiles.iter().map(|p| p.model.clone()).collect();
    let timeline = Timeline::start(options.speed, unix_now());
    let idle = config.idle_answers();
    let mock = MockClaude::with_options(config, behaviour, timeline)?;
    let listener = bind(options.listen, "--listen").await?;
    let mut out = std::io::stdout();
    let address = listener.local_addr()?;
    writeln!(out, "listening on http://{address}")?;
    writeln!(
        out,
        "export ANTHROPIC_BASE_URL=http://{address} ANTHROPIC_API_KEY=any"
    )?;
    writeln!(out, "limits: {limits}")?;
    writeln!(out, "models: {}", models.join(", "))?;
    for (number, key, words) in idle {
        let at = place::of_answer(options.config.as_deref(), number, key);
        writeln!(
            out,
            "warning: answer {number}{at} can never be given: {words}"
        )?;
    }
    let controller = match options.control {
        Some(address) => Some(bind(address, "--control").await?),
        None => None,
    };
    let token = options.control_token.clone();
    let token = token.unwrap_or_else(control::made_up_token);
    if let Some(controller) = &controller {
        let address = controller.local_addr()?;
        writeln!(
            out,
            "control on http://{address} (header `authorization: Bearer {token}`)\n\
             live page: http://{address}/#{token}"
        )?;
    }
    out.flush()?;
    if !options.quiet {
        log::begin(&mock);
    }
    match controller {
        None => serve(listener, mock.clone(), interrupted()).await?,
        Some(controller) => tokio::select! {
            biased;
            served = serve(listener, mock.clone(), interrupted()) => served?,
            served = control::serve(controller, mock.clone(), token) => served?,
        },
    }
    match &options.verdict {
        Some(path) => write_verdict(&mock, path),
        None => Ok(true),
    }
}

/// Writes what the client did wrong, and says whether it was nothing.
fn write_verdict(mock: &MockClaude, path: &Path) -> Result<bool> {
    let verdict = mock.verdict();
    let json = serde_json::to_string_pretty(&verdict).context("cannot write the verdict")?;
    std::fs::write(path, json + "\n")
        .with_context(|| format!("cannot write the verdict to {}", path.display()))?;
    let mut out = std::io::stdout();
    for finding in &verdict.findings {
        let _ = writeln!(
            out,
            "verdict: {} x {} ({}): {}",
            finding.rule.name(),
            finding.count,
            finding.evidence.join(", "),
            finding.advice
        );
    }
    if verdict.clean {
        let _ = writeln!(out, "verdict: nothing wrong in {} calls", verdict.attempts);
    }
    Ok(verdict.clean)
}

async fn bind(address: SocketAddr, flag: &str) -> Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address} (try {flag} 127.0.0.1:0)"))
}

/// Waits for ctrl-C, or for the signal by which other programs end this one.
async fn interrupted() {
    let asked_to_end = async {
        #[cfg(unix)]
        if let Ok(mut signals) = signal(SignalKind::terminate()) {
            signals.recv().await;
            return;
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        biased;
        Ok(()) = tokio::signal::ctrl_c() => {}
        () = asked_to_end => {}
        // Without a signal to wait for, only being killed ends the program.
        else => std::future::pending::<()>().await,
    }
}

/// The settings that `options` ask for; `base` is what is built in.
///
/// # Errors
/// When the file cannot be read or understood.
pub fn load(options: &Options, base: Settings) -> Result<(Config, Behaviour)> {
    let mut settings = match &options.config {
        Some(path) => read(path)?,
        None => base,
    };
    settings.options.conformance |= options.conformance;
    if let Some(preset) = options.preset {
        settings.limits = None;
        settings.options.tier = preset.tier().map(str::to_owned);
    }
    if let Some(path) = &options.latencies {
        settings.options.recorded_latency = read_latencies(path)?;
    }
    if options.latency == LatencyMode::None {
        settings.options.recorded_latency.clear();
        settings.options.batch_delay_s = 0.0;
    }
    let behaviour = settings.options.clone();
    let mut config = settings.into_config();
    if options.latency == LatencyMode::None {
        for profile in &mut config.profiles {
            profile.latency = AT_ONCE;
        }
    }
    if let Some(seed) = options.seed {
        config.seed = seed;
    }
    match (config.check(), &options.config) {
        (Err(ConfigError::Answer { number, key, words }), Some(path)) => {
            let at = place::of_answer(Some(path), number, key);
            let key = if key.is_empty() {
                String::new()
            } else {
                format!("`{key}` ")
            };
            anyhow::bail!("{}: answer {number}{at}: {key}{words}", path.display())
        }
        _ => Ok((config, behaviour)),
    }
}

/// Answers that take no time.
const AT_ONCE: Latency = Latency {
    time_to_first_token_ms: 0.0,
    prefill_tokens_per_s: f64::INFINITY,
    decode_tokens_per_s: f64::INFINITY,
    sigma: 0.0,
};

fn read(path: &Path) -> Result<Settings> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read settings {}", path.display()))?;
    toml::from_str(&text).with_context(|| format!("settings {}", path.display()))
}

fn read_latencies(path: &Path) -> Result<Vec<RecordedLatency>> {
    let context = || format!("cannot read recorded latencies {}", path.display());
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_path(path)
        .with_context(context)?;
    let records: Vec<RecordedLatency> = reader
        .deserialize()
        .collect::<Result<_, _>>()
        .with_context(context)?;
    anyhow::ensure!(
        !records.is_empty(),
        "{} holds no latencies: give it rows below the header ttft_ms,decode_tokens_per_s",
        path.display()
    );
    Ok(records)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the only look at the calendar: a real server's reset headers carry real dates"
)]
fn unix_now() -> u64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(csv: &str) -> Result<Vec<RecordedLatency>> {
        let file = std::env::temp_dir().join(format!(
            "mock-claude-{}-{:x}.csv",
            std::process::id(),
            ground::chance::digest(csv.as_bytes())
        ));
        std::fs::write(&file, csv)?;
        let read = read_latencies(&file);
        std::fs::remove_file(&file)?;
        read
    }

    #[test]
    fn latencies_are_read_by_column_name() {
        let records = read("model, decode_tokens_per_s, ttft_ms\na, 80.5, 700\nb, 90, 650\n");
        let record = |ttft_ms, decode_tokens_per_s| RecordedLatency {
            ttft_ms,
            decode_tokens_per_s,
        };
        assert_eq!(records.unwrap(), [record(700.0, 80.5), record(650.0, 90.0)]);
    }

    #[test]
    fn a_file_without_latencies_is_refused_with_the_way_out() {
        let empty = read("ttft_ms,decode_tokens_per_s\n").unwrap_err();
        assert!(format!("{empty:#}").contains("give it rows"), "{empty:#}");
        let other = read("a,b\n1,2\n").unwrap_err();
        assert!(
            format!("{other:#}").contains("missing field `ttft_ms`"),
            "{other:#}"
        );
        let text = read("ttft_ms,decode_tokens_per_s\nfast,1\n").unwrap_err();
        assert!(format!("{text:#}").contains("line: 2"), "{text:#}");
    }
}
