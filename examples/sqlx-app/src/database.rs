//! The application's own pool, on PostgreSQL or SQLite as the URL says.

use std::str::FromStr;

use sqlx::{
    PgPool, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode},
};

#[derive(Clone)]
pub(crate) enum Database {
    Postgres(PgPool),
    Sqlite(SqlitePool),
}

/// Compiles an expression for the pool of each kind, and runs that of the kind that it is.
macro_rules! with_pool {
    ($database:expr, |$pool:ident| $expression:expr) => {
        match $database {
            $crate::database::Database::Postgres($pool) => $expression,
            $crate::database::Database::Sqlite($pool) => $expression,
        }
    };
}

impl Database {
    /// Connects to it and brings it up to date. A file that is not there is made.
    pub(crate) async fn open(url: &str) -> anyhow::Result<Self> {
        let database = if url.starts_with("postgres") {
            Self::Postgres(PgPool::connect(url).await?)
        } else {
            let options = SqliteConnectOptions::from_str(url)?
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal);
            Self::Sqlite(SqlitePool::connect_with(options).await?)
        };
        with_pool!(&database, |pool| sqlx::migrate!().run(pool).await?);
        Ok(database)
    }
}
