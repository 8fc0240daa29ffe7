//! Who is told of runs while they take place.

use std::sync::Arc;

use crate::platform::cloudwatch::LogGroup;
use crate::record::{Ending, Run};

/// Told of what happens while setups run, by the threads that run them.
pub trait Watch: Send + Sync {
    /// A request ended in this way.
    fn ended(&self, ending: Ending);
    /// A setup ended with these facts.
    fn finished(&self, run: &Run);
    /// Where the functions of `scenario` in `mode` write their log, if anywhere.
    fn log_group(&self, _scenario: &str, _mode: &str) -> Option<LogGroup> {
        None
    }
}

/// For runs that nobody watches.
#[must_use]
pub fn nobody() -> Arc<dyn Watch> {
    Arc::new(())
}

impl Watch for () {
    fn ended(&self, _: Ending) {}
    fn finished(&self, _: &Run) {}
}
