//! The plugin behind nginx.

#[path = "../support/mod.rs"]
mod support;

mod cache;
mod prefix;
