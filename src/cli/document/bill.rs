//! What a bulk job costs: the estimate before, the bill after.

use std::io::Write;
use std::time::Duration;

use ground::prices::{PICO_PER_USD, PriceBook, Prices};
use ground::usage::Usage;

use super::Origin;
use super::page::{Page, PageState};
use crate::claude::{CallError, Spending};
use crate::cli::Exit;
use crate::corpus::Skipped;
use crate::generator::{CallEstimate, Document, Earlier};
use crate::record::Attempts;
use crate::text::figures::dollars;
use crate::text::line;

/// What the calls of a job are expected to use.
pub(super) struct Estimate {
    prices: Prices,
    model: String,
    pub(super) calls: u64,
    pub(super) usage: Usage,
    pico: u64,
    /// Tokens of the largest call, prompt and answer together.
    pub(super) largest: u64,
}

/// How a job went.
pub(super) struct Bill<'a> {
    pub(super) pages: &'a [Page],
    /// Files that there are to document.
    pub(super) files: usize,
    pub(super) skipped: &'a [Skipped],
    pub(super) attempts: &'a Attempts,
    pub(super) earlier: Earlier,
    pub(super) spending: &'a Spending,
    pub(super) took: Duration,
    pub(super) stopped: bool,
    /// Why no further call was made.
    pub(super) halted: Option<&'a CallError>,
    /// What else went wrong.
    pub(super) trouble: Option<String>,
}

impl Estimate {
    pub(super) fn new(prices: Prices, model: &str) -> Self {
        Self {
            prices,
            model: model.to_owned(),
            calls: 0,
            usage: Usage::default(),
            pico: 0,
            largest: 0,
        }
    }

    /// What all calls cost together, in pico-dollars: half in batches.
    pub(super) fn price_pico(&self, is_batch: bool) -> u64 {
        if is_batch { self.pico / 2 } else { self.pico }
    }

    pub(super) fn add(&mut self, call: CallEstimate) {
        self.calls += 1;
        let usage = Usage {
            input_tokens: call.input_tokens,
            output_tokens: call.output_tokens,
            ..Usage::default()
        };
        self.usage = self.usage.plus(usage);
        self.largest = self.largest.max(call.input_tokens + call.output_tokens);
        // Call by call: a long prompt may have a price of its own.
        self.pico += self.prices.cost_pico(usage);
    }
}

/// Says what `documents` would cost.
pub(super) fn print_estimate(
    documents: &[Document],
    estimate: &Estimate,
    book: &PriceBook,
    is_batch: bool,
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
        "about {} input and {} output tokens: {} (prices of {})",
        estimate.usage.input_tokens,
        estimate.usage.output_tokens,
        dollars(usd(estimate.price_pico(is_batch))),
        book.as_of,
    )
}

impl Bill<'_> {
    /// How the command ends.
    pub(super) fn exit(&self) -> Exit {
        if self.stopped && self.halted.is_none() {
            Exit::Interrupted
        } else if self.pages.len() == self.files
            && self.pages.iter().all(|page| page.state == PageState::Whole)
        {
            Exit::Done
        } else {
            Exit::Failed
        }
    }

    pub(super) fn print(&self, book: &PriceBook, origin: Origin) -> std::io::Result<()> {
        let count =
            |is: fn(&PageState) -> bool| self.pages.iter().filter(|page| is(&page.state)).count();
        let mut out = std::io::stdout();
        writeln!(
            out,
            "{} files: {} whole, {} with gaps, {} failed; {} skipped; {} already paid for",
            self.pages.len(),
            count(|state| *state == PageState::Whole),
            count(|state| matches!(state, PageState::Partial(_))),
            count(|state| matches!(state, PageState::Failed(_))),
            self.skipped.len(),
            self.pages.iter().filter(|page| page.cached).count(),
        )?;
        let left = self.files - self.pages.len();
        if left > 0 {
            writeln!(
                out,
                "{left} files were not begun; run the same command again to go on"
            )?;
        }
        for page in self.pages {
            match &page.state {
                PageState::Failed(why) => writeln!(out, "  {}: {}", line(&page.path), line(why))?,
                PageState::Partial(lines) => {
                    writeln!(out, "  {}: {lines} lines missing", line(&page.path))?;
                }
                PageState::Whole => {}
            }
        }
        for file in self.skipped {
            let path = file.path.display().to_string();
            writeln!(out, "  {} skipped: {}", line(&path), line(&file.why))?;
        }
        if let Some(error) = self.halted {
            writeln!(
                out,
                "no further call was made: {}",
                line(&error.to_string())
            )?;
        }
        if let Some(trouble) = &self.trouble {
            writeln!(out, "{}", line(trouble))?;
        }
        self.print_money(&mut out, book, origin)
    }

    fn print_money(
        &self,
        out: &mut impl Write,
        book: &PriceBook,
        origin: Origin,
    ) -> std::io::Result<()> {
        let usage = self.spending.usage();
        let (clock, made_up) = match origin {
            Origin::Api => ("", ""),
            Origin::Mock => (" simulated", ", had it been real"),
        };
        let earlier = self.earlier;
        writeln!(
            out,
            "{} calls in {:.0}{clock} s, {} input and {} output tokens: {}{made_up} (prices of {})",
            self.attempts.sent,
            self.took.as_secs_f64(),
            usage.input_tokens,
            usage.output_tokens,
            dollars(usd(self.spending.spent_pico() - earlier.spent_pico)),
            book.as_of,
        )?;
        if earlier.attempts > 0 {
            writeln!(
                out,
                "with {} calls of earlier runs: {}",
                earlier.attempts,
                dollars(usd(self.spending.spent_pico()))
            )?;
        }
        if origin == Origin::Mock {
            writeln!(
                out,
                "the mock made these texts up and nothing was spent; --base-url asks a real model"
            )?;
        }
        if earlier.cut_off > 0 {
            writeln!(
                out,
                "{} of them were cut off by a kill and count with the most that they can have cost",
                earlier.cut_off
            )?;
        }
        Ok(())
    }
}

pub(super) fn usd(pico: u64) -> f64 {
    pico as f64 / PICO_PER_USD
}
