//! Each command as an operator runs it, over real databases.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test panics on purpose"
)]

mod changes;
mod doctor;
mod help;
mod keys;
mod killed;
mod migrations;
mod mounted;
mod support;
mod sweeps;
mod users;
mod wiring;
