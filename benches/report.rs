//! How long the page of a recorded run takes, and how large it gets.
//!
//! `breaklab run --requests 100000 --out DIR`, then `cargo bench --bench report -- DIR`
#![expect(clippy::print_stdout, reason = "a bench shows its figures")]

use std::path::PathBuf;

use breaklab::clock::Stopwatch;
use breaklab::{report, scenario, summary};

/// Pages rendered; the fastest counts, because other work on the machine only ever adds.
const ROUNDS: usize = 5;

fn main() -> Result<(), report::ReportError> {
    let named = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with("--"));
    let dir = PathBuf::from(named.unwrap_or_else(|| "reports/latest".to_owned()));
    let record = report::read_record(&dir)?;
    let offered: u64 = record.runs.iter().map(|run| run.offered).sum();
    let mut fastest = f64::INFINITY;
    let mut page = String::new();
    for _ in 0..ROUNDS {
        let watch = Stopwatch::start();
        let summary = summary::summarize(&record, &scenario::claims(), &[]);
        page = report::html(&record, &summary, &[], report::Data::Beside)?;
        fastest = fastest.min(watch.elapsed().as_secs_f64());
    }
    println!(
        "{} runs, {offered} requests: {:.0} ms, {} KB",
        record.runs.len(),
        fastest * 1000.0,
        page.len() / 1000
    );
    Ok(())
}
