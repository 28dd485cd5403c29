//! The fault harness: real processes of the quickstart and of the servers it needs, driven over HTTP, a record of every
//! answer, and what must be true of the record.
//!
//! It waits for real processes, always with a limit. Its tests run one after the other ([`alone`]): each has two cores busy.

pub mod client;
pub mod cluster;
pub mod daemon;
pub mod galera;
mod invariants;
pub mod load;
pub mod race;
pub mod record;
pub mod servers;
pub mod service;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Held by the test that runs.
pub fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How often something is done: the short form of a run, or the long one if `TOTP_TEST_LONG` is set.
pub fn times(short: usize, long: usize) -> usize {
    match std::env::var_os("TOTP_TEST_LONG") {
        Some(_) => long,
        None => short,
    }
}
