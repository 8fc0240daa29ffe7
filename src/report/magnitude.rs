//! How badly naive broke and what the other mode saved, over all scenarios, in figures.

use crate::record::Base;
use crate::summary::{Contrast, Losses, RunSummary, Summary};

use super::judgement::SAME;
use super::scenarios::scenarios;
use crate::text::figures::{count, rupees, seconds};

/// Baseline and compared mode of one scenario.
type Pair<'a> = (&'a RunSummary, &'a RunSummary);

/// One or two sentences that follow the verdict; nothing where there is no naive mode to speak of.
pub(super) fn magnitude(summary: &Summary) -> Option<String> {
    let scenarios = scenarios(summary);
    let pairs: Vec<Pair<'_>> = scenarios
        .iter()
        .filter_map(|scenario| Some((scenario.baseline(), scenario.compared()?)))
        .filter(|(baseline, _)| baseline.subject.is(Base::Naive))
        .collect();
    let compared = &pairs.first()?.1.mode;
    let Losses {
        offered,
        before,
        after,
    } = Losses::of(pairs.iter().copied());
    let requests = match offered {
        1 => "The one request was".to_owned(),
        _ => format!("Of {} requests", count(offered)),
    };
    let lost = match offered {
        1 => format!(
            "{requests} {} by naive, {} by {compared}.",
            ending(before),
            ending(after)
        ),
        _ => format!(
            "{requests} naive lost {}, {compared} {}.",
            some(before),
            some(after)
        ),
    };
    let gains = gains(&pairs);
    Some(if gains.is_empty() {
        lost
    } else {
        format!(
            "{lost} Where both did the whole work: {}.",
            gains.join("; ")
        )
    })
}

fn some(requests: u64) -> String {
    if requests == 0 {
        "none".to_owned()
    } else {
        count(requests)
    }
}

fn ending(lost: u64) -> &'static str {
    if lost == 0 { "answered" } else { "lost" }
}

/// The greatest savings. Where work was lost, a smaller bill is no saving and a larger one no waste.
fn gains(pairs: &[Pair<'_>]) -> Vec<String> {
    let saved = |(before, after): &Pair<'_>| Contrast::between(before, after).saved_inr;
    let pace = |(before, after): &Pair<'_>| Contrast::between(before, after).pace.unwrap_or(0.0);
    let whole: Vec<Pair<'_>> = pairs
        .iter()
        .filter(|(before, after)| before.holds() && after.holds())
        .copied()
        .collect();
    let dearest = whole
        .iter()
        .max_by(|a, b| saved(a).total_cmp(&saved(b)))
        .filter(|pair| saved(pair) > pair.0.cost.inr * SAME)
        .map(|pair| told(*pair, "most money saved", |run| rupees(run.cost.inr)));
    let slowest = whole
        .iter()
        .max_by(|a, b| pace(a).total_cmp(&pace(b)))
        .filter(|pair| pace(pair) > 1.0 + SAME)
        .map(|pair| told(*pair, "most time saved", |run| seconds(run.makespan_s)));
    dearest.into_iter().chain(slowest).collect()
}

fn told((before, after): Pair<'_>, what: &str, figure: fn(&RunSummary) -> String) -> String {
    let scenario = &before.scenario;
    format!("{what} {} → {} ({scenario})", figure(before), figure(after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Ending;
    use crate::report::fixture;

    fn of(runs: Vec<RunSummary>) -> Option<String> {
        let mut summary = fixture::summary(&fixture::record());
        summary.runs = runs;
        magnitude(&summary)
    }

    #[test]
    fn losses_are_added_up_and_savings_are_only_told_of_work_that_was_done() {
        let mut naive =
            fixture::run_summary("naive", 56, &[(Ending::RateLimited, 44)], 60.0, 900.0);
        let mut hardened = fixture::run_summary("hardened", 100, &[], 160.0, 100.0);
        for run in [&mut naive, &mut hardened] {
            run.scenario = "limits".to_owned();
        }
        let whole = [
            fixture::run_summary("naive", 10, &[], 400.0, 200.0),
            fixture::run_summary("hardened", 10, &[], 40.0, 20.0),
        ];
        let scenario = whole[0].scenario.clone();
        let said = of([naive, hardened].into_iter().chain(whole).collect()).unwrap();
        assert_eq!(
            said,
            format!(
                "Of 110 requests naive lost 44, hardened none. Where both did the whole work: most money saved \
                 ₹200 → ₹20 ({scenario}); most time saved 400 s → 40 s ({scenario})."
            )
        );
    }

    #[test]
    fn without_a_naive_mode_there_is_nothing_to_add_up() {
        let runs = ["last week", "today"].map(|mode| fixture::run_summary(mode, 10, &[], 1.0, 1.0));
        assert_eq!(of(runs.to_vec()), None);
    }
}
