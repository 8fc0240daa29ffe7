//! One line for each call: when it ended, what came of it, and what it cost.

use std::io::Write as _;
use std::sync::mpsc;

use ground::ledger::{Ending, Row};
use ground::prices::PICO_PER_USD;

use crate::api::MockClaude;
use crate::request::grouped;
use crate::state::{Called, rfc3339};

/// Lines that may wait to be printed; more are left out, and counted.
const WAITING: usize = 10_000;

/// Prints a line for each call that ends from now on, in a thread of its own: whoever reads slowly
/// holds up no answer.
pub(super) fn begin(mock: &MockClaude) {
    let (sender, receiver) = mpsc::sync_channel::<Called>(WAITING);
    mock.tell(sender);
    std::thread::spawn(move || {
        let mut out = std::io::stdout();
        let mut last = 0;
        for called in receiver {
            let missed = called.number - last - 1;
            last = called.number;
            let left_out = match missed {
                0 => String::new(),
                _ => format!("… {} calls left out\n", grouped(missed)),
            };
            // Nobody reads any more: the mock serves on.
            if writeln!(out, "{left_out}{}", line(&called)).is_err() {
                return;
            }
        }
    });
}

fn line(called: &Called) -> String {
    let Row { usage, .. } = called.row;
    let row = &called.row;
    let input = usage.prompt_tokens();
    let status = row
        .status
        .map_or("---".to_owned(), |status| status.to_string());
    let model = if row.model.is_empty() {
        "-"
    } else {
        &row.model
    };
    let usd = |pico: u64| pico as f64 / PICO_PER_USD;
    let mut text = format!(
        "{}  {model}  {status}  {} in  {} out  ${:.6}  total ${:.6}",
        rfc3339(called.ended_unix_s),
        grouped(input),
        grouped(usage.output_tokens),
        usd(row.cost_pico),
        usd(called.total_pico),
    );
    match row.ending {
        Ending::Complete | Ending::Refused => {}
        Ending::Reset => text.push_str("  reset"),
        Ending::Truncated => text.push_str("  broken off"),
        Ending::Abandoned => text.push_str("  given up by the client"),
    }
    if let Some(fault) = row.fault {
        text.push_str("  fault ");
        text.push_str(fault.name());
    }
    text.push_str("  ");
    text.push_str(&row.request_id);
    text
}
