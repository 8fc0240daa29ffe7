//! Every limit that a grader applies and a service can meet. `docs/contract.md` states each with its
//! number, and a test holds the two together.

use std::time::Duration;

/// From the start of the service's command to its port's first connection.
pub const READY_WITHIN: Duration = Duration::from_secs(15);
/// For the very first request, `GET /health`; any status will do.
pub const REACHABLE_WITHIN: Duration = Duration::from_secs(5);
/// For an answer to an ordinary request, a job's last answer included.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// A file that does not fit one prompt or one answer may take this many times as long.
pub const LARGE_FILE_FACTOR: u32 = 2;
/// For an answer or an error while one call to the API gets no answer; the next call would get one.
pub const SILENCE_WITHIN: Duration = Duration::from_secs(65);
/// For an ordinary request after a case; a service that needs longer counts as dead.
pub const ALIVE_WITHIN: Duration = Duration::from_secs(15);
/// For all cases of one student of a class.
pub const STUDENT_WITHIN: Duration = Duration::from_secs(300);
/// Between two questions about a job.
pub const POLL_EVERY: Duration = Duration::from_millis(100);

/// Bytes of an answer that are read; a longer one is unusable.
pub const MAX_ANSWER: usize = 16 << 20;
/// Bytes of a body that our own service takes, and our API too, like the real one.
pub const MAX_REQUEST: usize = 32 << 20;
/// Bytes of a service's own output that are kept.
pub const MAX_LOG: u64 = 4 << 20;
/// Answers of a batch that are looked at.
pub const MAX_ITEMS: usize = 100;

/// Tokens of prompt and answer together that our API takes; a longer request gets a 400.
pub const CONTEXT_WINDOW: u64 = 30_000;
/// Tokens of the longest answer of our API; a larger `max_tokens` counts as this.
pub const MAX_OUTPUT_TOKENS: u64 = 8192;
/// Calls at once that our API takes while many clients come; the next gets a 429.
pub const CALLS_AT_ONCE: u64 = 16;

/// Clients that come at once.
pub const BURST: usize = 40;
/// Equal requests, one after the other.
pub const REPEATS: usize = 5;
/// Equal requests at once.
pub const EQUAL_AT_ONCE: usize = 8;
/// Attempts for each file that fail before one succeeds.
pub const TRANSIENT_FAILURES: u64 = 2;
/// Attempts for one request during an outage; more are retries without end.
pub const MOST_ATTEMPTS: u64 = 10;
/// A retry may come this much before `retry-after` is over: timers and sockets are that exact.
pub const RETRY_AFTER_SLACK: Duration = Duration::from_millis(50);
/// Coefficient of variation of the first waits below which they are equal; timers alone stay below.
pub const EQUAL_WAITS: f64 = 0.03;
/// Mean of the first waits below which there is none.
pub const NO_WAIT: Duration = Duration::from_millis(20);
/// Bytes of all prompts for one large file per byte of the file, above which it is sent again and again.
pub const PROMPT_RATIO: f64 = 1.6;
/// After this a client that leaves is gone.
pub const LEAVES_AFTER: Duration = Duration::from_millis(300);
/// A call that begins this long after its client left was begun for nobody.
pub const ON_ITS_WAY: Duration = Duration::from_millis(500);
/// Clients that get a 429 or 503 of the service's own before that is a habit.
pub const TURNED_AWAY: usize = 3;

/// A limit as the page for students states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// The constant's name.
    pub name: &'static str,
    /// What is limited.
    pub what: &'static str,
    /// The number with its unit.
    pub value: String,
}

/// All limits, in the order of the page.
#[must_use]
pub fn all() -> Vec<Limit> {
    let limit = |name, what, value| Limit { name, what, value };
    let seconds = |limit: Duration| format!("{} s", limit.as_secs());
    let millis = |limit: Duration| format!("{} ms", limit.as_millis());
    let megabytes = |bytes: usize| format!("{} MB", bytes >> 20);
    vec![
        limit(
            "READY_WITHIN",
            "the service listens after its start",
            seconds(READY_WITHIN),
        ),
        limit(
            "REACHABLE_WITHIN",
            "`GET /health` is answered, with any status",
            seconds(REACHABLE_WITHIN),
        ),
        limit(
            "ANSWER_WITHIN",
            "a request is answered, a job's end included",
            seconds(ANSWER_WITHIN),
        ),
        limit(
            "LARGE_FILE_FACTOR",
            "a file that does not fit one prompt or one answer may take that long",
            format!("{LARGE_FILE_FACTOR} times"),
        ),
        limit(
            "SILENCE_WITHIN",
            "a client is answered, or told an error, though its first call gets no answer from the API",
            seconds(SILENCE_WITHIN),
        ),
        limit(
            "ALIVE_WITHIN",
            "an ordinary request is answered after each case",
            seconds(ALIVE_WITHIN),
        ),
        limit(
            "STUDENT_WITHIN",
            "all cases of one student of a class",
            seconds(STUDENT_WITHIN),
        ),
        limit("POLL_EVERY", "a job is asked for every", millis(POLL_EVERY)),
        limit(
            "MAX_ANSWER",
            "an answer is read up to",
            megabytes(MAX_ANSWER),
        ),
        limit(
            "MAX_REQUEST",
            "a body that our own service takes, and our API",
            megabytes(MAX_REQUEST),
        ),
        limit(
            "MAX_LOG",
            "output of the service that is kept",
            megabytes(MAX_LOG as usize),
        ),
        limit(
            "MAX_ITEMS",
            "answers of a batch that are read",
            MAX_ITEMS.to_string(),
        ),
        limit(
            "CONTEXT_WINDOW",
            "tokens of prompt and answer together that the API takes; more is a 400",
            thousands(CONTEXT_WINDOW),
        ),
        limit(
            "MAX_OUTPUT_TOKENS",
            "tokens of one answer of the API; a larger `max_tokens` counts as this",
            thousands(MAX_OUTPUT_TOKENS),
        ),
        limit(
            "CALLS_AT_ONCE",
            "calls at once that the API takes while many clients come; more get a 429",
            CALLS_AT_ONCE.to_string(),
        ),
        limit(
            "BURST",
            "clients that come at once, each with a file of its own",
            BURST.to_string(),
        ),
        limit(
            "REPEATS",
            "equal requests, one after the other",
            REPEATS.to_string(),
        ),
        limit(
            "EQUAL_AT_ONCE",
            "equal requests at once",
            EQUAL_AT_ONCE.to_string(),
        ),
        limit(
            "TRANSIENT_FAILURES",
            "attempts for one file that fail before one succeeds",
            TRANSIENT_FAILURES.to_string(),
        ),
        limit(
            "MOST_ATTEMPTS",
            "attempts for one request during an outage (F20 above it)",
            MOST_ATTEMPTS.to_string(),
        ),
        limit(
            "RETRY_AFTER_SLACK",
            "a retry may come that much before `retry-after` is over (F23 before it)",
            millis(RETRY_AFTER_SLACK),
        ),
        limit(
            "EQUAL_WAITS",
            "first waits that vary by less of their mean are equal (F22)",
            format!("{:.0} %", EQUAL_WAITS * 100.0),
        ),
        limit(
            "NO_WAIT",
            "a mean first wait below this is none (F22)",
            millis(NO_WAIT),
        ),
        limit(
            "PROMPT_RATIO",
            "bytes of all prompts for one large file per byte of the file (F35 above it)",
            PROMPT_RATIO.to_string(),
        ),
        limit(
            "LEAVES_AFTER",
            "a client that leaves is gone after",
            millis(LEAVES_AFTER),
        ),
        limit(
            "ON_ITS_WAY",
            "calls that begin later than this after all clients left (F30)",
            millis(ON_ITS_WAY),
        ),
        limit(
            "TURNED_AWAY",
            "clients that get a 429 or 503 although the API failed none of their calls (F40 from there)",
            TURNED_AWAY.to_string(),
        ),
    ]
}

/// A number with a comma before its last three digits.
fn thousands(number: u64) -> String {
    format!("{},{:03}", number / 1000, number % 1000)
}
