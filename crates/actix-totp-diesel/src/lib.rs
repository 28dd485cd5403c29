//! Devices of [actix-totp] in SQLite, PostgreSQL or MySQL/MariaDB, with diesel.
//!
//! Applications get [`DieselStore`] through the features `sqlite`, `postgres` and `mysql` of the crate `actix-totp`.
//!
//! Every swap is one conditional statement that commits by itself; how that is made of statements is in the crate
//! `actix-totp-sql`. Here are the statements in diesel, written once for all databases; each has a file for what differs.
//!
//! [actix-totp]: https://docs.rs/actix-totp

// Without a database there is nothing to use the rest.
#![cfg_attr(
    not(any(feature = "sqlite", feature = "postgres", feature = "mysql")),
    allow(dead_code, unreachable_pub, unused_macros)
)]

mod backend;
mod builder;
mod prepared_update;
mod store;
#[cfg(feature = "postgres")]
mod write_all;

#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

pub use actix_totp_sql::{Dialect, Inspection, MigrateError, OpenError, Setting};
pub use backend::Backend;
pub use builder::DieselStoreBuilder;
pub use diesel;
pub use store::DieselStore;
