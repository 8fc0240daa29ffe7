//! The mock behind sockets: HTTP/1.1 over TCP, and the control listener.

#[cfg(feature = "control")]
pub mod control;

mod head_timer;
mod tcp;

pub use tcp::serve;
