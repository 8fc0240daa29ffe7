//! Virtual time against real sockets: the differences, the noise to expect, and a picture of both.

use maud::{Markup, html};

use crate::report::agreement::{NOISE, lines, verdict};
use crate::report::plot::Plot;
use crate::summary::Agreement;
use crate::text;

use super::figure;

/// The section; nothing where no run took place on both clocks.
pub(super) fn agreement(agreements: &[Agreement], plot: Option<&Plot>) -> Markup {
    if agreements.is_empty() {
        return html! {};
    }
    html! {
        section #agreement aria-labelledby="agreement-title" {
            h2 #agreement-title { "Virtual against real" }
            p.verdict { (text::line(&verdict(agreements))) }
            @if let Some(plot) = plot { (figure(plot)) }
            div.scroll role="region" tabindex="0" aria-label="differences between the clocks" {
                table.clocks {
                    caption.hidden { "Each figure in virtual time and over real sockets" }
                    thead { tr {
                        th scope="col" { "figure" }
                        th.figure scope="col" { "virtual" }
                        th.figure scope="col" { "real" }
                        th.figure scope="col" { "difference" }
                        th.figure scope="col" { "noise to expect" }
                    } }
                    @for run in agreements { tbody { (rows(run)) } }
                }
            }
            p.quiet.note { (NOISE) }
        }
    }
}

fn rows(run: &Agreement) -> Markup {
    html! {
        tr { th scope="rowgroup" colspan="5" { (text::line(&run.scenario)) ", " (text::line(&run.mode)) } }
        @for line in lines(run) {
            tr {
                th scope="row" { (line.name) }
                td.figure { (line.simulated) }
                td.figure { (line.measured) }
                td.figure {
                    @match line.agrees {
                        Some(true) => { span.good { "✓ " } }
                        Some(false) => { span.bad { "✗ outside " } }
                        None => "",
                    }
                    (line.difference())
                }
                td.figure { (line.noise()) }
            }
        }
    }
}
