//! The quickstart's own binary, in a process of its own.

mod killed;
mod start;
#[path = "../support/mod.rs"]
mod support;
