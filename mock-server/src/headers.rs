//! Response headers: ids, what is left of the limits, and advice on retries.

use std::time::{Duration, UNIX_EPOCH};

use http::header::{HeaderMap, HeaderName, HeaderValue};

use crate::bucket::Bucket;
use crate::limits::Buckets;
use crate::timeline::Timeline;

pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
pub(crate) const ORGANIZATION: HeaderName = HeaderName::from_static("anthropic-organization-id");
pub(crate) const SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");

/// The API shows what is left of token limits to the nearest thousand.
const ROUNDED_TO: u64 = 1000;

struct Names {
    limit: HeaderName,
    remaining: HeaderName,
    reset: HeaderName,
}

macro_rules! names {
    ($what:literal) => {
        Names {
            limit: HeaderName::from_static(concat!("anthropic-ratelimit-", $what, "-limit")),
            remaining: HeaderName::from_static(concat!(
                "anthropic-ratelimit-",
                $what,
                "-remaining"
            )),
            reset: HeaderName::from_static(concat!("anthropic-ratelimit-", $what, "-reset")),
        }
    };
}

static REQUESTS: Names = names!("requests");
static INPUT: Names = names!("input-tokens");
static OUTPUT: Names = names!("output-tokens");
static BOTH: Names = names!("tokens");

struct Shown {
    limit: u64,
    remaining: u64,
    /// Full again at this moment, nanoseconds of simulated time.
    full_at: u64,
}

/// Adds what `buckets` have left.
pub(crate) fn add_limits(headers: &mut HeaderMap, buckets: &Buckets, timeline: &Timeline) {
    let input = rounded(&buckets.input);
    let output = rounded(&buckets.output);
    let both = Shown {
        limit: input.limit + output.limit,
        remaining: input.remaining + output.remaining,
        full_at: input.full_at.max(output.full_at),
    };
    let requests = Shown {
        remaining: buckets.requests.remaining(),
        ..rounded(&buckets.requests)
    };
    add(headers, &REQUESTS, &requests, timeline);
    add(headers, &INPUT, &input, timeline);
    add(headers, &OUTPUT, &output, timeline);
    add(headers, &BOTH, &both, timeline);
}

fn rounded(bucket: &Bucket) -> Shown {
    let nearest = (bucket.remaining() + ROUNDED_TO / 2) / ROUNDED_TO * ROUNDED_TO;
    let limit = bucket.limit();
    Shown {
        limit,
        remaining: nearest.min(limit),
        full_at: bucket.full_at(),
    }
}

fn add(headers: &mut HeaderMap, names: &'static Names, shown: &Shown, timeline: &Timeline) {
    headers.insert(&names.limit, HeaderValue::from(shown.limit));
    headers.insert(&names.remaining, HeaderValue::from(shown.remaining));
    let unix_s = timeline.unix_s(Duration::from_nanos(shown.full_at));
    headers.insert(&names.reset, text(&rfc3339(unix_s)));
}

/// A moment as the API writes it, e.g. `2026-01-01T00:00:00Z`.
pub(crate) fn rfc3339(unix_s: u64) -> String {
    // Years beyond 9999 cannot be written; a limit that resets then might as well never do.
    let moment = UNIX_EPOCH + Duration::from_secs(unix_s.min(LAST_MOMENT_S));
    humantime::format_rfc3339_seconds(moment).to_string()
}

const LAST_MOMENT_S: u64 = 253_402_300_799;

/// A header value from text that is known to be printable ASCII.
pub(crate) fn text(value: &str) -> HeaderValue {
    HeaderValue::from_str(value).expect("ids and dates are printable ASCII")
}
