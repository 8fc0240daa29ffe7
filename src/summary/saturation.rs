//! Whether the load driver kept up with its own schedule.

use super::latency::{of_histogram, together};
use crate::record::{Ending, Run};

/// The largest share of the p99 latency that the driver's p99 lag may have.
const SHARE: f64 = 0.05;

/// Lag in milliseconds that never matters.
const NEGLIGIBLE_MS: f64 = 10.0;

/// Says why the driver was saturated: it did not send what it should have sent, or its p99 lag is above
/// 10 ms and above 5 % of the p99 latency. Lag is part of every latency here, so such a run tells of
/// the driver and not of the service. An `interrupted` run drops requests because it was told to.
pub(super) fn saturation(run: &Run, interrupted: bool) -> Option<String> {
    let dropped = run.endings.get(&Ending::Dropped).copied().unwrap_or(0);
    if dropped > 0 && !interrupted {
        return Some(format!(
            "the load driver was saturated: it could not send {dropped} of {} requests; offer less, or share the load with --shard",
            run.offered
        ));
    }
    let lag = of_histogram(&run.lag).p99?;
    let latency = of_histogram(&together(run, |_| true)).p99?;
    (lag > NEGLIGIBLE_MS && lag > latency * SHARE).then(|| {
        format!(
            "the load driver was saturated: its own lag has a p99 of {lag:.0} ms, more than 5 % of the p99 latency of {latency:.0} ms; offer less, or share the load with --shard"
        )
    })
}
