//! How many connections a store opens, and how long each step may take.

use std::{ops::RangeInclusive, time::Duration};

use r2d2::{Builder, NopErrorHandler};

use crate::{
    driver::{ConnectionPool, Driver},
    error::OpenError,
};

const CONNECTIONS: RangeInclusive<u32> = 1..=1_000;
const CHECKOUT: RangeInclusive<Duration> = Duration::from_millis(10)..=Duration::from_secs(60);
/// How long the first connection is waited for, when an application starts.
const OPENING: Duration = Duration::from_secs(5);
const WAIT: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(60);

/// How many connections a store opens, and how long each step may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How many connections the pool makes at most.
    pub connections: u32,
    /// How long a request waits for a connection.
    pub checkout: Duration,
    /// How long a statement waits for a lock, whole seconds.
    pub lock: Duration,
    /// How long a statement may run, whole seconds.
    pub statement: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 10,
            checkout: Duration::from_secs(1),
            lock: Duration::from_secs(2),
            statement: Duration::from_secs(2),
        }
    }
}

impl Limits {
    /// Refuses what is out of its range.
    ///
    /// # Errors
    ///
    /// [`OpenError`], with the range.
    pub fn check(&self) -> Result<(), OpenError> {
        let is_wait = |time: Duration| WAIT.contains(&time) && time.subsec_nanos() == 0;
        if !CONNECTIONS.contains(&self.connections) {
            return Err(OpenError::setting("there are 1 to 1,000 connections"));
        }
        if !CHECKOUT.contains(&self.checkout) {
            return Err(OpenError::setting(
                "a connection is waited for 10 milliseconds to 1 minute",
            ));
        }
        if !(is_wait(self.lock) && is_wait(self.statement)) {
            return Err(OpenError::setting(
                "locks and statements take 1 to 60 seconds, in whole seconds",
            ));
        }
        Ok(())
    }

    /// How long after its arrival an operation of a batch is still begun: one wait for a lock is behind it, of the batch as a
    /// whole or of the commit before its own, and then there is time for another.
    pub(crate) fn batch(&self) -> Duration {
        2 * self.lock
    }

    /// How long an answer may take in a driver that waits for it itself: the server's own limits are reached before.
    pub fn answer(&self) -> Duration {
        self.lock + self.statement
    }

    /// A pool of connections; the first is made at once, so that a wrong URL is noticed here.
    ///
    /// The others are made when they are wanted, and none in advance: a thread that connects while the process ends makes
    /// OpenSSL, which libpq uses, crash.
    ///
    /// # Errors
    ///
    /// [`OpenError`] if there is no connection within 5 seconds; it does not quote `url`.
    pub fn pool<D: Driver>(
        &self,
        pool: Builder<D::Manager>,
        manager: D::Manager,
        url: &str,
        connections: u32,
    ) -> Result<ConnectionPool<D>, OpenError> {
        let pool = pool
            .max_size(connections)
            .min_idle(Some(0))
            .test_on_check_out(false) // a round trip each time; see `checkout`
            .connection_timeout(self.checkout)
            .error_handler(Box::new(NopErrorHandler)) // the default logs texts that may quote the URL
            .build_unchecked(manager);
        let first = pool.get_timeout(OPENING).map(drop);
        first.map_err(|error| OpenError::new(url, &error))?;
        Ok(pool)
    }
}
