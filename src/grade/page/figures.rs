//! What was measured of a service beside the same of our naive and our hardened one.

use maud::{Markup, html};

use super::super::Grade;
use super::super::feedback::{mark, said};
use super::super::ours;
use super::super::score::Scored;
use super::table;
use crate::record::Base;
use crate::text::figures::points;

const CAPTION: &str =
    "The same cases, the same faults: our naive service, yours, and our hardened one";

/// The figures of every criterion, by rubric.
pub(super) fn figures(grade: &Grade) -> Markup {
    let head = [
        ("result", false),
        ("criterion", false),
        ("points", true),
        ("naive", true),
        ("yours", true),
        ("hardened", true),
        ("needed", true),
    ];
    let body = html! {
        @for rubric in &grade.rubrics {
            tbody {
                tr { th colspan="7" scope="rowgroup" {
                    (rubric.title) ", " (points(rubric.score)) " of " (points(rubric.max_score))
                    @for cap in &rubric.caps { span.cap { " capped: " (cap) } }
                } }
                @for one in &rubric.criteria { (row(one)) }
            }
        }
    };
    table(CAPTION, &head, &body)
}

fn row(one: &Scored) -> Markup {
    let unknown = || "–".to_owned();
    let shown = |value: Option<f64>| value.map_or_else(unknown, |value| one.shown(value));
    let of = |base| shown(ours::figure(base, &one.measure));
    let bound = if one.full < one.zero { "≤ " } else { "≥ " };
    html! {
        tr {
            td.mark { (mark(one.mark).trim()) }
            th scope="row" { (said(&one.title)) }
            td.figure { (points(one.points)) " of " (points(one.max_points)) }
            td.figure { (of(Base::Naive)) }
            td.figure.yours { (shown(one.telling_value())) }
            td.figure { (of(Base::Hardened)) }
            td.figure { (bound) (one.shown(one.full)) }
        }
    }
}
