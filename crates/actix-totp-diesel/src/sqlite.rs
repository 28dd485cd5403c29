//! What is different about SQLite.

use std::time::Duration;

use actix_totp_core::UserId;
use actix_totp_sql::{
    Driver, Limits, OpenError, Opened, Row, WriterConnection, retry_while, with_columns,
};
use diesel::{
    SqliteConnection,
    connection::SimpleConnection,
    r2d2::{CustomizeConnection, Pool},
    result::{DatabaseErrorKind, Error},
};
use libsqlite3_sys as _; // compiles SQLite in

mod checkpoints;

use crate::backend::{self, Diesel, Open, queries};

with_columns!(
    queries! { SqliteConnection, Sqlite, user_id: Text, String, str, {
        /// In one transaction, which takes the locks of the file once.
        fn find_all(connection: &mut SqliteConnection, users: &[&UserId]) -> QueryResult<Vec<Option<Row>>> {
            connection.transaction(|connection| users.iter().map(|user| Self::find(connection, user)).collect())
        }

        fn is_conflict(error: &Error) -> bool {
            matches!(error, Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) || is_busy(error)
        }

        fn transaction(
            connection: &mut SqliteConnection,
            run: &mut dyn FnMut(&mut SqliteConnection) -> QueryResult<()>,
        ) -> QueryResult<()> {
            connection.immediate_transaction(run)
        }
    }}
);

impl Open for SqliteConnection {
    type Driver = Diesel<Self>;

    fn open(url: &str, limits: Limits) -> Result<Opened<Self::Driver>, OpenError> {
        // A database in memory ends with its connection, and nothing is gained by opening a file anew.
        let lasting = || Pool::builder().idle_timeout(None).max_lifetime(None);
        let settings = || Settings(limits.lock);
        let pool = |connections| {
            let pool = backend::pool(lasting(), url, limits, connections, settings());
            pool.map_err(|error| error.at_path(url))
        };
        // Each connection to a database in memory has one of its own.
        if url.is_empty() || url.contains(":memory:") || url.contains("mode=memory") {
            return pool(1).map(Opened::without_writer);
        }
        // Two writers starve each other on the busy handler (a p99 of over a second), so one connection writes. It is
        // opened first: it switches the file to WAL.
        let writer = pool(1)?;
        let after_commit = if checkpoints::are_safe(&writer)? {
            checkpoints::beside(pool(1)?)?
        } else {
            Box::new(|_| ()) // the writer makes them
        };
        Ok(Opened {
            pool: pool(limits.connections)?,
            writer: Some(WriterConnection {
                pool: writer,
                transaction: Self::Driver::transaction,
                after_commit,
            }),
        })
    }
}

/// SQLITE_BUSY and SQLITE_LOCKED, which diesel does not name.
fn is_busy(error: &Error) -> bool {
    matches!(
        error,
        Error::DatabaseError(DatabaseErrorKind::Unknown, info)
            if info.message() == "database is locked"
                || info.message().starts_with("database table is locked")
    )
}

/// How long a statement waits for a lock.
#[derive(Debug)]
struct Settings(Duration);

impl CustomizeConnection<SqliteConnection, diesel::r2d2::Error> for Settings {
    fn on_acquire(&self, connection: &mut SqliteConnection) -> Result<(), diesel::r2d2::Error> {
        // FULL: what was acknowledged survives a power cut, also in WAL mode. A cache of 512 KiB instead of 2 MiB: each
        // commit empties the caches of all readers, so that more only costs memory.
        let settings = format!(
            "PRAGMA busy_timeout = {}; PRAGMA synchronous = FULL; PRAGMA journal_mode = WAL; PRAGMA cache_size = -512; \
             PRAGMA wal_autocheckpoint = {}; PRAGMA journal_size_limit = {}",
            self.0.as_millis(),
            checkpoints::MOST_PAGES,
            4_096 * checkpoints::MOST_PAGES,
        );
        // Several processes that switch a new file to WAL at once get SQLITE_BUSY without a wait.
        let set = || connection.batch_execute(&settings);
        retry_while(set, is_busy).map_err(diesel::r2d2::Error::QueryError)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test panics on purpose")]
mod tests {
    use diesel::{
        sql_query,
        sql_types::{Integer, Text},
    };

    use super::*;

    #[derive(QueryableByName)]
    struct Pragmas {
        #[diesel(sql_type = Text)]
        journal_mode: String,
        #[diesel(sql_type = Integer)]
        synchronous: i32,
    }

    #[test]
    fn a_database_in_memory_is_not_closed_when_it_is_idle() {
        let opened = SqliteConnection::open(":memory:", Limits::default()).unwrap();
        assert_eq!(opened.pool.idle_timeout(), None);
        assert_eq!(opened.pool.max_lifetime(), None);
    }

    #[test]
    fn what_the_writer_acknowledges_survives_a_power_cut() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("test.db");
        let opened = SqliteConnection::open(path.to_str().unwrap(), Limits::default());
        let writer = &mut opened.unwrap().writer.unwrap().pool.get().unwrap();
        let sql = "SELECT journal_mode, synchronous FROM pragma_journal_mode, pragma_synchronous";
        let settings: Pragmas = sql_query(sql).get_result(writer).unwrap();
        assert_eq!(settings.journal_mode, "wal");
        assert_eq!(settings.synchronous, 2, "FULL");
    }
}
