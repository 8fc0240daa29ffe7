//! Forms that an answer may have: streams cut and ended in every way, dates to wait for.

use super::*;

proptest::proptest! {
    #[test]
    fn no_bytes_make_the_stream_reader_panic(bytes: Vec<u8>, at in 0usize..1000) {
        let mut stream = STREAM.as_bytes().to_vec();
        let at = at.min(stream.len());
        stream.splice(at..at, bytes);
        let mut reader = stream::Reader::default();
        if reader.push(&stream).is_ok() {
            let _ = reader.finish();
        }
    }
}

#[tokio::test]
async fn a_stream_is_read_in_every_form_that_the_standard_allows() {
    let lf = STREAM.replace("\r\n", "\n");
    let nameless: String = lf
        .lines()
        .filter(|line| !line.starts_with("event:"))
        .map(|line| format!("{line}\n"))
        .collect();
    let forms = [
        ("LF", lf.clone()),
        ("CRLF", lf.replace('\n', "\r\n")),
        ("CR", lf.replace('\n', "\r")),
        ("a byte order mark", format!("\u{feff}{lf}")),
        ("no last blank line", lf.trim_end().to_owned() + "\n"),
        ("no last line end", lf.trim_end().to_owned()),
        ("a last CR", lf.trim_end().replace('\n', "\r") + "\r"),
        (
            "data over several lines",
            lf.replace("\"delta\":{", "\ndata: \"delta\":{"),
        ),
        (
            "comments, ids and pauses",
            lf.replace("event:", ": hello\nid: 7\nretry: 10\nevent:"),
        ),
        ("no names", nameless),
    ];
    for (form, body) in forms {
        for pieces in [1, 7, 100_000] {
            let mut reader = stream::Reader::default();
            for piece in body.as_bytes().chunks(pieces) {
                reader.push(piece).unwrap();
            }
            let message = reader
                .finish()
                .unwrap_or_else(|error| panic!("{form}: {error}"));
            assert_eq!(
                (&*message.text, message.usage.output_tokens),
                ("Hellö", 9),
                "{form}"
            );
        }
    }
}

#[test]
fn an_event_that_comes_twice_and_one_that_is_cut_are_noticed() {
    let read = |body: &str| {
        let mut reader = stream::Reader::default();
        reader.push(body.as_bytes())?;
        reader.finish()
    };
    let lf = STREAM.replace("\r\n", "\n");
    for event in lf.split_inclusive("\n\n") {
        let twice = lf.replacen(event, &event.repeat(2), 1);
        let is_refused = matches!(read(&twice), Err(CallError::Malformed { .. }));
        let tells = ["message_start", "content_block_start", "text_delta"];
        assert_eq!(
            is_refused,
            tells.iter().any(|kind| event.contains(kind)),
            "{event}"
        );
        if !is_refused {
            assert_eq!(read(&twice).unwrap().text, "Hellö", "{event}");
        }
    }
    // Runs of one letter are said again at once by honest models.
    let dashes = lf.replace("Hel", "---");
    let delta = dashes
        .split_inclusive("\n\n")
        .find(|event| event.contains("---"))
        .unwrap();
    assert_eq!(
        read(&dashes.replacen(delta, &delta.repeat(2), 1))
            .unwrap()
            .text,
        "------lö"
    );
    for cut in [lf.len() - 3, lf.len() - 20, lf.len() - 120] {
        assert_eq!(
            read(&lf[..cut]).unwrap_err(),
            CallError::Cut,
            "{}",
            &lf[..cut]
        );
    }
}

#[tokio::test]
async fn what_nobody_asked_for_is_named_and_identity_is_asked_for() {
    let zipped = json(200, MESSAGE).insert_header("content-encoding", "gzip");
    let error = answer(zipped, false).await.0.unwrap_err();
    assert!(error.to_string().contains("encoded as gzip"), "{error}");
    let server = MockServer::start().await;
    Mock::given(header("accept-encoding", "identity"))
        .respond_with(json(200, MESSAGE))
        .mount(&server)
        .await;
    let (claude, _) = client(&server.uri());
    assert!(claude.message(TAG, &ask(false)).await.is_ok());
}

#[tokio::test]
async fn a_wait_may_be_a_date_by_the_servers_clock_or_by_ours() {
    const BODY: &str = r#"{"type":"error","error":{"type":"overloaded_error","message":"no"}}"#;
    let wait = async |headers: &[(&str, &str)]| {
        let mut response = json(529, BODY);
        for (name, value) in headers {
            response = response.insert_header(*name, *value);
        }
        answer(response, false).await.0.unwrap_err().retry_after()
    };
    let (date, later) = (
        "Wed, 25 Nov 2026 10:00:00 GMT",
        "Wed, 25 Nov 2026 10:00:07 GMT",
    );
    assert_eq!(
        wait(&[("date", date), ("retry-after", later)]).await,
        Some(Duration::from_secs(7))
    );
    let old = "Wednesday, 25-Nov-26 10:00:07 GMT";
    assert_eq!(
        wait(&[("date", date), ("retry-after", old)]).await,
        Some(Duration::from_secs(7))
    );
    assert_eq!(
        wait(&[("date", later), ("retry-after", date)]).await,
        None,
        "it is over"
    );
    assert_eq!(wait(&[("date", date), ("retry-after", "soon")]).await, None);
    // The test's clock begins with 1970.
    let headers = http::HeaderMap::from_iter([(
        http::header::RETRY_AFTER,
        http::HeaderValue::from_static("Thu, 01 Jan 1970 00:01:40 GMT"),
    )]);
    let heard = wire::Heard {
        limits: None,
        unix_s: Some(40),
    };
    let error = wire::api_error(http::StatusCode::SERVICE_UNAVAILABLE, &headers, b"", heard);
    assert_eq!(error.retry_after(), Some(Duration::from_secs(60)));
}
