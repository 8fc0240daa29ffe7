//! Laws that hold for any traffic.

use std::time::Duration;

use ground::fault::{FaultKind, FaultRule};
use ground::ledger::Ledger;
use ground::usage::Usage;
use mock_claude::{Config, MockClaude, Options, OutputAccounting};
use proptest::prelude::*;

use crate::support::*;

/// One request of made-up traffic.
#[derive(Debug, Clone)]
struct Ask {
    at_ms: u64,
    functions: usize,
    stream: bool,
    patience_ms: u64,
}

fn asks() -> impl Strategy<Value = Vec<Ask>> {
    let ask = (0u64..90_000, 0usize..8, any::<bool>(), 1u64..40_000).prop_map(
        |(at_ms, functions, stream, patience_ms)| Ask {
            at_ms,
            functions,
            stream,
            patience_ms,
        },
    );
    prop::collection::vec(ask, 1..60)
}

fn source(functions: usize) -> String {
    (0..functions)
        .map(|i| format!("def f{i}(): pass\n"))
        .collect::<String>()
        + "# end"
}

/// Plays the traffic on a mock of its own; `(moment in ms, input tokens)` of each admitted request.
fn sent(config: Config, asks: &[Ask], patient: bool) -> (Ledger, Vec<(u64, u64)>) {
    let ledger = play_on(|| mock(config), MAX_TOKENS, asks, patient);
    let admitted = admitted(&ledger, |usage| usage.input_tokens);
    (ledger, admitted)
}

/// When each admitted request came, in milliseconds, and what it used of one kind of tokens.
fn admitted(ledger: &Ledger, tokens: fn(&Usage) -> u64) -> Vec<(u64, u64)> {
    let rows = ledger.rows.iter().filter(|row| row.usage.input_tokens > 0);
    let mut admitted: Vec<_> = rows
        .map(|row| (row.arrived_ms, tokens(&row.usage)))
        .collect();
    admitted.sort_unstable();
    admitted
}

fn play_on(
    start: impl FnOnce() -> MockClaude,
    max_tokens: u64,
    asks: &[Ask],
    patient: bool,
) -> Ledger {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    runtime.unwrap().block_on(async {
        let mock = start();
        let mut clients = tokio::task::JoinSet::new();
        for ask in asks.iter().cloned() {
            clients.spawn(client(mock.clone(), ask, max_tokens, patient));
        }
        clients.join_all().await;
        mock.ledger()
    })
}

async fn client(mock: MockClaude, wanted: Ask, max_tokens: u64, patient: bool) {
    tokio::time::sleep(Duration::from_millis(wanted.at_ms)).await;
    let mut body = body(&source(wanted.functions), wanted.stream);
    body["max_tokens"] = max_tokens.into();
    let patience = if patient {
        100_000_000
    } else {
        wanted.patience_ms
    };
    let _ = give_up_after(patience, ask(&mock, &body)).await;
}

/// Uses a mock up with requests about so many functions, then tries again after the recommended
/// wait less `early` seconds, alone. The wait, and the status of that try.
fn retry(limited: Config, functions: &[usize], early: u64) -> Option<(u64, u16)> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    runtime.unwrap().block_on(async {
        let mock = mock(limited);
        for functions in functions {
            let body = body(&source(*functions), false);
            let answer = ask(&mock, &body).await.unwrap();
            if answer.status == 429 {
                let wait: u64 = answer
                    .headers
                    .get("retry-after")?
                    .to_str()
                    .ok()?
                    .parse()
                    .ok()?;
                tokio::time::sleep(Duration::from_secs(wait.checked_sub(early)?)).await;
                return Some((wait, ask(&mock, &body).await.unwrap().status.as_u16()));
            }
        }
        None
    })
}

const REQUESTS: u64 = 20;
const INPUT: u64 = 120;
const OUTPUT: u64 = 900;
const MAX_TOKENS: u64 = 1_000;
/// Less than any answer about eight functions takes.
const CUT_OFF: u64 = 100;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn over_any_window_no_more_is_admitted_than_the_bucket_and_its_refill(asks in asks()) {
        let limited = Config { limits: limits(REQUESTS, INPUT, OUTPUT), ..config() };
        let (_, admitted) = sent(limited, &asks, true);
        for (i, (from, _)) in admitted.iter().enumerate() {
            let (mut requests, mut input) = (0, 0);
            for (to, tokens) in &admitted[i..] {
                requests += 1;
                input += tokens;
                let window = to - from;
                prop_assert!(requests * 60_000 <= REQUESTS * 60_000 + REQUESTS * window);
                prop_assert!(input * 60_000 <= INPUT * 60_000 + INPUT * window);
            }
        }
    }

    #[test]
    fn the_recommended_wait_is_enough_and_a_second_less_is_not(
        requests in 1u64..20,
        input in 60u64..2_000,
        output in 100u64..2_000,
        functions in prop::collection::vec(0usize..8, 60),
    ) {
        let mut limited = Config { limits: limits(requests, input, output), ..config() };
        limited.profiles[0].latency = INSTANT;
        if let Some((wait, status)) = retry(limited.clone(), &functions, 0) {
            prop_assert_eq!(status, 200, "after {} s", wait);
            if let Some((_, early)) = retry(limited, &functions, 1) {
                // A second is the shortest wait; none at all is refused as well.
                prop_assert_eq!(early, 429, "after {} s", wait - 1);
            }
        }
    }

    #[test]
    fn billed_is_charged_and_without_abandonment_also_replied(asks in asks(), patient in any::<bool>(), limited in any::<bool>()) {
        let limits = if limited { limits(REQUESTS, INPUT, OUTPUT) } else { None };
        let (ledger, _) = sent(Config { limits, ..config() }, &asks, patient);
        let totals = &ledger.totals;
        prop_assert_eq!(totals.attempts, asks.len() as u64);
        prop_assert_eq!(totals.in_flight, 0);
        prop_assert_eq!(totals.by_ending.values().sum::<u64>(), totals.attempts);
        prop_assert_eq!(totals.charged_input_tokens, totals.usage.input_tokens);
        prop_assert_eq!(totals.charged_output_tokens, totals.usage.output_tokens);
        prop_assert_eq!(ledger.rows.iter().map(|row| row.cost_pico).sum::<u64>(), totals.cost_pico);
        if patient {
            prop_assert_eq!(totals.replied, totals.usage);
            prop_assert_eq!(totals.wasted_pico, 0);
        }
    }

    /// Every answer is cut off at `max_tokens`, so that nothing of what was reserved comes back. As
    /// produced, no such law holds: whoever is admitted while there is anything left writes on, so
    /// that the bucket may owe the output of all answers that are under way.
    #[test]
    fn no_more_output_is_reserved_than_the_bucket_and_its_refill(mut asks in asks()) {
        asks.iter_mut().for_each(|ask| ask.functions += 8);
        let limited = Config { limits: limits(1_000, 100_000, OUTPUT), ..config() };
        let reserved = Options { output_accounting: OutputAccounting::Reserved, ..Options::default() };
        let ledger = play_on(|| with_options(limited, reserved), CUT_OFF, &asks, true);
        let admitted = admitted(&ledger, |usage| usage.output_tokens);
        for (i, (from, tokens)) in admitted.iter().enumerate() {
            prop_assert_eq!(*tokens, CUT_OFF);
            for (n, (to, _)) in (1..).zip(&admitted[i..]) {
                prop_assert!(n * CUT_OFF * 60_000 <= OUTPUT * 60_000 + OUTPUT * (to - from));
            }
        }
    }

    #[test]
    fn the_same_requests_in_any_order_meet_the_same_faults(mut asks in asks(), seed in any::<u64>()) {
        let rules = [FaultKind::Overloaded, FaultKind::TruncateStream, FaultKind::Reset]
            .map(|kind| FaultRule { probability: Some(0.2), ..FaultRule::always(kind) });
        let config = Config { seed, ..with_faults(&rules) };
        let (before, _) = sent(config.clone(), &asks, true);
        // The same requests at other moments, in another order.
        let moments: Vec<u64> = asks.iter().rev().map(|ask| ask.at_ms).collect();
        asks.iter_mut().zip(moments).for_each(|(ask, at)| ask.at_ms = at);
        let (after, _) = sent(config, &asks, true);
        prop_assert_eq!(before.totals.by_ending, after.totals.by_ending);
        prop_assert_eq!(before.totals.by_status, after.totals.by_status);
        prop_assert_eq!(before.totals.cost_pico, after.totals.cost_pico);
    }
}
