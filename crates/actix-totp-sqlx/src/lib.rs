//! Devices of [actix-totp] in SQLite, PostgreSQL or MySQL/MariaDB, with sqlx.
//!
//! Applications get [`SqlxStore`] through the features `sqlx-sqlite`, `sqlx-postgres` and `sqlx-mysql` of the crate
//! `actix-totp`.
//!
//! Every swap is one conditional statement that commits by itself; how that is made of statements is in the crate
//! `actix-totp-sql`. Here are the statements in sqlx.
//!
//! The store is synchronous, as its callers are, and its connections are its own. A socket is driven by the runtime that it
//! was opened on; one that the application opened stands still while the application's thread waits for the store. So the
//! store has a small runtime on a thread of its own, and opens its connections there.
//!
//! [actix-totp]: https://docs.rs/actix-totp

// Without a database there is nothing to use the rest.
#![cfg_attr(
    not(any(feature = "sqlite", feature = "postgres", feature = "mysql")),
    allow(dead_code, unused_imports, unused_macros)
)]

mod backend;
mod builder;
mod runtime;
mod session;
mod store;

#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

pub use actix_totp_sql::{Dialect, Inspection, MigrateError, OpenError, Setting};
pub use backend::Backend;
pub use builder::SqlxStoreBuilder;
pub use sqlx;
pub use store::SqlxStore;
