//! Messages a second on one core in process, at zero latency, with limits and ledger on.
//! `cargo bench --bench in_process -- json 10` measures only JSON answers about ten functions.

use std::time::Duration;

use bytes::Bytes;
use ground::limits::Limits;
use ground::profile::Latency;
use ground::timeline::Timeline;
use http::Request;
use http_body_util::BodyExt;
use mock_claude::{MockClaude, Settings};

const REQUESTS: u32 = 200_000;
/// Requests made ready before they are sent.
const BATCH: usize = 1_000;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    runtime
        .expect("a runtime without sockets always starts")
        .block_on(async {
            let wanted: Vec<String> = std::env::args().skip(1).collect();
            let is_wanted = |word: &str, all: [&str; 2]| {
                let named = wanted.iter().any(|other| all.contains(&other.as_str()));
                !named || wanted.iter().any(|other| other == word)
            };
            for functions in [1, 10] {
                for (name, stream) in [("json", false), ("sse", true)] {
                    if is_wanted(name, ["json", "sse"])
                        && is_wanted(&functions.to_string(), ["1", "10"])
                    {
                        measure(name, stream, functions).await;
                    }
                }
            }
        });
}

async fn measure(name: &str, stream: bool, functions: usize) {
    let mut config = Settings::default().into_config();
    config.profiles.truncate(1);
    config.profiles[0].latency = Latency {
        time_to_first_token_ms: 0.0,
        prefill_tokens_per_s: f64::INFINITY,
        decode_tokens_per_s: f64::INFINITY,
        sigma: 0.0,
    };
    let plenty = 1_000_000_000_000;
    config.limits = Some(Limits {
        requests_per_minute: plenty,
        input_tokens_per_minute: plenty,
        output_tokens_per_minute: plenty,
    });
    let model = config.profiles[0].model.clone();
    let mock =
        MockClaude::new(config, Timeline::start(1.0, 0)).expect("built-in settings are valid");
    let source = prompt(functions);
    let mut spent = Duration::ZERO;
    for first in (0..REQUESTS).step_by(BATCH) {
        // What a client does is not measured.
        let requests: Vec<_> = (first..first + BATCH as u32)
            .map(|i| request(&model, stream, i, &source))
            .collect();
        let before = cpu_time();
        for request in requests {
            let answer = mock.answer(request).await.expect("no faults are set");
            assert!(answer.status().is_success());
            let body = answer.into_body().collect().await;
            body.expect("no faults are set");
        }
        spent += cpu_time() - before;
    }
    let each = spent / REQUESTS;
    println(&format!(
        "in process, {name}: {:.0} messages/s on one core, {:.1} µs each ({} bytes of prompt)",
        f64::from(REQUESTS) / spent.as_secs_f64(),
        each.as_secs_f64() * 1e6,
        source.len()
    ));
}

fn request(model: &str, stream: bool, number: u32, source: &str) -> Request<Bytes> {
    let body = format!(
        "{{\"model\":\"{model}\",\"max_tokens\":4096,\"stream\":{stream},\"messages\":\
         [{{\"role\":\"user\",\"content\":\"{number} {source}\"}}]}}"
    );
    Request::post("/v1/messages")
        .header("x-api-key", "key")
        .header("anthropic-version", "2023-06-01")
        .body(Bytes::from(body))
        .expect("the request is well formed")
}

/// About 400 bytes of Python for each function, as JSON string content.
fn prompt(functions: usize) -> String {
    let lines = (0..functions).map(|f| {
        let body: String = (0..9)
            .map(|i| format!("    total = total + items[{i}] * {f}\\n"))
            .collect();
        format!("def function_{f}(items):\\n    total = 0\\n{body}    return total\\n")
    });
    lines.collect()
}

/// CPU time of this process, which a busy machine does not disturb.
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let ns = stat
        .split_whitespace()
        .next()
        .and_then(|ns| ns.parse().ok())
        .unwrap_or(0);
    Duration::from_nanos(ns)
}

fn println(line: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stdout(), "{line}");
}
