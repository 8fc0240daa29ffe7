//! The requests to the table: each a condition that DynamoDB itself holds, so that instances need not agree on anything.

use std::sync::Mutex;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::scan::ScanOutput;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, DeleteRequest, WriteRequest};
use tokio::time::Instant;

use super::super::found::{Found, StoreError, StoreStats, Token};
use super::super::{Key, digest};
use super::item::{self, ANSWER, BYTES, Content, DIGEST, EXPIRES, Item, KEY, LEASE};
use super::open;

/// How long nobody asks a table that could not be reached.
const PAUSE: Duration = Duration::from_secs(5);
/// After this a lease that nobody gave back is forgotten, whoever looks.
const LEASE_EXPIRES: Duration = Duration::from_secs(3_600);
/// Most items that one request deletes. Source: "BatchWriteItem", Amazon DynamoDB API Reference.
const AT_ONCE: usize = 25;
/// How often the same items are deleted before it is given up.
const MAX_TRIES: u32 = 100;

/// What the table's threads work with.
pub(super) struct Remote {
    client: Client,
    name: String,
    /// Seconds for which an answer may be handed out.
    lives: u64,
    paused_until: Mutex<Option<Instant>>,
}

/// Why a request to the table failed.
pub(super) struct Failure {
    why: StoreError,
    /// Nothing was heard from it.
    is_unreachable: bool,
}

impl<E: ProvideErrorMetadata + std::error::Error + 'static, R: std::fmt::Debug + 'static>
    From<SdkError<E, R>> for Failure
{
    fn from(error: SdkError<E, R>) -> Self {
        Self {
            is_unreachable: !matches!(error, SdkError::ServiceError(_)),
            why: open::words(&error),
        }
    }
}

impl Remote {
    /// Answers are written down for `lives` seconds.
    pub(super) fn new(client: Client, name: String, lives: u64) -> Self {
        Self {
            client,
            name,
            lives,
            paused_until: Mutex::default(),
        }
    }

    pub(super) async fn unless_paused<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, StoreError> {
        let paused = || {
            self.paused_until
                .lock()
                .expect("nothing panics while it holds the pause")
        };
        if paused().is_some_and(|until| Instant::now() < until) {
            return Err(self.said("it could not be reached a moment ago"));
        }
        let outcome = work.await;
        if let Err(failure) = &outcome {
            *paused() = failure.is_unreachable.then(|| Instant::now() + PAUSE);
        }
        outcome.map_err(|failure| self.said(&failure.why))
    }

    fn said(&self, why: &str) -> StoreError {
        format!("dynamodb:{}: {why}", self.name)
    }

    async fn get(&self, name: String) -> Result<Option<Item>, Failure> {
        let got = self
            .client
            .get_item()
            .table_name(&self.name)
            .key(KEY, item::text(name))
            // Whoever waits for an answer must see it once it is there.
            .consistent_read(true)
            .send()
            .await?;
        Ok(got.item)
    }

    pub(super) async fn find(&self, key: &Key) -> Result<Found, Failure> {
        let Some(item) = self.get(item::name(key)).await? else {
            return Ok(Found::Nothing);
        };
        let (text, stored) = match item::read(&item, open::now()) {
            Content::Nothing => return Ok(Found::Nothing),
            Content::Lease(token) => return Ok(Found::Leased(token)),
            Content::Whole { text, digest } => (Some(text), digest),
            Content::Parts { keys, digest } => (self.parts(keys).await?, digest),
        };
        match text {
            Some(text) if digest(key, &text)[..] == stored => Ok(Found::Answer(text)),
            _ => {
                let damaged = AttributeValue::B(Blob::new(stored));
                self.delete_if(key, DIGEST, damaged).await?;
                Ok(Found::Nothing)
            }
        }
    }

    async fn parts(&self, names: Vec<String>) -> Result<Option<String>, Failure> {
        let mut text = String::new();
        for name in names {
            let part = self.get(name).await?;
            let Some(piece) = part.as_ref().and_then(|part| part.get(ANSWER)?.as_s().ok()) else {
                return Ok(None);
            };
            text.push_str(piece);
        }
        Ok(Some(text))
    }

    /// Deletes what is under `key` if its `attribute` still has this `value`: another may be there by now.
    async fn delete_if(
        &self,
        key: &Key,
        attribute: &str,
        value: AttributeValue,
    ) -> Result<(), Failure> {
        let request = self
            .client
            .delete_item()
            .table_name(&self.name)
            .key(KEY, item::text(item::name(key)))
            .condition_expression("#a = :seen")
            .expression_attribute_names("#a", attribute)
            .expression_attribute_values(":seen", value);
        held_condition(request.send().await)?;
        Ok(())
    }

    /// Keeps the answer unless another is there: the first stays.
    pub(super) async fn keep(&self, key: &Key, text: &str) -> Result<(), Failure> {
        let now = open::now();
        let written = item::written(key, text, now + self.lives);
        for part in written.parts {
            let request = self.client.put_item().table_name(&self.name);
            request.set_item(Some(part)).send().await?;
        }
        let request = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(written.whole))
            .condition_expression("attribute_not_exists(#d) OR #e <= :now")
            .expression_attribute_names("#d", DIGEST)
            .expression_attribute_names("#e", EXPIRES)
            .expression_attribute_values(":now", item::number(now));
        held_condition(request.send().await)?;
        Ok(())
    }

    pub(super) async fn claim(
        &self,
        key: &Key,
        seen: Option<Token>,
        token: Token,
    ) -> Result<bool, Failure> {
        let now = open::now();
        let lease = item::lease(key, token, now + LEASE_EXPIRES.as_secs());
        let request = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(lease));
        let request = match seen {
            None => request
                .condition_expression("attribute_not_exists(#k) OR #e <= :now")
                .expression_attribute_names("#k", KEY)
                .expression_attribute_names("#e", EXPIRES)
                .expression_attribute_values(":now", item::number(now)),
            Some(seen) => request
                .condition_expression("#l = :seen")
                .expression_attribute_names("#l", LEASE)
                .expression_attribute_values(":seen", item::text(seen.to_string())),
        };
        held_condition(request.send().await)
    }

    pub(super) async fn release(&self, key: &Key, token: Token) -> Result<(), Failure> {
        let ours = item::text(token.to_string());
        self.delete_if(key, LEASE, ours).await
    }

    pub(super) async fn stats(&self) -> Result<StoreStats, StoreError> {
        let mut stats = StoreStats::default();
        let now = open::now();
        let mut from = None;
        loop {
            let page = self.page(from).await?;
            for item in page.items() {
                count(&mut stats, item, now);
            }
            from = page.last_evaluated_key;
            if from.is_none() {
                return Ok(stats);
            }
        }
    }

    pub(super) async fn purge(&self) -> Result<u64, StoreError> {
        let mut answers = 0;
        let mut from = None;
        loop {
            let page = self.page(from).await?;
            for items in page.items().chunks(AT_ONCE) {
                self.delete(items).await?;
            }
            let is_answer = |item: &&Item| item.contains_key(DIGEST);
            answers += page.items().iter().filter(is_answer).count() as u64;
            from = page.last_evaluated_key;
            if from.is_none() {
                return Ok(answers);
            }
        }
    }

    /// The items behind `from`, without their texts; reading them costs the same.
    async fn page(&self, from: Option<Item>) -> Result<ScanOutput, StoreError> {
        let page = self
            .client
            .scan()
            .table_name(&self.name)
            .projection_expression("#k, #e, #d, #l, #b")
            .expression_attribute_names("#k", KEY)
            .expression_attribute_names("#e", EXPIRES)
            .expression_attribute_names("#d", DIGEST)
            .expression_attribute_names("#l", LEASE)
            .expression_attribute_names("#b", BYTES)
            .set_exclusive_start_key(from)
            .send()
            .await;
        page.map_err(|error| open::words(&error))
    }

    async fn delete(&self, items: &[Item]) -> Result<(), StoreError> {
        let mut requests = vec![];
        for key in items.iter().filter_map(|item| item.get(KEY)) {
            let delete = DeleteRequest::builder().key(KEY, key.clone()).build();
            let delete = delete.map_err(|error| error.to_string())?;
            requests.push(WriteRequest::builder().delete_request(delete).build());
        }
        // What is too much at once comes back.
        for _try in 0..MAX_TRIES {
            if requests.is_empty() {
                return Ok(());
            }
            let batch = self.client.batch_write_item();
            let done = batch.request_items(&self.name, requests).send().await;
            let done = done.map_err(|error| open::words(&error))?;
            let left = done.unprocessed_items.unwrap_or_default();
            requests = left.into_values().flatten().collect();
        }
        Err("it is too busy to forget them all; purge again".to_owned())
    }
}

fn count(stats: &mut StoreStats, item: &Item, now: u64) {
    let number = |name: &str| item.get(name)?.as_n().ok()?.parse::<u64>().ok();
    if number(EXPIRES).is_none_or(|expires| expires <= now) {
        return;
    }
    if item.contains_key(LEASE) {
        stats.leases += 1;
    } else if item.contains_key(DIGEST) {
        stats.answers += 1;
        stats.bytes += number(BYTES).unwrap_or(0);
    }
}

/// Whether the condition of a write held.
fn held_condition<T, E, R>(outcome: Result<T, SdkError<E, R>>) -> Result<bool, Failure>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug + 'static,
{
    match outcome {
        Ok(_) => Ok(true),
        Err(error) if error.code() == Some("ConditionalCheckFailedException") => Ok(false),
        Err(error) => Err(error.into()),
    }
}
