//! How much a customer may ask: exact token buckets, admission, and what a refusal says.

mod admission;
mod bucket;
mod endpoint;

pub use admission::Ramp;
pub(crate) use admission::{Buckets, Limiter, Refusal};
pub(crate) use bucket::{Bucket, Flow};
pub(crate) use endpoint::Endpoint;
