//! The limit: how early a workload can end at all, whoever sends it. Reports show `T / T*`, the time
//! that a run took over this bound, so that "fast" has a meaning: 1 cannot be beaten.
//!
//! > `T* = max( max over r, l of (W_r(l) - b_r - D_r) / rho_r + l,  Σ c_i / C,  max c_i )`
//!
//! - `r` is a supply with a limit: requests, input tokens, output tokens. Its bucket holds `b_r`, starts
//!   full and refills with `rho_r` a second, so work `W` is paid for not before `(W - b_r) / rho_r`.
//! - `l` is the service time of a call's last attempt, its tail: whatever is admitted last still takes
//!   that long. `W_r(l)` is the work of all calls with a tail of at least `l`. That is the bound of
//!   scheduling with heads, bodies and tails (Carlier, "The one-machine sequencing problem", 1982),
//!   taken over all tails.
//! - `c_i` is the time that the attempts of call `i` and the waits imposed between them take one after
//!   another; `C` is how many calls the server lets run at once.
//! - `D_r` is what may be owed, for output only: it is charged as it is written, so the answers in flight
//!   at the last admission, at most the `C` largest, are not paid for yet. With no bound on calls in
//!   flight everything may be owed, and output bounds nothing.
//!
//! It is a bound, not a schedule: no client need be able to reach it.
//!
//! ```
//! use std::time::Duration;
//!
//! use breaklab::limit::{Call, Workload, makespan};
//!
//! let call = Call::once(1_000, 200, Duration::from_secs(3));
//! let workload = Workload {
//!     calls: vec![call; 10],
//!     concurrency: Some(5),
//!     limits: None,
//! };
//! assert_eq!(makespan(&workload), Duration::from_secs(6));
//! ```

use std::collections::BTreeMap;
use std::time::Duration;

use ground::ledger::{Ending, Row};
use ground::limits::Limits;

/// Work to be done, and under what.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Workload {
    /// The calls that must succeed.
    pub calls: Vec<Call>,
    /// The rate limits; none when unlimited. Every bucket starts full.
    pub limits: Option<Limits>,
    /// Calls that the server lets run at once; none when unbounded.
    pub concurrency: Option<usize>,
}

/// One call with all attempts that the fault plan forces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Call {
    /// Requests charged, over all attempts.
    pub requests: u64,
    /// Input tokens charged, over all attempts.
    pub input_tokens: u64,
    /// Output tokens charged, over all attempts.
    pub output_tokens: u64,
    /// Service time of the attempt that succeeds.
    pub service: Duration,
    /// Service times of all attempts and the waits that the server imposes between them.
    pub path: Duration,
}

impl Call {
    /// A call that succeeds at once.
    #[must_use]
    pub fn once(input_tokens: u64, output_tokens: u64, service: Duration) -> Self {
        Self {
            requests: 1,
            input_tokens,
            output_tokens,
            service,
            path: service,
        }
    }
}

/// An attempt that a planned fault broke, and those before it.
struct Broken {
    call: Call,
    ended_ms: u64,
}

/// The calls that the rows of a ledger show: each success, with the attempts on the same body that
/// a planned fault broke before it. Refusals by the rate limits were not forced and do not count.
/// Attempts that went on at the same time belong to different calls, also on the same body: only
/// what came one after another adds up to a path.
#[must_use]
pub fn calls(rows: &[Row]) -> Vec<Call> {
    let mut broken: BTreeMap<u64, Vec<Broken>> = BTreeMap::new();
    let mut calls = Vec::new();
    for row in rows {
        let is_whole = row.ending == Ending::Complete;
        if !is_whole && row.fault.is_none() {
            continue;
        }
        let before = broken.entry(row.digest).or_default();
        let over = before
            .iter()
            .position(|broken| broken.ended_ms <= row.arrived_ms);
        let mut call = over.map_or_else(Call::default, |at| before.remove(at).call);
        // Refused by a fault, an attempt costs neither quota nor time.
        if is_whole || row.usage.input_tokens > 0 {
            call.requests += 1;
            call.path += Duration::from_millis(row.ended_ms - row.arrived_ms);
        }
        call.input_tokens += row.usage.input_tokens;
        call.output_tokens += row.usage.output_tokens;
        if is_whole {
            call.service = Duration::from_millis(row.service_ms);
            calls.push(call);
        } else {
            before.push(Broken {
                call,
                ended_ms: row.ended_ms,
            });
        }
    }
    calls.extend(broken.into_values().flatten().map(|broken| broken.call));
    calls
}

/// A moment before which `workload` cannot end, in simulated time from its start.
#[must_use]
pub fn makespan(workload: &Workload) -> Duration {
    let calls = &workload.calls;
    let longest = calls
        .iter()
        .map(|call| call.path.max(call.service))
        .max()
        .unwrap_or_default();
    let total: Duration = calls.iter().map(|call| call.path.max(call.service)).sum();
    let by_concurrency = match workload.concurrency {
        Some(concurrency) => total / u32::try_from(concurrency.max(1)).unwrap_or(u32::MAX),
        None => Duration::ZERO,
    };
    let by_limits = workload.limits.map_or(Duration::ZERO, |limits| {
        let mut by_tail: Vec<&Call> = calls.iter().collect();
        by_tail.sort_by_key(|call| std::cmp::Reverse(call.service));
        let requests = supply(
            &by_tail,
            |call| call.requests,
            limits.requests_per_minute,
            0,
        );
        let input = supply(
            &by_tail,
            |call| call.input_tokens,
            limits.input_tokens_per_minute,
            0,
        );
        let output = owed(calls, workload.concurrency).map_or(Duration::ZERO, |owed| {
            supply(
                &by_tail,
                |call| call.output_tokens,
                limits.output_tokens_per_minute,
                owed,
            )
        });
        requests.max(input).max(output)
    });
    longest.max(by_concurrency).max(by_limits)
}

/// The bound by one bucket: for each tail, when it has paid for all calls with no shorter one.
fn supply(by_tail: &[&Call], work: impl Fn(&Call) -> u64, per_minute: u64, owed: u64) -> Duration {
    let mut sum = 0u64;
    let mut bound = Duration::ZERO;
    for call in by_tail {
        sum += work(call);
        let short = sum.saturating_sub(per_minute).saturating_sub(owed);
        let paid = Duration::from_secs_f64(short as f64 * 60.0 / per_minute.max(1) as f64);
        bound = bound.max(paid + call.service);
    }
    bound
}

/// The most output that may be owed at the last admission; none when everything may.
fn owed(calls: &[Call], concurrency: Option<usize>) -> Option<u64> {
    let concurrency = concurrency.filter(|concurrency| *concurrency < calls.len())?;
    let mut outputs: Vec<u64> = calls.iter().map(|call| call.output_tokens).collect();
    outputs.sort_unstable_by_key(|output| std::cmp::Reverse(*output));
    Some(outputs[..concurrency].iter().sum())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIMITS: Limits = Limits {
        requests_per_minute: 60,
        input_tokens_per_minute: 6_000,
        output_tokens_per_minute: 600,
    };

    fn workload(
        calls: usize,
        input: u64,
        output: u64,
        seconds: u64,
        concurrency: Option<usize>,
    ) -> Workload {
        let call = Call::once(input, output, Duration::from_secs(seconds));
        Workload {
            calls: vec![call; calls],
            limits: Some(LIMITS),
            concurrency,
        }
    }

    #[test]
    fn the_scarcest_supply_decides() {
        let seconds = |workload: &Workload| makespan(workload).as_secs_f64();
        assert_eq!(seconds(&workload(60, 1, 1, 5, None)), 5.0, "one burst");
        assert_eq!(seconds(&workload(160, 1, 1, 5, None)), 105.0, "requests");
        assert_eq!(seconds(&workload(60, 200, 1, 5, None)), 65.0, "input");
        assert_eq!(
            seconds(&workload(60, 1, 20, 5, None)),
            5.0,
            "output may all be owed"
        );
        assert_eq!(
            seconds(&workload(60, 1, 20, 5, Some(10))),
            45.0,
            "output, 10 answers owed"
        );
        assert_eq!(
            seconds(&workload(60, 1, 1, 5, Some(10))),
            30.0,
            "concurrency"
        );
        assert_eq!(seconds(&Workload::default()), 0.0);
    }

    #[test]
    fn forced_attempts_lengthen_it() {
        let mut workload = workload(1, 1, 1, 5, None);
        workload.calls[0].path = Duration::from_secs(12);
        assert_eq!(makespan(&workload), Duration::from_secs(12));
    }

    /// Attempts on few bodies, broken and whole, that overlap as they like.
    fn rows() -> impl Strategy<Value = Vec<Row>> {
        let attempt = (0u64..3, 0u64..50, 1u64..600, any::<bool>());
        prop::collection::vec(attempt, 1..40).prop_map(|attempts| {
            let mut arrived_ms = 0;
            let row = |(digest, gap, took, is_whole): (u64, u64, u64, bool)| {
                arrived_ms += gap;
                Row {
                    seq: 0,
                    request_id: String::new(),
                    call: String::new(),
                    digest,
                    seen: 0,
                    model: String::new(),
                    arrived_ms,
                    ended_ms: arrived_ms + took,
                    service_ms: took,
                    status: Some(200),
                    ending: if is_whole {
                        Ending::Complete
                    } else {
                        Ending::Truncated
                    },
                    fault: (!is_whole).then_some(ground::fault::FaultKind::Hang),
                    usage: ground::usage::Usage {
                        input_tokens: 10,
                        ..Default::default()
                    },
                    cost_pico: 0,
                    max_tokens: 1,
                }
            };
            attempts.into_iter().map(row).collect()
        })
    }

    proptest! {
        #[test]
        fn no_run_ends_before_the_bound_of_its_own_attempts(rows in rows()) {
            let workload = Workload { calls: calls(&rows), limits: None, concurrency: None };
            let took = rows.iter().map(|row| row.ended_ms).max().unwrap() - rows[0].arrived_ms;
            prop_assert!(makespan(&workload) <= Duration::from_millis(took));
            let paths: u32 = workload.calls.iter().map(|call| call.requests as u32).sum();
            prop_assert_eq!(paths as usize, rows.len());
        }

        /// A greedy single server that knows everything is never faster.
        #[test]
        fn no_schedule_beats_it(calls in prop::collection::vec((1u64..200, 1u64..30), 1..60), concurrency in 1usize..8) {
            let workload = Workload {
                calls: calls.iter().map(|&(input, seconds)| Call::once(input, 0, Duration::from_secs(seconds))).collect(),
                limits: Some(Limits { requests_per_minute: 20, input_tokens_per_minute: 1_000, output_tokens_per_minute: 1 }),
                concurrency: Some(concurrency),
            };
            let mut free = vec![0.0f64; concurrency];
            let (mut now, mut requests, mut input) = (0.0f64, 20.0f64, 1000.0f64);
            let mut end = 0.0f64;
            for call in &workload.calls {
                free.sort_by(f64::total_cmp);
                let wait = ((1.0 - requests) / (20.0 / 60.0)).max((call.input_tokens as f64 - input) / (1000.0 / 60.0)).max(0.0);
                let start = (now + wait).max(free[0]);
                requests = (requests + (start - now) * 20.0 / 60.0).min(20.0) - 1.0;
                input = (input + (start - now) * 1000.0 / 60.0).min(1000.0) - call.input_tokens as f64;
                now = start;
                free[0] = start + call.service.as_secs_f64();
                end = end.max(free[0]);
            }
            prop_assert!(makespan(&workload).as_secs_f64() <= end + 1e-6);
        }
    }
}
