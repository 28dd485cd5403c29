//! What the stores of [actix-totp] for SQL databases share, without a driver. `actix-totp-diesel` and `actix-totp-sqlx` bring
//! one each; nobody else needs this crate, and nothing in it is covered by SemVer.
//!
//! Every swap is **one conditional statement that commits by itself**. In a transaction it would not be right: on Galera
//! an UPDATE inside one reports a row and then loses at COMMIT, and a read, check and write accepts one code many times
//! on PostgreSQL and MariaDB. Swaps that wait together share a commit: on SQLite, which has one writer at a time, a
//! transaction of one writer, and on PostgreSQL one statement for each kind; each is answered only after it.
//!
//! A driver implements [`Driver`] for its connections, in a few portable queries (no RETURNING but for PostgreSQL, no
//! upsert), and hands its pools to [`Pools`].
//!
//! [actix-totp]: https://docs.rs/actix-totp

mod answers;
mod batch;
mod checkout;
mod columns;
mod driver;
mod error;
mod inspect;
mod limits;
mod migrate;
mod pools;
mod queue;
pub mod statements;
mod store;
mod swap;

pub use actix_totp_core;
pub use columns::{Columns, Row, Tuple};
pub use driver::{
    AfterCommit, ConnectionPool, Dialect, Driver, Opened, Transaction, UpdateAll, Write, WriteAll,
    WriteKind, WriterConnection,
};
pub use error::{MigrateError, OpenError};
pub use inspect::{Inspection, Setting};
pub use limits::Limits;
pub use migrate::retry_while;
pub use pools::Pools;
