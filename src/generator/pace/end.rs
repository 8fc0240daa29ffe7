//! How calls leave the API, and what that says about the limits: pure.

use ground::usage::Usage;

use super::Cost;
use crate::claude::{CallError, Message};

/// How a call left the API.
pub(super) enum End<'a> {
    /// It was never sent.
    Unsent,
    /// Nobody waits for it any more.
    Abandoned,
    Ended(&'a Result<Message, CallError>),
}

/// Whether the failure lies with the API or the way to it, not with the call.
pub(super) fn is_outage(error: &CallError) -> bool {
    match error {
        CallError::Api { status, .. } => *status >= 500 || *status == 200,
        CallError::Malformed { .. }
        | CallError::OverBudget { .. }
        | CallError::Unrecorded { .. } => false,
        CallError::Reset | CallError::Cut | CallError::Unreachable | CallError::TimedOut => true,
    }
}

/// What to take from the mirror beyond the estimate (less than nothing gives back).
pub(super) fn correction(cost: Cost, end: &End<'_>) -> [i64; 3] {
    let (input, output) = (cost.input as i64, cost.output as i64);
    match end {
        End::Ended(Ok(message)) => {
            let (used_input, used_output) = counted(message.usage);
            [0, used_input - input, used_output - output]
        }
        // Refused at the door, or never there: nothing was charged.
        End::Unsent
        | End::Ended(Err(
            CallError::Api { status: 201.., .. }
            | CallError::OverBudget { .. }
            | CallError::Unreachable
            | CallError::Reset,
        )) => [-1, -input, -output],
        End::Abandoned | End::Ended(Err(_)) => [0, 0, 0],
    }
}

/// Tokens that count towards the limits: reads from the prompt cache do not.
pub(super) fn counted(usage: Usage) -> (i64, i64) {
    let input = usage.unread_tokens();
    (input as i64, usage.output_tokens as i64)
}
