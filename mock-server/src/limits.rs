//! Admission: the three buckets of one customer and model, and what a refusal says.

use crate::bucket::{Bucket, Flow};
use crate::profile::Limits;

/// Which limit refused a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Limiter {
    Requests,
    InputTokens,
    OutputTokens,
}

impl Limiter {
    /// As the error message words it, after the number.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Requests => "requests per minute",
            Self::InputTokens => "input tokens per minute",
            Self::OutputTokens => "output tokens per minute",
        }
    }
}

/// Why a request was not admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) limiter: Limiter,
    pub(crate) per_minute: u64,
    /// Whole seconds after which the bucket has enough; none if no wait is long enough.
    pub(crate) retry_after_s: Option<u64>,
}

/// Requests, input and output tokens of one customer on one class of models.
#[derive(Debug)]
pub(crate) struct Buckets {
    pub(crate) requests: Bucket,
    pub(crate) input: Bucket,
    pub(crate) output: Bucket,
}

impl Buckets {
    pub(crate) fn full(limits: Limits, now: u64) -> Self {
        Self {
            requests: Bucket::full(limits.requests_per_minute, now),
            input: Bucket::full(limits.input_tokens_per_minute, now),
            output: Bucket::full(limits.output_tokens_per_minute, now),
        }
    }

    pub(crate) fn advance(&mut self, now: u64) {
        self.requests.advance(now);
        self.input.advance(now);
        self.output.advance(now);
    }

    /// Charges a request of `input` tokens, or refuses it and takes nothing. One output token must
    /// be left, because output is charged as it appears. Call [`Buckets::advance`] first.
    pub(crate) fn admit(&mut self, input: u64) -> Result<(), Refusal> {
        let needs = [
            (Limiter::Requests, &self.requests, 1),
            (Limiter::InputTokens, &self.input, input),
            (Limiter::OutputTokens, &self.output, 1),
        ];
        let refusals = needs
            .iter()
            .filter(|(_, bucket, need)| !bucket.has(*need))
            .map(|(limiter, bucket, need)| Refusal {
                limiter: *limiter,
                per_minute: bucket.limit(),
                retry_after_s: bucket.seconds_until(*need),
            });
        // The longest wait serves all; "never" is longer than any.
        let worst =
            refusals.max_by_key(|refusal| (refusal.retry_after_s.is_none(), refusal.retry_after_s));
        match worst {
            Some(refusal) => Err(refusal),
            None => {
                self.requests.charge(1);
                self.input.charge(input);
                Ok(())
            }
        }
    }

    pub(crate) fn begin_output(&mut self, id: u64, flow: Flow) {
        self.output.drain(id, flow);
    }

    pub(crate) fn end_output(&mut self, id: u64, flow: Flow) {
        self.output.stop(id, flow);
    }
}
