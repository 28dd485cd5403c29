//! MariaDB or MySQL, at `TOTP_TEST_MYSQL_URL`, in a database of each test's own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test panics on purpose"
)]
#![cfg(feature = "mysql")]

mod support;

use actix_totp_core::{DeviceStore, StoreError};
use actix_totp_diesel::{
    DieselStore,
    diesel::{self, MysqlConnection, connection::SimpleConnection, prelude::*, sql_types},
};
use support::{ServerDatabase, TestDatabase};

fn database() -> ServerDatabase<MysqlConnection> {
    let default = "mysql://root@127.0.0.1:3306/mysql";
    // The collation that folds the most.
    let create = "CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci";
    ServerDatabase::new("TOTP_TEST_MYSQL_URL", default, create, "")
}

support::backend_tests!(MysqlConnection, database());

#[test]
fn the_table_holds_the_secret_in_no_form() {
    #[derive(QueryableByName)]
    struct Cell {
        #[diesel(sql_type = sql_types::Binary)]
        cell: Vec<u8>,
    }
    let database = database();
    let url = database.url().to_owned();
    let store = support::migrated::<MysqlConnection, _>(database);
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
            let sql = format!("SELECT CAST({column} AS BINARY) AS cell FROM totp_devices");
            let rows: Vec<Cell> = diesel::sql_query(sql).load(&mut connect(&url)).unwrap();
            cells.extend(rows.into_iter().map(|row| row.cell));
        }
        cells
    });
}

#[test]
fn a_lock_wait_timeout_is_a_lost_swap() {
    let database = database();
    let store = one_connection(database.url(), "SET SESSION innodb_lock_wait_timeout = 1");
    store.migrate().unwrap();
    let device = support::device("alice");
    assert!(store.swap(&device.user, None, Some(&device)).unwrap());
    let mut other = connect(database.url());
    other
        .batch_execute("BEGIN; UPDATE totp_devices SET failures = 1")
        .unwrap();
    assert!(
        !store
            .swap(&device.user, Some(device.version), None)
            .unwrap()
    );
    other.batch_execute("ROLLBACK").unwrap();
    assert!(
        store
            .swap(&device.user, Some(device.version), None)
            .unwrap()
    );
}

#[test]
fn a_deadlock_is_a_lost_swap() {
    let database = database();
    let store = one_connection(database.url(), "SET SESSION innodb_lock_wait_timeout = 50");
    store.migrate().unwrap();
    for id in ["alice", "bob"] {
        assert!(
            store
                .swap(&support::user(id), None, Some(&support::device(id)))
                .unwrap()
        );
    }
    // A trigger of the application makes the swap of alice's row touch another table: that is how one statement deadlocks.
    let mut other = connect(database.url());
    other
        .batch_execute(
            "CREATE TABLE audit (id INT PRIMARY KEY, n INT) ENGINE = InnoDB; INSERT INTO audit VALUES (1, 0), (2, 0), (3, 0); \
             CREATE TRIGGER touch AFTER UPDATE ON totp_devices FOR EACH ROW UPDATE audit SET n = n + 1 WHERE id = 1",
        )
        .unwrap();
    // The other has done more, so that InnoDB chooses the swap as its victim.
    other
        .batch_execute("BEGIN; UPDATE audit SET n = n + 1; UPDATE audit SET n = n + 1")
        .unwrap();
    let alice = support::device("alice");
    let swap =
        std::thread::spawn(move || store.swap(&alice.user, Some(alice.version), Some(&alice)));
    wait_for_a_blocked_transaction(database.url());
    other
        .batch_execute("DELETE FROM totp_devices WHERE user_id = 'alice'; COMMIT")
        .unwrap();
    assert!(!swap.join().unwrap().unwrap());
}

/// Error 1020. A swap commits by itself and so takes no snapshot; an application whose pool hands out connections inside a
/// transaction gets it all the same.
#[test]
fn a_snapshot_conflict_is_a_lost_swap() {
    let database = database();
    let store = one_connection(database.url(), "SELECT 1");
    store.migrate().unwrap();
    let device = support::device("alice");
    assert!(store.swap(&device.user, None, Some(&device)).unwrap());
    let pool = diesel::r2d2::Pool::builder()
        .max_size(1)
        .build(diesel::r2d2::ConnectionManager::<MysqlConnection>::new(
            database.url(),
        ))
        .unwrap();
    pool.get()
        .unwrap()
        .batch_execute("SET SESSION innodb_snapshot_isolation = ON; START TRANSACTION WITH CONSISTENT SNAPSHOT")
        .unwrap();
    connect(database.url())
        .batch_execute("UPDATE totp_devices SET failures = 1")
        .unwrap();
    let store = DieselStore::from_pool(pool);
    assert!(
        !store
            .swap(&device.user, Some(device.version), None)
            .unwrap()
    );
}

fn one_connection(url: &str, settings: &str) -> DieselStore<MysqlConnection> {
    let pool = diesel::r2d2::Pool::builder()
        .max_size(1)
        .build(diesel::r2d2::ConnectionManager::<MysqlConnection>::new(url))
        .unwrap();
    for setting in settings.split(';') {
        // Not every server knows every setting.
        let _ = pool.get().unwrap().batch_execute(setting);
    }
    DieselStore::from_pool(pool)
}

/// Waits, as long as it takes, until a transaction in this database waits for a lock.
fn wait_for_a_blocked_transaction(url: &str) {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = sql_types::BigInt)]
        count: i64,
    }
    let sql = "SELECT COUNT(*) AS count FROM information_schema.innodb_trx t JOIN information_schema.processlist p \
               ON p.id = t.trx_mysql_thread_id WHERE t.trx_state = 'LOCK WAIT' AND p.db = DATABASE()";
    let mut connection = connect(url);
    while diesel::sql_query(sql)
        .get_result::<Count>(&mut connection)
        .unwrap()
        .count
        == 0
    {
        std::thread::yield_now();
    }
}

#[test]
fn another_failure_is_a_fault() {
    let database = database();
    let store = one_connection(database.url(), "SELECT 1");
    store.migrate().unwrap();
    connect(database.url())
        .batch_execute("ALTER TABLE totp_devices DROP COLUMN epoch")
        .unwrap();
    let device = support::device("alice");
    let refused = store.swap(&device.user, None, Some(&device));
    assert!(
        matches!(refused, Err(StoreError::Unavailable(_))),
        "{refused:?}"
    );
}

#[test]
fn a_restart_of_the_server_is_not_noticed() {
    #[derive(QueryableByName)]
    struct Id {
        #[diesel(sql_type = sql_types::BigInt)]
        id: i64,
    }
    let database = database();
    let store = DieselStore::<MysqlConnection>::open(database.url()).unwrap();
    support::assert_survives_dead_connections(&store, || {
        let sql = "SELECT CAST(id AS SIGNED) AS id FROM information_schema.processlist \
                   WHERE db = DATABASE() AND id <> CONNECTION_ID()";
        let mut connection = connect(database.url());
        let ids: Vec<Id> = diesel::sql_query(sql).load(&mut connection).unwrap();
        for Id { id } in ids {
            let _ = connection.batch_execute(&format!("KILL {id}")); // one may be gone by itself
        }
    });
}
