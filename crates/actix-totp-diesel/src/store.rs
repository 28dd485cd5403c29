//! `DieselStore`: the store over a pool of connections.

use std::{fmt, sync::Arc};

use actix_totp_core::{BatchStore, Device, DeviceStore, StoreError, UserId, Version};
use diesel::r2d2::{ConnectionManager, Pool};

use crate::{backend::Backend, error::MigrateError, pools::Pools};

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
pub struct DieselStore<C: Backend>(Arc<Pools<C>>);

impl<C: Backend> DieselStore<C> {
    pub(crate) fn new(pools: Pools<C>) -> Self {
        Self(Arc::new(pools))
    }

    /// Takes the pool that the application already has, and changes nothing about it or its connections.
    ///
    /// Durability and timeouts are then the application's: for SQLite set `journal_mode=WAL`, `synchronous=FULL` and a
    /// `busy_timeout`; elsewhere timeouts of locks and statements. Connections must commit by themselves (autocommit).
    /// The pool need not test connections when it hands them out (`test_on_check_out(false)`): a connection that died is
    /// noticed by the query that fails on it, which is then run on another.
    pub fn from_pool(pool: Pool<ConnectionManager<C>>) -> Self {
        Self::new(Pools::without_writer(pool))
    }

    /// Makes the table, or brings it up to date. Any number of processes may do so at once. It uses diesel's version table,
    /// shared with the application's own migrations, which it leaves alone.
    ///
    /// # Errors
    ///
    /// [`MigrateError`], with the cause as its source.
    pub fn migrate(&self) -> Result<(), MigrateError> {
        self.0.migrate(C::migrate)
    }

    /// Drops the table with every device in it, and forgets our migrations; those of the application stay.
    ///
    /// # Errors
    ///
    /// [`MigrateError`], with the cause as its source.
    pub fn revert_migrations(&self) -> Result<(), MigrateError> {
        self.0.migrate(C::revert)
    }
}

impl<C: Backend> DeviceStore for DieselStore<C> {
    fn load(&self, user: &UserId) -> Result<Option<Device>, StoreError> {
        self.0.load(user)
    }

    fn swap(
        &self,
        user: &UserId,
        expected: Option<Version>,
        next: Option<&Device>,
    ) -> Result<bool, StoreError> {
        self.0.swap(user, expected, next)
    }

    fn page(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<Device>, StoreError> {
        self.0.page(after, limit)
    }

    fn batch(&self) -> Option<&dyn BatchStore> {
        self.0.has_batches().then_some(&*self.0 as _)
    }
}

impl<C: Backend> Clone for DieselStore<C> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<C: Backend> fmt::Debug for DieselStore<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DieselStore")
            .field("connections", &self.0.connections().state())
            .finish_non_exhaustive()
    }
}
