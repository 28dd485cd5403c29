//! What is a conflict with another writer, and what is a fault.

use actix_totp_core::{DeviceStore, StoreError};
use actix_totp_diesel::diesel::connection::SimpleConnection;

use crate::support::{self, TestConnection, TestStore, device, insert};

support::on_every_database!(what_no_device_holds_is_a_fault, another_failure_is_a_fault);

fn what_no_device_holds_is_a_fault<S: TestStore>() {
    let owned = support::migrated::<S>();
    let device = device("alice");
    insert(&owned.store, &device);
    let mut other = owned.connect();
    for change in [
        "failures = -1",
        "failures = 4294967296",
        "created_at = -1",
        "recent_failures = 'odd'",
    ] {
        let mut set = |change: &str| {
            let sql = format!("UPDATE totp_devices SET {change}");
            other.batch_execute(&sql).unwrap();
        };
        set(change);
        let loaded = owned.store.load(&device.user);
        assert!(
            matches!(loaded, Err(StoreError::Corrupt(_))),
            "{change}: {loaded:?}"
        );
        set("failures = 0, created_at = 0");
    }
}

fn another_failure_is_a_fault<S: TestStore>() {
    let owned = support::migrated::<S>();
    let drop_column = "ALTER TABLE totp_devices DROP COLUMN epoch";
    owned.connect().batch_execute(drop_column).unwrap();
    let device = device("alice");
    let refused = owned.store.swap(&device.user, None, Some(&device));
    assert!(support::is_unavailable(&refused), "{refused:?}");
}

mod of_sqlite {
    use actix_totp_diesel::{
        DieselStore,
        diesel::{Connection, SqliteConnection, connection::SimpleConnection},
    };

    use super::*;

    #[test]
    fn a_busy_database_is_a_conflict_and_a_read_only_one_a_fault() {
        let database = SqliteConnection::database();
        let pool = support::pool::<SqliteConnection>(database.url(), 1);
        let store = DieselStore::from_pool(pool.clone()); // no busy_timeout: it is busy at once
        store.migrate().unwrap();
        let device = device("alice");

        let mut other = SqliteConnection::establish(database.url()).unwrap();
        other.batch_execute("BEGIN EXCLUSIVE").unwrap();
        assert!(!store.swap(&device.user, None, Some(&device)).unwrap());
        other.batch_execute("ROLLBACK").unwrap();
        insert(&store, &device);

        let read_only = "PRAGMA query_only = ON";
        pool.get().unwrap().batch_execute(read_only).unwrap();
        let refused = store.swap(&device.user, Some(device.version), None);
        assert!(support::is_unavailable(&refused), "{refused:?}");
        assert!(store.load(&device.user).unwrap().is_some());
    }
}

/// Waits until the query gives a number, and no longer than the swap takes that is to bring it about.
#[cfg(any(feature = "postgres", feature = "mysql"))]
fn wait_for_a_number<C: TestConnection, T>(
    connection: &mut C,
    sql: &str,
    swap: &std::thread::JoinHandle<T>,
) {
    while connection.numbers(sql).is_empty() {
        assert!(!swap.is_finished(), "the swap did not wait");
        std::thread::yield_now();
    }
}

#[cfg(feature = "postgres")]
mod of_postgres {
    use super::*;

    support::on_postgres!(
        a_serialization_failure_is_a_conflict,
        a_deadlock_is_a_conflict
    );

    const BLOCKED: &str = "SELECT pid::bigint AS number FROM pg_stat_activity \
                           WHERE datname = current_database() AND wait_event_type = 'Lock'";

    fn a_serialization_failure_is_a_conflict<S: TestStore>() {
        let owned = support::migrated::<S>();
        owned.set("default_transaction_isolation = 'serializable'");
        let store = S::from_pool(owned.database.url(), 1);
        let device = device("alice");
        insert(&store, &device);

        // Another transaction has written the row and commits while the swap waits for it.
        let mut other = owned.connect();
        other
            .batch_execute("BEGIN; UPDATE totp_devices SET failures = 1")
            .unwrap();
        let swap = std::thread::spawn(move || store.swap(&device.user, Some(device.version), None));
        wait_for_a_number(&mut owned.connect(), BLOCKED, &swap);
        other.batch_execute("COMMIT").unwrap();
        assert!(!swap.join().unwrap().unwrap());
    }

    fn a_deadlock_is_a_conflict<S: TestStore>() {
        let owned = support::migrated::<S>();
        for id in ["alice", "bob"] {
            insert(&owned.store, &device(id));
        }
        // A trigger of the application makes the swap of alice's row touch bob's: that is how one statement deadlocks.
        let mut other = owned.connect();
        other
            .batch_execute(
                "CREATE FUNCTION touch() RETURNS trigger AS $$ BEGIN \
                 IF OLD.user_id = 'alice' THEN UPDATE totp_devices SET failures = 9 WHERE user_id = 'bob'; END IF; \
                 RETURN NEW; END $$ LANGUAGE plpgsql; \
                 CREATE TRIGGER touch AFTER UPDATE ON totp_devices FOR EACH ROW EXECUTE FUNCTION touch()",
            )
            .unwrap();
        // The swap looks for a deadlock, once, when it has waited for so long: the other must wait by then.
        owned.set("deadlock_timeout = '3s'");
        let store = S::from_pool(owned.database.url(), 1);
        other
            .batch_execute(
                "SET deadlock_timeout = '1h'; BEGIN; UPDATE totp_devices SET failures = 1 WHERE user_id = 'bob'",
            )
            .unwrap();
        let alice = device("alice");
        let swap =
            std::thread::spawn(move || store.swap(&alice.user, Some(alice.version), Some(&alice)));
        wait_for_a_number(&mut owned.connect(), BLOCKED, &swap);
        other
            .batch_execute("UPDATE totp_devices SET failures = 1 WHERE user_id = 'alice'; COMMIT")
            .unwrap();
        assert!(!swap.join().unwrap().unwrap());
    }
}

#[cfg(feature = "mysql")]
mod of_mysql {
    use actix_totp_diesel::{
        DieselStore,
        diesel::{MysqlConnection, connection::SimpleConnection},
    };

    use super::*;

    support::on_mysql!(a_deadlock_is_a_conflict);

    fn a_deadlock_is_a_conflict<S: TestStore>() {
        let owned = support::migrated::<S>();
        insert(&owned.store, &device("alice"));
        // A trigger of the application makes the swap of alice's row touch another table: that is how one statement
        // deadlocks. It tells that it has alice's row with a lock that nobody else wants.
        let mut other = owned.connect();
        other
            .batch_execute(
                "CREATE TABLE audit (id INT PRIMARY KEY, n INT) ENGINE = InnoDB; \
                 INSERT INTO audit VALUES (1, 0), (2, 0), (3, 0); \
                 CREATE TRIGGER touch AFTER UPDATE ON totp_devices FOR EACH ROW BEGIN \
                 SET @told = GET_LOCK(DATABASE(), 0); UPDATE audit SET n = n + 1 WHERE id = 1; END",
            )
            .unwrap();
        // The other has done more, so that InnoDB chooses the swap as its victim.
        other
            .batch_execute("BEGIN; UPDATE audit SET n = n + 1; UPDATE audit SET n = n + 1")
            .unwrap();
        let store = S::from_pool(owned.database.url(), 1);
        let alice = device("alice");
        let swap =
            std::thread::spawn(move || store.swap(&alice.user, Some(alice.version), Some(&alice)));
        let has_alices_row = "SELECT CAST(id AS SIGNED) AS number FROM \
                              (SELECT IS_USED_LOCK(DATABASE()) AS id) AS locks WHERE id IS NOT NULL";
        wait_for_a_number(&mut owned.connect(), has_alices_row, &swap);
        other
            .batch_execute("DELETE FROM totp_devices WHERE user_id = 'alice'; COMMIT")
            .unwrap();
        assert!(!swap.join().unwrap().unwrap());
    }

    /// Error 1020. A swap commits by itself and so takes no snapshot; an application whose pool hands out connections inside
    /// a transaction gets it all the same.
    #[test]
    fn a_snapshot_conflict_is_a_conflict() {
        let owned = support::migrated::<DieselStore<MysqlConnection>>();
        let device = device("alice");
        insert(&owned.store, &device);
        let pool = support::pool::<MysqlConnection>(owned.database.url(), 1);
        let snapshot = "SET SESSION innodb_snapshot_isolation = ON; START TRANSACTION WITH CONSISTENT SNAPSHOT";
        pool.get().unwrap().batch_execute(snapshot).unwrap();
        let other = "UPDATE totp_devices SET failures = 1";
        owned.connect().batch_execute(other).unwrap();
        let store = DieselStore::from_pool(pool);
        let swapped = store.swap(&device.user, Some(device.version), None);
        assert!(!swapped.unwrap());
    }
}
