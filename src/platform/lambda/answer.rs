//! What a gateway makes of a function's result: an HTTP answer, or 502 where it cannot be one.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::Value;

use crate::platform::gateway::Gateway;

/// The answer that `result` means behind `gateway`; none if it means none.
pub(super) fn answer(gateway: Gateway, result: &[u8]) -> Option<Response<Bytes>> {
    let json: Value = serde_json::from_slice(result).ok()?;
    let is_second = matches!(gateway, Gateway::Http | Gateway::FunctionUrl);
    let object = match &json {
        Value::Object(object) if object.contains_key("statusCode") => object,
        // Format 2.0 takes anything else for the body of a 200.
        _ if is_second => {
            let body = match &json {
                Value::String(text) => Bytes::from(text.clone()),
                other => Bytes::from(other.to_string()),
            };
            return Response::builder()
                .header(header::CONTENT_TYPE, "application/json")
                .body(body)
                .ok();
        }
        _ => return None,
    };
    let status = match &object["statusCode"] {
        Value::Number(number) => u16::try_from(number.as_u64()?).ok()?,
        Value::String(text) => text.parse().ok()?,
        _ => return None,
    };
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::from_u16(status).ok()?;
    let headers = response.headers_mut();
    for name in ["headers", "multiValueHeaders"] {
        let Some(Value::Object(given)) = object.get(name) else {
            continue;
        };
        for (name, value) in given {
            let name: HeaderName = name.parse().ok()?;
            // What the gateway itself writes.
            if name == header::CONTENT_LENGTH
                || name == header::TRANSFER_ENCODING
                || name == header::CONNECTION
            {
                continue;
            }
            let values = match value {
                Value::Array(values) => values.iter().collect(),
                one => vec![one],
            };
            for value in values {
                let value: HeaderValue = plain(value)?.parse().ok()?;
                if !headers.get_all(&name).iter().any(|known| known == value) {
                    headers.append(name.clone(), value);
                }
            }
        }
    }
    for cookie in object
        .get("cookies")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        headers.append(header::SET_COOKIE, plain(cookie)?.parse().ok()?);
    }
    headers
        .entry(header::CONTENT_TYPE)
        .or_insert(HeaderValue::from_static("application/json"));
    let body = match object.get("body") {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        // A REST API wants a string; the other kind writes the value as JSON.
        Some(other) if is_second => other.to_string(),
        Some(_) => return None,
    };
    let is_base64 = object.get("isBase64Encoded") == Some(&Value::Bool(true));
    *response.body_mut() = if is_base64 && is_second {
        STANDARD.decode(body).ok()?.into()
    } else {
        body.into()
    };
    Some(response)
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(gateway: Gateway, result: &str) -> Option<(u16, String, String)> {
        let response = answer(gateway, result.as_bytes())?;
        let kind = response.headers()[header::CONTENT_TYPE]
            .to_str()
            .unwrap()
            .to_owned();
        let body = String::from_utf8(response.body().to_vec()).unwrap();
        Some((response.status().as_u16(), kind, body))
    }

    fn said(status: u16, kind: &str, body: &str) -> Option<(u16, String, String)> {
        Some((status, kind.to_owned(), body.to_owned()))
    }

    #[test]
    fn a_result_with_a_status_is_an_answer_at_every_gateway() {
        let result =
            r#"{"statusCode":"201","headers":{"Content-Type":"text/plain","X-N":5},"body":"hi"}"#;
        for gateway in [Gateway::Rest, Gateway::Http, Gateway::FunctionUrl] {
            assert_eq!(of(gateway, result), said(201, "text/plain", "hi"));
        }
    }

    #[test]
    fn a_result_without_one_is_malformed_for_a_rest_api_and_a_body_for_others() {
        for result in [r#"{"documentation":"x"}"#, "\"text\"", "null"] {
            assert_eq!(of(Gateway::Rest, result), None);
        }
        assert_eq!(
            of(Gateway::Rest, r#"{"statusCode":200,"body":{"a":1}}"#),
            None
        );
        assert_eq!(of(Gateway::Rest, r#"{"statusCode":NaN}"#), None);
        assert_eq!(
            of(Gateway::Http, "\"text\""),
            said(200, "application/json", "text")
        );
        assert_eq!(
            of(Gateway::Http, r#"{"a":1}"#),
            said(200, "application/json", r#"{"a":1}"#)
        );
    }

    #[test]
    fn base64_is_decoded_where_the_gateway_does_so() {
        let result = r#"{"statusCode":200,"isBase64Encoded":true,"body":"aGk="}"#;
        assert_eq!(
            of(Gateway::FunctionUrl, result),
            said(200, "application/json", "hi")
        );
        assert_eq!(
            of(Gateway::Rest, result),
            said(200, "application/json", "aGk=")
        );
    }
}
