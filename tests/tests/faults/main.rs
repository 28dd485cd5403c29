//! Stores that fail: every route answers 503, and nothing is half done.

mod every_call;
mod sqlite;
#[path = "../support/mod.rs"]
mod support;
