//! Many instances, real databases, real faults. See `harness`.
//!
//! The long form of these runs: `TOTP_TEST_LONG=1`, as CONTRIBUTING.md says.

#[cfg(all(feature = "postgres", feature = "mysql", feature = "redis"))]
mod hangs;
mod harness;
#[cfg(all(feature = "postgres", feature = "mysql", feature = "redis"))]
mod kills;
mod planted;
#[cfg(all(feature = "postgres", feature = "mysql", feature = "redis"))]
mod races;
mod sqlite;
#[path = "../support/mod.rs"]
mod support;
