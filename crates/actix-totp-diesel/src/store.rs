//! `DieselStore`: the store over a pool of connections.

use std::{fmt, sync::Arc};

use actix_totp_core::{BatchStore, Device, DeviceStore, StoreError, Swap, UserId, Version};
use diesel::{
    QueryResult,
    r2d2::{ConnectionManager, Pool, R2D2Connection},
};

use crate::{
    backend::Backend,
    builder::DieselStoreBuilder,
    checkout,
    error::{MigrateError, OpenError},
    queue::Queue,
    row::{Row, Values},
};

#[cfg(feature = "sqlite")]
use {crate::queue::Transact, std::time::Duration};

/// Where connections come from, and how swaps are written.
pub struct Pools<C: R2D2Connection + 'static> {
    /// Reads, and writes too where there is no queue.
    connections: Pool<ConnectionManager<C>>,
    /// One writer with a connection of its own.
    writer: Option<Writer<C>>,
}

struct Writer<C: R2D2Connection + 'static> {
    /// For migrations; the queue uses it too.
    connection: Pool<ConnectionManager<C>>,
    queue: Queue,
}

impl<C: Backend> Pools<C> {
    /// Every connection reads and writes.
    pub(crate) fn one(connections: Pool<ConnectionManager<C>>) -> Self {
        Self {
            connections,
            writer: None,
        }
    }

    /// One connection writes, the others read; the swaps that wait together share a commit.
    #[cfg(feature = "sqlite")]
    pub(crate) fn with_writer(
        connections: Pool<ConnectionManager<C>>,
        connection: Pool<ConnectionManager<C>>,
        transact: Transact<C>,
        patience: Duration,
    ) -> Result<Self, OpenError> {
        let queue = Queue::start(connection.clone(), transact, patience)?;
        Ok(Self {
            connections,
            writer: Some(Writer { connection, queue }),
        })
    }

    pub(crate) fn load(&self, user: &UserId) -> Result<Option<Device>, StoreError> {
        let row = checkout::read(&self.connections, |connection| connection.find(user))?;
        row.map(Row::into_device).transpose()
    }

    pub(crate) fn swap(
        &self,
        user: &UserId,
        expected: Option<Version>,
        next: Option<&Device>,
    ) -> Result<bool, StoreError> {
        let Some(queue) = self.queue() else {
            return checkout::write(&self.connections, user, expected, next);
        };
        let mut answers = queue.swap(vec![Swap {
            user: user.clone(),
            expected,
            next: next.cloned(),
        }])?;
        let unanswered = || Err(StoreError::unavailable("the swap was not answered"));
        answers.pop().unwrap_or_else(unanswered)
    }

    /// Whether many users are loaded and swapped at about the price of one.
    fn gain_by_more(&self) -> bool {
        self.writer.is_some() || C::UPDATES_MANY
    }

    pub(crate) const fn connections(&self) -> &Pool<ConnectionManager<C>> {
        &self.connections
    }

    pub(crate) fn queue(&self) -> Option<&Queue> {
        self.writer.as_ref().map(|writer| &writer.queue)
    }

    /// The writer's, where there is one.
    pub(crate) fn for_migrations(&self) -> &Pool<ConnectionManager<C>> {
        let writer = self.writer.as_ref();
        writer.map_or(&self.connections, |writer| &writer.connection)
    }
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
pub struct DieselStore<C: Backend>(Arc<Pools<C>>);

impl<C: Backend> DieselStore<C> {
    /// Connects to the database at `url` with a pool of its own, and the settings that the promises need:
    ///
    /// - SQLite (a path): WAL, `synchronous=FULL`, `busy_timeout` 2 s, and one connection that
    ///   writes beside ten that read; the swaps that wait together share a commit;
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
        DieselStoreBuilder::new(url)
    }

    pub(crate) const fn new(pools: Arc<Pools<C>>) -> Self {
        Self(pools)
    }

    /// Takes the pool that the application already has, and changes nothing about it or its connections.
    ///
    /// Durability and timeouts are then the application's: for SQLite set `journal_mode=WAL`, `synchronous=FULL` and a
    /// `busy_timeout`; elsewhere timeouts of locks and statements. Connections must commit by themselves (autocommit).
    /// The pool need not test connections when it hands them out (`test_on_check_out(false)`): a connection that died is
    /// noticed by the query that fails on it, which is then run on another.
    pub fn from_pool(pool: Pool<ConnectionManager<C>>) -> Self {
        Self(Arc::new(Pools::one(pool)))
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
        let pool = self.0.for_migrations();
        let mut connection = pool.get().map_err(|error| MigrateError(error.into()))?;
        run(&mut connection)
    }
}

/// One conditional statement. A row that is there already is a lost swap, and so are the conflicts that the database
/// reports.
pub(crate) fn swap_on<C: Backend>(
    connection: &mut C,
    user: &UserId,
    expected: Option<Version>,
    next: Option<&Device>,
) -> QueryResult<bool> {
    let next = next.map(Values::of).transpose()?;
    let written = match (expected.map(Version::to_i64), next) {
        (None, None) => return connection.find(user).map(|row| row.is_none()),
        (None, Some(next)) => connection.insert(&next),
        (Some(expected), None) => connection.delete(user, expected),
        (Some(expected), Some(next)) => connection.update(expected, &next),
    };
    match written {
        Ok(rows) => Ok(rows == 1),
        Err(error) if C::is_conflict(&error) => Ok(false),
        Err(error) => Err(error),
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
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = checkout::read(&self.0.connections, |connection| {
            connection.page(after, limit)
        })?;
        rows.into_iter().map(Row::into_device).collect()
    }

    fn batch(&self) -> Option<&dyn BatchStore> {
        self.0.gain_by_more().then_some(&*self.0 as _)
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
            .field("connections", &self.0.connections.state())
            .finish_non_exhaustive()
    }
}
