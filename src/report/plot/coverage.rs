//! Coverage: one cell a document, filled as far as its symbols are documented.

use crate::record::{Docs, Ending, Request};
use crate::report::ReportError;
use crate::text;
use crate::text::figures::{count, percent};

use super::canvas::{Anchor, Canvas, Pen, draw};
use super::palette::Role;
use super::{MARGIN, NARROW, Plot, Side, Words, head};

/// Most cells of a row; more documents share cells.
const MOST_CELLS: usize = 200;
const MOST_CELLS_NARROW: usize = 75;

const HEAD: f64 = 30.0;
const ROW: f64 = 34.0;
const FOOT: f64 = 26.0;

/// Cells of one document reach into each other, or hairlines would show between them.
const OVERLAP: f64 = 0.5;

/// Rows of all modes of one scenario; `None` where there was nothing to document.
pub(in crate::report) fn coverage(
    scenario: &str,
    sides: &[Side<'_>],
) -> Result<Option<Plot>, ReportError> {
    if sides
        .iter()
        .all(|Side { run, .. }| run.docs.symbols == 0 || run.requests.is_empty())
    {
        return Ok(None);
    }
    let text = Words {
        name: format!("{scenario}-coverage"),
        title: "What is documented".to_owned(),
        caption: "Every document from its first line to its last, in the order of the requests: filled is what the \
                  answers really document of its functions and classes, pale is what is missing; a bar above marks \
                  entries that are repeated, out of order or not from this source."
            .to_owned(),
        alternative: sides.iter().map(words).collect::<Vec<_>>().join(" "),
    };
    let height = sides.len() as f64 * (HEAD + ROW) + FOOT;
    text.drawn(|width| {
        draw(width, height.ceil() as i32, |canvas| {
            for (index, side) in sides.iter().enumerate() {
                row(canvas, side, index as f64 * (HEAD + ROW), f64::from(width));
            }
            let foot = height - FOOT * 0.5;
            canvas.text(
                "first document",
                (MARGIN, foot),
                12.0,
                Role::Quiet,
                Anchor::Start,
            );
            canvas.text(
                "last",
                (f64::from(width) - MARGIN, foot),
                12.0,
                Role::Quiet,
                Anchor::End,
            );
        })
    })
    .map(Some)
}

fn words(&Side { run, numbers, .. }: &Side<'_>) -> String {
    let docs = numbers.docs;
    let whole = run
        .requests
        .iter()
        .filter(|request| request.docs.documented == request.docs.symbols)
        .count();
    format!(
        "{}: {} of {} symbols documented ({}), {} of {} documents whole.",
        text::line(&run.subject.to_string()),
        count(docs.documented),
        count(docs.symbols),
        percent(docs.coverage),
        count(whole as u64),
        count(run.requests.len() as u64),
    )
}

fn row(canvas: &mut Canvas, side: &Side<'_>, top: f64, width: f64) {
    let &Side { run, numbers, slot } = side;
    let remark = format!("{} documented", percent(numbers.docs.coverage));
    head(
        canvas,
        slot,
        &run.subject.to_string(),
        &remark,
        (top + 14.0, width),
    );
    let most = if width <= f64::from(NARROW) {
        MOST_CELLS_NARROW
    } else {
        MOST_CELLS
    };
    let cells = cells(&run.requests, most);
    let step = (width - 2.0 * MARGIN) / cells.len().max(1) as f64;
    let gap = (step * 0.2).min(1.5);
    let (upper, lower) = (top + HEAD, top + HEAD + ROW - 8.0);
    let spans = || {
        cells.iter().enumerate().map(|(index, cell)| {
            let end = MARGIN + (index + 1) as f64 * step - if cell.ends { gap } else { -OVERLAP };
            (MARGIN + index as f64 * step, end, cell.docs)
        })
    };
    for (left, right, _) in spans() {
        canvas.rect((left, upper), (right, lower), Role::Rule);
    }
    for (left, right, docs) in spans().filter(|(.., docs)| docs.documented > 0) {
        let share = docs.documented as f64 / docs.symbols.max(1) as f64;
        let filled = lower - (lower - upper) * share.min(1.0);
        canvas.rect((left, filled), (right, lower), Role::Mode(slot));
    }
    let wrong = |docs: &Docs| docs.duplicates + docs.out_of_order + docs.foreign > 0;
    for (left, right, _) in spans().filter(|(.., docs)| wrong(docs)) {
        canvas.rect((left, upper - 5.0), (right, upper - 2.0), Role::Text);
    }
    canvas.line(
        (MARGIN, lower),
        (width - MARGIN, lower),
        Pen::solid(Role::Quiet, 1.0),
    );
    say_cells(canvas, &cells, step, (upper - 5.0, lower));
}

/// What each document's cells show, for those who point at them.
fn say_cells(canvas: &mut Canvas, cells: &[Cell], step: f64, (upper, lower): (f64, f64)) {
    let mut first = 0;
    for cells in cells.chunk_by(|cell, _| !cell.ends) {
        let title = said(cells);
        let x = |cell: usize| MARGIN + cell as f64 * step;
        canvas.hover((x(first), upper), (x(first + cells.len()), lower), &title);
        first += cells.len();
    }
}

fn said(cells: &[Cell]) -> String {
    let docs = cells.iter().fold(Docs::default(), |mut sum, cell| {
        sum.add(cell.docs);
        sum
    });
    let wrong = [
        (docs.duplicates, "repeated"),
        (docs.out_of_order, "out of order"),
        (docs.foreign, "not from this source"),
    ];
    let mut title = format!(
        "{}: {} of {} documented",
        cells[0].named(),
        count(docs.documented),
        count(docs.symbols)
    );
    for (held, word) in wrong.into_iter().filter(|(held, _)| *held > 0) {
        title += &format!(", {} {word}", count(held));
    }
    title
}

/// One cell of a row.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Cell {
    /// Index of the first and of the last request that it shows.
    requests: (u64, u64),
    docs: Docs,
    /// False where the document goes on in the next cell.
    ends: bool,
}

impl Cell {
    fn named(&self) -> String {
        match self.requests {
            (first, last) if first == last => format!("request {first}"),
            (first, last) => format!("requests {first} to {last}"),
        }
    }
}

/// At most `most` cells, or one a document if it is neither shared nor divided: neighbouring
/// documents share cells where there are many, and a document has several where there are few.
fn cells(requests: &[Request], most: usize) -> Vec<Cell> {
    let sent: Vec<&Request> = requests
        .iter()
        .filter(|request| request.ending != Ending::Dropped)
        .collect();
    let divided = most / sent.len().max(1);
    if divided > 3 {
        return sent
            .into_iter()
            .flat_map(|request| divide(request, divided as u64))
            .collect();
    }
    let together = sent.len().div_ceil(most).max(1);
    let sum = |group: &[&Request]| {
        group.iter().fold(Docs::default(), |mut sum, request| {
            sum.add(request.docs);
            sum
        })
    };
    sent.chunks(together)
        .map(|group| Cell {
            requests: (group[0].index, group[group.len() - 1].index),
            docs: sum(group),
            ends: true,
        })
        .collect()
}

/// Stretches of one document's symbols; what is wrong besides gaps is shown at its first.
fn divide(request: &Request, parts: u64) -> Vec<Cell> {
    let Docs { symbols, .. } = request.docs;
    let parts = parts.min(symbols).max(1);
    let missing = |from: u64, to: u64| -> u64 {
        let overlap =
            |&(first, last): &(u64, u64)| (last + 1).min(to).saturating_sub(first.max(from));
        request.missing.iter().map(overlap).sum()
    };
    (0..parts)
        .map(|part| {
            let (from, to) = (symbols * part / parts, symbols * (part + 1) / parts);
            let documented = (to - from).saturating_sub(missing(from, to));
            let wrong = if part == 0 {
                request.docs
            } else {
                Docs::default()
            };
            Cell {
                requests: (request.index, request.index),
                docs: Docs {
                    symbols: to - from,
                    documented,
                    ..wrong
                },
                ends: part + 1 == parts,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn many_documents_share_cells_and_none_is_lost() {
        let requests = &fixture::record().runs[1].requests;
        let cells = cells(requests, 30);
        assert_eq!(cells.len(), 25);
        assert_eq!(
            cells.iter().map(|cell| cell.docs.documented).sum::<u64>(),
            2000
        );
    }

    #[test]
    fn a_gap_in_a_single_document_is_seen_where_it_is() {
        let docs = Docs {
            symbols: 1000,
            documented: 900,
            ..Docs::default()
        };
        let request = Request {
            docs,
            missing: vec![(500, 599)],
            ..fixture::record().runs[1].requests[0].clone()
        };
        let cells = cells(&[request], 100);
        let empty: Vec<usize> = (0..100)
            .filter(|cell| cells[*cell].docs.documented == 0)
            .collect();
        assert_eq!(empty, (50..60).collect::<Vec<_>>());
        assert_eq!(cells.iter().filter(|cell| cell.ends).count(), 1);
    }

    #[test]
    fn failed_documents_stay_empty() {
        let record = fixture::record();
        let summary = fixture::summary(&record);
        let side = Side {
            run: &record.runs[0],
            numbers: &summary.runs[0],
            slot: 0,
        };
        let plot = coverage("s", &[side]).unwrap().unwrap();
        assert!(
            plot.alternative
                .contains("1,120 of 2,000 symbols documented (56 %), 56 of 100 documents whole")
        );
        let svg = plot.wide.inline();
        let filled = svg
            .lines()
            .filter(|line| line.starts_with("<path class=\"mode-0\""));
        let most = filled.map(|path| path.matches('z').count()).max();
        assert_eq!(most, Some(56));
        assert!(svg.contains("<title>request 99: 0 of 20 documented</title>"));
    }
}
