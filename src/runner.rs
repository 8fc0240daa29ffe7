//! Scenario × mode × clock → the facts of a run.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::load::Stop;
use crate::record::Run;

pub use endpoint::{Endpoint, Measured};
pub use error::RunError;
pub use setup::Setup;
pub use tally::MAX_ROWS;
pub use watch::{Watch, nobody};

mod client;
mod connect;
mod endpoint;
mod error;
mod pool;
mod setup;
mod tally;
mod target;
mod watch;

/// Runs `setups` and tells `watch` of them. Virtual runs go
/// side by side on all cores (each is alone on its clock, so the facts are the same); real ones
/// one after the other, because they would share the machine. Stops early when told to.
///
/// # Errors
/// The first that could not take place.
pub fn run_all(
    setups: &[Setup],
    clock: Clock,
    stop: &Stop,
    watch: &Arc<dyn Watch>,
) -> Result<Vec<(Run, Duration)>, RunError> {
    let width = match clock {
        Clock::Virtual => std::thread::available_parallelism().map_or(1, usize::from),
        Clock::Real { .. } => 1,
    };
    let next = std::sync::atomic::AtomicUsize::new(0);
    let results = std::sync::Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..width.min(setups.len()) {
            scope.spawn(|| {
                while !stop.is_stopped() {
                    let index = next.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                    let Some(setup) = setups.get(index) else {
                        break;
                    };
                    let result = setup.watched(clock, stop, watch);
                    results
                        .lock()
                        .unwrap_or_else(std::sync::PoisonError::into_inner)
                        .insert(index, result);
                }
            });
        }
    });
    results
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
        .into_values()
        .collect()
}
