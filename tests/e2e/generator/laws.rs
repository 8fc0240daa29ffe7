//! Laws over any job: it ends the same wherever it was interrupted, and pays once for one content.

use std::path::Path;

use proptest::prelude::*;
use rusqlite::Connection;

use super::*;

/// Virtual time of its own, for properties.
fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    runtime.unwrap().block_on(work)
}

/// A small tier, so that the limits are learnt, but none that refuses: the mock words an answer
/// differently the next time it sees a question.
const SMALL: Limits = Limits {
    requests_per_minute: 50,
    input_tokens_per_minute: 8_000,
    output_tokens_per_minute: 8_000,
};

/// Files of one chunk and of many, answers that are cut off, and a copy.
fn documents() -> Vec<Document> {
    let mut documents: Vec<Document> = [3, 200, 40]
        .map(|count| functions(count * 1_000, count))
        .into();
    documents.push(Document {
        path: "copy.py".into(),
        ..documents[2].clone()
    });
    documents
}

/// Runs the job with the journal at `path` against a provider that has never been asked before.
/// Returns the pages and the attempts.
async fn run(path: &Path, documents: &[Document], faults: Vec<FaultRule>) -> (Vec<String>, u64) {
    let world = World::new(Some(SMALL), faults);
    let settings = Settings {
        max_tokens: 3_000,
        tokens_per_definition: 60,
        parallel: 3,
        // A question that is asked a second time may be answered in other words.
        hedge_factor: 0.0,
        ..Settings::default()
    };
    let policy = Policy::new(Base::Hardened, &settings);
    let bulk = Bulk {
        journal: Journal::open(path).unwrap(),
        stop: Stop::default(),
        questions: None,
        halted: Arc::new(OnceLock::new()),
        on_failure: Arc::new(|_| ()),
    };
    let claude = world.claude.clone();
    let generator = Generator::for_bulk(policy, "m", claude, world.timeline, bulk);
    let work = documents
        .iter()
        .zip(0..)
        .map(|(document, i)| generator.document(i, document));
    let pages = futures_util::StreamExt::buffered(futures_util::stream::iter(work), 3);
    let pages: Vec<_> = futures_util::StreamExt::collect(pages).await;
    let texts = pages.into_iter().map(|page| page.unwrap().text).collect();
    (texts, world.attempts())
}

/// Takes all but the first `kept` answers out of the journal, as if the job had been killed there.
fn kill_after(path: &Path, kept: u64) {
    let journal = Connection::open(path).unwrap();
    let forget = "DELETE FROM answers WHERE key NOT IN \
         (SELECT key FROM attempts WHERE outcome = 'answered' ORDER BY ended_ms, id LIMIT ?1)";
    journal.execute(forget, [kept]).unwrap();
    journal.execute("DELETE FROM attempts", []).unwrap();
}

#[test]
fn a_job_killed_at_any_record_of_its_journal_ends_the_same_and_pays_for_the_rest_only() {
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole.sqlite");
    let (pages, calls) = block_on(run(&whole, &documents(), Vec::new()));
    assert!(calls > 10, "{calls}");
    for kept in 0..=calls {
        let path = folder.path().join(format!("{kept}.sqlite"));
        let from = Connection::open(&whole).unwrap();
        from.execute("VACUUM INTO ?1", [path.to_str().unwrap()])
            .unwrap();
        kill_after(&path, kept);
        let (resumed, paid) = block_on(run(&path, &documents(), Vec::new()));
        assert_eq!(
            (resumed == pages, paid),
            (true, calls - kept),
            "after {kept} of {calls}"
        );
    }
}

/// The same files after somebody worked on them: every ninth function does something else.
fn edited(documents: &[Document]) -> Vec<Document> {
    let edit = |document: &Document| {
        let lines = document.content.lines().enumerate();
        let lines = lines.map(|(i, line)| match i % 27 {
            4 => format!("{line} * 2\n"),
            _ => format!("{line}\n"),
        });
        Document {
            path: document.path.clone(),
            content: lines.collect::<String>().into(),
        }
    };
    documents.iter().map(edit).collect()
}

#[test]
fn a_job_on_edited_files_ends_the_same_wherever_it_was_killed() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let copy = |from: &str, to: &str| {
        let from = Connection::open(path(from)).unwrap();
        from.execute("VACUUM INTO ?1", [path(to).to_str().unwrap()])
            .unwrap();
    };
    let (_, first) = block_on(run(&path("first"), &documents(), Vec::new()));
    copy("first", "whole");
    let edited = edited(&documents());
    let (pages, calls) = block_on(run(&path("whole"), &edited, Vec::new()));
    assert!(calls > 5, "{calls}");
    for kept in 0..=calls {
        let name = kept.to_string();
        copy("whole", &name);
        // Answers of the first run stay; of the second, as many as were there at the kill.
        let journal = Connection::open(path(&name)).unwrap();
        let forget = "DELETE FROM answers WHERE key NOT IN \
             (SELECT key FROM attempts WHERE outcome = 'answered' ORDER BY id LIMIT ?1)";
        journal.execute(forget, [first + kept]).unwrap();
        drop(journal);
        let (resumed, paid) = block_on(run(&path(&name), &edited, Vec::new()));
        assert_eq!(
            (resumed == pages, paid),
            (true, calls - kept),
            "after {kept} of {calls}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn resumed_is_uninterrupted_for_any_files_and_faults(
        sizes in prop::collection::vec(0usize..80, 1..6), share in 0u64..100, broken in 0.0f64..0.3,
    ) {
        let documents: Vec<Document> =
            sizes.iter().enumerate().map(|(i, size)| functions(i * 1_000, *size + 1)).collect();
        let faults = || vec![FaultRule { probability: Some(broken), ..fault(FaultKind::Overloaded) }];
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.sqlite");
        let (pages, _) = block_on(run(&path, &documents, Vec::new()));
        let answers: u64 = Connection::open(&path).unwrap()
            .query_row("SELECT count(*) FROM answers", [], |row| row.get(0)).unwrap();
        kill_after(&path, answers * share / 100);
        let (resumed, _) = block_on(run(&path, &documents, faults()));
        let strip = |pages: Vec<String>| pages.iter().map(|page| symbols(page)).collect::<Vec<_>>();
        prop_assert_eq!(strip(resumed), strip(pages));
    }

    #[test]
    fn one_content_is_paid_for_once_whoever_asks_and_when(
        asks in prop::collection::vec((0usize..5, 0u64..40), 1..30),
    ) {
        let distinct: BTreeSet<usize> = asks.iter().map(|ask| ask.0).collect();
        let paid = block_on(async {
            let world = World::new(None, Vec::new());
            let generator = world.hardened(&Settings::default());
            join_all(asks.iter().zip(0..).map(async |((content, wait), request)| {
                world.timeline.sleep(Duration::from_secs(*wait)).await;
                let document = Document { path: format!("{request}.py"), ..functions(content * 100, 5) };
                assert!(generator.document(request, &document).await.is_ok());
            })).await;
            world.attempts()
        });
        prop_assert_eq!(paid, distinct.len() as u64);
    }
}

/// Whole means whole: what is delivered without a gap documents everything once and in order.
#[test]
fn whatever_the_streams_do_ok_means_whole() {
    let kinds = [
        FaultKind::DuplicateEvent,
        FaultKind::MalformedJson,
        FaultKind::TruncateStream,
        FaultKind::TruncateStreamClean,
        FaultKind::StreamError,
    ];
    let (mut whole, mut spoilt) = (0, 0);
    for number in 0..240u32 {
        // Every second stream says something twice.
        let kind = kinds[number as usize % 2 * (1 + number as usize / 2 % 4)];
        let rule = FaultRule {
            probability: Some(0.6),
            after: Some(f64::from(number % 48) / 48.0),
            ..fault(kind)
        };
        let world = World::new(None, vec![rule]);
        let count = 1 + number as usize % 37;
        let settings = Settings {
            stream: Streaming::Always,
            max_tokens: 2_000,
            retry_budget_s: 3_600.0,
            ..Settings::default()
        };
        let document = functions(number as usize * 1_000, count);
        let outcome = block_on(world.hardened(&settings).document(0, &document));
        let Ok(documentation) = outcome else {
            continue;
        };
        if documentation.missing.is_empty() {
            let expected = names(number as usize * 1_000, count);
            assert_eq!(symbols(&documentation.text), expected, "{kind:?} {number}");
            let key = world.mock.proofs();
            let proofs: Vec<_> = proof::find(&documentation.text).collect();
            assert!(
                proofs.iter().all(|proof| key.verify(proof)),
                "{kind:?} {number}"
            );
            whole += 1;
        }
        spoilt += u32::from(world.attempts() > 1);
    }
    assert!(
        whole > 200 && spoilt > 100,
        "{whole} whole, {spoilt} after spoilt streams"
    );
}
