//! `SqlxStore`: the store over connections of its own.

use std::sync::Arc;

use actix_totp_sql::{OpenError, Pools};

use crate::{Backend, SqlxStoreBuilder};

/// Devices in the table `totp_devices` of a database. Cheap to clone; clones share the connections.
///
/// It opens connections of its own, on a thread of its own, and never uses one of the application's pool: so it hangs in no
/// runtime, also where the application's one thread waits for it. What opens and migrates it blocks for as long as the
/// database takes, at most some seconds, and belongs to the start of an application.
///
/// # Example
///
/// ```
/// # #[cfg(feature = "sqlite")] {
/// use actix_totp_core::{DeviceStore, UserId};
/// use actix_totp_sqlx::{SqlxStore, sqlx::Sqlite};
///
/// let store = SqlxStore::<Sqlite>::open("sqlite::memory:")?;
/// let alice = UserId::new("alice")?;
/// assert!(store.load(&alice).is_err()); // there is no table yet
///
/// store.migrate()?;
/// assert!(store.load(&alice)?.is_none());
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SqlxStore<B: Backend>(Arc<Pools<B::Driver>>);

impl<B: Backend> SqlxStore<B> {
    /// Connects to the database of a pool that the application already has: with its options (host, user, TLS, parameters),
    /// and as many connections as it has at most.
    ///
    /// The pool itself is left alone, and so is what it does beside its options (`after_connect`, `before_acquire`). The
    /// connections have the limits of [`open`](Self::open), and `synchronous=FULL` on SQLite, whose journal mode is the
    /// application's: say `journal_mode(SqliteJournalMode::Wal)` in its options.
    /// [`builder_from_pool`](Self::builder_from_pool) sets other limits.
    ///
    /// # Errors
    ///
    /// [`OpenError`] if no connection can be had within 5 seconds, or for a SQLite database in memory: only the
    /// connections of its pool see it.
    pub fn from_pool(pool: &sqlx::Pool<B>) -> Result<Self, OpenError> {
        Self::builder_from_pool(pool).open()
    }
}

actix_totp_sql::store!(SqlxStore, SqlxStoreBuilder, Backend, B::Driver);
