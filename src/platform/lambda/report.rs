//! What the log says of an invocation that has ended, and what went wrong in it.

use std::time::Duration;

use super::instance::Ended;
use crate::platform::cloudwatch::lines::{self, Figures};

/// What is known of an invocation that has ended. Durations are simulated.
#[derive(Debug)]
pub(super) struct Report<'a> {
    pub(super) id: &'a str,
    pub(super) took: Duration,
    /// How long its instance took to start, if it was its first.
    pub(super) init: Option<Duration>,
    pub(super) memory_mb: u64,
    pub(super) peak_mb: Option<u64>,
    pub(super) limit: Duration,
    pub(super) speed: f64,
}

impl Report<'_> {
    /// What went wrong, if anything did, then `END` and `REPORT`. Lambda bills the start with the first invocation.
    pub(super) fn lines(&self, ended: &Ended) -> Vec<String> {
        let id = self.id;
        let took = if *ended == Ended::TimedOut {
            self.limit
        } else {
            self.took
        };
        let figures = Figures {
            id,
            took,
            init: self.init,
            memory_mb: self.memory_mb,
            peak_mb: self.peak_mb,
        };
        let status = match ended {
            Ended::TimedOut => Some("timeout"),
            Ended::Exited(_) | Ended::OutOfMemory => Some("error\tError Type: Runtime.ExitError"),
            Ended::TooLarge(_) => Some("error\tError Type: Function.ResponseSizeTooLarge"),
            Ended::Result(_) | Ended::Error(_) => None,
        };
        let report = lines::report(&figures, status);
        let mut lines: Vec<String> = self.trouble(ended).into_iter().collect();
        lines.extend([lines::end(id), report]);
        if (self.speed - 1.0).abs() > f64::EPSILON {
            let real = took.as_secs_f64() / self.speed;
            let note = format!(" (--speed {}: {real:.3} s of real time)", self.speed);
            for line in lines.iter_mut().filter(|line| !line.starts_with("END")) {
                line.push_str(&note);
            }
        }
        lines
    }

    fn trouble(&self, ended: &Ended) -> Option<String> {
        let id = self.id;
        match ended {
            Ended::Result(_) | Ended::Error(_) => None,
            Ended::TimedOut => Some(lines::killed(id, self.limit)),
            Ended::Exited(how) => Some(format!(
                "RequestId: {id} Error: Runtime exited with error: {how} Runtime.ExitError"
            )),
            Ended::OutOfMemory => Some(format!(
                "RequestId: {id} Error: Runtime exited with error: signal: killed Runtime.ExitError \
                 (it used more than its {} MB)",
                self.memory_mb
            )),
            Ended::TooLarge(bytes) => Some(format!(
                "RequestId: {id} Error: Response payload size ({bytes} bytes) exceeded maximum allowed payload size \
                 ({} bytes). Function.ResponseSizeTooLarge",
                super::runtime_api::MAX_PAYLOAD
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(init_ms: Option<u64>, speed: f64) -> Report<'static> {
        Report {
            id: "1-2",
            took: Duration::from_micros(15_740),
            init: init_ms.map(Duration::from_millis),
            memory_mb: 128,
            peak_mb: Some(56),
            limit: Duration::from_secs(300),
            speed,
        }
    }

    #[test]
    fn a_good_invocation_ends_in_the_lines_of_lambda_with_its_start_billed() {
        let lines = report(Some(130), 1.0).lines(&Ended::Result("{}".into()));
        assert_eq!(
            lines,
            [
                "END RequestId: 1-2",
                "REPORT RequestId: 1-2\tDuration: 15.74 ms\tBilled Duration: 146 ms\tMemory Size: 128 MB\t\
                 Max Memory Used: 56 MB\tInit Duration: 130.00 ms"
            ]
        );
    }

    #[test]
    fn a_killed_one_says_so_with_the_limit_and_a_faster_clock_is_told() {
        let lines = report(None, 60.0).lines(&Ended::TimedOut);
        assert!(lines[0].starts_with("1-2 Task timed out after 300.00 seconds (--speed 60"));
        assert_eq!(lines[1], "END RequestId: 1-2");
        assert!(
            lines[2].contains("Duration: 300000.00 ms") && lines[2].contains("Status: timeout")
        );
    }
}
