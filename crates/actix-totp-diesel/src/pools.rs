//! The pools of a store, and how a swap is written with them.

use std::time::{Duration, Instant};

use actix_totp_core::{Device, StoreError, Swap, UserId, Version};

use crate::{
    backend::{Backend, ConnectionPool, Opened},
    checkout,
    columns::Row,
    error::{MigrateError, OpenError},
    limits::Limits,
    queue::Queue,
};

pub(crate) struct Pools<C: Backend> {
    /// Reads, and writes too where there is no queue.
    connections: ConnectionPool<C>,
    /// The writer's own, where there is one.
    for_migrations: ConnectionPool<C>,
    /// The swaps that wait together share a commit.
    queue: Option<Queue>,
    /// How long after its arrival a query is still begun.
    query_timeout: Duration,
}

impl<C: Backend> Pools<C> {
    /// Every connection reads and writes.
    pub(crate) fn without_writer(connections: ConnectionPool<C>) -> Self {
        Self {
            for_migrations: connections.clone(),
            connections,
            queue: None,
            query_timeout: Limits::default().batch(),
        }
    }

    pub(crate) fn open(url: &str, limits: Limits) -> Result<Self, OpenError> {
        let Opened { pool, writer } = C::open(url, limits)?;
        let writers_own = writer.as_ref().map(|writer| writer.pool.clone());
        let start = |writer| Queue::start(writer, limits.batch());
        Ok(Self {
            for_migrations: writers_own.unwrap_or_else(|| pool.clone()),
            connections: pool,
            queue: writer.map(start).transpose()?,
            query_timeout: limits.batch(),
        })
    }

    pub(crate) fn load(&self, user: &UserId) -> Result<Option<Device>, StoreError> {
        let row = checkout::read(&self.connections, self.until(), |connection| {
            connection.find(user)
        })?;
        row.map(Row::into_device).transpose()
    }

    pub(crate) fn page(
        &self,
        after: Option<&UserId>,
        limit: usize,
    ) -> Result<Vec<Device>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let page = |connection: &mut C| connection.page(after, limit);
        let rows = checkout::read(&self.connections, self.until(), page)?;
        rows.into_iter().map(Row::into_device).collect()
    }

    pub(crate) fn swap(
        &self,
        user: &UserId,
        expected: Option<Version>,
        next: Option<&Device>,
    ) -> Result<bool, StoreError> {
        let Some(queue) = self.queue() else {
            return checkout::write(&self.connections, self.until(), user, expected, next);
        };
        let mut answers = queue.swap(vec![Swap {
            user: user.clone(),
            expected,
            next: next.cloned(),
        }])?;
        let unanswered = || Err(StoreError::unavailable("the swap was not answered"));
        answers.pop().unwrap_or_else(unanswered)
    }

    pub(crate) fn migrate(
        &self,
        run: impl FnOnce(&mut C) -> Result<(), MigrateError>,
    ) -> Result<(), MigrateError> {
        let connection = self.for_migrations.get();
        run(&mut *connection.map_err(|error| MigrateError(error.into()))?)
    }

    /// Whether many users are loaded and swapped at about the price of one.
    pub(crate) fn has_batches(&self) -> bool {
        self.queue.is_some() || C::WRITE_ALL.is_some()
    }

    /// What arrives now is not begun any more then.
    pub(crate) fn until(&self) -> Instant {
        Instant::now() + self.query_timeout
    }

    pub(crate) const fn connections(&self) -> &ConnectionPool<C> {
        &self.connections
    }

    pub(crate) const fn queue(&self) -> Option<&Queue> {
        self.queue.as_ref()
    }
}
