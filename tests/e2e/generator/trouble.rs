//! Trouble of the provider, and who outlives it.

use super::*;

#[tokio::test(start_paused = true)]
async fn every_transient_fault_is_outlived() {
    for kind in [
        FaultKind::RateLimit,
        FaultKind::ServerError,
        FaultKind::Overloaded,
        FaultKind::Reset,
        FaultKind::TruncateStream,
        FaultKind::Hang,
    ] {
        for stream in [Streaming::Always, Streaming::Never] {
            let world = World::new(
                None,
                vec![FaultRule {
                    attempts: Some(3),
                    ..fault(kind)
                }],
            );
            let settings = Settings {
                stream,
                retry_budget_s: 3_600.0,
                ..Settings::default()
            };
            let documentation = world
                .hardened(&settings)
                .document(0, &functions(0, 3))
                .await;
            assert_eq!(
                symbols(&documentation.unwrap().text),
                names(0, 3),
                "{kind:?} {stream:?}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_naive_service_passes_each_fault_on() {
    let expected = [
        (FaultKind::RateLimit, 429, "rate_limit_error"),
        (FaultKind::ServerError, 502, "api_error"),
        (FaultKind::Overloaded, 502, "overloaded_error"),
        (FaultKind::Reset, 502, "connection_error"),
        (FaultKind::TruncateStream, 502, "connection_error"),
        (FaultKind::Hang, 504, "timeout_error"),
    ];
    for (kind, status, name) in expected {
        let world = World::new(None, vec![fault(kind)]);
        let naive = Policy::new(Base::Naive, &Settings::default());
        let error = world
            .generator(naive, None)
            .document(0, &functions(0, 3))
            .await
            .unwrap_err();
        assert_eq!((error.status(), error.kind()), (status, name));
        assert_eq!(world.attempts(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn the_sdk_gives_up_after_three_attempts() {
    let world = World::new(None, vec![fault(FaultKind::Overloaded)]);
    let sdk = Policy::new(Base::Sdk, &Settings::default());
    assert!(
        world
            .generator(sdk, None)
            .document(0, &functions(0, 3))
            .await
            .is_err()
    );
    assert_eq!(world.attempts(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_chunk_that_stays_broken_is_a_named_gap_among_the_others() {
    let settings = Settings {
        attempts: 1,
        ..Settings::default()
    };
    let broken = World::new(
        None,
        vec![FaultRule {
            probability: Some(0.4),
            ..fault(FaultKind::ServerError)
        }],
    );
    let document = functions(0, 2_000);
    let documentation = broken
        .hardened(&settings)
        .document(0, &document)
        .await
        .unwrap();
    assert!(!documentation.missing.is_empty());
    let lines: usize = documentation
        .missing
        .iter()
        .map(|gap| gap.to_line - gap.from_line + 1)
        .sum();
    assert_eq!(symbols(&documentation.text).len(), 2_000 - lines / 3);
    assert!(documentation.missing[0].why.contains("500"));
    let whole = Policy::new(
        Mode::hardened_without(Protection::PartialResults),
        &settings,
    );
    assert!(
        broken
            .generator(whole, None)
            .document(1, &functions(1, 2_000))
            .await
            .is_err()
    );
}

#[tokio::test(start_paused = true)]
async fn a_hung_last_call_is_asked_a_second_time() {
    let world = World::new(
        None,
        vec![FaultRule {
            from_s: Some(1_000.0),
            attempts: Some(1),
            ..fault(FaultKind::Hang)
        }],
    );
    let generator = world.hardened(&Settings::default());
    for i in 0..6 {
        generator
            .document(i, &functions(i as usize * 10, 5))
            .await
            .unwrap();
    }
    world.timeline.sleep_until(Duration::from_secs(1_000)).await;
    assert!(generator.document(9, &functions(900, 5)).await.is_ok());
    assert!(
        world.timeline.now() < Duration::from_secs(1_150),
        "{:?}",
        world.timeline.now()
    );
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_waited_for_with_single_probes() {
    let world = World::new(
        None,
        vec![FaultRule {
            to_s: Some(300.0),
            ..fault(FaultKind::Overloaded)
        }],
    );
    let generator = world.hardened(&Settings::default());
    let documents: Vec<_> = (0..50).map(|i| functions(i * 10, 5)).collect();
    let work = documents
        .iter()
        .zip(0..)
        .map(|(document, i)| generator.document(i, document));
    assert!(join_all(work).await.iter().all(Result::is_ok));
    assert!(world.attempts() < 50 + 40, "{}", world.attempts());
    assert!(
        world.timeline.now() < Duration::from_secs(400),
        "{:?}",
        world.timeline.now()
    );
}

/// A quota that is used up refuses everything: then no call may knock a hundred times.
#[tokio::test(start_paused = true)]
async fn a_provider_that_refuses_everything_is_left_alone_soon() {
    let world = World::new(None, vec![fault(FaultKind::RateLimit)]);
    let settings = Settings {
        chunk_lines: 20,
        ..Settings::default()
    };
    let hardened = world.hardened(&settings);
    let files = (0..40).map(|file| functions(file * 1_000, 60));
    let files: Vec<Document> = files.collect();
    let asked = files
        .iter()
        .zip(0..)
        .map(|(file, i)| hardened.document(i, file));
    let outcomes = join_all(asked).await;
    assert!(outcomes.iter().all(Result::is_err));
    let attempts = world.attempts();
    assert!((100..8_000).contains(&attempts), "{attempts}");
}

/// A probe does not count as an attempt, so that a rule which only counts would never end.
#[tokio::test(start_paused = true)]
async fn the_sdk_gives_up_an_api_that_stays_down_with_pacing_too() {
    let world = World::new(None, vec![fault(FaultKind::Overloaded)]);
    let paced = Mode::new(Base::Sdk, [], [Protection::Pacing]);
    let sdk = Policy::new(paced, &Settings::default());
    let generator = world.generator(sdk, None);
    let files: Vec<Document> = (0..12).map(|file| functions(file * 100, 3)).collect();
    let asked = files
        .iter()
        .zip(0..)
        .map(|(file, i)| generator.document(i, file));
    assert!(join_all(asked).await.iter().all(Result::is_err));
    assert!(world.attempts() <= 36, "{}", world.attempts());
}
