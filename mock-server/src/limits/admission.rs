//! Admission: the three buckets of one customer and class of models, and what a refusal says.

use ground::limits::Limits;

use super::bucket::Bucket;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A limit on growth: the input tokens of a minute may exceed the most that an earlier minute
/// used by so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ramp {
    /// Input tokens allowed in the first minute.
    pub start: u64,
    /// Input tokens by which each further minute may grow.
    pub step: u64,
}

/// Which limit refused a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Limiter {
    Requests,
    InputTokens,
    OutputTokens,
    /// The use of input tokens grew too fast.
    Ramp,
    /// The spending cap is reached.
    Spend,
    /// Requests inside batches that wait.
    QueuedBatches,
}

impl Limiter {
    /// As the error message words it, after the number.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Requests => "requests per minute",
            Self::Ramp | Self::InputTokens => "input tokens per minute",
            Self::OutputTokens => "output tokens per minute",
            Self::Spend => "dollars per month",
            Self::QueuedBatches => "batch requests in the processing queue",
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

impl Refusal {
    /// No wait helps against a spent budget.
    pub(crate) fn spent() -> Self {
        Self {
            limiter: Limiter::Spend,
            per_minute: 0,
            retry_after_s: None,
        }
    }
}

/// Requests, input and output tokens of one customer on one class of models.
#[derive(Debug)]
pub(crate) struct Buckets {
    pub(crate) requests: Bucket,
    pub(crate) input: Bucket,
    pub(crate) output: Bucket,
    /// When the customer began, and input tokens used in the minute of that number.
    began: u64,
    minute: (u64, u64),
}

const MINUTE_NS: u64 = 60_000_000_000;
const SECOND_NS: u64 = 1_000_000_000;

impl Buckets {
    pub(crate) fn full(limits: Limits, now: u64) -> Self {
        Self {
            requests: Bucket::full(limits.requests_per_minute, now),
            input: Bucket::full(limits.input_tokens_per_minute, now),
            output: Bucket::full(limits.output_tokens_per_minute, now),
            began: now,
            minute: (0, 0),
        }
    }

    pub(crate) fn set_limits(&mut self, limits: Limits, now: u64) {
        self.requests.set_limit(limits.requests_per_minute, now);
        self.input.set_limit(limits.input_tokens_per_minute, now);
        self.output.set_limit(limits.output_tokens_per_minute, now);
    }

    pub(crate) fn advance(&mut self, now: u64) {
        self.requests.advance(now);
        self.input.advance(now);
        self.output.advance(now);
    }

    pub(crate) fn forget_charges(&mut self) {
        for bucket in [&mut self.requests, &mut self.input, &mut self.output] {
            bucket.forget_charges();
        }
    }

    /// A refusal that uses quota takes what a request takes, but causes no debt.
    pub(crate) fn charge_refusal(&mut self) {
        if self.requests.has(1) {
            self.requests.charge(1);
        }
    }

    /// Charges a request of `input` tokens and `reserved` output tokens, or refuses it and takes
    /// nothing. Where nothing is reserved one output token must still be left, because output is
    /// charged as it appears. Call [`Buckets::advance`] first.
    pub(crate) fn admit(
        &mut self,
        input: u64,
        reserved: u64,
        ramp: Option<Ramp>,
    ) -> Result<(), Refusal> {
        let ramp = ramp.and_then(|ramp| self.ramp_refusal(ramp, input));
        let needs = [
            (Limiter::Requests, &self.requests, 1),
            (Limiter::InputTokens, &self.input, input),
            (Limiter::OutputTokens, &self.output, reserved.max(1)),
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
        let worst = refusals
            .chain(ramp)
            .max_by_key(|refusal| (refusal.retry_after_s.is_none(), refusal.retry_after_s));
        if let Some(refusal) = worst {
            return Err(refusal);
        }
        self.requests.charge(1);
        self.input.charge(input);
        self.output.charge(reserved);
        self.minute.1 += input;
        Ok(())
    }

    /// Gives back what [`Buckets::admit`] took, for a refusal at the same moment.
    pub(crate) fn give_back(&mut self, input: u64) {
        self.requests.settle(1, 0);
        self.input.settle(input, 0);
        self.minute.1 = self.minute.1.saturating_sub(input);
    }

    fn ramp_refusal(&mut self, ramp: Ramp, input: u64) -> Option<Refusal> {
        let elapsed = self.input.at() - self.began;
        let number = elapsed / MINUTE_NS;
        if number != self.minute.0 {
            self.minute = (number, 0);
        }
        let allowed = ramp.start.saturating_add(ramp.step.saturating_mul(number));
        let to_next_minute = MINUTE_NS - elapsed % MINUTE_NS;
        (self.minute.1 + input > allowed).then(|| Refusal {
            limiter: Limiter::Ramp,
            per_minute: allowed,
            retry_after_s: Some(to_next_minute.div_ceil(SECOND_NS)),
        })
    }
}
