//! How many connections a store opens, and how long each step may take.

use std::{ops::RangeInclusive, time::Duration};

use diesel::r2d2::{
    Builder, ConnectionManager, CustomizeConnection, NopErrorHandler, Pool, R2D2Connection,
};

use crate::error::OpenError;

const CONNECTIONS: RangeInclusive<u32> = 1..=1_000;
const CHECKOUT: RangeInclusive<Duration> = Duration::from_millis(10)..=Duration::from_secs(60);
/// How long the first connection is waited for, when an application starts.
const OPENING: Duration = Duration::from_secs(5);
const WAIT: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(60);

#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub(crate) connections: u32,
    pub(crate) checkout: Duration,
    pub(crate) lock: Duration,
    pub(crate) statement: Duration,
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
    pub(crate) fn check(&self) -> Result<(), OpenError> {
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

    /// A pool of connections; the first is made at once, so that a wrong URL is noticed here.
    ///
    /// The others are made when they are wanted, and none in advance: a thread that connects while the process ends makes
    /// OpenSSL, which libpq uses, crash.
    pub(crate) fn pool<C: R2D2Connection + 'static>(
        &self,
        pool: Builder<ConnectionManager<C>>,
        url: &str,
        connections: u32,
        settings: impl CustomizeConnection<C, diesel::r2d2::Error>,
    ) -> Result<Pool<ConnectionManager<C>>, OpenError> {
        let pool = pool
            .max_size(connections)
            .min_idle(Some(0))
            .test_on_check_out(false) // a round trip each time; see `checkout`
            .connection_timeout(self.checkout)
            .error_handler(Box::new(NopErrorHandler)) // the default logs texts that may quote the URL
            .connection_customizer(Box::new(settings))
            .build_unchecked(ConnectionManager::new(url));
        let first = pool.get_timeout(OPENING).map(drop);
        first.map_err(|error| OpenError::new(url, &error))?;
        Ok(pool)
    }
}
