//! The service under load: in this process, or behind a loopback socket with the same code inside.

use std::time::Duration;

use ground::timeline::Timeline;
use mock_claude::MockClaude;
use tokio::net::TcpListener;

use super::error::RunError;
use crate::contract::{self, Ask, REQUEST_HEADER, Reading};
use crate::corpus::Source;
use crate::generator::Document;
use crate::load::Stop;
use crate::platform::http::Handler;
use crate::platform::{Failure, Gateway, Service, gateway};
use crate::record::Ending;
use crate::record::exam::Outcome;
use crate::transport::{AttemptLog, Transport};

/// Longest real time that both sides get to agree that everything has ended.
const SETTLE: Duration = Duration::from_secs(5);

/// Simulated time between a client's looks at its job: often enough for people, and cheap at the gateway.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Where requests go.
#[derive(Clone)]
pub(super) enum Target {
    /// A function call, on the paused clock.
    InProcess(Service),
    /// The service over HTTP, on a loopback port.
    Http {
        client: reqwest::Client,
        url: String,
        /// The same, as its own process sees it.
        service: Service,
    },
}

/// What came back.
#[derive(Debug)]
pub(super) struct RequestResult {
    pub(super) status: Option<u16>,
    pub(super) ending: Ending,
    pub(super) documentation: Option<String>,
    pub(super) error: Option<String>,
}

impl RequestResult {
    pub(super) fn dropped() -> Self {
        Self {
            status: None,
            ending: Ending::Dropped,
            documentation: None,
            error: None,
        }
    }

    pub(super) fn unreachable(why: String) -> Self {
        Self {
            status: None,
            ending: Ending::Unreachable,
            documentation: None,
            error: Some(why),
        }
    }

    /// An answer that cannot be read, and why.
    pub(super) fn unusable(status: u16, why: &str) -> Self {
        Self::failed(
            status,
            "unusable_answer",
            &format!("status {status}: {why}"),
        )
    }

    fn documented(text: String, complete: bool) -> Self {
        let ending = if complete {
            Ending::Ok
        } else {
            Ending::Degraded
        };
        Self {
            status: Some(200),
            ending,
            documentation: Some(text),
            error: None,
        }
    }

    /// What an answer of the contract is to a load; `told` is the text of its error.
    pub(super) fn read(reading: Reading, told: &str) -> Self {
        let status = reading.status.unwrap_or_default();
        let answer = match reading.outcome {
            Outcome::Whole => Self::documented(String::new(), true),
            Outcome::Partial => Self::documented(String::new(), false),
            _ => Self::failed(status, &reading.kind, told),
        };
        Self {
            status: Some(status),
            documentation: reading.documentation,
            ..answer
        }
    }

    /// The same, where the words may be those of the gateway in between.
    fn seen_through(self, gateway: Gateway) -> Self {
        let words = self.error.as_deref().unwrap_or_default();
        let said = self.status.and_then(|status| gateway.kind(status, words));
        match (self.status, said) {
            (Some(status), Some(kind)) => Self::failed(status, kind, words),
            _ => self,
        }
    }

    pub(super) fn failed(status: u16, kind: &str, message: &str) -> Self {
        let ending = match (status, kind) {
            (_, gateway::TIME_LIMIT) => Ending::TimeLimit,
            (_, gateway::GATEWAY_TIMEOUT) => Ending::GatewayTimeout,
            (_, gateway::THROTTLED) => Ending::Throttled,
            (429, _) => Ending::RateLimited,
            (400..500, _) => Ending::Rejected,
            _ => Ending::UpstreamFailed,
        };
        Self {
            status: Some(status),
            ending,
            documentation: None,
            error: Some(message.to_owned()),
        }
    }
}

impl Target {
    pub(super) fn service(&self) -> &Service {
        let (Self::InProcess(service) | Self::Http { service, .. }) = self;
        service
    }

    /// Asks, and again up to `retries` times when the service or its gateway fails.
    pub(super) async fn asked(&self, index: u64, source: &Source, retries: u64) -> RequestResult {
        let mut left = retries;
        loop {
            let result = self.document(index, source).await;
            if left == 0 || result.status.is_none_or(|status| status < 500) {
                return result;
            }
            left -= 1;
        }
    }

    async fn document(&self, index: u64, source: &Source) -> RequestResult {
        match self {
            Self::InProcess(service) => {
                let document = Document {
                    path: source.path.clone(),
                    content: source.content.clone(),
                };
                let done = service.document(index, &document);
                let (done, is_job) = polled(service, done).await;
                let result = in_process(done);
                // The look that found the job failed has itself succeeded.
                let status = if is_job { Some(200) } else { result.status };
                RequestResult { status, ..result }
            }
            Self::Http {
                client,
                url,
                service,
            } => {
                let answer = over_http(client, url, service.timeline(), index, source);
                answer.await.seen_through(service.platform().gateway)
            }
        }
    }

    /// Waits until attempts that the service gave up have been noticed by the mock as well, so
    /// that both sides' accounts can be compared. In process a dropped future is noticed at once.
    pub(super) async fn close(self, mock: &MockClaude, log: &AttemptLog, stop: &Stop) {
        tokio::select! {
            biased;
            () = self.service().unwatched_ended() => {}
            () = stop.stopped() => {}
        }
        let Self::Http { .. } = self else { return };
        let settled = async {
            while mock.ledger().totals.in_flight > 0
                || log.snapshot().sent != log.snapshot().by_ending.values().sum::<u64>()
            {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        // Accounts that still differ then are reported as a violation, not waited for.
        let _late = tokio::time::timeout(SETTLE, settled).await;
    }
}

/// The answer as a client gets it, and whether it came as a job, which is there when the client looks again.
async fn polled<T>(service: &Service, done: impl Future<Output = T>) -> (T, bool) {
    let Some(patience) = service.patience() else {
        return (done.await, false);
    };
    let timeline = service.timeline();
    let asked = timeline.now();
    let done = done.await;
    let late = timeline.now().saturating_sub(asked + patience);
    if !late.is_zero() {
        let looks = late.as_nanos().div_ceil(LOOK_EVERY.as_nanos()).max(1);
        let looks = u32::try_from(looks).unwrap_or(u32::MAX);
        service.asked(looks.into());
        let answered = asked + patience + LOOK_EVERY * looks + service.platform().gateway_overhead;
        timeline.sleep_until(answered).await;
    }
    (done, !late.is_zero())
}

fn in_process(result: Result<crate::generator::Documentation, Failure>) -> RequestResult {
    match result {
        Ok(done) => RequestResult::documented(done.text, done.missing.is_empty()),
        Err(failure) => {
            RequestResult::failed(failure.status(), failure.kind(), &failure.to_string())
        }
    }
}

async fn over_http(
    client: &reqwest::Client,
    url: &str,
    timeline: Timeline,
    index: u64,
    source: &Source,
) -> RequestResult {
    let ask = Ask {
        file_path: source.path.clone(),
        file_content: source.content.to_string(),
        note: None,
    };
    let body = serde_json::to_vec(&ask).expect("a path and a text are always JSON");
    let request = client
        .post(format!("{url}/document"))
        .header(REQUEST_HEADER, index)
        .header("content-type", "application/json")
        .body(body);
    let (mut status, location, mut body) = match whole(request).await {
        Ok(answer) => answer,
        Err(unreachable) => return unreachable,
    };
    if status == 202
        && let Some(job) = location
    {
        loop {
            timeline.sleep(LOOK_EVERY).await;
            match whole(client.get(format!("{url}{job}"))).await {
                Ok((now, _, answer)) => (status, body) = (now, answer),
                Err(unreachable) => return unreachable,
            }
            if contract::ended(status, &body) {
                break;
            }
        }
    }
    // The words alone, so that a run over sockets tells an error like one on the paused clock.
    let reading = contract::read(status, None, &body);
    let words = reading.words.clone();
    RequestResult::read(reading, &words)
}

/// Status, `location` and body of an answer, or why there is none.
async fn whole(
    request: reqwest::RequestBuilder,
) -> Result<(u16, Option<String>, bytes::Bytes), RequestResult> {
    let lost = |error| RequestResult::unreachable(format!("no answer: {}", without_url(&error)));
    let response = request.send().await.map_err(lost)?;
    let status = response.status().as_u16();
    let location = response.headers().get(http::header::LOCATION);
    let location = location.and_then(|value| Some(value.to_str().ok()?.to_owned()));
    Ok((status, location, response.bytes().await.map_err(lost)?))
}

/// Puts the mock, and the service that asks it, on loopback ports of their own.
pub(super) async fn over_tcp(
    mock: &MockClaude,
    log: &AttemptLog,
    service: impl FnOnce(Transport) -> Result<Service, RunError>,
) -> Result<Target, RunError> {
    let listen = || TcpListener::bind(("127.0.0.1", 0));
    let upstream = listen().await.map_err(RunError::Listen)?;
    let base = format!(
        "http://{}",
        upstream.local_addr().map_err(RunError::Listen)?
    );
    tokio::spawn(mock_claude::serve(
        upstream,
        mock.clone(),
        std::future::pending(),
    ));
    let transport =
        Transport::tcp(&base, log.clone()).map_err(|error| RunError::Client(error.to_string()))?;
    let service = service(transport)?;
    let front = listen().await.map_err(RunError::Listen)?;
    let url = format!("http://{}", front.local_addr().map_err(RunError::Listen)?);
    let handler = Handler::from(service.clone());
    tokio::spawn(crate::platform::serve(
        front,
        handler,
        std::future::pending(),
    ));
    let client = reqwest::Url::parse(&url)
        .map_err(|error| RunError::Client(error.to_string()))
        .and_then(|url| {
            let client = crate::transport::client_builder(&url).build();
            client.map_err(|error| RunError::Client(error.to_string()))
        })?;
    Ok(Target::Http {
        client,
        url,
        service,
    })
}

/// The error's text without the address, whose random port would make every text unique.
fn without_url(error: &reqwest::Error) -> String {
    let text = error.to_string();
    error.url().map_or_else(
        || text.clone(),
        |url| text.replace(&format!(" for url ({url})"), ""),
    )
}
