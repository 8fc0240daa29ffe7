//! breaklab from the outside: the program, its files, and laws over the whole house.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on should stop where it stands"
)]

mod cache;
mod chaos;
mod cli;
mod document;
mod escaping;
mod gate;
mod generator;
mod glossary;
mod grade;
mod guides;
mod kill;
mod lambda;
mod layers;
mod load;
mod logs;
mod machine;
mod merge;
mod pages;
mod provider;
mod sample;
mod scenarios;
mod serve;
mod service;
mod sockets;
