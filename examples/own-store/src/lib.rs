#![doc = include_str!("../README.md")]

mod row;
mod store;

pub use redis;
pub use store::RedisStore;

// Outside the package, so read by its doc tests only.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/own-store.md")]
mod guide {}
