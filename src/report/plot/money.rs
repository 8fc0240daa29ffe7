//! Where the money went: prompts, prompt cache, answers, what of it was for nothing, what was saved.

use crate::report::ReportError;
use crate::summary::{Contrast, Cost, CostParts};
use crate::text;
use crate::text::figures::{percent, rupees};

use super::axis::Axis;
use super::canvas::{Anchor, Canvas, Pen, draw};
use super::dash::Dash;
use super::palette::Role;
use super::{MARGIN, NARROW, Plot, Side, Words, head};

const HEAD: f64 = 28.0;
const BAR: f64 = 26.0;
const WORDS: f64 = 24.0;

/// Costs of all modes of one scenario on one scale; `None` where the prices are not known.
pub(in crate::report) fn money(
    scenario: &str,
    sides: &[Side<'_>],
) -> Result<Option<Plot>, ReportError> {
    let most = sides
        .iter()
        .map(|side| side.numbers.cost.usd)
        .fold(0.0, f64::max);
    if most <= 0.0 || sides.iter().any(|side| side.numbers.cost.parts.is_none()) {
        return Ok(None);
    }
    let text = Words {
        name: format!("{scenario}-cost"),
        title: "Where the money went".to_owned(),
        caption: "One bar a mode, in the order input, prompt cache, output. The thin bar below it is what was paid for \
                  answers that nobody got; the broken frame is what this mode did not spend, compared with the first."
            .to_owned(),
        alternative: sides.iter().map(|side| words(side, &sides[0])).collect::<Vec<_>>().join(" "),
    };
    let height = sides.len() as f64 * (HEAD + BAR + WORDS);
    text.drawn(|width| {
        draw(width, height.ceil() as i32, |canvas| {
            for (index, side) in sides.iter().enumerate() {
                let top = index as f64 * (HEAD + BAR + WORDS);
                bar(canvas, side, &sides[0], most, (top, f64::from(width)));
            }
        })
    })
    .map(Some)
}

/// Name and dollars of each part.
fn named(parts: CostParts) -> [(&'static str, f64); 3] {
    [
        ("input", parts.input_usd),
        ("prompt cache", parts.prompt_cache_usd),
        ("output", parts.output_usd),
    ]
}

/// The parts that cost something, in rupees.
fn told(cost: Cost) -> Vec<String> {
    let parts = cost
        .parts
        .map(named)
        .into_iter()
        .flatten()
        .filter(|(_, usd)| *usd > 0.0);
    let mut told: Vec<String> = parts
        .map(|(name, usd)| format!("{name} {}", inr(cost, usd)))
        .collect();
    told.extend(wasted(cost));
    told
}

/// A part of the cost in rupees.
fn inr(cost: Cost, usd: f64) -> String {
    rupees(cost.inr * usd / cost.usd)
}

/// Which share was for nothing, if any.
fn wasted(cost: Cost) -> Option<String> {
    let share = cost.wasted_usd / cost.usd;
    (cost.wasted_usd > 0.0).then(|| format!("{} for nothing", percent(Some(share))))
}

fn saved(side: &Side<'_>, baseline: &Side<'_>) -> Option<String> {
    let saved = Contrast::between(baseline.numbers, side.numbers).saved_inr;
    (saved > 0.005).then(|| format!("{} saved", rupees(saved)))
}

fn words(side: &Side<'_>, baseline: &Side<'_>) -> String {
    let cost = side.numbers.cost;
    let all: Vec<String> = told(cost)
        .into_iter()
        .chain(saved(side, baseline))
        .collect();
    format!(
        "{}: {}, {}.",
        text::line(&side.numbers.mode),
        rupees(cost.inr),
        all.join(", ")
    )
}

fn bar(
    canvas: &mut Canvas,
    side: &Side<'_>,
    baseline: &Side<'_>,
    most: f64,
    (top, width): (f64, f64),
) {
    let cost = side.numbers.cost;
    let place = (top + 14.0, width);
    head(
        canvas,
        side.slot,
        &side.numbers.mode,
        &rupees(cost.inr),
        place,
    );
    let (upper, lower) = (top + HEAD, top + HEAD + BAR);
    let scale = Axis::linear(0.0, most);
    let x = |usd: f64| scale.at(usd, (MARGIN, width - MARGIN));
    let mut spent = 0.0;
    let parts = cost.parts.map(named).into_iter().flatten();
    for ((name, usd), opacity) in parts
        .zip([0.45, 0.7, 1.0])
        .filter(|((_, usd), _)| *usd > 0.0)
    {
        let (left, right) = (x(spent), x(spent + usd));
        let ends = ((left, upper), ((right - 1.0).max(left + 0.5), lower - 5.0));
        canvas.titled(&format!("{name} {}", inr(cost, usd)), |canvas| {
            canvas.shade(ends.0, ends.1, Role::Mode(side.slot), opacity);
        });
        spent += usd;
    }
    if let Some(wasted) = wasted(cost) {
        canvas.titled(&wasted, |canvas| {
            canvas.rect(
                (x(0.0), lower - 3.0),
                (x(cost.wasted_usd), lower),
                Role::Text,
            );
        });
    }
    let mut told = told(cost);
    if let Some(saved) = saved(side, baseline) {
        let ends = (
            (x(spent) + 1.0, upper + 0.5),
            (x(baseline.numbers.cost.usd), lower - 5.0),
        );
        let pen = Pen {
            role: Role::Quiet,
            width: 1.0,
            dash: Dash::Short,
        };
        canvas.frame(ends.0, ends.1, pen);
        canvas.hover(ends.0, ends.1, &saved);
        told.push(saved);
    }
    let size = if width <= f64::from(NARROW) {
        11.0
    } else {
        12.0
    };
    let place = (MARGIN, lower + 9.0);
    canvas.text(&told.join(", "), place, size, Role::Quiet, Anchor::Start);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn parts_waste_and_savings_are_said_and_add_up() {
        let record = fixture::record();
        let mut summary = fixture::summary(&record);
        let parts = CostParts {
            input_usd: 1.0,
            prompt_cache_usd: 0.0,
            output_usd: 3.0,
        };
        summary.runs[0].cost = Cost {
            usd: 4.0,
            inr: 320.0,
            wasted_usd: 1.0,
            parts: Some(parts),
        };
        let cheap = CostParts {
            output_usd: 0.0,
            ..parts
        };
        summary.runs[1].cost = Cost {
            usd: 1.0,
            inr: 80.0,
            wasted_usd: 0.0,
            parts: Some(cheap),
        };
        let plot = money("s", &fixture::sides(&record, &summary))
            .unwrap()
            .unwrap();
        assert_eq!(
            plot.alternative,
            "naive: ₹320, input ₹80, output ₹240, 25 % for nothing. hardened: ₹80, input ₹80, ₹240 saved."
        );
    }
}
