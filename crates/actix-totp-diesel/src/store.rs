//! `DieselStore`: the store over a pool of connections.

use std::{fmt, time::Duration};

use actix_totp_core::{Device, DeviceStore, StoreError, UserId, Version};
use diesel::r2d2::{
    ConnectionManager, CustomizeConnection, NopErrorHandler, Pool, PooledConnection,
};

use crate::{
    backend::Backend,
    error::{MigrateError, OpenError},
    row::{Row, Values},
};

/// How long a request waits for a free connection.
const CHECKOUT: Duration = Duration::from_secs(1);

/// Where connections for reading and for writing come from; often the same place.
pub struct Pools<C: diesel::r2d2::R2D2Connection + 'static> {
    readers: Pool<ConnectionManager<C>>,
    writers: Pool<ConnectionManager<C>>,
}

impl<C: diesel::r2d2::R2D2Connection + 'static> Clone for Pools<C> {
    fn clone(&self) -> Self {
        Self {
            readers: self.readers.clone(),
            writers: self.writers.clone(),
        }
    }
}

impl<C: diesel::r2d2::R2D2Connection + 'static> Pools<C> {
    pub(crate) fn one(pool: Pool<ConnectionManager<C>>) -> Self {
        Self {
            readers: pool.clone(),
            writers: pool,
        }
    }

    #[cfg(feature = "sqlite")]
    pub(crate) fn two(
        readers: Pool<ConnectionManager<C>>,
        writers: Pool<ConnectionManager<C>>,
    ) -> Self {
        Self { readers, writers }
    }
}

/// A pool of at most `size` connections; the first is made at once, so that a wrong URL is noticed here.
pub(crate) fn pool<C: diesel::r2d2::R2D2Connection + 'static>(
    url: &str,
    size: u32,
    settings: impl CustomizeConnection<C, diesel::r2d2::Error>,
) -> Result<Pool<ConnectionManager<C>>, OpenError> {
    Pool::builder()
        .max_size(size)
        .min_idle(Some(1))
        .connection_timeout(CHECKOUT)
        .error_handler(Box::new(NopErrorHandler)) // the default logs texts that may quote the URL
        .connection_customizer(Box::new(settings))
        .build(ConnectionManager::new(url))
        .map_err(|error| OpenError::new(url, &error))
}

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
pub struct DieselStore<C: Backend>(Pools<C>);

impl<C: Backend> DieselStore<C> {
    /// Connects to the database at `url` with a pool of its own, and the settings that the promises need:
    ///
    /// - SQLite (a path): WAL, `synchronous=FULL`, `busy_timeout` 2 s, and one connection that writes beside ten that read;
    /// - PostgreSQL (`postgres://user@host/database`): ten connections, `lock_timeout` and `statement_timeout` 2 s;
    /// - MySQL and MariaDB (`mysql://user@host/database`): ten connections, locks and statements wait 2 s.
    ///
    /// A request waits at most 1 s for a connection.
    ///
    /// # Errors
    ///
    /// [`OpenError`] if no connection can be had within a second.
    pub fn open(url: &str) -> Result<Self, OpenError> {
        C::open(url).map(Self)
    }

    /// Takes the pool that the application already has, and changes nothing about it or its connections.
    ///
    /// Durability and timeouts are then the application's: for SQLite set `journal_mode=WAL`, `synchronous=FULL` and a
    /// `busy_timeout`; elsewhere timeouts of locks and statements. Connections must commit by themselves (autocommit).
    pub fn from_pool(pool: Pool<ConnectionManager<C>>) -> Self {
        Self(Pools::one(pool))
    }

    /// Makes the table, or brings it up to date. Any number of processes may do so at once. It uses diesel's version table,
    /// shared with the application's own migrations, which it leaves alone.
    ///
    /// # Errors
    ///
    /// [`MigrateError`], with the cause as its source.
    pub fn migrate(&self) -> Result<(), MigrateError> {
        self.migrating(C::migrate)
    }

    /// Drops the table with every device in it, and forgets our migrations; those of the application stay.
    ///
    /// # Errors
    ///
    /// [`MigrateError`], with the cause as its source.
    pub fn revert_migrations(&self) -> Result<(), MigrateError> {
        self.migrating(C::revert)
    }

    fn migrating(
        &self,
        run: impl FnOnce(&mut C) -> Result<(), MigrateError>,
    ) -> Result<(), MigrateError> {
        let mut connection = self
            .0
            .writers
            .get()
            .map_err(|error| MigrateError(error.into()))?;
        run(&mut connection)
    }
}

fn check_out<C: Backend>(
    pool: &Pool<ConnectionManager<C>>,
) -> Result<PooledConnection<ConnectionManager<C>>, StoreError> {
    pool.get().map_err(StoreError::unavailable)
}

impl<C: Backend> DeviceStore for DieselStore<C> {
    fn load(&self, user: &UserId) -> Result<Option<Device>, StoreError> {
        let found = check_out(&self.0.readers)?.find(user);
        let row = found.map_err(StoreError::unavailable)?;
        row.map(Row::into_device).transpose()
    }

    fn swap(
        &self,
        user: &UserId,
        expected: Option<Version>,
        next: Option<&Device>,
    ) -> Result<bool, StoreError> {
        let values = next.map(Values::of).transpose()?;
        let mut connection = check_out(&self.0.writers)?;
        let written = match (expected.map(Version::to_i64), values) {
            (None, None) => {
                return connection
                    .find(user)
                    .map(|row| row.is_none())
                    .map_err(StoreError::unavailable);
            }
            (None, Some(values)) => connection.insert(&values),
            (Some(expected), None) => connection.delete(user, expected),
            (Some(expected), Some(values)) => connection.update(expected, &values),
        };
        match written {
            Ok(rows) => Ok(rows == 1),
            Err(error) if C::is_lost_swap(&error) => Ok(false),
            Err(error) => Err(StoreError::unavailable(error)),
        }
    }

    fn page(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<Device>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = check_out(&self.0.readers)?.page(after, limit);
        let rows = rows.map_err(StoreError::unavailable)?;
        rows.into_iter().map(Row::into_device).collect()
    }
}

impl<C: Backend> Clone for DieselStore<C> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<C: Backend> fmt::Debug for DieselStore<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DieselStore")
            .field("readers", &self.0.readers.state())
            .finish_non_exhaustive()
    }
}
