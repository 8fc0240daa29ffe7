//! What answers cost, for the differences that are about money.

use ground::fault::FaultKind;
use mock_claude::MockClaude;
use serde_json::{Value, json};

use crate::support::*;

/// Pico-dollars that an answer costs after `change` to its request.
pub(super) async fn cost_of(change: impl FnOnce(&mut Value)) -> u64 {
    let mock = mock(config());
    message(&mock, change).await;
    mock.ledger().totals.cost_pico
}

/// Whether a web search costs what its tokens cost, and nothing for itself.
pub(super) async fn searched(tools: &Value) -> bool {
    let mock = mock(config());
    let answer = message(&mock, |body| {
        body["tools"] = tools.clone();
        body["tool_choice"] = json!({"type": "any"});
    });
    let usage = answer.await.json()["usage"].clone();
    let [input, output] =
        ["input_tokens", "output_tokens"].map(|part| usage[part].as_u64().unwrap());
    // $3 and $15 a million, see `config`.
    mock.ledger().totals.cost_pico == (input * 3 + output * 15) * 1_000_000
}

pub(super) async fn billed_for(kind: FaultKind) -> u64 {
    let mock: MockClaude = mock(config());
    let headers = [("x-mock-fault", kind.name())];
    let wait = forced(&mock, false, &headers);
    let _ = give_up_after(1_000, wait).await;
    mock.ledger().totals.usage.input_tokens
}
