//! The lines that Lambda itself writes about an invocation.

use std::time::Duration;

use crate::platform::failure::timed_out;

/// The figures of an invocation that has ended. Durations are simulated.
#[derive(Debug, Clone, Copy)]
pub(in crate::platform) struct Figures<'a> {
    pub(in crate::platform) id: &'a str,
    pub(in crate::platform) took: Duration,
    /// How long its instance took to start, if it was its first; Lambda bills that with it.
    pub(in crate::platform) init: Option<Duration>,
    pub(in crate::platform) memory_mb: u64,
    pub(in crate::platform) peak_mb: Option<u64>,
}

impl Figures<'_> {
    /// What is billed, in milliseconds.
    pub(in crate::platform) fn billed_ms(&self) -> u64 {
        let billed = self.took + self.init.unwrap_or_default();
        // In whole numbers: a fraction of a nanosecond would be billed as a millisecond.
        billed.as_nanos().div_ceil(1_000_000) as u64
    }
}

pub(in crate::platform) fn start(id: &str) -> String {
    format!("START RequestId: {id} Version: $LATEST")
}

pub(in crate::platform) fn end(id: &str) -> String {
    format!("END RequestId: {id}")
}

/// What is said of one that was killed after `limit`.
pub(in crate::platform) fn killed(id: &str, limit: Duration) -> String {
    format!("{id} {}", timed_out(limit))
}

/// The figures, and the `status` of what did not go well, e.g. `timeout`.
pub(in crate::platform) fn report(figures: &Figures<'_>, status: Option<&str>) -> String {
    let Figures {
        id,
        took,
        init,
        memory_mb,
        peak_mb,
    } = figures;
    let mut report = format!(
        "REPORT RequestId: {id}\tDuration: {:.2} ms\tBilled Duration: {} ms\tMemory Size: {memory_mb} MB",
        ms(*took),
        figures.billed_ms(),
    );
    if let Some(peak) = peak_mb {
        report += &format!("\tMax Memory Used: {peak} MB");
    }
    if let Some(init) = init {
        report += &format!("\tInit Duration: {:.2} ms", ms(*init));
    }
    if let Some(status) = status {
        report += &format!("\tStatus: {status}");
    }
    report
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
