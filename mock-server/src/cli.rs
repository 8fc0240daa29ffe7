//! The program: flags, start-up lines, and serving until ctrl-C.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use ground::limits::Limits;
use ground::profile::Profile;
use ground::timeline::Timeline;
use tokio::net::TcpListener;

use crate::api::MockClaude;
use crate::reply::RecordedLatency;
use crate::request::grouped;
use crate::server::{control, serve};
use crate::settings::{Config, Options as Behaviour, Settings, schema};

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
    /// Replay measured latencies: CSV with the columns ttft_ms and decode_tokens_per_s
    #[arg(long, value_name = "FILE")]
    pub latencies: Option<PathBuf>,
    /// Answer unknown ids with synthetic objects and check no meaning, for schema test suites
    #[arg(long)]
    pub conformance: bool,
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

/// Runs the mock as a whole program: 0 after ctrl-C, 2 when it cannot start.
#[must_use]
pub fn main(options: &Options) -> ExitCode {
    if options.schema {
        let _ = writeln!(std::io::stdout(), "{:#}", schema());
        return ExitCode::SUCCESS;
    }
    let served = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the async runtime")
        .and_then(|runtime| runtime.block_on(run(options)));
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Serves until ctrl-C.
///
/// # Errors
/// When the settings cannot be used or the address cannot be bound.
pub async fn run(options: &Options) -> Result<()> {
    let (config, behaviour) = load(options)?;
    let limits = in_words(&config, &behaviour);
    let models: Vec<String> = config.profiles.iter().map(|p| p.model.clone()).collect();
    let timeline = Timeline::start(options.speed, unix_now());
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
    let Some(control) = options.control else {
        out.flush()?;
        return Ok(serve(listener, mock, interrupted()).await?);
    };
    let controller = bind(control, "--control").await?;
    let token = options
        .control_token
        .clone()
        .unwrap_or_else(control::made_up_token);
    let address = controller.local_addr()?;
    writeln!(
        out,
        "control on http://{address} (header `authorization: Bearer {token}`)"
    )?;
    out.flush()?;
    tokio::select! {
        biased;
        served = serve(listener, mock.clone(), interrupted()) => served?,
        served = control::serve(controller, mock, token) => served?,
    }
    Ok(())
}

async fn bind(address: SocketAddr, flag: &str) -> Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address} (try {flag} 127.0.0.1:0)"))
}

async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        // Without a signal to wait for, only being killed ends the program.
        std::future::pending::<()>().await;
    }
}

/// The settings that `options` ask for.
///
/// # Errors
/// When the file cannot be read or understood.
pub fn load(options: &Options) -> Result<(Config, Behaviour)> {
    let mut settings = match &options.config {
        Some(path) => read(path)?,
        None => Settings::default(),
    };
    settings.options.conformance |= options.conformance;
    if let Some(preset) = options.preset {
        settings.limits = None;
        settings.options.tier = preset.tier().map(str::to_owned);
    }
    if let Some(path) = &options.latencies {
        settings.options.recorded_latency = read_latencies(path)?;
    }
    let behaviour = settings.options.clone();
    let mut config = settings.into_config();
    if let Some(seed) = options.seed {
        config.seed = seed;
    }
    Ok((config, behaviour))
}

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

/// The limits of all models: the commonest first, then the models that have others.
fn in_words(config: &Config, behaviour: &Behaviour) -> String {
    let of = |profile: &Profile| {
        let tier = behaviour.tier.as_ref();
        config.limits.or_else(|| profile.tiers.get(tier?).copied())
    };
    let count = |limits| config.profiles.iter().filter(|p| of(p) == limits).count();
    let commonest = config
        .profiles
        .iter()
        .map(of)
        .max_by_key(|limits| count(*limits));
    let Some(Some(limits)) = commonest else {
        return "none (--preset start switches those of the API's entry tier on)".to_owned();
    };
    let others = config.profiles.iter().filter(|p| of(p) != Some(limits));
    let mut text = format!("{} for each model and key", amounts(limits));
    for profile in others {
        if let Some(limits) = of(profile) {
            text += &format!("\n        {}: {}", profile.model, amounts(limits));
        }
    }
    text
}

fn amounts(limits: Limits) -> String {
    format!(
        "{} requests, {} input and {} output tokens a minute",
        grouped(limits.requests_per_minute),
        grouped(limits.input_tokens_per_minute),
        grouped(limits.output_tokens_per_minute),
    )
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
