//! The service as a Lambda function: it asks for events instead of listening, by AWS's own runtime client.

use lambda_http::{Error, Request, run, service_fn};

use super::answer;
use super::handler::Handler;

/// Answers events until Lambda ends the process.
///
/// # Errors
/// When the Runtime API cannot be reached.
pub async fn serve_events(handler: Handler) -> Result<(), Error> {
    let handler = &handler;
    run(service_fn(async move |request: Request| {
        answer(handler, request).await
    }))
    .await
}
