//! Devices of [actix-totp] in SQLite, PostgreSQL or MySQL/MariaDB, with diesel.
//!
//! Applications get [`DieselStore`] through the features `sqlite`, `postgres` and `mysql` of the crate `actix-totp`.
//!
//! Every swap is **one conditional statement that commits by itself**. In a transaction it would not be right: on Galera
//! an UPDATE inside one reports a row and then loses at COMMIT, and a read, check and write accepts one code many times
//! on PostgreSQL and MariaDB. Swaps that wait together share a commit: on SQLite, which has one writer at a time, a
//! transaction of one writer, and on PostgreSQL one statement for each kind; each is answered only after it. Otherwise the
//! queries are written once, in portable SQL (no RETURNING, no upsert); each database has a file for what differs.
//!
//! [actix-totp]: https://docs.rs/actix-totp

// Without a database there is nothing to use the rest.
#![cfg_attr(
    not(any(feature = "sqlite", feature = "postgres", feature = "mysql")),
    allow(dead_code, unused_macros)
)]

mod answers;
mod backend;
mod batch;
mod builder;
mod checkout;
mod columns;
mod error;
mod limits;
mod migrate;
mod pools;
mod prepared_update;
mod queue;
mod store;
mod swap;
#[cfg(feature = "postgres")]
mod write_all;

#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

pub use backend::Backend;
pub use builder::DieselStoreBuilder;
pub use diesel;
pub use error::{MigrateError, OpenError};
pub use store::DieselStore;
