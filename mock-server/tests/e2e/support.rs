//! Settings, requests and answers for the tests.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use ground::fault::FaultRule;
use ground::limits::Limits;
use ground::prices::{ModelPrice, PriceBook};
use ground::profile::{Latency, Profile, ReplyLength};
use ground::timeline::Timeline;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use mock_claude::{Config, Hangup, MockClaude, Options};
use serde_json::{Value, json};

pub(crate) const MODEL: &str = "claude-test";

/// One second to the first token, prompts for free, 10 tokens a second, no spread.
pub(crate) const LATENCY: Latency = Latency {
    time_to_first_token_ms: 1000.0,
    prefill_tokens_per_s: f64::INFINITY,
    decode_tokens_per_s: 10.0,
    sigma: 0.0,
};

pub(crate) const INSTANT: Latency = Latency {
    time_to_first_token_ms: 0.0,
    decode_tokens_per_s: f64::INFINITY,
    ..LATENCY
};

pub(crate) fn config() -> Config {
    let price = ModelPrice {
        input: 3.0,
        output: 15.0,
        cache_write_5m: None,
        cache_write_1h: None,
        cache_read: None,
    };
    Config {
        seed: 1,
        secret: "secret".to_owned(),
        profiles: vec![Profile {
            model: MODEL.to_owned(),
            aliases: vec!["claude-alias".to_owned()],
            as_of: "2026-11-23".to_owned(),
            source: "made up".to_owned(),
            context_window: 10_000,
            max_output_tokens: 4_000,
            bytes_per_token: 4.0,
            latency: LATENCY,
            reply: ReplyLength {
                tokens_per_symbol: 50,
            },
            tiers: BTreeMap::new(),
        }],
        limits: None,
        prices: PriceBook {
            name: "test".to_owned(),
            as_of: "2026-11-23".to_owned(),
            source: "made up".to_owned(),
            inr_per_usd: 83.3,
            long_prompts: BTreeMap::new(),
            models: BTreeMap::from([(MODEL.to_owned(), price)]),
        },
        faults: vec![],
        answers: vec![],
        max_rows: 1000,
    }
}

pub(crate) fn limits(requests: u64, input: u64, output: u64) -> Option<Limits> {
    Some(Limits {
        requests_per_minute: requests,
        input_tokens_per_minute: input,
        output_tokens_per_minute: output,
    })
}

pub(crate) fn with_faults(faults: &[FaultRule]) -> Config {
    Config {
        faults: faults.to_vec(),
        ..config()
    }
}

pub(crate) fn mock(config: Config) -> MockClaude {
    MockClaude::new(config, Timeline::start_virtual()).unwrap()
}

/// A body that asks to document `source`.
pub(crate) fn body(source: &str, stream: bool) -> Value {
    json!({
        "model": MODEL,
        "max_tokens": 1000,
        "messages": [{ "role": "user", "content": source }],
        "stream": stream,
    })
}

pub(crate) fn request(body: &Value) -> Request<Bytes> {
    Request::post("/v1/messages")
        .header("x-api-key", "key")
        .header("anthropic-version", "2023-06-01")
        .header("content-type", "application/json")
        .body(Bytes::from(body.to_string()))
        .unwrap()
}

/// An answer read to its end, or to where it broke.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// The body; what is no text in it is lost.
    pub(crate) text: String,
    pub(crate) bytes: Bytes,
    pub(crate) broken: Option<Hangup>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    /// The data of each stream event, in order.
    pub(crate) fn events(&self) -> Vec<Value> {
        let data = self
            .text
            .lines()
            .filter_map(|line| line.strip_prefix("data: "));
        data.map(|json| serde_json::from_str(json).unwrap())
            .collect()
    }
}

pub(crate) async fn ask(mock: &MockClaude, body: &Value) -> Result<Answer, Hangup> {
    send(mock, request(body)).await
}

pub(crate) async fn send(mock: &MockClaude, request: Request<Bytes>) -> Result<Answer, Hangup> {
    let (head, mut body) = mock.answer(request).await?.into_parts();
    let mut bytes = Vec::new();
    let mut broken = None;
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => bytes.extend_from_slice(&frame.into_data().unwrap()),
            Err(hangup) => broken = Some(hangup),
        }
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Ok(Answer {
        bytes: Bytes::from(bytes),
        status: head.status,
        headers: head.headers,
        text,
        broken,
    })
}

/// Two lines that define one symbol.
pub(crate) const SOURCE: &str = "def parse(x):\n    pass\n";

/// A mock on virtual time that behaves as `options` say.
pub(crate) fn with_options(config: Config, options: Options) -> MockClaude {
    MockClaude::with_options(config, options, Timeline::start_virtual()).unwrap()
}

/// Any request of the API.
pub(crate) async fn call(mock: &MockClaude, method: &str, path: &str, body: &Value) -> Answer {
    let mut request = request(body);
    *request.method_mut() = method.parse().unwrap();
    *request.uri_mut() = path.parse().unwrap();
    request
        .headers_mut()
        .insert("host", "mock.test:4010".parse().unwrap());
    if method == "GET" {
        *request.body_mut() = bytes::Bytes::new();
    }
    send(mock, request).await.unwrap()
}

/// Asks for a message about [`SOURCE`] after `change` to the body.
pub(crate) async fn message(mock: &MockClaude, change: impl FnOnce(&mut Value)) -> Answer {
    let mut body = body(SOURCE, false);
    change(&mut body);
    ask(mock, &body).await.unwrap()
}

/// Asks for a message about [`SOURCE`] with these headers.
pub(crate) async fn forced(
    mock: &MockClaude,
    stream: bool,
    headers: &[(&'static str, &str)],
) -> Result<Answer, Hangup> {
    let mut request = request(&body(SOURCE, stream));
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    send(mock, request).await
}

/// Runs `work` for at most this many simulated milliseconds, then drops it.
pub(crate) async fn give_up_after<F: Future>(ms: u64, work: F) -> Option<F::Output> {
    tokio::time::timeout(Duration::from_millis(ms), work)
        .await
        .ok()
}
