//! Our own hardened service on this machine, for times that others are held against.

use std::time::Duration;

use ground::timeline::Timeline;
use tokio::net::TcpListener;

use super::api::{ExamApi, random_salt};
use super::error::ExaminerError;
use super::examine::{Plan, examine};
use crate::claude::Claude;
use crate::generator::{Generator, Policy, Settings};
use crate::platform::{self, Preset, Service};
use crate::record::Base;
use crate::record::exam::{Case, Exam};
use crate::transport::{AttemptLog, Transport};

/// Examines our own generator in `mode` over loopback sockets.
///
/// # Errors
/// When it cannot begin.
pub async fn reference(mode: Base, cases: &[Case]) -> Result<Exam, ExaminerError> {
    let broken =
        |error: std::io::Error| ExaminerError::Endpoint(format!("no loopback port: {error}"));
    let api = ExamApi::new()?;
    let upstream = TcpListener::bind(("127.0.0.1", 0)).await.map_err(broken)?;
    let front = TcpListener::bind(("127.0.0.1", 0)).await.map_err(broken)?;
    let base = format!("http://{}", upstream.local_addr().map_err(broken)?);
    let endpoint = format!("http://{}", front.local_addr().map_err(broken)?);
    let serving = Ended(tokio::spawn(api.clone().serve(upstream)));
    let service = service(mode, &base, api.api_key())?;
    let handler = platform::http::Handler::new(
        service,
        platform::http::Options {
            without_jobs: false,
            files_at_once: settings().parallel,
            ..platform::http::Options::default()
        },
    );
    let ours = Ended(tokio::spawn(async move {
        // A listener that fails shows as an unreachable service.
        let _failed = platform::serve(front, handler, std::future::pending()).await;
    }));
    let plan = Plan {
        target: format!("breaklab serve --mode {mode}"),
        endpoint,
        salt: random_salt()?,
        cases: cases.to_vec(),
        own: Vec::new(),
        deadline: Duration::from_secs(30),
        within: Duration::from_secs(600),
    };
    let exam = examine(&api, &plan, &mut None, &|_| {}).await;
    drop((serving, ours));
    exam
}

/// Patience in real time, as a student's service would have it.
fn settings() -> Settings {
    Settings {
        max_tokens: 8192,
        call_timeout_s: 4.0,
        chunk_lines: 1000,
        chunk_tokens: 8_000,
        tokens_per_definition: 40,
        parallel: 10,
        attempts: 5,
        retry_budget_s: 12.0,
        backoff_base_ms: 300,
        backoff_cap_ms: 2_000,
        ..Settings::default()
    }
}

fn service(mode: Base, upstream: &str, api_key: &str) -> Result<Service, ExaminerError> {
    let timeline = Timeline::start(1.0, 0);
    let failed =
        |why: String| ExaminerError::Endpoint(format!("our own service cannot start: {why}"));
    let log = AttemptLog::new(timeline, 0);
    let transport = Transport::tcp(upstream, log).map_err(|error| failed(error.to_string()))?;
    let claude = Claude::new(transport, api_key);
    let policy = Policy::new(mode, &settings());
    let generator = Generator::new(policy, "claude-opus-4-6", claude, None, timeline, 1);
    let local = platform::Settings {
        preset: Preset::Local,
        ..platform::Settings::default()
    };
    Ok(Service::new(local.resolve(), generator, timeline, 1))
}

/// A task that ends with its owner.
struct Ended(tokio::task::JoinHandle<()>);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.abort();
    }
}
