//! The live page of the control listener: limits, calls, cost and verdict while a client runs.

use bytes::Bytes;
use http::header::{self, HeaderName, HeaderValue};
use http::{HeaderMap, Response};
use http_body_util::Full;

/// Calls that the page shows.
pub(super) const LAST_CALLS: usize = 20;

const PAGE: &str = include_str!("live/page.html");
const STYLE: &str = include_str!("live/page.css");
const SCRIPT: &str = include_str!("live/page.js");

/// Nothing but the page's own files, and no other page around it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'; img-src data:";

/// A file of the page. None of them tells anything, so that they need no token: the script asks for
/// what is shown, with the token that stands after `#` in the page's address.
pub(super) fn file(path: &str, headers: &HeaderMap) -> Option<Response<Full<Bytes>>> {
    let accepted = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok());
    let is_browser = accepted.is_some_and(|types| types.contains("text/html"));
    let (content, kind) = match path {
        "/" if is_browser => (PAGE, "text/html; charset=utf-8"),
        "/page.css" => (STYLE, "text/css; charset=utf-8"),
        "/page.js" => (SCRIPT, "text/javascript; charset=utf-8"),
        _ => return None,
    };
    let mut answer = Response::new(Full::from(content));
    for (name, value) in [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("x-content-type-options"), "nosniff"),
    ] {
        answer
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    Some(answer)
}
