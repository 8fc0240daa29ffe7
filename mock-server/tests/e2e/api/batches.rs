//! Message Batches, from their creation to their end.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_batch_lives_its_whole_life() {
    let mock = mock(config());
    let params = body(SOURCE, false);
    let requests = json!({ "requests": [
        { "custom_id": "a", "params": params },
        { "custom_id": "b", "params": { "model": MODEL, "max_tokens": 1, "messages": [] } },
    ]});
    let path = "/v1/messages/batches";
    let batch = call(&mock, "POST", path, &requests).await.json();
    let own = format!("{path}/{}", batch["id"].as_str().unwrap());
    assert_eq!(batch["processing_status"], "in_progress");
    assert_eq!(batch["request_counts"]["processing"], 2);
    assert_eq!(call(&mock, "DELETE", &own, &Value::Null).await.status, 400);
    tokio::time::sleep(Duration::from_secs(6)).await;
    let ended = call(&mock, "GET", &own, &Value::Null).await.json();
    let url = ended["results_url"].as_str().unwrap();
    assert_eq!(url, format!("http://mock.test:4010{own}/results"));
    assert_eq!(ended["request_counts"]["succeeded"], 1);
    let results = call(&mock, "GET", &format!("{own}/results"), &Value::Null)
        .await
        .text;
    let lines: Vec<Value> = results
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(
        lines[0]["result"]["message"]["usage"]["service_tier"],
        "batch"
    );
    assert_eq!(
        lines[1]["result"]["error"]["error"]["type"],
        "invalid_request_error"
    );
    assert_eq!(
        call(&mock, "DELETE", &own, &Value::Null).await.json()["type"],
        "message_batch_deleted"
    );
    assert_eq!(call(&mock, "GET", &own, &Value::Null).await.status, 404);
}

/// A batch of so many requests; its path.
pub(super) async fn create_batch(mock: &MockClaude, requests: usize) -> Answer {
    let item = |i| json!({ "custom_id": format!("r{i}"), "params": body(SOURCE, false) });
    let items: Vec<Value> = (0..requests).map(item).collect();
    let items = json!({ "requests": items });
    call(mock, "POST", "/v1/messages/batches", &items).await
}

fn path_of(batch: &Answer) -> String {
    format!(
        "/v1/messages/batches/{}",
        batch.json()["id"].as_str().unwrap()
    )
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_batch_keeps_what_was_done_and_cancels_the_rest() {
    let options = Options {
        batch_delay_s: 10.0,
        ..Options::default()
    };
    let mock = with_options(config(), options);
    let own = path_of(&create_batch(&mock, 10).await);
    tokio::time::sleep(Duration::from_secs(4)).await;
    let canceling = call(&mock, "POST", &format!("{own}/cancel"), &Value::Null).await;
    assert_eq!(canceling.json()["processing_status"], "canceling");
    assert_eq!(canceling.json()["request_counts"]["processing"], 10);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let ended = call(&mock, "GET", &own, &Value::Null).await.json();
    assert_eq!(ended["processing_status"], "ended");
    let counts = &ended["request_counts"];
    assert_eq!(
        (&counts["succeeded"], &counts["canceled"]),
        (&json!(5), &json!(5))
    );
    let results = call(&mock, "GET", &format!("{own}/results"), &Value::Null).await;
    assert_eq!(results.text.matches("{\"type\":\"canceled\"}").count(), 5);
}

#[tokio::test(start_paused = true)]
async fn what_a_batch_does_not_do_within_a_day_expires() {
    let options = Options {
        batch_delay_s: 2.0 * 24.0 * 3600.0,
        ..Options::default()
    };
    let mock = with_options(config(), options);
    let own = path_of(&create_batch(&mock, 4).await);
    tokio::time::sleep(Duration::from_secs(24 * 3600)).await;
    let ended = call(&mock, "GET", &own, &Value::Null).await.json();
    let counts = &ended["request_counts"];
    assert_eq!(
        (&counts["succeeded"], &counts["expired"]),
        (&json!(2), &json!(2))
    );
}
