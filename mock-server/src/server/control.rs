//! The control listener: what the mock saw, and other settings while it runs. It has an address of
//! its own and asks for a token, so that no client of the API can reach it by mistake.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use ground::ledger::Ledger;
use ground::prices::PICO_PER_USD;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::api::MockClaude;
use crate::reply::ids;
use crate::settings::Config;

use super::live;

const MAX_BODY_BYTES: usize = 1 << 20;
const DEFAULT_PAGE: usize = 100;

const HELP: &str = "\
GET   /ledger      totals, and dollars\n\
GET   /verify      the ledger's invariants, each with its two sides\n\
GET   /attempts    attempts, oldest first: ?after=SEQ&limit=N\n\
GET   /live        limits in use, calls under way, the last calls: what the live page shows\n\
GET   /verdict     what the client did wrong, with evidence\n\
GET   /metrics     for Prometheus\n\
GET   /config      settings and options in force\n\
PATCH /config      changes some of them at once, also while requests are under way:\n\
\x20                  {\"config\":{\"limits\":{…}},\"options\":{…},\"clock\":{\"speed\":10}}\n\
GET   /timing      how late events of streams were, compared with their plan\n\
GET   /clock       simulated time and its speed\n\
POST  /reset       forgets everything that was counted\n";

/// A token for those who give none, random in each process.
#[must_use]
pub fn made_up_token() -> String {
    // The standard library's hasher is keyed by the system's randomness: all that is needed here.
    let random = RandomState::new().hash_one("control");
    ids::with_prefix("mock-", random, 20)
}

/// Serves the control of `mock` until the listener fails.
///
/// # Errors
/// When the listener fails for good.
pub async fn serve(listener: TcpListener, mock: MockClaude, token: String) -> io::Result<()> {
    let control = Arc::new(Control {
        mock,
        expected: format!("Bearer {token}"),
        changing: Mutex::new(()),
    });
    loop {
        let (stream, _) = listener.accept().await?;
        let control = Arc::clone(&control);
        tokio::spawn(async move {
            let service = service_fn(|request| answer(request, &control));
            let mut builder = http1::Builder::new();
            // A client of the control that breaks off is no news.
            let _ = builder
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

/// What all connections to the control share.
struct Control {
    mock: MockClaude,
    /// The `authorization` header that is asked for.
    expected: String,
    /// Held while settings are read, changed and replaced, so that no change is lost.
    changing: Mutex<()>,
}

type Answer = Response<Full<Bytes>>;

async fn answer(request: Request<Incoming>, control: &Control) -> Result<Answer, Infallible> {
    let mock = &control.mock;
    let (head, body) = request.into_parts();
    if head.method == Method::GET
        && let Some(file) = live::file(head.uri.path(), &head.headers)
    {
        return Ok(file);
    }
    let given = head
        .headers
        .get(header::AUTHORIZATION)
        .map(header::HeaderValue::as_bytes);
    if given != Some(control.expected.as_bytes()) {
        return Ok(mistake(
            StatusCode::UNAUTHORIZED,
            "give the token: `authorization: Bearer TOKEN`",
        ));
    }
    let Ok(body) = Limited::new(body, MAX_BODY_BYTES).collect().await else {
        return Ok(mistake(
            StatusCode::PAYLOAD_TOO_LARGE,
            "the body is larger than 1 MB",
        ));
    };
    let query = head.uri.query().unwrap_or("");
    Ok(match (head.method, head.uri.path()) {
        (Method::GET, "/") => text(HELP.to_owned()),
        (Method::GET, "/ledger") => json_answer(&ledger(mock)),
        (Method::GET, "/verify") => json_answer(&verify(&mock.ledger())),
        (Method::GET, "/attempts") => json_answer(&attempts(mock, query)),
        (Method::GET, "/live") => json_answer(&json!(mock.snapshot(live::LAST_CALLS))),
        (Method::GET, "/verdict") => json_answer(&json!(mock.verdict())),
        (Method::GET, "/metrics") => text(metrics(&mock.ledger())),
        (Method::GET, "/config") => json_answer(&settings(mock)),
        (Method::PATCH, "/config") => change(control, &body.to_bytes()),
        (Method::GET, "/timing") => json_answer(&json!(mock.lateness())),
        (Method::GET, "/clock") => json_answer(&clock(mock)),
        (Method::POST, "/reset") => {
            mock.reset();
            json_answer(&json!({ "reset": true }))
        }
        (_, path) => mistake(
            StatusCode::NOT_FOUND,
            &format!("no {path} here; GET / lists all"),
        ),
    })
}

fn json_answer(value: &Value) -> Answer {
    let mut answer = Response::new(Full::from(format!("{value:#}\n")));
    answer.headers_mut().insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static("application/json"),
    );
    answer
}

fn text(text: String) -> Answer {
    Response::new(Full::from(text))
}

fn mistake(status: StatusCode, message: &str) -> Answer {
    let mut answer = json_answer(&json!({ "error": message }));
    *answer.status_mut() = status;
    answer
}

fn ledger(mock: &MockClaude) -> Value {
    let totals = mock.ledger().totals;
    let dollars = |pico: u64| pico as f64 / PICO_PER_USD;
    let batches = mock.spent_on_batches();
    json!({
        "totals": totals,
        "usd": { "cost": dollars(totals.cost_pico), "wasted": dollars(totals.wasted_pico) },
        "batches": { "usage": batches.usage, "usd": dollars(batches.cost_pico) },
    })
}

/// Each invariant with both sides; attempts in flight make the token sides differ.
fn verify(ledger: &Ledger) -> Value {
    let totals = &ledger.totals;
    let usage = totals.usage;
    let input = usage.unread_tokens();
    let laws = [
        (
            "attempts = ended + in flight",
            totals.attempts,
            totals.by_ending.values().sum::<u64>() + totals.in_flight,
        ),
        (
            "input charged = input billed",
            totals.charged_input_tokens,
            input,
        ),
        (
            "output charged = output billed",
            totals.charged_output_tokens,
            usage.output_tokens,
        ),
    ];
    let rows: Vec<Value> = laws
        .iter()
        .map(|(law, left, right)| json!({ "law": law, "left": left, "right": right, "holds": left == right }))
        .collect();
    json!({ "holds": laws.iter().all(|(_, left, right)| left == right), "in_flight": totals.in_flight, "laws": rows })
}

fn attempts(mock: &MockClaude, query: &str) -> Value {
    let number = |name: &str| {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs
            .filter(|(key, _)| *key == name)
            .find_map(|(_, value)| value.parse::<u64>().ok())
    };
    let after = number("after");
    let limit = number("limit").map_or(DEFAULT_PAGE, |limit| limit.min(1000) as usize);
    let rows = mock.ledger().rows;
    let from = rows
        .iter()
        .position(|row| after.is_none_or(|after| row.seq > after));
    let rest = from.map_or(&[][..], |from| &rows[from..]);
    let page = &rest[..rest.len().min(limit)];
    json!({
        "rows": page,
        "has_more": page.len() < rest.len(),
        "last": page.last().map(|row| row.seq),
    })
}

fn settings(mock: &MockClaude) -> Value {
    let mut config = json!(mock.config());
    // The secret would let anyone forge proof tokens.
    config["secret"] = json!("…");
    let mut options = json!(mock.options());
    // Keys are never shown, only how many there are.
    for key in options["keys"].as_array_mut().into_iter().flatten() {
        *key = json!("…");
    }
    json!({ "config": config, "options": options, "clock": clock(mock) })
}

fn clock(mock: &MockClaude) -> Value {
    let timeline = mock.timeline();
    json!({ "simulated_s": timeline.now().as_secs_f64(), "speed": timeline.speed() })
}

/// Merges a partial change into the settings in force; all of it applies, or nothing.
fn change(control: &Control, body: &[u8]) -> Answer {
    match try_change(control, body) {
        Ok(()) => json_answer(&settings(&control.mock)),
        Err(message) => mistake(StatusCode::BAD_REQUEST, &message),
    }
}

fn try_change(control: &Control, body: &[u8]) -> Result<(), String> {
    let patch: Value =
        serde_json::from_slice(body).map_err(|error| format!("not JSON: {error}"))?;
    let Value::Object(mut parts) = patch else {
        return Err("the body must be an object with `config`, `options` and `clock`".to_owned());
    };
    let speed = parts.remove("clock").map(|clock| new_speed(&clock));
    let mock = &control.mock;
    let one_at_a_time = control.changing.lock();
    let current = mock.config();
    // TOML has no numbers as large as these may be. The seed cannot be changed anyway, and no
    // memory holds so many rows.
    let current = Config {
        seed: 0,
        max_rows: current.max_rows.min(i64::MAX as usize),
        ..current
    };
    let config = changed("config", &current, parts.remove("config"))?;
    let options = changed("options", &mock.options(), parts.remove("options"))?;
    if let Some(key) = parts.keys().next() {
        return Err(format!(
            "unknown key `{key}`: only `config`, `options` and `clock` can be changed"
        ));
    }
    let speed = speed.transpose()?;
    mock.reconfigure(config, options)
        .map_err(|error| error.to_string())?;
    if let Some(speed) = speed {
        mock.set_speed(speed);
    }
    drop(one_at_a_time);
    Ok(())
}

/// The speed in `{"speed": N}`.
fn new_speed(clock: &Value) -> Result<f64, String> {
    let only = clock.as_object().filter(|fields| fields.len() == 1);
    let speed = only
        .and_then(|fields| fields.get("speed"))
        .and_then(Value::as_f64);
    speed.filter(|speed| *speed > 0.0).ok_or_else(|| {
        format!("clock: {clock} must be {{\"speed\": N}} with a number N greater than 0")
    })
}

/// `settings` with `patch` merged in. TOML stands in between because JSON knows no infinite speed.
fn changed<T>(name: &str, settings: &T, patch: Option<Value>) -> Result<T, String>
where
    T: serde::Serialize + serde::de::DeserializeOwned,
{
    let explain = |error: &dyn std::fmt::Display| format!("{name}: {error}");
    let mut whole = toml::Value::try_from(settings).map_err(|error| explain(&error))?;
    merge(&mut whole, patch.unwrap_or_else(|| json!({}))).map_err(|error| explain(&error))?;
    whole.try_into().map_err(|error| explain(&error))
}

/// JSON merge patch: objects merge, null removes, all else replaces.
fn merge(target: &mut toml::Value, patch: Value) -> Result<(), toml::ser::Error> {
    let Value::Object(changes) = patch else {
        *target = toml::Value::try_from(patch)?;
        return Ok(());
    };
    if !target.is_table() {
        *target = toml::Value::Table(toml::Table::new());
    }
    let Some(table) = target.as_table_mut() else {
        return Ok(());
    };
    for (key, value) in changes {
        if value.is_null() {
            table.remove(&key);
        } else {
            let empty = || toml::Value::Table(toml::Table::new());
            merge(table.entry(key).or_insert_with(empty), value)?;
        }
    }
    Ok(())
}

fn metrics(ledger: &Ledger) -> String {
    let totals = &ledger.totals;
    let mut out = String::new();
    let mut counter = |name: &str, help: &str, lines: &[(String, f64)]| {
        let _ = writeln!(
            out,
            "# HELP mock_claude_{name} {help}\n# TYPE mock_claude_{name} counter"
        );
        for (labels, value) in lines {
            let _ = writeln!(out, "mock_claude_{name}{labels} {value}");
        }
    };
    counter(
        "attempts_total",
        "Attempts that arrived.",
        &[(String::new(), totals.attempts as f64)],
    );
    let by_status: Vec<_> = totals
        .by_status
        .iter()
        .map(|(s, n)| (format!("{{status=\"{s}\"}}"), *n as f64))
        .collect();
    counter("heads_total", "Heads sent by status.", &by_status);
    let by_ending: Vec<_> = totals
        .by_ending
        .iter()
        .map(|(e, n)| (format!("{{ending=\"{}\"}}", e.name()), *n as f64))
        .collect();
    counter("endings_total", "Ended attempts by ending.", &by_ending);
    let usage = totals.usage;
    let tokens = [
        ("input", usage.input_tokens),
        ("output", usage.output_tokens),
        ("cache_write", usage.cache_write_tokens()),
        ("cache_read", usage.cache_read_tokens),
    ];
    let tokens = tokens.map(|(kind, n)| (format!("{{kind=\"{kind}\"}}"), n as f64));
    counter("tokens_total", "Tokens billed.", &tokens);
    let cost = [(String::new(), totals.cost_pico as f64 / PICO_PER_USD)];
    counter("cost_usd_total", "Dollars billed.", &cost);
    let _ = writeln!(
        out,
        "# HELP mock_claude_in_flight Attempts under way.\n# TYPE mock_claude_in_flight gauge\n\
         mock_claude_in_flight {}",
        totals.in_flight
    );
    out
}
