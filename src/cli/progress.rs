//! Progress of long work: a live line on a terminal, a line every ten seconds (later every minute) in a log.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write as _};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use crate::clock::Stopwatch;
use crate::record::{Ending, Run};
use crate::runner::Watch;
use crate::text::cut;
use crate::text::figures::about;

/// Between lines in a log, while it is young and later: a run of an hour leaves 65 of them.
const EARLY: Duration = Duration::from_secs(10);
const LATER: Duration = Duration::from_secs(60);

/// Endings and their words, in the order in which they are told.
const WORDS: [(Ending, &str); 8] = [
    (Ending::Ok, "ok"),
    (Ending::Degraded, "with gaps"),
    (Ending::RateLimited, "× 429"),
    (Ending::TimeLimit, "killed"),
    (Ending::UpstreamFailed, "provider failed"),
    (Ending::Rejected, "refused"),
    (Ending::Unreachable, "without answer"),
    (Ending::Dropped, "never sent"),
];

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
    endings: [AtomicU64; WORDS.len()],
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
        let mut known = WORDS.iter().zip(&self.endings);
        if let Some((_, count)) = known.find(|((word, _), _)| *word == ending) {
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
        line(
            (self.work, endings),
            (self.finished.load(Relaxed), self.runs),
            self.wall.elapsed(),
        )
    }
}

/// `1204 of 1622 requests, 830/s, 1160 ok, 44 × 429, 20 of 22 runs, 1 s left`.
fn line(
    (work, endings): (Work, [u64; WORDS.len()]),
    (finished, runs): (u64, u64),
    wall: Duration,
) -> String {
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
    for ((_, word), count) in WORDS.iter().zip(endings).filter(|(_, count)| *count > 0) {
        tell(format!("{count} {word}"));
    }
    if runs > 1 {
        tell(format!("{finished} of {runs} runs"));
    }
    if left.is_finite() {
        tell(format!("{} left", about(left)));
    }
    line
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

    #[test]
    fn a_line_tells_rate_endings_runs_and_time_left() {
        let endings = [1160, 0, 44, 0, 0, 0, 0, 0];
        assert_eq!(
            line(
                (Work::Requests(1622), endings),
                (20, 22),
                Duration::from_secs(2)
            ),
            "1204 of 1622 requests, 602/s, 1160 ok, 44 × 429, 20 of 22 runs, 1 s left"
        );
    }

    #[test]
    fn before_anything_has_ended_no_rate_is_made_up() {
        let all = Work::Requests(100);
        let line = line((all, [0; 8]), (0, 2), Duration::from_secs(9));
        assert_eq!(line, "0 of 100 requests, 0 of 2 runs");
    }

    #[test]
    fn slow_work_is_told_by_the_minute() {
        let endings = [6, 0, 0, 0, 0, 0, 0, 0];
        let all = Work::Requests(100);
        let line = line((all, endings), (0, 1), Duration::from_secs(60));
        assert!(
            line.contains("6 a minute") && line.ends_with("16 min left"),
            "{line}"
        );
    }

    #[test]
    fn work_for_a_time_is_told_by_the_time_that_is_left() {
        let endings = [30, 0, 0, 0, 0, 0, 1, 0];
        let minute = Work::Lasting(Duration::from_secs(60));
        assert_eq!(
            line((minute, endings), (0, 1), Duration::from_secs(20)),
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
