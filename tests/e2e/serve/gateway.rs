//! `serve` behind a gateway with a limit, and closed to other sites.

use serde_json::json;

use super::{JSON, Served, client, ended, file, post, runtime};

#[test]
fn behind_a_rest_api_a_slow_answer_is_504_in_the_gateways_words_and_a_job_when_hardened() {
    let slow: String = (0..300)
        .map(|n| format!("def work_{n}():\n    return {n}\n"))
        .collect();
    let body = json!({ "file_path": "slow.py", "file_content": slow }).to_string();
    let arguments = ["--platform", "aws-defaults", "--speed", "50", "--mode"];
    let naive = Served::start(&[&arguments[..], &["naive"]].concat());
    let url = format!("{}/document", naive.url);
    let (status, said) = runtime().block_on(post(&url, JSON, body.clone(), None));
    assert_eq!(
        (status, said),
        (504, json!({ "message": "Endpoint request timed out" }))
    );
    let (_, log) = naive.end();
    assert!(
        log.contains("504 Endpoint request timed out in 29."),
        "{log}"
    );

    let hardened = Served::start(&[&arguments[..], &["hardened"]].concat());
    let url = format!("{}/document", hardened.url);
    let answer = runtime().block_on(async {
        let (status, said) = post(&url, JSON, body, Some("wait=1000")).await;
        assert_eq!(status, 202, "no wish makes the gateway wait longer: {said}");
        ended(&format!(
            "{}{}",
            hardened.url,
            said["poll"].as_str().unwrap()
        ))
        .await
    });
    assert_eq!(answer["status"], "done", "{answer}");
}

#[test]
fn pages_of_other_sites_are_refused_unless_they_are_named() {
    let asked = |url: &str, headers: &[(&str, &str)]| {
        let mut request = client(url).post(url).header("content-type", "text/plain");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(file(1));
        runtime().block_on(async { request.send().await.unwrap().status().as_u16() })
    };
    let closed = Served::start(&["--speed", "100", "--answer-within", "0"]);
    for path in ["/document", "/metrics", "/health"] {
        let url = format!("{}{path}", closed.url);
        assert_eq!(asked(&url, &[("host", "evil.example")]), 403, "{path}");
        assert_eq!(
            asked(&url, &[("origin", "http://evil.example")]),
            403,
            "{path}"
        );
        assert_eq!(
            asked(&url, &[("sec-fetch-site", "cross-site")]),
            403,
            "{path}"
        );
    }
    let url = format!("{}/document", closed.url);
    assert_eq!(asked(&url, &[("origin", "http://localhost:3000")]), 200);
    let named = Served::start(&[
        "--speed",
        "100",
        "--answer-within",
        "0",
        "--allow-origin",
        "https://course.example",
    ]);
    let url = format!("{}/document", named.url);
    assert_eq!(asked(&url, &[("origin", "https://course.example")]), 200);
    assert_eq!(asked(&url, &[("origin", "https://other.example")]), 403);
}
