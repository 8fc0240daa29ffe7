//! Reads files beside the threads that serve. A large file takes a second, and whoever asks for the
//! service's health must not wait for it.

use std::sync::LazyLock;

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::Semaphore;

use super::outline::Reading;
use super::plan::{self, Plan};
use super::{Document, Inner};

/// Files that are read at once in the whole process. Each takes up to 120 MB while it is read, and
/// more readers than cores would only take them from those who serve.
static READERS: LazyLock<Semaphore> = LazyLock::new(|| {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    Semaphore::new(cores.div_ceil(2).min(8))
});

impl Inner {
    /// How `document` is asked about.
    pub(super) async fn plan(&self, document: &Document) -> Plan {
        let input_limit = self.input_limit(document);
        let runtime = Handle::current();
        // In virtual time the one thread does everything in order.
        let is_alone = runtime.runtime_flavor() == RuntimeFlavor::CurrentThread;
        if self.reading == Reading::Lines || is_alone {
            return plan::plan(&self.policy, self.reading, document, input_limit);
        }
        let _reader = READERS
            .acquire()
            .await
            .expect("nobody closes the readers' semaphore");
        let (policy, reading, document) = (self.policy.clone(), self.reading, document.clone());
        let work = move || plan::plan(&policy, reading, &document, input_limit);
        runtime
            .spawn_blocking(work)
            .await
            .expect("reading a file does not panic, and the runtime outlives its tasks")
    }
}
