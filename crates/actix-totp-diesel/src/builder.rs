//! The settings of a store that opens its own connections, refused where they are bad.

use std::{fmt, marker::PhantomData, time::Duration};

use crate::{backend::Backend, error::OpenError, limits::Limits, pools::Pools, store::DieselStore};

impl<C: Backend> DieselStore<C> {
    /// Connects to the database at `url` with a pool of its own, and the settings that the promises need:
    ///
    /// - SQLite (a path): WAL, `synchronous=FULL`, `busy_timeout` 2 s, and one connection that writes beside ten that read,
    ///   and one that makes checkpoints; the swaps that wait together share a commit;
    /// - PostgreSQL (`postgres://user@host/database`): ten connections, `lock_timeout` and `statement_timeout` 2 s;
    /// - MySQL and MariaDB (`mysql://user@host/database`): ten connections, locks and statements wait 2 s.
    ///
    /// A request waits at most 1 s for a connection. [`builder`](Self::builder) sets other numbers.
    ///
    /// # Errors
    ///
    /// [`OpenError`] if no connection can be had within 5 seconds.
    pub fn open(url: &str) -> Result<Self, OpenError> {
        Self::builder(url).open()
    }

    /// As [`open`](Self::open), with settings.
    pub fn builder(url: &str) -> DieselStoreBuilder<C> {
        DieselStoreBuilder {
            url: url.to_owned(),
            limits: Limits::default(),
            connection: PhantomData,
        }
    }
}

/// The settings of a [`DieselStore`] that opens its own connections. Every bad one is refused in [`open`](Self::open).
///
/// # Example
///
/// ```
/// # #[cfg(feature = "sqlite")] {
/// use std::time::Duration;
/// use actix_totp_diesel::{DieselStore, diesel::SqliteConnection};
///
/// let store = DieselStore::<SqliteConnection>::builder(":memory:")
///     .lock_timeout(Duration::from_secs(1))
///     .open()?;
///
/// let refused = DieselStore::<SqliteConnection>::builder(":memory:").connections(0).open();
/// assert!(refused.is_err());
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "nothing is opened before open()"]
pub struct DieselStoreBuilder<C: Backend> {
    url: String,
    limits: Limits,
    connection: PhantomData<fn() -> C>,
}

impl<C: Backend> DieselStoreBuilder<C> {
    /// How many connections the pool makes at most, 1 to 1,000: as many as the plugin has threads. On SQLite those that
    /// read; one more writes, and one makes checkpoints.
    ///
    /// Default: 10.
    pub fn connections(mut self, connections: u32) -> Self {
        self.limits.connections = connections;
        self
    }

    /// How long a request waits for a connection, 10 milliseconds to 1 minute.
    ///
    /// Default: 1 second.
    pub fn checkout_timeout(mut self, time: Duration) -> Self {
        self.limits.checkout = time;
        self
    }

    /// How long a statement waits for a lock, 1 to 60 seconds, whole: `lock_timeout` of PostgreSQL,
    /// `innodb_lock_wait_timeout` of MySQL and MariaDB, `busy_timeout` of SQLite.
    ///
    /// Default: 2 seconds.
    pub fn lock_timeout(mut self, time: Duration) -> Self {
        self.limits.lock = time;
        self
    }

    /// How long a statement may run, 1 to 60 seconds, whole: `statement_timeout` of PostgreSQL, `max_statement_time` of
    /// MariaDB, `max_execution_time` of MySQL, which minds only reads. SQLite has none.
    ///
    /// Default: 2 seconds.
    pub fn statement_timeout(mut self, time: Duration) -> Self {
        self.limits.statement = time;
        self
    }

    /// The store. Its first connection is made now.
    ///
    /// # Errors
    ///
    /// [`OpenError`] if a setting is out of its range, or no connection can be had within 5 seconds.
    pub fn open(self) -> Result<DieselStore<C>, OpenError> {
        self.limits.check()?;
        Pools::open(&self.url, self.limits).map(DieselStore::new)
    }
}

/// Without the URL: it holds a password.
impl<C: Backend> fmt::Debug for DieselStoreBuilder<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DieselStoreBuilder")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
