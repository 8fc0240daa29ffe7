//! Progress of long work: a live line on a terminal, nothing in a log.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::record::Run;

/// A bar over the runs of an invocation.
#[derive(Debug)]
pub(super) struct Progress(ProgressBar);

impl Progress {
    pub(super) fn new(runs: usize, quiet: bool) -> Self {
        // indicatif hides a bar on standard error that is no terminal, so CI logs stay clean.
        let target = if quiet {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr()
        };
        let bar = ProgressBar::with_draw_target(Some(runs as u64), target);
        let style =
            ProgressStyle::with_template("{spinner} {pos}/{len} runs  {elapsed}  {wide_msg}");
        bar.set_style(style.expect("the template is ours and valid"));
        bar.enable_steady_tick(Duration::from_millis(120));
        Self(bar)
    }

    pub(super) fn finished(&self, run: &Run) {
        self.0.set_message(format!("{} {}", run.scenario, run.mode));
        self.0.inc(1);
    }

    pub(super) fn clear(&self) {
        self.0.finish_and_clear();
    }
}
