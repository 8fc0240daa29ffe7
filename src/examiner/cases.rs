//! The cases: what each asks of the service, and what goes wrong upstream meanwhile.

use std::sync::Arc;
use std::time::Duration;

use super::client::AGENT;
use super::running::RunningCase;
use super::session::Session;
use super::source_files::{self, DENSE, FileText, LONG, SMALL, Shape};
use super::upstream::{Fault, FaultKind, FaultScript};
use crate::contract::limits::{
    BURST, CALLS_AT_ONCE, EQUAL_AT_ONCE, LARGE_FILE_FACTOR, LEAVES_AFTER, REPEATS, SILENCE_WITHIN,
    TRANSIENT_FAILURES,
};
use crate::record::exam::{Case, CaseRecord};

mod batch;
mod disguise;
mod options;

/// So long without a call, a case has ended: a service that goes on by itself asks again sooner.
const CALM: Duration = Duration::from_millis(300);

impl Session {
    pub(super) async fn case(&self, case: Case) -> CaseRecord {
        match case {
            Case::Single => CaseRecord::default(),
            Case::Repeat => self.repeat().await,
            Case::AtOnce => self.at_once().await,
            Case::Edited => self.in_turn(self.edits()).await,
            Case::Twins => {
                let shape = Shape {
                    symbols: 120,
                    lines: 8,
                };
                self.in_turn(source_files::twins(&self.salt, shape).to_vec())
                    .await
            }
            Case::Options => self.options().await,
            Case::Long => self.large("long", LONG, true, Vec::new()).await,
            Case::Dense => self.large("dense", DENSE, false, Vec::new()).await,
            Case::Hole => {
                self.large(
                    "hole",
                    LONG,
                    false,
                    vec![refuse(0, LONG.symbols / 2, 400, u64::MAX)],
                )
                .await
            }
            Case::Transient => self.transient().await,
            Case::RetryAfter => self.retry_after().await,
            Case::Rejected => self.broken_then_mended("rejected", 400).await,
            Case::Outage => self.broken_then_mended("outage", 529).await,
            Case::BadInput => self.bad_input().await,
            Case::Burst => self.burst().await,
            Case::Batch => self.batch().await,
            Case::Disguise => self.disguise().await,
            Case::Leavers => self.leavers().await,
            Case::Silence => self.silence().await,
        }
    }

    fn small(&self, tag: &str, count: usize) -> Vec<FileText> {
        (0..count)
            .map(|number| source_files::text(&self.salt, tag, number, SMALL))
            .collect()
    }

    async fn end(&self, running: Arc<RunningCase>) -> CaseRecord {
        running.quiet(CALM).await;
        running.record()
    }

    async fn repeat(&self) -> CaseRecord {
        let running = self.begin(self.small("repeat", 1), FaultScript::default());
        for _ in 0..REPEATS {
            running.ask(0, self.deadline).await;
        }
        self.end(running).await
    }

    async fn at_once(&self) -> CaseRecord {
        let script = FaultScript {
            slow_ms: 300,
            ..FaultScript::default()
        };
        let running = self.begin(self.small("once", 1), script);
        running.ask_all([0; EQUAL_AT_ONCE], self.deadline).await;
        self.end(running).await
    }

    /// The same path, twice, with nothing in common but the path.
    fn edits(&self) -> Vec<FileText> {
        let larger = Shape {
            symbols: SMALL.symbols + 3,
            ..SMALL
        };
        let mut texts = vec![
            source_files::text(&self.salt, "edita", 0, SMALL),
            source_files::text(&self.salt, "editb", 0, larger),
        ];
        for text in &mut texts {
            text.path = "src/edited.py".to_owned();
        }
        texts
    }

    async fn in_turn(&self, texts: Vec<FileText>) -> CaseRecord {
        let running = self.begin(texts, FaultScript::default());
        for file in 0..running.texts.len() {
            running.ask(file, self.deadline).await;
        }
        self.end(running).await
    }

    async fn large(
        &self,
        tag: &str,
        shape: Shape,
        reversed: bool,
        faults: Vec<Fault>,
    ) -> CaseRecord {
        let text = source_files::text(&self.salt, tag, 0, shape);
        let script = FaultScript {
            reversed,
            faults,
            ..FaultScript::default()
        };
        let running = self.begin(vec![text], script);
        running.ask(0, self.deadline * LARGE_FILE_FACTOR).await;
        self.end(running).await
    }

    async fn transient(&self) -> CaseRecord {
        let source_files = 10;
        let faults = (0..source_files)
            .map(|file| refuse(file, 0, 529, TRANSIENT_FAILURES))
            .collect();
        let running = self.begin(
            self.small("transient", source_files),
            FaultScript {
                faults,
                ..FaultScript::default()
            },
        );
        for pair in 0..source_files / 2 {
            running
                .ask_all([2 * pair, 2 * pair + 1], self.deadline)
                .await;
        }
        self.end(running).await
    }

    async fn retry_after(&self) -> CaseRecord {
        let faults = [1, 2, 3]
            .into_iter()
            .enumerate()
            .map(|(file, seconds)| Fault {
                kind: FaultKind::Refuse {
                    status: 429,
                    retry_after_s: Some(seconds),
                },
                ..refuse(file, 0, 429, 1)
            });
        let script = FaultScript {
            faults: faults.collect(),
            ..FaultScript::default()
        };
        let running = self.begin(self.small("after", 3), script);
        running.ask_all(0..3, self.deadline).await;
        self.end(running).await
    }

    async fn broken_then_mended(&self, tag: &str, status: u16) -> CaseRecord {
        let faults = vec![refuse(0, 0, status, u64::MAX)];
        let running = self.begin(
            self.small(tag, 1),
            FaultScript {
                faults,
                ..FaultScript::default()
            },
        );
        running.ask(0, self.deadline).await;
        running.quiet(Duration::from_millis(1200)).await;
        running.upstream.mend();
        running.ask(0, self.deadline).await;
        self.end(running).await
    }

    async fn bad_input(&self) -> CaseRecord {
        let running = self.begin(self.small("bad", 1), FaultScript::default());
        let bodies: [(&str, &[u8]); 5] = [
            ("an empty body", b""),
            ("broken JSON", b"{\"file_path\": \"a.py\", "),
            ("no file_content", b"{\"file_path\": \"a.py\"}"),
            (
                "numbers for texts",
                b"{\"file_path\": 1, \"file_content\": 2}",
            ),
            ("bytes that are no UTF-8", &[0xff, 0xfe, 0x00, 0x80]),
        ];
        for (what, body) in bodies {
            let at_ms = running.upstream.elapsed_ms();
            let answer = running
                .client
                .raw(body.to_vec(), AGENT, self.deadline)
                .await;
            running.note(what, None, at_ms, &answer);
        }
        self.end(running).await
    }

    async fn burst(&self) -> CaseRecord {
        let script = FaultScript {
            at_once: Some(CALLS_AT_ONCE),
            slow_ms: 150,
            ..FaultScript::default()
        };
        let running = self.begin(self.small("burst", BURST), script);
        running.ask_all(0..BURST, self.deadline).await;
        self.end(running).await
    }

    async fn leavers(&self) -> CaseRecord {
        let script = FaultScript {
            slow_ms: 600,
            ..FaultScript::default()
        };
        let running = self.begin(self.small("leaver", 24), script);
        futures_util::future::join_all((0..24).map(|file| running.leave(file, LEAVES_AFTER))).await;
        tokio::time::sleep(Duration::from_millis(1500)).await;
        self.end(running).await
    }

    async fn silence(&self) -> CaseRecord {
        let hang = Fault {
            kind: FaultKind::Hang,
            ..refuse(0, 0, 0, u64::MAX)
        };
        let script = FaultScript {
            faults: vec![hang],
            ..FaultScript::default()
        };
        let running = self.begin(self.small("silence", 4), script);
        running.ask_all(0..4, SILENCE_WITHIN).await;
        self.end(running).await
    }
}

fn refuse(file: usize, symbol: usize, status: u16, left: u64) -> Fault {
    Fault {
        file,
        symbol,
        kind: FaultKind::Refuse {
            status,
            retry_after_s: None,
        },
        left,
    }
}
