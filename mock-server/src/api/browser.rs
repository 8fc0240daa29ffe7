//! What browsers and the network in front of the API add to answers.

use crate::state::header_text;
use ground::chance::mix;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Request};

/// Whether a browser asks if it may send a request at all.
pub(crate) fn is_preflight<B>(request: &Request<B>) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ORIGIN)
        && request
            .headers()
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// Lets scripts of any page read an answer, as the API does for keys that are shown to browsers.
pub(crate) fn allow(map: &mut HeaderMap) {
    let any = HeaderValue::from_static("*");
    map.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, any.clone());
    map.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, any.clone());
    map.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, any);
    map.insert(
        header::ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("GET, POST, DELETE, OPTIONS"),
    );
}

/// Headers that the content delivery network adds, as they were recorded in 2026.
const EDGE: [(&str, &str); 7] = [
    ("server", "cloudflare"),
    ("cf-cache-status", "DYNAMIC"),
    ("via", "1.1 google"),
    ("x-robots-tag", "none"),
    (
        "strict-transport-security",
        "max-age=31536000; includeSubDomains; preload",
    ),
    (
        "content-security-policy",
        "default-src 'none'; frame-ancestors 'none'",
    ),
    ("x-envoy-upstream-service-time", "0"),
];

/// Adds the headers of the network; `bits` make up the ray's id.
pub(crate) fn add_edge(map: &mut HeaderMap, bits: u64) {
    for (name, value) in EDGE {
        map.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    let ray = format!("{:016x}-BOM", mix(&[bits, RAY]));
    map.insert(HeaderName::from_static("cf-ray"), header_text(ray));
}

const RAY: u64 = 0xCF;
