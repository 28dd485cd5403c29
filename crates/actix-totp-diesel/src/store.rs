//! `DieselStore`: the store over a pool of connections.

use std::sync::Arc;

use actix_totp_sql::Pools;

use crate::{
    DieselStoreBuilder,
    backend::{Backend, ConnectionPool},
};

/// Devices in the table `totp_devices` of a database. Cheap to clone; clones share the pool.
///
/// # Example
///
/// ```
/// # #[cfg(feature = "sqlite")] {
/// use actix_totp_core::{DeviceStore, UserId};
/// use actix_totp_diesel::{DieselStore, diesel::SqliteConnection};
///
/// let store = DieselStore::<SqliteConnection>::open(":memory:")?;
/// let alice = UserId::new("alice")?;
/// assert!(store.load(&alice).is_err()); // there is no table yet
///
/// store.migrate()?;
/// assert!(store.load(&alice)?.is_none());
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct DieselStore<C: Backend>(Arc<Pools<C::Driver>>);

impl<C: Backend> DieselStore<C> {
    /// Takes the pool that the application already has, and changes nothing about it or its connections.
    ///
    /// Durability and timeouts are then the application's: for SQLite set `journal_mode=WAL`, `synchronous=FULL` and a
    /// `busy_timeout`; elsewhere timeouts of locks and statements. Connections must commit by themselves (autocommit).
    /// The pool need not test connections when it hands them out (`test_on_check_out(false)`): a connection that died is
    /// noticed by the query that fails on it, which is then run on another.
    pub fn from_pool(pool: ConnectionPool<C>) -> Self {
        Self::new(Pools::without_writer(pool))
    }
}

actix_totp_sql::store!(DieselStore, DieselStoreBuilder, Backend, B::Driver);
