//! The plays: what each asks of the service, and what goes wrong upstream meanwhile.

use std::sync::Arc;
use std::time::Duration;

use super::Session;
use super::client::AGENT;
use super::papers::{self, DENSE, LONG, SMALL, Shape, Text};
use super::scene::Scene;
use super::upstream::{Kind, Setting, Trouble};
use crate::record::exam::{Play, Played};

mod batch;
mod disguise;
mod options;

const CALM: Duration = Duration::from_millis(300);
/// Calls at once that the API takes in the burst.
const BURST_AT_ONCE: u64 = 16;
/// A service must not let a client wait longer than this for a call that never answers.
const SILENCE_WITHIN: Duration = Duration::from_secs(20);

impl Session {
    pub(super) async fn play(&self, play: Play) -> Played {
        match play {
            Play::Single => Played::default(),
            Play::Repeat => self.repeat().await,
            Play::AtOnce => self.at_once().await,
            Play::Edited => self.in_turn(self.edits()).await,
            Play::Twins => {
                let shape = Shape {
                    symbols: 120,
                    lines: 8,
                };
                self.in_turn(papers::twins(&self.salt, shape).to_vec())
                    .await
            }
            Play::Options => self.options().await,
            Play::Long => self.large("long", LONG, true, Vec::new()).await,
            Play::Dense => self.large("dense", DENSE, false, Vec::new()).await,
            Play::Hole => {
                self.large(
                    "hole",
                    LONG,
                    false,
                    vec![refuse(0, LONG.symbols / 2, 400, u64::MAX)],
                )
                .await
            }
            Play::Transient => self.transient().await,
            Play::RetryAfter => self.retry_after().await,
            Play::Rejected => self.broken_then_mended("rejected", 400).await,
            Play::Outage => self.broken_then_mended("outage", 529).await,
            Play::BadInput => self.bad_input().await,
            Play::Burst => self.burst().await,
            Play::Batch => self.batch().await,
            Play::Disguise => self.disguise().await,
            Play::Leavers => self.leavers().await,
            Play::Silence => self.silence().await,
        }
    }

    fn small(&self, tag: &str, count: usize) -> Vec<Text> {
        (0..count)
            .map(|number| papers::text(&self.salt, tag, number, SMALL))
            .collect()
    }

    async fn end(&self, scene: Arc<Scene>) -> Played {
        scene.quiet(CALM).await;
        scene.played()
    }

    async fn repeat(&self) -> Played {
        let scene = self.scene(self.small("repeat", 1), Setting::default());
        for _ in 0..5 {
            scene.ask(0, self.deadline).await;
        }
        self.end(scene).await
    }

    async fn at_once(&self) -> Played {
        let setting = Setting {
            slow_ms: 300,
            ..Setting::default()
        };
        let scene = self.scene(self.small("once", 1), setting);
        scene.ask_all([0; 8], self.deadline).await;
        self.end(scene).await
    }

    /// The same path, twice, with nothing in common but the path.
    fn edits(&self) -> Vec<Text> {
        let larger = Shape {
            symbols: SMALL.symbols + 3,
            ..SMALL
        };
        let mut texts = vec![
            papers::text(&self.salt, "edita", 0, SMALL),
            papers::text(&self.salt, "editb", 0, larger),
        ];
        for text in &mut texts {
            text.path = "src/edited.py".to_owned();
        }
        texts
    }

    async fn in_turn(&self, texts: Vec<Text>) -> Played {
        let scene = self.scene(texts, Setting::default());
        for paper in 0..scene.texts.len() {
            scene.ask(paper, self.deadline).await;
        }
        self.end(scene).await
    }

    async fn large(
        &self,
        tag: &str,
        shape: Shape,
        reversed: bool,
        troubles: Vec<Trouble>,
    ) -> Played {
        let text = papers::text(&self.salt, tag, 0, shape);
        let setting = Setting {
            reversed,
            troubles,
            ..Setting::default()
        };
        let scene = self.scene(vec![text], setting);
        scene.ask(0, self.deadline * 2).await;
        self.end(scene).await
    }

    async fn transient(&self) -> Played {
        let papers = 10;
        let troubles = (0..papers).map(|paper| refuse(paper, 0, 529, 2)).collect();
        let scene = self.scene(
            self.small("transient", papers),
            Setting {
                troubles,
                ..Setting::default()
            },
        );
        for pair in 0..papers / 2 {
            scene.ask_all([2 * pair, 2 * pair + 1], self.deadline).await;
        }
        self.end(scene).await
    }

    async fn retry_after(&self) -> Played {
        let troubles = [1, 2, 3]
            .into_iter()
            .enumerate()
            .map(|(paper, seconds)| Trouble {
                kind: Kind::Refuse {
                    status: 429,
                    retry_after_s: Some(seconds),
                },
                ..refuse(paper, 0, 429, 1)
            });
        let setting = Setting {
            troubles: troubles.collect(),
            ..Setting::default()
        };
        let scene = self.scene(self.small("after", 3), setting);
        scene.ask_all(0..3, self.deadline).await;
        self.end(scene).await
    }

    async fn broken_then_mended(&self, tag: &str, status: u16) -> Played {
        let troubles = vec![refuse(0, 0, status, u64::MAX)];
        let scene = self.scene(
            self.small(tag, 1),
            Setting {
                troubles,
                ..Setting::default()
            },
        );
        scene.ask(0, self.deadline).await;
        scene.quiet(Duration::from_millis(1200)).await;
        scene.stage.mend();
        scene.ask(0, self.deadline).await;
        self.end(scene).await
    }

    async fn bad_input(&self) -> Played {
        let scene = self.scene(self.small("bad", 1), Setting::default());
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
            let at_ms = scene.stage.elapsed_ms();
            let answer = scene.client.raw(body.to_vec(), AGENT, self.deadline).await;
            scene.note(what, None, at_ms, &answer);
        }
        self.end(scene).await
    }

    async fn burst(&self) -> Played {
        let setting = Setting {
            at_once: Some(BURST_AT_ONCE),
            slow_ms: 150,
            ..Setting::default()
        };
        let scene = self.scene(self.small("burst", 40), setting);
        scene.ask_all(0..40, self.deadline).await;
        self.end(scene).await
    }

    async fn leavers(&self) -> Played {
        let setting = Setting {
            slow_ms: 600,
            ..Setting::default()
        };
        let scene = self.scene(self.small("leaver", 24), setting);
        let patience = Duration::from_millis(300);
        futures_util::future::join_all((0..24).map(|paper| scene.leave(paper, patience))).await;
        tokio::time::sleep(Duration::from_millis(1500)).await;
        self.end(scene).await
    }

    async fn silence(&self) -> Played {
        let hang = Trouble {
            kind: Kind::Hang,
            ..refuse(0, 0, 0, u64::MAX)
        };
        let setting = Setting {
            troubles: vec![hang],
            ..Setting::default()
        };
        let scene = self.scene(self.small("silence", 4), setting);
        scene.ask_all(0..4, SILENCE_WITHIN).await;
        self.end(scene).await
    }
}

fn refuse(paper: usize, symbol: usize, status: u16, left: u64) -> Trouble {
    Trouble {
        paper,
        symbol,
        kind: Kind::Refuse {
            status,
            retry_after_s: None,
        },
        left,
    }
}
