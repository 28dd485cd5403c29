//! The application's own database: users and sessions, on any of the three kinds.

use std::time::{Duration, Instant};

use actix_web::{error::ErrorServiceUnavailable, web};
use diesel::{
    connection::SimpleConnection,
    prelude::*,
    r2d2::{ConnectionManager, CustomizeConnection, Pool},
};

diesel::table! {
    users (id) {
        id -> Text,
        username -> Text,
        email -> Text,
        password -> Text,
    }
}

diesel::table! {
    sessions (id) {
        id -> Text,
        state -> Text,
        expires_at -> BigInt,
    }
}

const SCHEMA: [&str; 2] = [
    "CREATE TABLE IF NOT EXISTS users (id VARCHAR(32) PRIMARY KEY, username VARCHAR(64) NOT NULL UNIQUE, \
     email VARCHAR(255) NOT NULL, password VARCHAR(255) NOT NULL)",
    "CREATE TABLE IF NOT EXISTS sessions (id VARCHAR(64) PRIMARY KEY, state TEXT NOT NULL, \
     expires_at BIGINT NOT NULL)",
];

/// A connection to whichever database the URL names.
#[derive(diesel::MultiConnection)]
pub(crate) enum AnyConnection {
    Sqlite(SqliteConnection),
    #[cfg(feature = "postgres")]
    Postgres(PgConnection),
    #[cfg(feature = "mysql")]
    Mysql(MysqlConnection),
}

/// How long a request waits for its query.
const PATIENCE: Duration = Duration::from_secs(3);
/// Of that, how long for a connection.
const CHECKOUT: Duration = Duration::from_secs(2);

/// A pool of connections. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Database(Pool<ConnectionManager<AnyConnection>>);

impl Database {
    /// Connects, and makes the tables where they are missing.
    pub(crate) fn open(url: &str) -> anyhow::Result<Self> {
        let pool = Pool::builder()
            .connection_timeout(CHECKOUT)
            .min_idle(Some(1))
            .connection_customizer(Box::new(Pragmas))
            .build(ConnectionManager::new(url))?;
        let mut connection = pool.get()?;
        for table in SCHEMA {
            // Instances that start together may collide here; the second try finds the table made.
            connection
                .batch_execute(table)
                .or_else(|_| connection.batch_execute(table))?;
        }
        Ok(Self(pool))
    }

    /// Runs a query on a blocking thread and waits for it, but not for a database that hangs: what was not begun by then is not
    /// done. Why it failed is logged, not told.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        query: impl FnOnce(&mut AnyConnection) -> QueryResult<T> + Send + 'static,
    ) -> actix_web::Result<T> {
        let pool = self.0.clone();
        let until = Instant::now() + PATIENCE;
        let result = web::block(move || {
            let left = until.saturating_duration_since(Instant::now());
            let mut connection = pool.get_timeout(left.min(CHECKOUT))?;
            anyhow::ensure!(Instant::now() < until, "too late");
            anyhow::Ok(query(&mut connection)?)
        });
        let result = match actix_web::rt::time::timeout(PATIENCE, result).await {
            Ok(result) => result?,
            Err(_) => Err(anyhow::anyhow!("no answer in {PATIENCE:?}")),
        };
        result.map_err(|error| {
            tracing::error!(%error, "database");
            ErrorServiceUnavailable("The database does not answer.")
        })
    }
}

#[derive(Debug)]
struct Pragmas;

impl CustomizeConnection<AnyConnection, diesel::r2d2::Error> for Pragmas {
    fn on_acquire(&self, connection: &mut AnyConnection) -> Result<(), diesel::r2d2::Error> {
        match connection {
            AnyConnection::Sqlite(sqlite) => sqlite
                .batch_execute("PRAGMA busy_timeout = 2000; PRAGMA journal_mode = WAL;")
                .map_err(diesel::r2d2::Error::QueryError),
            #[cfg(any(feature = "postgres", feature = "mysql"))]
            _ => Ok(()),
        }
    }
}
