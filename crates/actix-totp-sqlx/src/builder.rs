//! The settings of a store, refused where they are bad.

use actix_totp_sql::{Limits, OpenError, Pools};
use sqlx::Pool;

use crate::{
    Backend, SqlxStore,
    runtime::Runtime,
    session::{Manager, Options},
};

impl<B: Backend> SqlxStore<B> {
    /// Connects to the database at `url`, with the settings that the promises need:
    ///
    /// - SQLite (`sqlite:app.db`, `sqlite::memory:`): WAL, `synchronous=FULL`, `busy_timeout` 2 s, and one connection that
    ///   writes beside ten that read; the swaps that wait together share a commit. A file that is not there is made, unless
    ///   the URL says a `mode`;
    /// - PostgreSQL (`postgres://user@host/database`): ten connections, `lock_timeout` and `statement_timeout` 2 s;
    /// - MySQL and MariaDB (`mysql://user@host/database`): ten connections, locks and statements wait 2 s.
    ///
    /// A request waits at most 1 s for a connection, and at most the sum of both timeouts for an answer: then the server is
    /// gone. [`builder`](Self::builder) sets other numbers.
    ///
    /// # Errors
    ///
    /// [`OpenError`] if no connection can be had within 5 seconds.
    pub fn open(url: &str) -> Result<Self, OpenError> {
        Self::builder(url).open()
    }

    /// As [`open`](Self::open), with settings.
    pub fn builder(url: &str) -> SqlxStoreBuilder<B> {
        SqlxStoreBuilder {
            source: Source::Url(url.to_owned()),
            limits: Limits::default(),
        }
    }

    /// As [`from_pool`](Self::from_pool), with settings.
    pub fn builder_from_pool(pool: &Pool<B>) -> SqlxStoreBuilder<B> {
        SqlxStoreBuilder {
            source: Source::Pool(Box::new((*pool.connect_options()).clone())),
            limits: Limits {
                connections: pool.options().get_max_connections(),
                ..Limits::default()
            },
        }
    }
}

/// The settings of a [`SqlxStore`]. Every bad one is refused in [`open`](Self::open).
///
/// # Example
///
/// ```
/// # #[cfg(feature = "sqlite")] {
/// use std::time::Duration;
/// use actix_totp_sqlx::{SqlxStore, sqlx::Sqlite};
///
/// let store = SqlxStore::<Sqlite>::builder("sqlite::memory:")
///     .lock_timeout(Duration::from_secs(1))
///     .open()?;
///
/// let refused = SqlxStore::<Sqlite>::builder("sqlite::memory:").connections(0).open();
/// assert!(refused.is_err());
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "nothing is opened before open()"]
pub struct SqlxStoreBuilder<B: Backend> {
    source: Source<B>,
    pub(crate) limits: Limits,
}

enum Source<B: Backend> {
    Url(String),
    Pool(Box<Options<B>>),
}

impl<B: Backend> SqlxStoreBuilder<B> {
    /// The store. Its first connection is made now.
    ///
    /// # Errors
    ///
    /// [`OpenError`] if a setting is out of its range, no connection can be had within 5 seconds, or the pool is of a SQLite
    /// database in memory.
    pub fn open(self) -> Result<SqlxStore<B>, OpenError> {
        self.limits.check()?;
        let is_of_pool = matches!(self.source, Source::Pool(_));
        let (options, url) = match self.source {
            Source::Url(url) => {
                let options = B::parse(&url).map_err(|error| OpenError::new(&url, &error))?;
                (options, url)
            }
            Source::Pool(options) => (*options, String::new()),
        };
        let manager = Manager {
            options,
            limits: self.limits,
            runtime: Runtime::start().map_err(|error| OpenError::new("", &error))?,
        };
        let opened = B::open(manager, &url)?;
        if is_of_pool && B::is_in_memory(&opened) {
            return Err(OpenError::setting(
                "a database in memory is seen by the connections of its pool alone",
            ));
        }
        Pools::new(opened, self.limits).map(SqlxStore::new)
    }
}
