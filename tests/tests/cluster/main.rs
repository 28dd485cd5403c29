//! Many instances, real databases, real faults. See `harness`.
//!
//! The long form of these runs: `TOTP_TEST_LONG=1`, as CONTRIBUTING.md says.

mod harness;
mod planted;
#[cfg(all(feature = "postgres", feature = "mysql", feature = "redis"))]
mod races;
#[path = "../support/mod.rs"]
mod support;
