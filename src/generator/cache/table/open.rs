//! Reaching a table: region and credentials as all AWS programs find them, what the table must look like, and what to
//! do when it cannot be used, in words.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
    TableDescription, TableStatus, TimeToLiveSpecification,
};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

use super::super::found::StoreError;
use super::Threads;
use super::item::{EXPIRES, KEY};

/// Longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Longest wait for an answer, tries included. A table answers within milliseconds; whoever gives up pays for a call.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How long a table may take until it is made.
const MADE_WITHIN: Duration = Duration::from_secs(60);
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// Threads for a table, and a client of the service.
pub(super) fn connect() -> Result<(Threads, Client), StoreError> {
    let threads = Threads::start().map_err(|error| error.to_string())?;
    let config = threads.wait(async { Ok(config().await) })?;
    if config.region().is_none() {
        return Err("no region is set; set AWS_REGION, e.g. to ap-south-1".to_owned());
    }
    let client = Client::new(&config);
    Ok((threads, client))
}

async fn config() -> SdkConfig {
    let tls = Provider::Rustls(CryptoMode::Ring);
    let http = Builder::new().tls_provider(tls).build_https();
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_timeout(TIMEOUT)
        .build();
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .timeout_config(timeouts)
        .retry_config(RetryConfig::standard())
        .load()
        .await
}

/// Whether answers can be kept in the table `name`; waits for one that is being made.
pub(super) async fn check(client: Client, name: String) -> Result<(), StoreError> {
    let description = describe(&client, &name).await?;
    fits(&description)?;
    active(&client, &name, description).await
}

async fn describe(client: &Client, name: &str) -> Result<TableDescription, StoreError> {
    let described = client.describe_table().table_name(name).send().await;
    let described = described.map_err(|error| match error.code() {
        Some("ResourceNotFoundException") => format!(
            "there is no such table in {}; make it with `breaklab cache create dynamodb:{name}`, \
             or set AWS_REGION to the region that has it",
            region(client)
        ),
        _ => words(&error),
    })?;
    described
        .table
        .ok_or_else(|| "it is not described".to_owned())
}

fn region(client: &Client) -> String {
    let region = client.config().region();
    region.map_or_else(|| "this region".to_owned(), ToString::to_string)
}

/// The key must be ours.
fn fits(table: &TableDescription) -> Result<(), StoreError> {
    let kind = |name: &str| {
        let definition = table
            .attribute_definitions()
            .iter()
            .find(|definition| definition.attribute_name() == name);
        definition.map_or("?", |definition| definition.attribute_type().as_str())
    };
    let key: Vec<String> = table
        .key_schema()
        .iter()
        .map(|key| format!("{} ({})", key.attribute_name(), kind(key.attribute_name())))
        .collect();
    let ours = format!("{KEY} (S)");
    if key == [ours.as_str()] {
        return Ok(());
    }
    Err(format!(
        "its key is {}, not {ours}: it was made for something else; choose another name",
        key.join(" with ")
    ))
}

async fn active(
    client: &Client,
    name: &str,
    mut table: TableDescription,
) -> Result<(), StoreError> {
    let begun = tokio::time::Instant::now();
    loop {
        match table.table_status() {
            Some(TableStatus::Active | TableStatus::Updating) => return Ok(()),
            Some(TableStatus::Creating) if begun.elapsed() < MADE_WITHIN => {}
            status => {
                let status = status.map_or("unknown", TableStatus::as_str);
                return Err(format!("it cannot be used: its state is {status}"));
            }
        }
        tokio::time::sleep(LOOK_AGAIN).await;
        table = describe(client, name).await?;
    }
}

/// Makes the table `name`, paid by request, unless it is there.
pub(super) async fn create(client: Client, name: String) -> Result<Vec<String>, StoreError> {
    let built = |error: aws_sdk_dynamodb::error::BuildError| error.to_string();
    let key = AttributeDefinition::builder()
        .attribute_name(KEY)
        .attribute_type(ScalarAttributeType::S)
        .build()
        .map_err(built)?;
    let schema = KeySchemaElement::builder()
        .attribute_name(KEY)
        .key_type(KeyType::Hash)
        .build()
        .map_err(built)?;
    let made = client
        .create_table()
        .table_name(&name)
        .attribute_definitions(key)
        .key_schema(schema)
        .billing_mode(BillingMode::PayPerRequest)
        .send()
        .await;
    let mut said = match made {
        Ok(_) => vec![format!(
            "made the table {name} in {}, paid by request",
            region(&client)
        )],
        Err(error) if error.code() == Some("ResourceInUseException") => {
            vec![format!("the table {name} is there already")]
        }
        Err(error) => return Err(words(&error)),
    };
    check(client.clone(), name.clone()).await?;
    said.push(forget_expired(&client, &name).await);
    Ok(said)
}

/// Lets the table forget what has expired. It can be used without, so that a refusal is only said.
async fn forget_expired(client: &Client, name: &str) -> String {
    let specification = TimeToLiveSpecification::builder()
        .attribute_name(EXPIRES)
        .enabled(true)
        .build();
    let specification = match specification {
        Ok(specification) => specification,
        Err(error) => return error.to_string(),
    };
    let set = client
        .update_time_to_live()
        .table_name(name)
        .time_to_live_specification(specification)
        .send()
        .await;
    let already = |error: &SdkError<_, _>| {
        let message = ProvideErrorMetadata::message(error).unwrap_or_default();
        message.contains("already enabled")
    };
    match set {
        Ok(_) => format!("it forgets by itself what has expired ({EXPIRES})"),
        Err(error) if already(&error) => {
            format!("it forgets by itself what has expired ({EXPIRES})")
        }
        Err(error) => format!(
            "it keeps what has expired, which is not handed out, but takes room: {}",
            words(&error)
        ),
    }
}

/// What went wrong, and the way out where there is one.
pub(super) fn words<E, R>(error: &SdkError<E, R>) -> StoreError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug + 'static,
{
    if let SdkError::ServiceError(_) = error {
        let code = error.code().unwrap_or("an error without a name");
        let message = error.message().unwrap_or_default();
        let way_out = match code {
            "ExpiredTokenException" | "ExpiredToken" => {
                "; the credentials have expired: get new ones"
            }
            "UnrecognizedClientException"
            | "InvalidSignatureException"
            | "InvalidClientTokenId" => {
                "; check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
            }
            "AccessDeniedException" => {
                "; it takes dynamodb:DescribeTable, GetItem, PutItem and DeleteItem"
            }
            "ResourceNotFoundException" => "; is it there, and AWS_REGION right?",
            _ => "",
        };
        return format!("{code}: {message}{way_out}");
    }
    let all = DisplayErrorContext(error).to_string();
    if all.contains("CredentialsNotLoaded") || all.contains("credentials provider") {
        return "no credentials are set; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
            .to_owned();
    }
    let innermost = innermost(error);
    format!("the service does not answer ({innermost})")
}

fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

#[expect(
    clippy::disallowed_methods,
    reason = "an item's age is the calendar's, and nobody simulates a table"
)]
pub(super) fn now() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |since| since.as_secs())
}
