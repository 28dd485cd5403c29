#![doc = include_str!("../README.md")]

mod row;
mod store;

pub use redis;
pub use store::RedisStore;
