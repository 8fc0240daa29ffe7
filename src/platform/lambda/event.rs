//! What a gateway makes of an HTTP request: an event of format 1.0 (REST API) or 2.0 (HTTP API, function URL).
//! Source: "Create AWS Lambda proxy integrations for HTTP APIs", API Gateway Developer Guide, read 2026-11-25.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::request::Parts;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use crate::platform::gateway::Gateway;

/// Content types whose bodies are text in format 2.0; all others are sent in base64.
const TEXTS: [&str; 3] = [
    "application/json",
    "application/xml",
    "application/javascript",
];

/// The moment of a request, in words and in milliseconds since 1970.
#[derive(Debug, Clone)]
pub(super) struct Moment {
    /// E.g. `2026-11-27T10:46:07Z`.
    pub(super) rfc3339: String,
    pub(super) unix_ms: u64,
}

/// The event for a request behind `gateway`.
pub(super) fn event(gateway: Gateway, head: &Parts, body: &[u8], id: &str, at: &Moment) -> Value {
    match gateway {
        Gateway::Http | Gateway::FunctionUrl => second(gateway, head, body, id, at),
        Gateway::Unlimited | Gateway::Rest | Gateway::RestStream => first(head, body, id, at),
    }
}

/// Format 1.0: every member is always there, `null` when it is empty.
fn first(head: &Parts, body: &[u8], id: &str, at: &Moment) -> Value {
    let path = head.uri.path();
    let (last, all) = folded(headers(head));
    let (query, queries) = folded(query(head));
    let body = (!body.is_empty()).then(|| String::from_utf8_lossy(body).into_owned());
    let method = head.method.as_str();
    json!({
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": method,
        "headers": last,
        "multiValueHeaders": all,
        "queryStringParameters": query,
        "multiValueQueryStringParameters": queries,
        "pathParameters": { "proxy": path.trim_start_matches('/') },
        "stageVariables": null,
        "requestContext": {
            "resourceId": "proxy", "resourcePath": "/{proxy+}", "httpMethod": method, "extendedRequestId": id,
            "requestTime": clf(&at.rfc3339), "path": format!("/Prod{path}"), "accountId": "000000000000", "protocol": "HTTP/1.1",
            "stage": "Prod", "domainPrefix": "localhost", "requestTimeEpoch": at.unix_ms, "requestId": id,
            "identity": {
                "sourceIp": "127.0.0.1", "userAgent": text(head, "user-agent"), "accessKey": null, "accountId": null,
                "caller": null, "cognitoAuthenticationProvider": null, "cognitoAuthenticationType": null,
                "cognitoIdentityId": null, "cognitoIdentityPoolId": null, "principalOrgId": null, "user": null, "userArn": null,
            },
            "domainName": text(head, "host"), "apiId": "local",
        },
        "body": body,
        "isBase64Encoded": false,
    })
}

/// Format 2.0: what is empty is not there.
fn second(gateway: Gateway, head: &Parts, body: &[u8], id: &str, at: &Moment) -> Value {
    let (path, method) = (head.uri.path(), head.method.as_str());
    let mut names = joined(headers(head));
    let cookies = names.remove("cookie");
    let account = if gateway == Gateway::FunctionUrl {
        "anonymous"
    } else {
        "000000000000"
    };
    let mut event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": head.uri.query().unwrap_or_default(),
        "headers": names,
        "requestContext": {
            "accountId": account, "apiId": "local", "domainName": text(head, "host"), "domainPrefix": "localhost",
            "http": {
                "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1",
                "userAgent": text(head, "user-agent"),
            },
            "requestId": id, "routeKey": "$default", "stage": "$default", "time": clf(&at.rfc3339), "timeEpoch": at.unix_ms,
        },
        "isBase64Encoded": false,
    });
    let query = joined(query(head));
    if !query.is_empty() {
        event["queryStringParameters"] = Value::Object(query);
    }
    if let Some(cookies) = cookies.as_ref().and_then(Value::as_str) {
        event["cookies"] = cookies.split("; ").collect();
    }
    if !body.is_empty() {
        let is_text = is_text(&text(head, "content-type"));
        let text = std::str::from_utf8(body).ok().filter(|_| is_text);
        event["isBase64Encoded"] = text.is_none().into();
        event["body"] = text
            .map_or_else(|| STANDARD.encode(body), str::to_owned)
            .into();
    }
    event
}

fn is_text(content_type: &str) -> bool {
    let kind = content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    kind.starts_with("text/") || TEXTS.contains(&kind.as_str())
}

fn headers(head: &Parts) -> Vec<(String, String)> {
    let pairs = head.headers.iter();
    let texts = pairs.map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (name.as_str().to_owned(), value)
    });
    texts.collect()
}

fn query(head: &Parts) -> Vec<(String, String)> {
    let query = head.uri.query().unwrap_or_default();
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let decoded = |text: &str| {
        let spaced = text.replace('+', " ");
        percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
    };
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect()
}

/// The last value of each name, and all of them; both `null` where there is none.
fn folded(pairs: Vec<(String, String)>) -> (Value, Value) {
    if pairs.is_empty() {
        return (Value::Null, Value::Null);
    }
    let (mut last, mut all) = (Map::new(), Map::new());
    for (name, value) in pairs {
        let known = all
            .entry(name.clone())
            .or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(values) = known {
            values.push(value.clone().into());
        }
        last.insert(name, value.into());
    }
    (Value::Object(last), Value::Object(all))
}

/// The values of each name with commas between them.
fn joined(pairs: Vec<(String, String)>) -> Map<String, Value> {
    let mut joined: Map<String, Value> = Map::new();
    for (name, value) in pairs {
        match joined.get_mut(&name) {
            Some(Value::String(known)) => {
                known.push(',');
                known.push_str(&value);
            }
            _ => {
                joined.insert(name, value.into());
            }
        }
    }
    joined
}

fn text(head: &Parts, name: &str) -> String {
    let value = head.headers.get(name).map(http::HeaderValue::as_bytes);
    String::from_utf8_lossy(value.unwrap_or_default()).into_owned()
}

/// `27/Nov/2026:10:46:07 +0000` of `2026-11-27T10:46:07Z`.
fn clf(rfc3339: &str) -> String {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let part = |range| rfc3339.get(range).unwrap_or_default();
    let month: usize = part(5..7).parse().unwrap_or(1);
    let month = MONTHS.get(month.wrapping_sub(1)).unwrap_or(&MONTHS[0]);
    format!(
        "{}/{month}/{}:{} +0000",
        part(8..10),
        part(0..4),
        part(11..19)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(kind: &str, body: &str) -> (Parts, Vec<u8>) {
        let request = http::Request::post("/document?a=1&a=2&b=x%20y")
            .header("host", "127.0.0.1:8080")
            .header("content-type", kind)
            .header("cookie", "k=v; l=w")
            .header("x-two", "1")
            .header("x-two", "2")
            .body(())
            .unwrap();
        (request.into_parts().0, body.as_bytes().to_vec())
    }

    fn of(gateway: Gateway, kind: &str, body: &str) -> Value {
        let (head, body) = request(kind, body);
        let at = Moment {
            rfc3339: "2026-11-27T10:46:07Z".to_owned(),
            unix_ms: 1_795_000_000_000,
        };
        event(gateway, &head, &body, "id", &at)
    }

    #[test]
    fn a_rest_api_sends_format_1_with_every_member() {
        let event = of(Gateway::Rest, "application/json", "{}");
        assert_eq!(event["httpMethod"], "POST");
        assert_eq!(
            event["queryStringParameters"],
            json!({ "a": "2", "b": "x y" })
        );
        assert_eq!(
            event["multiValueQueryStringParameters"]["a"],
            json!(["1", "2"])
        );
        assert_eq!(event["multiValueHeaders"]["x-two"], json!(["1", "2"]));
        assert_eq!(
            (&event["body"], &event["isBase64Encoded"]),
            (&json!("{}"), &json!(false))
        );
        assert_eq!(
            event["requestContext"]["requestTime"],
            "27/Nov/2026:10:46:07 +0000"
        );
        assert!(event.as_object().unwrap().contains_key("stageVariables"));
    }

    #[test]
    fn an_http_api_sends_format_2_without_what_is_empty() {
        let event = of(Gateway::Http, "application/json; charset=utf-8", "{}");
        assert_eq!(event["version"], "2.0");
        assert_eq!(event["queryStringParameters"]["a"], "1,2");
        assert_eq!(event["headers"]["x-two"], "1,2");
        assert_eq!(event["cookies"], json!(["k=v", "l=w"]));
        assert_eq!(event["headers"].get("cookie"), None);
        assert_eq!(event.get("stageVariables"), None);
        assert_eq!(event["body"], "{}");
        let form = of(
            Gateway::FunctionUrl,
            "application/x-www-form-urlencoded",
            "a=b",
        );
        assert_eq!(
            (&form["body"], &form["isBase64Encoded"]),
            (&json!("YT1i"), &json!(true))
        );
        assert_eq!(form["requestContext"]["accountId"], "anonymous");
    }
}
