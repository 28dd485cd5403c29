//! Checkpoints beside the writer.
//!
//! A checkpoint copies pages from the write-ahead log into the database. SQLite lets the commit do it that fills the log; with
//! millions of rows nearly each page is another one, and everybody waits for it. So a thread does it, while the writer goes on.
//!
//! Not with every SQLite: sqlx and rusqlite hold a program to older ones.

use std::{
    sync::mpsc::{SyncSender, sync_channel},
    thread,
};

use diesel::{
    RunQueryDsl, SqliteConnection, connection::SimpleConnection, dsl::sql, select, sql_types::Text,
};

use actix_totp_sql::{AfterCommit, OpenError};

use crate::backend::ConnectionPool;

/// After so many rows there is a checkpoint; each is on another page, if there are many.
const ROWS: usize = 1_000;
/// A log that is longer is shortened by the writer itself, as by SQLite's default at a quarter of it: while there is always a
/// writer the thread alone never comes to the end of the log. 16 MiB.
pub(super) const MOST_PAGES: u32 = 4_000;

/// Whether this SQLite is without the fault that damages the file where one connection makes a checkpoint while another
/// resets the log: <https://www.sqlite.org/wal.html#walresetbug>.
pub(super) fn are_safe(writer: &ConnectionPool<SqliteConnection>) -> Result<bool, OpenError> {
    let mut connection = writer.get().map_err(|error| OpenError::new("", &error))?;
    let version = select(sql::<Text>("sqlite_version()")).get_result::<String>(&mut connection);
    let version = version.map_err(|error| OpenError::new("", &error))?;
    Ok(is_since_3_51_3(&version))
}

fn is_since_3_51_3(version: &str) -> bool {
    let numbers = version.split('.').map_while(|number| number.parse().ok());
    numbers.collect::<Vec<u32>>() >= vec![3, 51, 3]
}

/// Starts the thread. It ends when the function that it gives is gone.
pub(super) fn beside(pool: ConnectionPool<SqliteConnection>) -> Result<AfterCommit, OpenError> {
    let (wanted, is_wanted) = sync_channel(1);
    let checkpoint = move || {
        while is_wanted.recv().is_ok() {
            // One that fails is made up for by the next, or by the writer.
            if let Ok(mut connection) = pool.get() {
                let _ = connection.batch_execute("PRAGMA wal_checkpoint(PASSIVE)");
            }
        }
    };
    thread::Builder::new()
        .name("actix-totp-checkpoints".into())
        .spawn(checkpoint)
        .map_err(|error| OpenError::new("", &error))?;
    Ok(every(ROWS, wanted))
}

/// Sends one for so many rows, or later while the last one is not taken.
fn every(count: usize, wanted: SyncSender<()>) -> AfterCommit {
    let mut rows = 0;
    Box::new(move |written| {
        rows += written;
        if rows >= count && wanted.try_send(()).is_ok() {
            rows = 0;
        }
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test panics on purpose")]
mod tests {
    use std::time::{Duration, Instant};

    use diesel::r2d2::{ConnectionManager, Pool};

    use super::*;

    #[test]
    fn the_log_is_copied_into_the_database_by_another_connection_than_the_writers() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("test.db");
        let manager = ConnectionManager::<SqliteConnection>::new(path.to_str().unwrap());
        let pool = Pool::builder().max_size(2).build(manager).unwrap();
        let writes = "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; \
                      CREATE TABLE t (b BLOB); INSERT INTO t VALUES (randomblob(100000))";
        pool.get().unwrap().batch_execute(writes).unwrap();
        let bytes = || std::fs::metadata(&path).unwrap().len();
        assert!(bytes() < 100_000);
        let mut after_commit = beside(pool.clone()).unwrap();
        after_commit(ROWS);
        let started = Instant::now();
        while bytes() < 100_000 {
            assert!(started.elapsed() < Duration::from_secs(60));
            thread::yield_now();
        }
    }

    #[test]
    fn where_a_checkpoint_beside_the_writer_may_damage_the_file_there_is_none() {
        for version in ["3.51.3", "3.51.10", "3.53.2", "4.0.0"] {
            assert!(is_since_3_51_3(version), "{version}");
        }
        for version in ["3.46.0", "3.51.2", "3.9.9", "", "x"] {
            assert!(!is_since_3_51_3(version), "{version}");
        }
    }

    #[test]
    fn a_checkpoint_is_wanted_once_for_its_rows_and_commits_do_not_wait_for_it() {
        let (wanted, is_wanted) = sync_channel(1);
        let mut after_commit = every(100, wanted);
        let mut sent_after = |rows| {
            after_commit(rows);
            is_wanted.try_iter().count()
        };
        assert_eq!(
            [60, 40, 99, 0, 1, 500].map(&mut sent_after),
            [0, 1, 0, 0, 1, 1]
        );
        for _ in 0..3 {
            after_commit(100); // the thread is busy
        }
        assert_eq!(is_wanted.try_iter().count(), 1);
        after_commit(1);
        assert_eq!(
            is_wanted.try_iter().count(),
            1,
            "what was not taken is not forgotten"
        );
    }
}
