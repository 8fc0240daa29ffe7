//! The headers that requests carry: keys, versions, betas, browsers, and what answers add.

use bytes::Bytes;
use http::Method;
use mock_claude::{MockClaude, Options};

use crate::support::*;

/// Asks with these headers set, or removed where the value is empty.
async fn with(mock: &MockClaude, headers: &[(&'static str, &str)]) -> Answer {
    let mut request = request(&body(SOURCE, false));
    for (name, value) in headers {
        request.headers_mut().remove(*name);
        if !value.is_empty() {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
    }
    send(mock, request).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_wrong_key_a_missing_one_and_two_at_once_are_refused() {
    let options = Options {
        keys: vec!["right".to_owned()],
        ..Options::default()
    };
    let mock = with_options(config(), options);
    for (headers, expected) in [
        (&[("x-api-key", "wrong")][..], "invalid x-api-key"),
        (
            &[("x-api-key", ""), ("authorization", "Bearer wrong")],
            "Invalid bearer token",
        ),
        (&[("x-api-key", "")], "x-api-key header is required"),
        (
            &[("x-api-key", "right"), ("authorization", "Bearer right")],
            "must not be sent together",
        ),
        (
            &[("x-api-key", "right"), ("origin", "http://page")],
            "CORS requests must set",
        ),
    ] {
        let refused = with(&mock, headers).await;
        assert_eq!(refused.status, 401);
        assert_eq!(refused.json()["error"]["type"], "authentication_error");
        assert!(refused.text.contains(expected), "{}", refused.text);
        assert!(refused.headers.get("anthropic-workspace-id").is_none());
    }
    let answer = with(&mock, &[("x-api-key", "right")]).await;
    assert!(
        answer
            .header("anthropic-workspace-id")
            .starts_with("wrkspc_01")
    );
    let bearer = with(
        &mock,
        &[("x-api-key", ""), ("authorization", "Bearer right")],
    )
    .await;
    assert_eq!(bearer.status, 200);
}

#[tokio::test(start_paused = true)]
async fn unknown_versions_betas_workspaces_and_encodings_are_named() {
    let mock = mock(config());
    for (name, value, status, expected) in [
        (
            "anthropic-version",
            "2024-01-01",
            400,
            "\\\"2024-01-01\\\" is not a valid version",
        ),
        (
            "anthropic-beta",
            "message-batches-2024-09-24,invalid-beta-name",
            400,
            "Unexpected value(s) `invalid-beta-name` for the `anthropic-beta` header.",
        ),
        (
            "anthropic-workspace-id",
            "mine",
            400,
            "must be a valid workspace ID",
        ),
        (
            "anthropic-workspace-id",
            "wrkspc_01",
            404,
            "Workspace `wrkspc_01` not found.",
        ),
        (
            "content-encoding",
            "gzip",
            400,
            "\"error_code\":\"request_body_encoding_unsupported\"",
        ),
    ] {
        let refused = with(&mock, &[(name, value)]).await;
        assert_eq!(refused.status, status);
        assert!(refused.text.contains(expected), "{}", refused.text);
    }
    let workspace = with(&mock, &[])
        .await
        .header("anthropic-workspace-id")
        .to_owned();
    let own = [
        ("anthropic-workspace-id", workspace.as_str()),
        ("content-encoding", "identity"),
    ];
    assert_eq!(with(&mock, &own).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_browser_may_ask_and_read_when_it_says_that_it_is_one() {
    let mock = mock(config());
    let mut preflight = request(&body(SOURCE, false));
    *preflight.method_mut() = Method::OPTIONS;
    *preflight.body_mut() = Bytes::new();
    preflight
        .headers_mut()
        .insert("origin", "http://page".parse().unwrap());
    preflight
        .headers_mut()
        .insert("access-control-request-method", "POST".parse().unwrap());
    let allowed = send(&mock, preflight).await.unwrap();
    assert_eq!(allowed.status, 200);
    assert_eq!(allowed.header("access-control-allow-origin"), "*");
    let browser = [
        ("origin", "http://page"),
        ("anthropic-dangerous-direct-browser-access", "true"),
    ];
    let answer = with(&mock, &browser).await;
    assert_eq!(
        (
            answer.status.as_u16(),
            answer.header("access-control-allow-origin")
        ),
        (200, "*")
    );
    assert!(
        with(&mock, &[])
            .await
            .headers
            .get("access-control-allow-origin")
            .is_none()
    );
}

#[tokio::test(start_paused = true)]
async fn the_networks_headers_come_only_when_wanted() {
    let options = Options {
        edge_headers: true,
        ..Options::default()
    };
    let edge = with(&with_options(config(), options), &[]).await;
    assert_eq!(
        (edge.header("server"), edge.header("cf-cache-status")),
        ("cloudflare", "DYNAMIC")
    );
    assert!(
        with(&mock(config()), &[])
            .await
            .headers
            .get("cf-ray")
            .is_none()
    );
}
