//! `--compare-models`: what the same files would cost with each model whose price is known.

use std::io::Write;

use ground::presets;

use super::bill::{Estimate, usd};
use super::work::Work;
use super::{Args, dry};
use crate::text::figures::dollars;

/// What one model would cost.
struct Offer {
    model: String,
    estimate: Estimate,
    pico: u64,
    /// Whether its largest call fits into the model's window.
    fits: bool,
    /// Whether it is the one that was asked for.
    is_chosen: bool,
}

/// Prints a line for each model, the cheapest first. Earlier runs count for none of them.
pub(super) fn print(args: &Args, work: &Work) -> anyhow::Result<()> {
    let mut offers = Vec::new();
    for profile in presets::profiles() {
        if let Some(with) = work.with(profile, args) {
            offers.push(offer(args, &with, &work.profile.model)?);
        }
    }
    offers.sort_by_key(|offer| offer.pico);
    let width = offers
        .iter()
        .map(|offer| offer.model.len())
        .max()
        .unwrap_or(0);
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    writeln!(
        out,
        "{:width$}  {:>6} {:>10} {:>10} {:>10}",
        "model", "calls", "input", "output", "price"
    )?;
    for offer in &offers {
        let usage = offer.estimate.usage;
        let note = match (offer.fits, offer.is_chosen) {
            (false, _) => "  does not fit its window",
            (true, true) => "  chosen",
            (true, false) => "",
        };
        writeln!(
            out,
            "{:width$}  {:>6} {:>10} {:>10} {:>10}{note}",
            offer.model,
            offer.estimate.calls,
            usage.input_tokens,
            usage.output_tokens,
            dollars(usd(offer.pico)),
        )?;
    }
    let chosen = offers.iter().find(|offer| offer.is_chosen);
    let cheapest = offers.iter().find(|offer| offer.fits);
    if let (Some(chosen), Some(cheapest)) = (chosen, cheapest) {
        writeln!(
            out,
            "{} costs {:.1} times the cheapest that fits, {} (prices of {}; quality is not compared)",
            chosen.model,
            chosen.pico as f64 / cheapest.pico.max(1) as f64,
            cheapest.model,
            work.book.as_of,
        )?;
    }
    out.flush()?;
    Ok(())
}

fn offer(args: &Args, work: &Work, chosen: &str) -> anyhow::Result<Offer> {
    let estimate = dry::estimate_after(args, work, None)?;
    Ok(Offer {
        model: work.model.clone(),
        pico: estimate.price_pico(args.batch),
        fits: estimate.largest <= work.profile.context_window,
        is_chosen: work.model == chosen,
        estimate,
    })
}
