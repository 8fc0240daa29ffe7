//! Progress of long work: a live line on a terminal, a line every ten seconds (later every minute) in a log.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write as _};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use strum::VariantArray;

use crate::clock::Stopwatch;
use crate::record::{Ending, Run};
use crate::runner::Watch;
use crate::text::cut;
use crate::text::figures::about;

/// Between lines in a log, while it is young and later: a run of an hour leaves 65 of them.
const EARLY: Duration = Duration::from_secs(10);
const LATER: Duration = Duration::from_secs(60);

/// As many as there are endings.
const ENDINGS: usize = Ending::VARIANTS.len();

/// An ending behind its count.
fn word(ending: Ending) -> &'static str {
    match ending {
        Ending::Ok => "ok",
        Ending::Degraded => "with gaps",
        Ending::RateLimited => "× 429",
        Ending::TimeLimit => "killed",
        Ending::GatewayTimeout => "given up by the gateway",
        Ending::Throttled => "without an instance",
        Ending::UpstreamFailed => "provider failed",
        Ending::Rejected => "refused",
        Ending::Unreachable => "without answer",
        Ending::Dropped => "never sent",
    }
}

/// How much is to be done.
#[derive(Debug, Clone, Copy)]
pub(super) enum Work {
    /// So many requests.
    Requests(u64),
    /// As many as there will be within this time.
    Lasting(Duration),
}

/// What has happened so far, counted by the threads that do the work.
#[derive(Debug)]
struct Tally {
    work: Work,
    runs: u64,
    endings: [AtomicU64; ENDINGS],
    finished: AtomicU64,
    wall: Stopwatch,
}

/// The progress of one invocation's runs.
#[derive(Debug)]
pub(super) struct Progress {
    tally: Arc<Tally>,
    bar: ProgressBar,
    log: Option<Log>,
}

impl Progress {
    /// Starts to tell of `work` in so many runs on standard error; nothing when `quiet`.
    pub(super) fn new(work: Work, runs: u64, quiet: bool) -> Self {
        let tally = Arc::new(Tally {
            work,
            runs,
            endings: Default::default(),
            finished: AtomicU64::new(0),
            wall: Stopwatch::start(),
        });
        let live = std::io::stderr().is_terminal() && std::env::var_os("CI").is_none();
        let bar = if live && !quiet {
            live_line(&tally)
        } else {
            ProgressBar::hidden()
        };
        let log = (!live && !quiet).then(|| Log::start(Arc::clone(&tally)));
        Self { tally, bar, log }
    }

    /// What the runs are to tell.
    pub(super) fn watch(&self) -> Arc<dyn Watch> {
        Arc::clone(&self.tally) as Arc<dyn Watch>
    }

    /// Takes the line away; what a log has, it keeps.
    pub(super) fn clear(self) {
        self.bar.finish_and_clear();
        if let Some(log) = self.log {
            log.stop();
        }
    }
}

impl Watch for Tally {
    fn ended(&self, ending: Ending) {
        let all = Ending::VARIANTS.iter().zip(&self.endings);
        for (_, count) in all.filter(|(one, _)| **one == ending) {
            count.fetch_add(1, Relaxed);
        }
    }

    fn finished(&self, _: &Run) {
        self.finished.fetch_add(1, Relaxed);
    }
}

/// A spinner whose words are only made when it is drawn.
fn live_line(tally: &Arc<Tally>) -> ProgressBar {
    let tally = Arc::clone(tally);
    let told = move |_: &ProgressState, out: &mut dyn std::fmt::Write| {
        let width = usize::from(console::Term::stderr().size().1);
        let line = tally.line();
        let line = cut(&line, width.saturating_sub(3));
        // The draw target is a buffer, which takes any text.
        let _infallible = out.write_str(&line);
    };
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{spinner} {told}");
    bar.set_style(
        style
            .expect("the template is ours and valid")
            .with_key("told", told),
    );
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

impl Tally {
    fn line(&self) -> String {
        let endings = self.endings.each_ref().map(|count| count.load(Relaxed));
        let standing = Standing {
            work: self.work,
            endings,
            finished: self.finished.load(Relaxed),
            runs: self.runs,
            wall: self.wall.elapsed(),
        };
        standing.line()
    }
}

/// What has happened at one moment.
struct Standing {
    work: Work,
    endings: [u64; ENDINGS],
    finished: u64,
    runs: u64,
    wall: Duration,
}

impl Standing {
    /// `1204 of 1622 requests, 830/s, 1160 ok, 44 × 429, 20 of 22 runs, 1 s left`.
    fn line(&self) -> String {
        let &Self {
            work,
            endings,
            finished,
            runs,
            wall,
        } = self;
        let ended: u64 = endings.iter().sum();
        let rate = ended as f64 / wall.as_secs_f64().max(1e-3);
        let (mut line, left) = match work {
            Work::Requests(all) => {
                let left = all.saturating_sub(ended) as f64 / rate;
                (format!("{ended} of {all} requests"), left)
            }
            Work::Lasting(time) => {
                let left = time.saturating_sub(wall).as_secs_f64();
                (format!("{ended} requests"), left)
            }
        };
        let mut tell = |text: String| line.write_fmt(format_args!(", {text}")).unwrap_or_default();
        if ended > 0 {
            tell(match rate {
                slow if slow < 1.0 => format!("{:.0} a minute", slow * 60.0),
                quick => format!("{quick:.0}/s"),
            });
        }
        let counts = Ending::VARIANTS.iter().zip(endings);
        for (ending, count) in counts.filter(|(_, count)| *count > 0) {
            tell(format!("{count} {}", word(*ending)));
        }
        if runs > 1 {
            tell(format!("{finished} of {runs} runs"));
        }
        if left.is_finite() {
            tell(format!("{} left", about(left)));
        }
        line
    }
}

/// Lines for those who read a log.
#[derive(Debug)]
struct Log {
    over: Arc<(Mutex<bool>, Condvar)>,
    writer: std::thread::JoinHandle<()>,
}

impl Log {
    fn start(tally: Arc<Tally>) -> Self {
        let over = Arc::new((Mutex::new(false), Condvar::new()));
        let watched = Arc::clone(&over);
        let writer = std::thread::spawn(move || {
            let (is_over, signal) = &*watched;
            let mut guard = is_over.lock().unwrap_or_else(PoisonError::into_inner);
            for lines in 0.. {
                let waited = signal.wait_timeout_while(guard, pause(lines), |over| !*over);
                guard = waited.unwrap_or_else(PoisonError::into_inner).0;
                if *guard {
                    break;
                }
                // A closed standard error is nobody to tell that to.
                let _gone = writeln!(std::io::stderr(), "{}", tally.line());
            }
        });
        Self { over, writer }
    }

    fn stop(self) {
        *self.over.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.over.1.notify_all();
        // A log writer that failed has nothing more to say.
        let _failed = self.writer.join();
    }
}

/// How long after the line before, given how many there were.
fn pause(lines: u32) -> Duration {
    if lines < 6 { EARLY } else { LATER }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of one run that has gone on for so many seconds.
    fn of_one(work: Work, endings: [u64; ENDINGS], seconds: u64) -> Standing {
        Standing {
            work,
            endings,
            finished: 0,
            runs: 1,
            wall: Duration::from_secs(seconds),
        }
    }

    #[test]
    fn a_line_tells_rate_endings_runs_and_time_left() {
        let endings = [1160, 0, 44, 0, 0, 0, 0, 0, 0, 0];
        let standing = Standing {
            finished: 20,
            runs: 22,
            ..of_one(Work::Requests(1622), endings, 2)
        };
        assert_eq!(
            standing.line(),
            "1204 of 1622 requests, 602/s, 1160 ok, 44 × 429, 20 of 22 runs, 1 s left"
        );
    }

    #[test]
    fn before_anything_has_ended_no_rate_is_made_up() {
        let standing = Standing {
            runs: 2,
            ..of_one(Work::Requests(100), [0; ENDINGS], 9)
        };
        assert_eq!(standing.line(), "0 of 100 requests, 0 of 2 runs");
    }

    #[test]
    fn slow_work_is_told_by_the_minute() {
        let endings = [6, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let line = of_one(Work::Requests(100), endings, 60).line();
        assert!(
            line.contains("6 a minute") && line.ends_with("16 min left"),
            "{line}"
        );
    }

    #[test]
    fn work_for_a_time_is_told_by_the_time_that_is_left() {
        let endings = [30, 0, 0, 0, 0, 0, 0, 0, 1, 0];
        let minute = Work::Lasting(Duration::from_secs(60));
        assert_eq!(
            of_one(minute, endings, 20).line(),
            "31 requests, 2/s, 30 ok, 1 without answer, 40 s left"
        );
    }

    #[test]
    fn an_hour_leaves_few_lines_in_a_log() {
        let mut told = Duration::ZERO;
        let lines = (0..).take_while(|line| {
            told += pause(*line);
            told <= Duration::from_secs(3600)
        });
        assert_eq!(lines.count(), 65);
    }
}
