//! The pools of a store, and how a swap is written with them.

use std::time::{Duration, Instant};

use actix_totp_core::{Device, StoreError, Swap, UserId, Version};
use diesel::r2d2::{ConnectionManager, Pool};

use crate::{
    backend::{self, Backend, Connections},
    checkout,
    columns::Row,
    error::{MigrateError, OpenError},
    limits::Limits,
    queue::Queue,
};

pub(crate) struct Pools<C: Backend> {
    /// Reads, and writes too where there is no queue.
    connections: Pool<ConnectionManager<C>>,
    writer: Option<Writer<C>>,
    /// How long after its arrival a query is still begun.
    query_timeout: Duration,
}

/// One connection that writes. The swaps that wait together share a commit.
struct Writer<C: Backend> {
    /// For migrations; the queue uses it too.
    connection: Pool<ConnectionManager<C>>,
    queue: Queue,
}

impl<C: Backend> Pools<C> {
    /// Every connection reads and writes.
    pub(crate) fn without_writer(connections: Pool<ConnectionManager<C>>) -> Self {
        Self {
            connections,
            writer: None,
            query_timeout: Limits::default().batch(),
        }
    }

    pub(crate) fn open(url: &str, limits: Limits) -> Result<Self, OpenError> {
        let Connections { pool, writer } = C::open(url, limits)?;
        let start = |writer: backend::Writer<C>| {
            let connection = writer.pool.clone();
            let queue = Queue::start(writer, limits.batch())?;
            Ok(Writer { connection, queue })
        };
        Ok(Self {
            connections: pool,
            writer: writer.map(start).transpose()?,
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
        let writer = self.writer.as_ref();
        let pool = writer.map_or(&self.connections, |writer| &writer.connection);
        let mut connection = pool.get().map_err(|error| MigrateError(error.into()))?;
        run(&mut connection)
    }

    /// Whether many users are loaded and swapped at about the price of one.
    pub(crate) fn has_batches(&self) -> bool {
        self.writer.is_some() || C::WRITE_ALL.is_some()
    }

    /// What arrives now is not begun any more then.
    pub(crate) fn until(&self) -> Instant {
        Instant::now() + self.query_timeout
    }

    pub(crate) const fn connections(&self) -> &Pool<ConnectionManager<C>> {
        &self.connections
    }

    pub(crate) fn queue(&self) -> Option<&Queue> {
        self.writer.as_ref().map(|writer| &writer.queue)
    }
}
