//! What every kind of store promises. A table is held to it by `tests/dynamodb/run`, which starts doubles of the service.

use super::super::found::LEASE;
use super::super::lease::{self, Turn};
use super::*;
use ground::timeline::Timeline;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

const ME: Token = 1;
const OTHER: Token = 2;

fn key(number: u32) -> Key {
    super::super::key(&[&number.to_le_bytes()])
}

fn text(text: &str) -> Arc<str> {
    text.into()
}

/// Opens a new, empty store again and again, as processes do.
type Open<'a> = &'a dyn Fn() -> Store;

async fn answers_are_read_by_all_whatever_their_size(open: Open<'_>) {
    for (number, letters) in [(0, 0), (1, 1), (2, 400_000), (3, 1_300_000)] {
        let answer = text(&"€x".repeat(letters / 4));
        open().keep(&key(number), &answer).await;
        assert_eq!(
            open().find(&key(number)).await,
            Found::Answer(answer.to_string())
        );
    }
    assert_eq!(open().find(&key(9)).await, Found::Nothing);
}

async fn one_alone_takes_the_work_and_the_answer_ends_it(open: Open<'_>) {
    let (me, other) = (open(), open());
    let key = key(10);
    assert!(me.claim(&key, None, ME).await);
    assert!(!other.claim(&key, None, OTHER).await);
    assert_eq!(other.find(&key).await, Found::Leased(ME));
    me.keep(&key, &text("done")).await;
    assert_eq!(other.find(&key).await, Found::Answer("done".to_owned()));
    // Whoever comes too late takes nothing away.
    other.release(&key, ME);
    assert_eq!(other.find(&key).await, Found::Answer("done".to_owned()));
    assert!(!other.claim(&key, Some(ME), OTHER).await);
}

async fn work_is_taken_over_only_from_whom_it_was_seen_with(open: Open<'_>) {
    let (me, other) = (open(), open());
    let key = key(11);
    assert!(me.claim(&key, None, ME).await);
    assert!(me.claim(&key, Some(ME), 5).await, "renewed");
    assert!(!other.claim(&key, Some(ME), OTHER).await);
    assert!(other.claim(&key, Some(5), OTHER).await);
    other.release(&key, 5);
    assert_eq!(other.find(&key).await, Found::Leased(OTHER));
}

async fn what_is_given_back_is_free(open: Open<'_>) {
    let (me, other) = (open(), open());
    let key = key(12);
    assert!(me.claim(&key, None, ME).await);
    me.release(&key, ME);
    let mut tries = 0;
    while other.find(&key).await != Found::Nothing {
        tries += 1;
        assert!(tries < 200, "it is never given back");
        Timeline::start(1.0, 0)
            .sleep(Duration::from_millis(25))
            .await;
    }
}

async fn of_many_at_once_one_works_and_all_have_its_answer(open: Open<'_>) {
    let timeline = Timeline::start(20.0, 0);
    let worked = AtomicU32::new(0);
    let one = async |store: Store| match lease::turn(&store, key(13), timeline).await {
        Turn::Answer(answer) => answer,
        Turn::Mine(lease) => {
            let work = async {
                worked.fetch_add(1, Ordering::Relaxed);
                timeline.sleep(Duration::from_secs(20)).await;
                store.keep(&key(13), &text("once")).await;
                "once".to_owned()
            };
            lease.hold(timeline, work).await
        }
    };
    let all = futures_util::future::join_all((0..8).map(|_| one(open()))).await;
    assert_eq!(all, vec!["once"; 8]);
    assert_eq!(worked.into_inner(), 1);
}

/// Whoever holds it has ended without a word.
async fn work_that_nobody_goes_on_with_is_taken_over(open: Open<'_>) {
    let timeline = Timeline::start(10.0, 0);
    let store = open();
    assert!(store.claim(&key(14), None, OTHER).await);
    let Turn::Mine(_lease) = lease::turn(&store, key(14), timeline).await else {
        panic!("there is no answer");
    };
    assert!(timeline.now() >= LEASE, "{:?}", timeline.now());
}

async fn it_says_what_it_holds_and_forgets_all_of_it(open: Open<'_>) {
    let store = open();
    store.purge().unwrap();
    store.keep(&key(20), &text("four")).await;
    store.keep(&key(21), &text(&"x".repeat(900_000))).await;
    assert!(store.claim(&key(22), None, ME).await);
    let held = StoreStats {
        answers: 2,
        bytes: 900_004,
        leases: 1,
    };
    assert_eq!(store.stats().unwrap(), held);
    assert_eq!(store.purge().unwrap(), 2);
    assert_eq!(store.stats().unwrap(), StoreStats::default());
    assert_eq!(store.find(&key(21)).await, Found::Nothing);
}

async fn all(open: Open<'_>) {
    answers_are_read_by_all_whatever_their_size(open).await;
    one_alone_takes_the_work_and_the_answer_ends_it(open).await;
    work_is_taken_over_only_from_whom_it_was_seen_with(open).await;
    what_is_given_back_is_free(open).await;
    of_many_at_once_one_works_and_all_have_its_answer(open).await;
    work_that_nobody_goes_on_with_is_taken_over(open).await;
    it_says_what_it_holds_and_forgets_all_of_it(open).await;
}

fn opened(place: &CachePlace) -> Store {
    let store = Store::open(place, 64, 1, |why| panic!("{why}")).unwrap();
    store.expect("it is no memory")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_keeps_every_promise_of_a_store() {
    let folder = tempfile::tempdir().unwrap();
    let place = CachePlace::Sqlite(folder.path().join("answers.sqlite"));
    all(&|| opened(&place)).await;
}

#[cfg(feature = "dynamodb")]
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a double of DynamoDB; tests/dynamodb/run starts two"]
async fn a_table_keeps_every_promise_of_a_store() {
    let endpoint = std::env::var("AWS_ENDPOINT_URL_DYNAMODB").unwrap();
    assert!(crate::transport::is_loopback(&endpoint), "{endpoint}");
    let name = "breaklab-promises";
    create_table(name).unwrap();
    let place = CachePlace::Dynamodb(name.to_owned());
    all(&|| opened(&place)).await;
}

#[cfg(not(feature = "dynamodb"))]
#[test]
fn without_aws_s_client_a_table_is_refused_with_the_way_out() {
    let place = CachePlace::Dynamodb("answers".to_owned());
    let error = Store::open(&place, 1, 1, |_| {}).err().unwrap().to_string();
    assert!(error.contains("--features dynamodb"), "{error}");
}

#[tokio::test]
async fn a_store_that_fails_costs_a_call_and_says_so_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("answers.sqlite");
    let said = Arc::new(Mutex::new(vec![]));
    let ear = Arc::clone(&said);
    let say = move |why: &str| ear.lock().unwrap().push(why.to_owned());
    let store = Store::open(&CachePlace::Sqlite(path.clone()), 1, 1, say)
        .unwrap()
        .unwrap();
    rusqlite::Connection::open(&path)
        .unwrap()
        .execute_batch("DROP TABLE answers; DROP TABLE leases;")
        .unwrap();
    for number in 0..3 {
        assert_eq!(store.find(&key(number)).await, Found::Nothing);
        assert!(
            store.claim(&key(number), None, ME).await,
            "somebody has to do it"
        );
    }
    for number in 0..3 {
        store.keep(&key(number), &text("lost")).await;
    }
    let said = said.lock().unwrap();
    assert_eq!(said.len(), 2, "one for each kind of trouble: {said:?}");
}
