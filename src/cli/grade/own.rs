//! Our own services under the built-in rubrics: if these grades are wrong, all are.

use std::collections::BTreeSet;
use std::io::Write;

use super::exam::take_reference;
use super::rubrics::Rubrics;
use super::{Exit, runtime};
use crate::examiner;
use crate::grade::{self, Status, feedback};
use crate::record::Base;
use crate::text::figures::percent_reached;

/// Shares of the points that our own services must stay below, or reach.
const NAIVE_BELOW: f64 = 0.40;
const HARDENED_FROM: f64 = 0.95;

pub(super) fn self_test() -> anyhow::Result<Exit> {
    let rubrics = Rubrics::read(&[])?;
    let mut out = std::io::stdout();
    let mut held = true;
    for base in [Base::Naive, Base::Hardened] {
        let exam = runtime()?.block_on(async {
            let mut exam = examiner::reference(base, &rubrics.cases()).await?;
            take_reference(&mut exam, &rubrics).await?;
            anyhow::Ok(exam)
        })?;
        let grade = grade::grade(&exam, &rubrics.all);
        let share = grade.fraction();
        let right = grade.status == Status::Graded
            && match base {
                Base::Naive => share < NAIVE_BELOW,
                _ => share >= HARDENED_FROM,
            };
        held &= right;
        let flaws: BTreeSet<&str> = grade.flaws.iter().map(|flaw| flaw.id.as_str()).collect();
        writeln!(
            out,
            "{base}: {} {} ({flaws:?})",
            percent_reached(share),
            if right { "as it should be" } else { "WRONG" }
        )?;
        for (_, one) in grade.criteria() {
            if let Some(why) = grade::ours::differs(base, &one.measure, one.telling_value()) {
                held = false;
                writeln!(out, "  src/grade/ours.toml is not true: {why}")?;
            }
        }
        if !right {
            write!(out, "{}", feedback::text(&grade))?;
        }
    }
    Ok(if held { Exit::Done } else { Exit::Failed })
}
