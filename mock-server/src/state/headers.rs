//! Response headers: ids, what is left of the limits, and advice on retries.

use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use ground::timeline::Timeline;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};

use crate::limits::{Bucket, Buckets};

pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
pub(crate) const ORGANIZATION: HeaderName = HeaderName::from_static("anthropic-organization-id");
pub(crate) const WORKSPACE: HeaderName = HeaderName::from_static("anthropic-workspace-id");
pub(crate) const SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");

/// The API shows what is left of token limits to the nearest thousand.
const ROUNDED_TO: u64 = 1000;

/// Rate-limit headers in the order of [`shown`].
static LIMITS: [HeaderName; 12] = [
    HeaderName::from_static("anthropic-ratelimit-requests-limit"),
    HeaderName::from_static("anthropic-ratelimit-requests-remaining"),
    HeaderName::from_static("anthropic-ratelimit-requests-reset"),
    HeaderName::from_static("anthropic-ratelimit-input-tokens-limit"),
    HeaderName::from_static("anthropic-ratelimit-input-tokens-remaining"),
    HeaderName::from_static("anthropic-ratelimit-input-tokens-reset"),
    HeaderName::from_static("anthropic-ratelimit-output-tokens-limit"),
    HeaderName::from_static("anthropic-ratelimit-output-tokens-remaining"),
    HeaderName::from_static("anthropic-ratelimit-output-tokens-reset"),
    HeaderName::from_static("anthropic-ratelimit-tokens-limit"),
    HeaderName::from_static("anthropic-ratelimit-tokens-remaining"),
    HeaderName::from_static("anthropic-ratelimit-tokens-reset"),
];
/// Every third of them is a moment.
const RESET: usize = 2;

/// The headers that all answers of one customer carry, kept between answers: a copy costs far less
/// than hashing long names and writing numbers that have seldom changed.
#[derive(Debug)]
pub(crate) struct Head {
    map: HeaderMap,
    /// Which limit each value of `map` shows, in the map's own order.
    order: Vec<Option<usize>>,
    /// What they show now.
    shown: Shown,
}

impl Head {
    /// Without limits.
    pub(crate) fn unlimited(organization: &str, workspace: &str) -> Self {
        let mut map = HeaderMap::with_capacity(24);
        let unknown = HeaderValue::from_static("");
        map.insert(REQUEST_ID, unknown.clone());
        map.insert(CONTENT_TYPE, unknown);
        map.insert(ORGANIZATION, text(organization.to_owned()));
        map.insert(WORKSPACE, text(workspace.to_owned()));
        Self {
            map,
            order: vec![],
            shown: [0; LIMITS.len()],
        }
    }

    /// With limits.
    pub(crate) fn limited(organization: &str, workspace: &str) -> Self {
        let mut head = Self::unlimited(organization, workspace);
        for name in &LIMITS {
            head.map.insert(name, HeaderValue::from(0));
        }
        let limit = |name| LIMITS.iter().position(|limit| limit == name);
        head.order = head.map.keys().map(limit).collect();
        head
    }

    /// A copy that tells `now`.
    pub(crate) fn with(&mut self, now: Shown) -> HeaderMap {
        if now != self.shown {
            for (limit, value) in self.order.iter().zip(self.map.values_mut()) {
                if let Some(i) = *limit
                    && now[i] != self.shown[i]
                {
                    let reset = i % 3 == RESET;
                    *value = if reset {
                        text(rfc3339(now[i]))
                    } else {
                        HeaderValue::from(now[i])
                    };
                }
            }
            self.shown = now;
        }
        self.map.clone()
    }

    /// A copy.
    pub(crate) fn plain(&self) -> HeaderMap {
        self.map.clone()
    }
}

/// Limit, what remains, and when it is full again in seconds since 1970, for each of the limits.
pub(crate) type Shown = [u64; LIMITS.len()];

/// Where [`Shown`] has the requests that remain.
pub(crate) const REQUESTS_REMAINING: usize = 1;

/// What `buckets` have left.
pub(crate) fn shown(buckets: &Buckets, timeline: &Timeline) -> Shown {
    let full_at = |bucket: &Bucket| timeline.unix_s(Duration::from_nanos(bucket.full_at()));
    let (requests, input, output) = (&buckets.requests, &buckets.input, &buckets.output);
    let (input_left, output_left) = (rounded(input), rounded(output));
    let (input_reset, output_reset) = (full_at(input), full_at(output));
    [
        requests.limit(),
        requests.remaining(),
        full_at(requests),
        input.limit(),
        input_left,
        input_reset,
        output.limit(),
        output_left,
        output_reset,
        input.limit() + output.limit(),
        input_left + output_left,
        input_reset.max(output_reset),
    ]
}

fn rounded(bucket: &Bucket) -> u64 {
    let nearest = (bucket.remaining() + ROUNDED_TO / 2) / ROUNDED_TO * ROUNDED_TO;
    nearest.min(bucket.limit())
}

/// A moment as the API writes it, e.g. `2026-01-01T00:00:00Z`.
pub(crate) fn rfc3339(unix_s: u64) -> String {
    // Years beyond 9999 cannot be written; a limit that resets then might as well never do.
    let moment = UNIX_EPOCH + Duration::from_secs(unix_s.min(LAST_MOMENT_S));
    humantime::format_rfc3339_seconds(moment).to_string()
}

const LAST_MOMENT_S: u64 = 253_402_300_799;

/// A header value from text that is known to be printable ASCII.
pub(crate) fn text(value: String) -> HeaderValue {
    HeaderValue::from_maybe_shared(Bytes::from(value)).expect("ids and dates are printable ASCII")
}
