//! What a bulk job costs: the estimate before, the bill after.

use std::io::Write;
use std::time::Duration;

use mock_claude::prices::{ModelPrice, PICO_PER_USD, PriceBook, Usage};

use super::pages::{Page, State};
use crate::claude::Spending;
use crate::cli::Exit;
use crate::corpus::Skipped;
use crate::generator::{CallEstimate, Document};
use crate::record::Attempts;

/// What the calls of a job are expected to use.
pub(super) struct Estimate {
    price: ModelPrice,
    model: String,
    calls: u64,
    usage: Usage,
}

/// How a job went.
pub(super) struct Bill<'a> {
    pub(super) pages: &'a [Page],
    pub(super) skipped: &'a [Skipped],
    pub(super) attempts: &'a Attempts,
    pub(super) spending: &'a Spending,
    pub(super) took: Duration,
    pub(super) stopped: bool,
}

impl Estimate {
    pub(super) fn new(price: ModelPrice, model: &str) -> Self {
        Self {
            price,
            model: model.to_owned(),
            calls: 0,
            usage: Usage::default(),
        }
    }

    pub(super) fn add(&mut self, call: CallEstimate) {
        self.calls += 1;
        self.usage.input_tokens += call.input_tokens;
        self.usage.output_tokens += call.output_tokens;
    }
}

/// Says what `documents` would cost.
pub(super) fn print_estimate(
    documents: &[Document],
    estimate: &Estimate,
    book: &PriceBook,
) -> std::io::Result<()> {
    let lines: usize = documents
        .iter()
        .map(|document| document.content.lines().count())
        .sum();
    let mut out = std::io::stdout();
    writeln!(
        out,
        "{} files, {lines} lines: {} calls to {}",
        documents.len(),
        estimate.calls,
        estimate.model
    )?;
    writeln!(
        out,
        "about {} input and {} output tokens: ${:.4} (prices of {})",
        estimate.usage.input_tokens,
        estimate.usage.output_tokens,
        usd(estimate.price.cost_pico(estimate.usage)),
        book.as_of,
    )
}

impl Bill<'_> {
    /// How the command ends.
    pub(super) fn exit(&self) -> Exit {
        if self.stopped {
            Exit::Interrupted
        } else if self.pages.iter().all(|page| page.state == State::Whole) {
            Exit::Done
        } else {
            Exit::Failed
        }
    }

    pub(super) fn print(&self, book: &PriceBook, is_real: bool) -> std::io::Result<()> {
        let count =
            |is: fn(&State) -> bool| self.pages.iter().filter(|page| is(&page.state)).count();
        let mut out = std::io::stdout();
        writeln!(
            out,
            "{} files: {} whole, {} with gaps, {} failed; {} skipped; {} already paid for",
            self.pages.len(),
            count(|state| *state == State::Whole),
            count(|state| matches!(state, State::Partial(_))),
            count(|state| matches!(state, State::Failed(_))),
            self.skipped.len(),
            self.pages.iter().filter(|page| page.cached).count(),
        )?;
        for page in self.pages {
            if let State::Failed(why) = &page.state {
                writeln!(out, "  {}: {why}", page.path)?;
            }
        }
        for file in self.skipped {
            writeln!(out, "  {} skipped: {}", file.path.display(), file.why)?;
        }
        let usage = self.spending.usage();
        let clock = if is_real { "" } else { " simulated" };
        writeln!(
            out,
            "{} calls in {:.0}{clock} s, {} input and {} output tokens: ${:.4} (prices of {})",
            self.attempts.sent,
            self.took.as_secs_f64(),
            usage.input_tokens,
            usage.output_tokens,
            usd(self.spending.spent_pico()),
            book.as_of,
        )
    }
}

fn usd(pico: u64) -> f64 {
    pico as f64 / PICO_PER_USD
}
