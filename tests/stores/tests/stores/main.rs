//! What must hold of every store for SQL: each driver on each database.

mod batches;
mod commits;
mod conflicts;
mod conformance;
mod dead_connections;
mod inspection;
mod migrations;
mod pools;
mod runtimes;
mod secrets;
mod support;
mod timeouts;
