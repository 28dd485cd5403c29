//! The settings of a store that opens its own connections, refused where they are bad.

use std::{fmt, marker::PhantomData, ops::RangeInclusive, sync::Arc, time::Duration};

use diesel::r2d2::{ConnectionManager, CustomizeConnection, NopErrorHandler, Pool, R2D2Connection};

use crate::{backend::Backend, error::OpenError, store::DieselStore};

const CONNECTIONS: RangeInclusive<u32> = 1..=1_000;
const CHECKOUT: RangeInclusive<Duration> = Duration::from_millis(10)..=Duration::from_secs(60);
/// How long the first connection is waited for, when an application starts.
const OPENING: Duration = Duration::from_secs(5);
const WAIT: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(60);

/// How many connections there are, and how long each step may take.
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
    fn check(&self) -> Result<(), OpenError> {
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

    /// A pool of connections; the first is made at once, so that a wrong URL is noticed here.
    pub(crate) fn pool<C: R2D2Connection + 'static>(
        &self,
        url: &str,
        connections: u32,
        settings: impl CustomizeConnection<C, diesel::r2d2::Error>,
    ) -> Result<Pool<ConnectionManager<C>>, OpenError> {
        let pool = Pool::builder()
            .max_size(connections)
            .min_idle(Some(1))
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
    pub(crate) fn new(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            limits: Limits::default(),
            connection: PhantomData,
        }
    }

    /// How many connections the pool makes at most, 1 to 1,000: as many as the plugin has threads. On SQLite those that
    /// read; one more writes.
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
        C::open(&self.url, self.limits).map(|pools| DieselStore::new(Arc::new(pools)))
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
