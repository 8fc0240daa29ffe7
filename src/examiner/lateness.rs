//! How late this machine wakes whoever sleeps: waits of a service cannot be told apart more finely.

use std::time::Duration;

use ground::timeline::Timeline;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// How long each nap is meant to be.
const NAP: Duration = Duration::from_millis(10);

/// A watch that sleeps and wakes until it is ended.
pub(super) struct Lateness {
    end: oneshot::Sender<()>,
    watch: JoinHandle<Vec<Duration>>,
}

impl Lateness {
    pub(super) fn watch() -> Self {
        let (end, mut ended) = oneshot::channel();
        let watch = tokio::spawn(async move {
            let timeline = Timeline::start(1.0, 0);
            let mut late = Vec::new();
            loop {
                let due = timeline.now() + NAP;
                tokio::select! {
                    _end = &mut ended => return late,
                    () = tokio::time::sleep(NAP) => {
                        late.push(timeline.now().saturating_sub(due));
                    }
                }
            }
        });
        Self { end, watch }
    }

    /// The 99th percentile in milliseconds.
    pub(super) async fn end(self) -> f64 {
        // A watch that panicked has ended by itself.
        let _ended = self.end.send(());
        let mut late = self.watch.await.unwrap_or_default();
        late.sort();
        let at = late.len() * 99 / 100;
        late.get(at).map_or(0.0, |late| late.as_secs_f64() * 1000.0)
    }
}
