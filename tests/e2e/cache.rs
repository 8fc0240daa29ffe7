//! One cache file under several processes, one of which is killed.

use std::path::Path;

use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;

use crate::provider::Provider;
use crate::serve::Served;

fn start(cache: &Path, provider: &Provider) -> Served {
    let cache = cache.to_str().unwrap();
    // Whoever waits for the one that is killed takes over after twelve seconds of this clock.
    let mode = [
        "--mode",
        "hardened",
        "--platform",
        "local",
        "--speed",
        "10",
        "--answer-within",
        "0",
    ];
    let shared = ["--upstream", &provider.url, "--cache", cache];
    Served::start(&mode.into_iter().chain(shared).collect::<Vec<_>>())
}

/// Statuses of the answers about `files` files.
fn asked(service: &str, files: usize) -> impl Iterator<Item = impl Future<Output = Option<u16>>> {
    let url: reqwest::Url = format!("{service}/document").parse().unwrap();
    let client = breaklab::transport::client_builder(&url).build().unwrap();
    (0..files).map(move |file| {
        let body = format!(
            "{{\"file_path\":\"m{file}.py\",\"file_content\":\"def f{file}(x):\\n    return x\\n\"}}"
        );
        let request = client.post(url.clone()).header("content-type", "application/json").body(body);
        async move { Some(request.send().await.ok()?.status().as_u16()) }
    })
}

async fn document(service: &Served, files: usize) -> Vec<Option<u16>> {
    join_all(asked(&service.url, files)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_share_one_cache_file_and_a_kill_harms_nobody() {
    const FILES: usize = 40;
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache.sqlite");
    let provider = Provider::start(50.0, 0.0, |_| {});
    let services: Vec<Served> = (0..3).map(|_| start(&cache, &provider)).collect();
    let mut victim = start(&cache, &provider);
    let url = victim.url.clone();
    let kill = async {
        // In the midst of its work: one file is documented and written down, the others are not.
        let mut work = FuturesUnordered::from_iter(asked(&url, FILES));
        assert_eq!(work.next().await, Some(Some(200)));
        victim.child.kill().unwrap();
    };
    let all = join_all(services.iter().map(|service| document(service, FILES)));
    let (answers, ()) = tokio::join!(all, kill);
    assert!(
        answers.iter().flatten().all(|status| *status == Some(200)),
        "{answers:?}"
    );
    let paid = provider.attempts();
    let late = start(&cache, &provider);
    assert_eq!(document(&late, FILES).await, vec![Some(200); FILES]);
    assert_eq!(
        provider.attempts(),
        paid,
        "a process that comes later pays for nothing"
    );
}
