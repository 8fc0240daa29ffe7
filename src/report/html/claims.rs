//! The chapter's figures beside ours.

use maud::{Markup, html};

use crate::report::markdown::verdict;
use crate::summary::{Claim, ClaimVerdict};
use crate::text;
use crate::text::figures::{ABSENT, number};

/// A table of all claims, those that were not measured folded away; nothing where there are none.
pub(super) fn claims(claims: &[Claim]) -> Markup {
    if claims.is_empty() {
        return html! {};
    }
    let total = |wanted| {
        claims
            .iter()
            .filter(|claim| claim.verdict == wanted)
            .count()
    };
    let (open, measured): (Vec<&Claim>, Vec<&Claim>) = claims
        .iter()
        .partition(|claim| claim.verdict == ClaimVerdict::NotMeasured);
    html! {
        section #claims aria-labelledby="claims-title" {
            h2 #claims-title { "The chapter’s figures" }
            p.verdict {
                (claims.len()) " claims: " (total(ClaimVerdict::Reproduced)) " reproduced, "
                (total(ClaimVerdict::Contradicted)) " contradicted, "
                (total(ClaimVerdict::NotMeasured)) " not measured in this run."
            }
            @if !measured.is_empty() { (table(&measured, "Claims of the chapter and what was measured")) }
            @if !open.is_empty() {
                details {
                    summary { "Claims that this run did not measure" }
                    (table(&open, "Claims of the chapter that were not measured"))
                }
            }
        }
    }
}

fn table(claims: &[&Claim], caption: &str) -> Markup {
    html! {
        div.scroll role="region" tabindex="0" aria-label=(caption) {
            table.claims {
                caption.hidden { (caption) }
                thead { tr {
                    th scope="col" { "the chapter says" }
                    th.figure scope="col" { "claimed" }
                    th.figure scope="col" { "ours" }
                    th scope="col" { "verdict" }
                } }
                tbody { @for claim in claims { (row(claim)) } }
            }
        }
    }
}

fn row(claim: &Claim) -> Markup {
    let (class, mark) = match claim.verdict {
        ClaimVerdict::Reproduced => ("good", "✓"),
        ClaimVerdict::Contradicted => ("bad", "✗"),
        ClaimVerdict::NotMeasured => ("open", "·"),
    };
    html! {
        tr {
            th scope="row" { (text::line(&claim.says)) span.why { (text::line(&claim.section)) ": " (text::line(&claim.why)) } }
            td.figure { (number(claim.claimed)) " " (text::line(&claim.unit)) }
            td.figure { @match claim.measured { Some(value) => { (number(value)) " " (text::line(&claim.unit)) } None => (ABSENT) } }
            td {
                span class=(class) { (mark) " " (verdict(claim.verdict)) }
                @if claim.by_arithmetic { span.why { "by the chapter’s own figures" } }
            }
        }
    }
}
