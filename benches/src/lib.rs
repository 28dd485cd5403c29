//! What the benches share: users to sign in, databases that hold them, servers and load.

#[cfg(feature = "servers")]
pub mod load;
pub mod programs;
#[cfg(feature = "servers")]
pub mod report;
#[cfg(feature = "servers")]
pub mod schema;
#[cfg(feature = "servers")]
pub mod seed;
pub mod server;
pub mod users;

/// For how long each is measured, in seconds, and how often; the median counts.
pub const SECS: u64 = 3;
pub const ROUNDS: usize = 3;

/// Seconds since the Unix epoch.
pub fn now() -> u64 {
    use std::time::{SystemTime, UNIX_EPOCH};
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
