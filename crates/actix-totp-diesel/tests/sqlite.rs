//! SQLite, in a file of each test's own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test panics on purpose"
)]
#![cfg(feature = "sqlite")]

mod support;

use actix_totp_core::{DeviceStore, StoreError};
use actix_totp_diesel::{
    DieselStore,
    diesel::{self, SqliteConnection, connection::SimpleConnection, prelude::*, sql_types},
};
use support::TestDatabase;

struct File {
    url: String,
    _folder: tempfile::TempDir,
}

impl File {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = folder
            .path()
            .join("totp_test.db")
            .to_str()
            .unwrap()
            .to_owned();
        Self {
            url,
            _folder: folder,
        }
    }
}

impl TestDatabase for File {
    fn url(&self) -> &str {
        &self.url
    }
}

support::backend_tests!(SqliteConnection, File::new());

#[test]
fn the_table_holds_the_secret_in_no_form() {
    #[derive(QueryableByName)]
    struct Cell {
        #[diesel(sql_type = sql_types::Binary)]
        cell: Vec<u8>,
    }
    let database = File::new();
    let url = database.url.clone();
    let store = support::migrated::<SqliteConnection, _>(database);
    support::assert_dump_holds_no_secret(store, || {
        let columns = [
            "user_id",
            "sealed",
            "recent_failures",
            "version",
            "epoch",
            "last_step",
        ];
        let mut cells = Vec::new();
        for column in columns {
            let sql = format!("SELECT CAST({column} AS BLOB) AS cell FROM totp_devices");
            let rows: Vec<Cell> = diesel::sql_query(sql).load(&mut connect(&url)).unwrap();
            cells.extend(rows.into_iter().map(|row| row.cell));
        }
        // And what is on the disk, the write-ahead log included.
        cells.extend([url.clone(), format!("{url}-wal")].map(|file| std::fs::read(file).unwrap()));
        cells
    });
}

#[test]
fn a_database_in_memory_is_one_database() {
    let store = DieselStore::<SqliteConnection>::open(":memory:").unwrap();
    store.migrate().unwrap();
    let device = support::device("alice");
    assert!(store.swap(&device.user, None, Some(&device)).unwrap());
    assert_eq!(store.load(&device.user).unwrap(), Some(device));
}

#[test]
fn the_file_is_opened_so_that_what_was_acknowledged_survives_a_power_cut() {
    let database = File::new();
    let store = DieselStore::<SqliteConnection>::open(database.url()).unwrap();
    store.migrate().unwrap();
    #[derive(QueryableByName)]
    struct Mode {
        #[diesel(sql_type = sql_types::Text)]
        journal_mode: String,
    }
    let mode: Mode = diesel::sql_query("PRAGMA journal_mode")
        .get_result(&mut connect(database.url()))
        .unwrap();
    assert_eq!(mode.journal_mode, "wal");
}

#[test]
fn a_busy_database_is_a_lost_swap_and_a_read_only_one_a_fault() {
    let database = File::new();
    let pool = diesel::r2d2::Pool::builder()
        .max_size(1)
        .build(diesel::r2d2::ConnectionManager::<SqliteConnection>::new(
            database.url(),
        ))
        .unwrap();
    let store = DieselStore::from_pool(pool.clone()); // no busy_timeout: it is busy at once
    store.migrate().unwrap();
    let device = support::device("alice");

    let mut other = connect(database.url());
    other.batch_execute("BEGIN EXCLUSIVE").unwrap();
    assert!(!store.swap(&device.user, None, Some(&device)).unwrap());
    other.batch_execute("ROLLBACK").unwrap();
    assert!(store.swap(&device.user, None, Some(&device)).unwrap());

    pool.get()
        .unwrap()
        .batch_execute("PRAGMA query_only = ON")
        .unwrap();
    let refused = store.swap(&device.user, Some(device.version), None);
    assert!(
        matches!(refused, Err(StoreError::Unavailable(_))),
        "{refused:?}"
    );
    assert!(store.load(&device.user).unwrap().is_some());
}
