//! The store, over its pools: how a swap is written with them.

use std::time::{Duration, Instant};

use actix_totp_core::{BatchStore, Device, DeviceStore, StoreError, Swap, UserId, Version};

use crate::{
    checkout,
    columns::Row,
    driver::{ConnectionPool, Driver, Opened},
    error::{MigrateError, OpenError},
    inspect::{Inspection, inspect},
    limits::Limits,
    migrate::{Direction, migrate},
    queue::Queue,
};

/// Devices in the table `totp_devices`, over pools of connections of one driver.
pub struct Pools<D: Driver> {
    /// Reads, and writes too where there is no queue.
    connections: ConnectionPool<D>,
    /// The writer's own, where there is one.
    for_migrations: ConnectionPool<D>,
    /// The swaps that wait together share a commit.
    queue: Option<Queue>,
    /// How long after its arrival a query is still begun.
    query_timeout: Duration,
}

impl<D: Driver> Pools<D> {
    /// Every connection reads and writes.
    pub fn without_writer(connections: ConnectionPool<D>) -> Self {
        Self {
            for_migrations: connections.clone(),
            connections,
            queue: None,
            query_timeout: Limits::default().batch(),
        }
    }

    /// What was opened with these limits. Starts the writer, where there is one.
    ///
    /// # Errors
    ///
    /// [`OpenError`] if the writer cannot be started.
    pub fn new(opened: Opened<D>, limits: Limits) -> Result<Self, OpenError> {
        let Opened { pool, writer } = opened;
        let writers_own = writer.as_ref().map(|writer| writer.pool.clone());
        let start = |writer| Queue::start(writer, limits.batch());
        Ok(Self {
            for_migrations: writers_own.unwrap_or_else(|| pool.clone()),
            connections: pool,
            queue: writer.map(start).transpose()?,
            query_timeout: limits.batch(),
        })
    }

    /// Makes the table, or brings it up to date, with any number of processes at once.
    ///
    /// # Errors
    ///
    /// [`MigrateError`], with the cause as its source.
    pub fn migrate(&self) -> Result<(), MigrateError> {
        migrate::<D>(&mut *self.for_migrations()?, Direction::Up)
    }

    /// Reverts our migrations, the newest first, and nobody else's.
    ///
    /// # Errors
    ///
    /// [`MigrateError`], with the cause as its source.
    pub fn revert_migrations(&self) -> Result<(), MigrateError> {
        migrate::<D>(&mut *self.for_migrations()?, Direction::Down)
    }

    /// What the database says of itself. Writes nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if it does not answer.
    pub fn inspect(&self) -> Result<Inspection, StoreError> {
        let connection = self.for_migrations.get();
        let mut connection = connection.map_err(StoreError::unavailable)?;
        inspect::<D>(&mut *connection).map_err(StoreError::unavailable)
    }

    fn for_migrations(&self) -> Result<r2d2::PooledConnection<D::Manager>, MigrateError> {
        let connection = self.for_migrations.get();
        connection.map_err(|error| MigrateError(error.into()))
    }

    /// What arrives now is not begun any more then.
    pub(crate) fn until(&self) -> Instant {
        Instant::now() + self.query_timeout
    }

    /// Those that read, and write too where there is no writer.
    pub const fn connections(&self) -> &ConnectionPool<D> {
        &self.connections
    }

    pub(crate) const fn queue(&self) -> Option<&Queue> {
        self.queue.as_ref()
    }
}

impl<D: Driver> DeviceStore for Pools<D> {
    fn load(&self, user: &UserId) -> Result<Option<Device>, StoreError> {
        let row = checkout::read::<D, _>(
            &self.connections,
            self.until(),
            |connection: &mut D::Connection| D::find(connection, user),
        )?;
        row.map(Row::into_device).transpose()
    }

    fn page(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<Device>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let page = |connection: &mut D::Connection| D::page(connection, after, limit);
        let rows = checkout::read::<D, _>(&self.connections, self.until(), page)?;
        rows.into_iter().map(Row::into_device).collect()
    }

    fn swap(
        &self,
        user: &UserId,
        expected: Option<Version>,
        next: Option<&Device>,
    ) -> Result<bool, StoreError> {
        let Some(queue) = self.queue() else {
            return checkout::write::<D>(&self.connections, self.until(), user, expected, next);
        };
        let mut answers = queue.swap(vec![Swap {
            user: user.clone(),
            expected,
            next: next.cloned(),
        }])?;
        let unanswered = || Err(StoreError::unavailable("the swap was not answered"));
        answers.pop().unwrap_or_else(unanswered)
    }

    fn batch(&self) -> Option<&dyn BatchStore> {
        let has_batches = self.queue.is_some() || D::WRITE_ALL.is_some();
        has_batches.then_some(self as _)
    }
}
