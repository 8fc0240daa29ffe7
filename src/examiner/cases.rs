//! The cases: what each asks of the service, and what goes wrong upstream meanwhile.

use std::sync::Arc;
use std::time::Duration;

use super::client::AGENT;
use super::lateness::Lateness;
use super::running::RunningCase;
use super::session::Session;
use super::source_files::{DENSE, FileText, LONG, SMALL, Shape};
use super::upstream::{Fault, FaultScript};
use crate::contract::limits::{
    BURST, CALLS_AT_ONCE, EQUAL_AT_ONCE, LARGE_FILE_FACTOR, LEAVES_AFTER, REPEATS, SILENCE_WITHIN,
    TRANSIENT_FAILURES,
};
use crate::record::exam::{Case, CaseRecord, MAY_BE_A_FILE, Trouble};

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
            Case::Twins => self.in_turn(self.twins()).await,
            Case::Options => self.options().await,
            Case::Long => self.large(LONG, true, Vec::new()).await,
            Case::Dense => self.large(DENSE, false, vec![cut_once()]).await,
            Case::Hole => self.large(LONG, false, vec![hole()]).await,
            Case::Transient => self.transient().await,
            Case::RetryAfter => self.retry_after().await,
            Case::Rejected => self.broken_then_mended(400).await,
            Case::Outage => self.broken_then_mended(529).await,
            Case::BadInput => self.bad_input().await,
            Case::Burst => self.burst().await,
            Case::Batch => self.batch().await,
            Case::Disguise => self.disguise().await,
            Case::Leavers => self.leavers().await,
            Case::Silence => self.silence().await,
        }
    }

    pub(super) async fn end(&self, running: Arc<RunningCase>) -> CaseRecord {
        running.quiet(CALM).await;
        running.record()
    }

    async fn repeat(&self) -> CaseRecord {
        let running = self.begin(self.small(1), FaultScript::default());
        for _ in 0..REPEATS {
            let _turn = self.turn.lock().await;
            running.ask(0, self.deadline).await;
        }
        self.end(running).await
    }

    async fn at_once(&self) -> CaseRecord {
        let script = FaultScript {
            slow_ms: 300,
            ..FaultScript::default()
        };
        let running = self.begin(self.small(1), script);
        running.ask_all([0; EQUAL_AT_ONCE], self.deadline).await;
        self.end(running).await
    }

    /// The same path, twice, with nothing in common but the path.
    fn edits(&self) -> Vec<FileText> {
        let larger = Shape {
            symbols: SMALL.symbols + 3,
            ..SMALL
        };
        let mut writer = self.writer();
        let before = writer.file(SMALL);
        let after = writer.changed(&before, larger);
        vec![before, after]
    }

    fn twins(&self) -> Vec<FileText> {
        let shape = Shape {
            symbols: 120,
            lines: 8,
        };
        self.writer().twins(shape).to_vec()
    }

    async fn in_turn(&self, texts: Vec<FileText>) -> CaseRecord {
        let running = self.begin(texts, FaultScript::default());
        for file in 0..running.texts.len() {
            let _turn = self.turn.lock().await;
            running.ask(file, self.deadline).await;
        }
        self.end(running).await
    }

    async fn large(&self, shape: Shape, reversed: bool, faults: Vec<Fault>) -> CaseRecord {
        let text = self.writer().file(shape);
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
        let lateness = Lateness::watch();
        let faults = TRANSIENT
            .iter()
            .enumerate()
            .map(|(file, trouble)| Fault::passing(file, 0, *trouble, TRANSIENT_FAILURES));
        let script = FaultScript {
            faults: faults.collect(),
            ..FaultScript::default()
        };
        let running = self.begin(self.small(TRANSIENT.len()), script);
        for first in (0..TRANSIENT.len()).step_by(TRANSIENT_AT_ONCE) {
            let few = first..(first + TRANSIENT_AT_ONCE).min(TRANSIENT.len());
            running.ask_all(few, self.deadline).await;
        }
        CaseRecord {
            late_ms: Some(lateness.end().await),
            ..self.end(running).await
        }
    }

    async fn retry_after(&self) -> CaseRecord {
        let faults = [1, 2, 3]
            .into_iter()
            .enumerate()
            .map(|(file, seconds)| Fault {
                retry_after_s: Some(seconds),
                ..Fault::passing(file, 0, Trouble::Status(429), 1)
            });
        let script = FaultScript {
            faults: faults.collect(),
            ..FaultScript::default()
        };
        let running = self.begin(self.small(3), script);
        running.ask_all(0..3, self.deadline).await;
        self.end(running).await
    }

    async fn broken_then_mended(&self, status: u16) -> CaseRecord {
        let script = FaultScript {
            faults: vec![Fault::lasting(0, 0, Trouble::Status(status))],
            ..FaultScript::default()
        };
        let running = self.begin(self.small(1), script);
        running.ask(0, self.deadline).await;
        running.quiet(Duration::from_millis(1200)).await;
        running.upstream.mend();
        running.ask(0, self.deadline).await;
        self.end(running).await
    }

    async fn bad_input(&self) -> CaseRecord {
        let running = self.begin(self.small(1), FaultScript::default());
        let bodies: [(&str, &[u8]); 5] = [
            ("an empty body", b""),
            (MAY_BE_A_FILE[0], b"{\"file_path\": \"a.py\", "),
            ("no file_content", b"{\"file_path\": \"a.py\"}"),
            (
                "numbers for texts",
                b"{\"file_path\": 1, \"file_content\": 2}",
            ),
            (MAY_BE_A_FILE[1], &[0xff, 0xfe, 0x00, 0x80]),
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
        let running = self.begin(self.small(BURST), script);
        running.ask_all(0..BURST, self.deadline).await;
        self.end(running).await
    }

    async fn leavers(&self) -> CaseRecord {
        let script = FaultScript {
            slow_ms: 600,
            ..FaultScript::default()
        };
        let running = self.begin(self.small(24), script);
        futures_util::future::join_all((0..24).map(|file| running.leave(file, LEAVES_AFTER))).await;
        tokio::time::sleep(Duration::from_millis(1500)).await;
        self.end(running).await
    }

    async fn silence(&self) -> CaseRecord {
        let script = FaultScript {
            faults: vec![Fault::passing(0, 0, Trouble::NoAnswer, 1)],
            ..FaultScript::default()
        };
        let running = self.begin(self.small(4), script);
        running.ask_all(0..4, SILENCE_WITHIN).await;
        self.end(running).await
    }
}

/// What the calls of one file each meet: all that an API and the way to it do for a while.
const TRANSIENT: [Trouble; 12] = [
    Trouble::Status(529),
    Trouble::Status(429),
    Trouble::Status(500),
    Trouble::Status(502),
    Trouble::Status(503),
    Trouble::Status(504),
    Trouble::Status(529),
    Trouble::LostBefore,
    Trouble::Status(529),
    Trouble::LostWithin,
    Trouble::Status(500),
    Trouble::BrokenOff,
];
/// So many of these files are asked for together.
const TRANSIENT_AT_ONCE: usize = 3;

/// One answer is cut, however small the chunks of a service are.
fn cut_once() -> Fault {
    Fault::passing(0, DENSE.symbols / 2, Trouble::Cut, 1)
}

fn hole() -> Fault {
    Fault::lasting(0, LONG.symbols / 2, Trouble::Status(400))
}
