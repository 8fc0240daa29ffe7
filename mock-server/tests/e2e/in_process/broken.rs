//! Attempts that do not end well: faults, and clients that go away.

use super::*;

#[tokio::test(start_paused = true)]
async fn refusing_faults_cost_nothing_and_hit_only_the_first_attempts() {
    for (kind, status) in [
        (FaultKind::RateLimit, 429),
        (FaultKind::ServerError, 500),
        (FaultKind::Overloaded, 529),
        (FaultKind::Authentication, 401),
        (FaultKind::Billing, 402),
        (FaultKind::Permission, 403),
        (FaultKind::TimeoutError, 504),
    ] {
        let mock = mock(with_faults(&[FaultRule {
            attempts: Some(2),
            ..FaultRule::always(kind)
        }]));
        for expected in [status, status, 200] {
            assert_eq!(
                ask(&mock, &body(SOURCE, false)).await.unwrap().status,
                expected
            );
        }
        let totals = mock.ledger().totals;
        assert_eq!(totals.wasted_pico, 0);
        assert_eq!(totals.by_status[&status], 2);
        assert_eq!(totals.by_ending[&Ending::Refused], 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_reset_has_no_head_and_a_hang_no_end() {
    let mock = mock(with_faults(&[
        FaultRule {
            attempts: Some(1),
            ..FaultRule::always(FaultKind::Reset)
        },
        FaultRule::always(FaultKind::Hang),
    ]));
    assert_eq!(
        ask(&mock, &body(SOURCE, false)).await.unwrap_err(),
        Hangup::Reset
    );
    assert!(
        give_up_after(1_000_000, ask(&mock, &body(SOURCE, false)))
            .await
            .is_none()
    );
    let ledger = mock.ledger();
    let endings: Vec<Ending> = ledger.rows.iter().map(|row| row.ending).collect();
    assert_eq!(endings, [Ending::Reset, Ending::Abandoned]);
    assert!(ledger.totals.by_status.is_empty());
    // The hang took the whole prompt and wrote nothing.
    assert!(ledger.rows[1].usage.input_tokens > 0);
    assert_eq!(ledger.rows[1].usage.output_tokens, 0);
}

#[tokio::test(start_paused = true)]
async fn a_cut_stream_is_billed_up_to_the_cut() {
    let cut = FaultRule {
        after: Some(0.25),
        ..FaultRule::always(FaultKind::TruncateStream)
    };
    let mock = mock(with_faults(&[cut]));
    let stream = ask(&mock, &body(SOURCE, true)).await.unwrap();
    assert_eq!(stream.broken, Some(Hangup::Cut));
    let deltas = stream
        .events()
        .iter()
        .filter(|event| event["type"] == "content_block_delta")
        .count();
    assert_eq!(deltas, 16);
    let json = ask(&mock, &body(SOURCE, false)).await.unwrap();
    assert_eq!(json.broken, Some(Hangup::Cut));
    let ledger = mock.ledger();
    assert_eq!(ledger.totals.by_ending[&Ending::Truncated], 2);
    // A JSON answer was written whole before its transmission broke.
    assert_eq!(
        ledger
            .rows
            .iter()
            .map(|r| r.usage.output_tokens)
            .collect::<Vec<_>>(),
        [38, 155]
    );
    assert_eq!(ledger.totals.wasted_pico, ledger.totals.cost_pico);
    assert_eq!(ledger.totals.charged_output_tokens, 193);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_gives_up_pays_for_what_was_written() {
    for stream in [false, true] {
        let mock = mock(Config {
            limits: limits(50, 30_000, 8_000),
            ..config()
        });
        assert!(
            give_up_after(6_000, ask(&mock, &body(SOURCE, stream)))
                .await
                .is_none()
        );
        let ledger = mock.ledger();
        let row = &ledger.rows[0];
        assert_eq!(row.ending, Ending::Abandoned);
        assert_eq!(row.status, stream.then_some(200));
        // Five of its fifteen seconds, ten tokens each.
        assert_eq!(row.usage.output_tokens, 50);
        assert_eq!(
            row.cost_pico,
            row.usage.input_tokens * 3_000_000 + 50 * 15_000_000
        );
        assert_eq!(ledger.totals.charged_output_tokens, 50);
        assert_eq!(ledger.totals.charged_input_tokens, row.usage.input_tokens);
        assert_eq!(ledger.totals.replied, Usage::default());
    }
}
