//! The mock from outside: in process on virtual time, and over real sockets.

#[cfg(test)]
mod support;

#[cfg(test)]
mod agents;
#[cfg(test)]
mod api;
#[cfg(test)]
mod bedrock;
#[cfg(test)]
mod behaviour;
#[cfg(test)]
mod clock;
#[cfg(test)]
mod control;
#[cfg(test)]
mod deviations;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod files;
#[cfg(test)]
mod forms;
#[cfg(test)]
mod headers;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod in_process;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod mantle;
#[cfg(test)]
mod openai;
#[cfg(test)]
mod scripted;
#[cfg(test)]
mod tcp;
#[cfg(test)]
mod thinking;
#[cfg(test)]
mod tools;
#[cfg(test)]
mod vertex;
