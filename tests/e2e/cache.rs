//! One cache file under several processes, one of which is killed.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use futures_util::future::join_all;

use crate::provider::Provider;

struct Service {
    child: Child,
    url: String,
}

impl Service {
    fn start(cache: &Path, provider: &Provider) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_breaklab"))
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--mode",
                "hardened",
                "--platform",
                "local",
            ])
            .args(["--upstream", &provider.url, "--cache"])
            .arg(cache)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        let url = line
            .trim()
            .strip_prefix("listening on ")
            .unwrap()
            .to_owned();
        Self { child, url }
    }

    /// Statuses of the answers about `files` files.
    async fn document(&self, files: usize) -> Vec<Option<u16>> {
        let url: reqwest::Url = format!("{}/document", self.url).parse().unwrap();
        let client = breaklab::transport::client_builder(&url).build().unwrap();
        join_all((0..files).map(|file| {
            let body = format!(
                "{{\"file_path\":\"m{file}.py\",\"file_content\":\"def f{file}(x):\\n    return x\\n\"}}"
            );
            let request = client.post(url.clone()).header("content-type", "application/json").body(body);
            async move { Some(request.send().await.ok()?.status().as_u16()) }
        }))
        .await
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_share_one_cache_file_and_a_kill_harms_nobody() {
    const FILES: usize = 40;
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache.sqlite");
    let provider = Provider::start(50.0, 0.0, |_| {});
    let services: Vec<Service> = (0..3).map(|_| Service::start(&cache, &provider)).collect();
    let mut victim = Service::start(&cache, &provider);
    let kill = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        victim.child.kill().unwrap();
    };
    let all = join_all(services.iter().map(|service| service.document(FILES)));
    let (answers, ()) = tokio::join!(all, kill);
    assert!(
        answers.iter().flatten().all(|status| *status == Some(200)),
        "{answers:?}"
    );
    let paid = provider.attempts();
    let late = Service::start(&cache, &provider);
    assert_eq!(late.document(FILES).await, vec![Some(200); FILES]);
    assert_eq!(
        provider.attempts(),
        paid,
        "a process that comes later pays for nothing"
    );
}
