//! Many instances, real databases, real faults. See `harness`.
//!
//! The long form of these runs: `TOTP_TEST_LONG=1`, as CONTRIBUTING.md says.

mod clients;
mod clocks;
mod hangs;
mod harness;
mod kills;
mod planted_faults;
mod races;
mod rotation;
mod soak;
mod sqlite;
#[path = "../support/mod.rs"]
mod support;
