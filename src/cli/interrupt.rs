//! Ctrl-C and SIGTERM: how a command learns that it is to end.

use std::io::Write;

use anyhow::Context;

use super::Exit;
use crate::load::Stop;

/// Resolves at ctrl-C or SIGTERM, for commands that live on a runtime with an IO driver.
pub(super) async fn told_to_end() {
    let terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate());
    let Ok(mut terminate) = terminate else {
        let _interrupted = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        biased;
        _interrupted = tokio::signal::ctrl_c() => {}
        _terminated = terminate.recv() => {}
    }
}

/// The first ctrl-C asks runs to stop and write what they have, the second ends the process.
/// Watches for SIGINT on a thread of its own, because virtual runs have no IO driver.
pub(super) fn on_interrupt(stop: Stop) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .context("cannot watch for ctrl-C")?;
    std::thread::spawn(move || {
        runtime.block_on(async {
            while tokio::signal::ctrl_c().await.is_ok() {
                if stop.is_stopped() {
                    std::process::exit(Exit::Interrupted as i32);
                }
                let _gone = writeln!(
                    std::io::stderr(),
                    "stopping; what has finished will be written (ctrl-C again ends at once)"
                );
                stop.stop();
            }
        });
    });
    Ok(())
}
