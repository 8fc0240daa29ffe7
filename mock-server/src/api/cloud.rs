//! Bodies as the clouds take them: a Messages request without the model, which the path names, and
//! with the version, which is a header elsewhere.

use std::collections::BTreeMap;

use ground::version::ApiVersion;
use http::{HeaderMap, HeaderName};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::request::{self, ApiError, Rules};
use crate::state::SHOULD_RETRY;

/// A body, field by field.
pub(crate) struct CloudBody<'a> {
    /// The model that it names all the same.
    pub(crate) model: Option<String>,
    fields: BTreeMap<String, &'a RawValue>,
    /// The version that it names.
    pub(crate) version: ApiVersion,
    /// Whether it names beta features.
    pub(crate) beta: bool,
}

impl<'a> CloudBody<'a> {
    /// Reads `body`; `own_version` is how the cloud calls the older version.
    pub(crate) fn read(body: &'a [u8], own_version: &str) -> Result<Self, ApiError> {
        let mut fields: BTreeMap<String, &RawValue> =
            serde_json::from_slice(body).map_err(|_| unreadable(body))?;
        let version = match fields.remove("anthropic_version") {
            None => return Err(ApiError::invalid("anthropic_version: Field required")),
            Some(version) => version_of(version.get(), own_version)?,
        };
        let beta = fields.remove("anthropic_beta").is_some();
        let model = fields.remove("model");
        Ok(Self {
            model: model.map(|json| json.get().trim_matches('"').to_owned()),
            fields,
            version,
            beta,
        })
    }

    /// Whether it asks for a stream.
    pub(crate) fn stream(&self) -> bool {
        self.fields
            .get("stream")
            .is_some_and(|value| value.get() == "true")
    }

    /// Refuses a model in the body where the path names it.
    pub(crate) fn without_model(self) -> Result<Self, ApiError> {
        match self.model {
            None => Ok(self),
            Some(_) => Err(ApiError::invalid("model: Extra inputs are not permitted")),
        }
    }

    /// Refuses a stream that the body asks for where the path says so.
    pub(crate) fn without_stream(self) -> Result<Self, ApiError> {
        if self.fields.contains_key("stream") {
            return Err(ApiError::invalid("stream: Extra inputs are not permitted"));
        }
        Ok(self)
    }

    /// The same request in Anthropic's own dialect.
    pub(crate) fn to_messages(&self, model: &str, stream: bool) -> Vec<u8> {
        let mut written = format!("{{\"model\":{}", serde_json::Value::from(model));
        if stream {
            written.push_str(",\"stream\":true");
        }
        let others = self.fields.iter().filter(|(name, _)| *name != "stream");
        for (name, value) in others {
            let name = serde_json::Value::from(name.as_str());
            written.push_str(&format!(",{name}:{value}"));
        }
        written.push('}');
        written.into_bytes()
    }
}

fn version_of(json: &str, own_version: &str) -> Result<ApiVersion, ApiError> {
    let name = json.trim_matches('"');
    if name == own_version {
        return Ok(ApiVersion::Jun2023);
    }
    name.parse().map_err(|_| {
        ApiError::invalid(format!(
            "anthropic_version: \"{name}\" is not a valid version"
        ))
    })
}

/// Takes away the headers that only Anthropic's own service sends; ids stay.
pub(crate) fn undress(headers: &mut HeaderMap) {
    remove(headers, |name| {
        name.as_str().starts_with("anthropic-") || name == SHOULD_RETRY
    });
}

/// Takes away the headers whose name is `unwanted`.
pub(crate) fn remove(headers: &mut HeaderMap, unwanted: impl Fn(&HeaderName) -> bool) {
    let names: Vec<HeaderName> = headers
        .keys()
        .filter(|name| unwanted(name))
        .cloned()
        .collect();
    for name in names {
        headers.remove(name);
    }
}

/// Reads JSON of another shape than Anthropic's.
///
/// # Errors
/// With the path of what is wrong, and why.
pub(crate) fn read_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    let mut json = serde_json::Deserializer::from_slice(body);
    serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let reason = error.inner().to_string();
        // Where it stands is told by the path.
        let reason = reason.split(" at line ").next().unwrap_or(&reason);
        match error.path().to_string().as_str() {
            "." => reason.to_owned(),
            path => format!("{path}: {reason}"),
        }
    })
}

/// Why nothing could be read: the words of a whole reading.
fn unreadable(body: &[u8]) -> ApiError {
    let rules = Rules {
        version: ApiVersion::default(),
        counting: true,
        beta: true,
        lenient: true,
    };
    let read = request::parse(body, rules).map(|_| ());
    read.err()
        .unwrap_or_else(|| ApiError::invalid("Input should be a valid dictionary"))
}
