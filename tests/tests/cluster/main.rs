//! Many instances, real databases, real faults. See `harness`.
//!
//! The long form of these runs: `TOTP_TEST_LONG=1`, as CONTRIBUTING.md says.

mod clients;
#[cfg(all(feature = "postgres", feature = "mysql", feature = "redis"))]
mod clocks;
#[cfg(all(feature = "postgres", feature = "mysql", feature = "redis"))]
mod hangs;
mod harness;
#[cfg(all(feature = "postgres", feature = "mysql", feature = "redis"))]
mod kills;
mod planted_faults;
#[cfg(all(feature = "postgres", feature = "mysql", feature = "redis"))]
mod races;
#[cfg(all(feature = "postgres", feature = "mysql", feature = "redis"))]
mod rotation;
#[cfg(all(feature = "postgres", feature = "mysql", feature = "redis"))]
mod soak;
mod sqlite;
#[path = "../support/mod.rs"]
mod support;
