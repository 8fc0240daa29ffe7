//! The mock behind sockets: HTTP over TCP, and the control listener.

#[cfg(feature = "control")]
pub mod control;

mod head_timer;
#[cfg(feature = "control")]
mod live;
mod preface;
mod tcp;

pub use tcp::serve;
