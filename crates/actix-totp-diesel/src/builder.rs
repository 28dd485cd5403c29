//! The settings of a store that opens its own connections, refused where they are bad.

use std::marker::PhantomData;

use actix_totp_sql::{Limits, OpenError, Pools};

use crate::{backend::Backend, store::DieselStore};

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
    pub(crate) limits: Limits,
    connection: PhantomData<fn() -> C>,
}

impl<C: Backend> DieselStoreBuilder<C> {
    /// The store. Its first connection is made now.
    ///
    /// # Errors
    ///
    /// [`OpenError`] if a setting is out of its range, or no connection can be had within 5 seconds.
    pub fn open(self) -> Result<DieselStore<C>, OpenError> {
        self.limits.check()?;
        let opened = C::open(&self.url, self.limits)?;
        Pools::new(opened, self.limits).map(DieselStore::new)
    }
}
