//! What waits for a lock, runs too long or finds no room comes back, and says so. Where a limit did not work, the test would
//! not end.

use std::time::Duration;

use actix_totp_core::{Device, DeviceStore, StoreError};
use actix_totp_diesel::{
    DieselStore, DieselStoreBuilder,
    diesel::{Connection, SqliteConnection, connection::SimpleConnection},
};

use crate::support::{self, TestConnection, TestStore, is_unavailable};

mod of_sqlite {
    use super::*;

    support::on_sqlite!(another_writer_is_waited_for_and_then_the_swap_is_lost);

    fn another_writer_is_waited_for_and_then_the_swap_is_lost<S: TestStore>() {
        let database = S::Connection::database();
        let url = database.url();
        let store = S::impatient(url, 1);
        store.migrate();
        let alice = support::device("alice");
        let mut other = S::Connection::establish(url).unwrap();
        other.batch_execute("BEGIN IMMEDIATE").unwrap();
        assert!(!store.swap(&alice.user, None, Some(&alice)).unwrap());
        assert_eq!(store.load(&alice.user).unwrap(), None, "reads go on");
        other.batch_execute("ROLLBACK").unwrap();
        assert!(store.swap(&alice.user, None, Some(&alice)).unwrap());
    }

    #[test]
    fn a_full_database_is_a_fault_what_is_in_it_stays_and_with_room_it_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let url = folder.path().join("test.db");
        let pool = support::pool::<SqliteConnection>(url.to_str().unwrap(), 1);
        let store = DieselStore::from_pool(pool.clone());
        store.migrate().unwrap();
        let alice = support::device("alice");
        assert!(store.swap(&alice.user, None, Some(&alice)).unwrap());

        let set = |pragma: &str| pool.get().unwrap().batch_execute(pragma).unwrap();
        set("PRAGMA max_page_count = 1"); // as many as there are
        let big = Device {
            sealed: vec![7; 100_000],
            ..support::device("bob")
        };
        let refused = store.swap(&big.user, None, Some(&big));
        assert!(is_unavailable(&refused), "{refused:?}");
        let grown = Device {
            sealed: vec![7; 100_000],
            ..alice.clone()
        };
        let refused = store.swap(&alice.user, Some(alice.version), Some(&grown));
        assert!(is_unavailable(&refused), "{refused:?}");
        assert_eq!(store.page(None, 9).unwrap(), [alice]);

        set("PRAGMA max_page_count = 1000000");
        assert!(store.swap(&big.user, None, Some(&big)).unwrap());
    }

    #[test]
    fn a_setting_out_of_its_range_is_refused_with_its_range() {
        type Set = fn(DieselStoreBuilder<SqliteConnection>) -> DieselStoreBuilder<SqliteConnection>;
        let refused = |set: Set| {
            let opened = set(DieselStore::builder(":memory:")).open();
            opened.err().unwrap().to_string()
        };
        let connections = "the database cannot be opened: there are 1 to 1,000 connections";
        assert_eq!(refused(|it| it.connections(0)), connections);
        assert_eq!(refused(|it| it.connections(1_001)), connections);
        let checkout = refused(|it| it.checkout_timeout(Duration::from_millis(9)));
        assert!(
            checkout.ends_with("10 milliseconds to 1 minute"),
            "{checkout}"
        );
        for set in [
            (|it| it.lock_timeout(Duration::ZERO)) as Set,
            |it| it.lock_timeout(Duration::from_secs(61)),
            |it| it.statement_timeout(Duration::from_millis(1_500)),
        ] {
            let shown = refused(set);
            assert!(shown.ends_with("in whole seconds"), "{shown}");
        }
        let shown = format!("{:?}", DieselStore::<SqliteConnection>::builder("s3cret"));
        assert!(!shown.contains("s3cret"), "{shown}");
    }
}

/// On a server.
#[allow(dead_code, reason = "without a server there is nothing to ask")]
fn assert_a_locked_row_is_waited_for_no_longer_than_the_setting_says<S: TestStore>(
    expected: fn(&Result<bool, StoreError>) -> bool,
) {
    let database = S::Connection::database();
    let store = S::impatient(database.url(), 60);
    store.migrate();
    let alice = support::device("alice");
    assert!(store.swap(&alice.user, None, Some(&alice)).unwrap());
    let mut other = S::Connection::establish(database.url()).unwrap();
    other
        .batch_execute("BEGIN; UPDATE totp_devices SET failures = 1")
        .unwrap();
    let swapped = store.swap(&alice.user, Some(alice.version), None);
    assert!(expected(&swapped), "{swapped:?}");
    assert!(store.load(&alice.user).unwrap().is_some(), "reads go on");
    other.batch_execute("ROLLBACK").unwrap();
    assert!(store.swap(&alice.user, Some(alice.version), None).unwrap());
}

/// On a server, whose triggers can sleep.
#[allow(dead_code, reason = "without a server there is nothing to ask")]
fn assert_a_slow_statement_is_a_fault_and_the_connection_is_good_afterwards<S: TestStore>(
    slow: &str,
) {
    let database = S::Connection::database();
    let store = S::impatient(database.url(), 1);
    store.migrate();
    let alice = support::device("alice");
    assert!(store.swap(&alice.user, None, Some(&alice)).unwrap());
    let mut other = S::Connection::establish(database.url()).unwrap();
    other.batch_execute(slow).unwrap();
    let swapped = store.swap(&alice.user, Some(alice.version), Some(&alice));
    assert!(is_unavailable(&swapped), "{swapped:?}");
    assert_eq!(store.load(&alice.user).unwrap(), Some(alice));
}

#[cfg(feature = "postgres")]
mod of_postgres {
    use super::*;

    support::on_postgres!(
        a_row_that_is_locked_is_waited_for_no_longer_than_the_setting_says,
        a_statement_that_runs_too_long_is_a_fault_and_the_connection_is_good_afterwards,
    );

    fn a_row_that_is_locked_is_waited_for_no_longer_than_the_setting_says<S: TestStore>() {
        assert_a_locked_row_is_waited_for_no_longer_than_the_setting_says::<S>(is_unavailable);
    }

    fn a_statement_that_runs_too_long_is_a_fault_and_the_connection_is_good_afterwards<
        S: TestStore,
    >() {
        assert_a_slow_statement_is_a_fault_and_the_connection_is_good_afterwards::<S>(
            "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql \
             AS 'BEGIN PERFORM pg_sleep(3600); RETURN NEW; END'; \
             CREATE TRIGGER slow BEFORE UPDATE ON totp_devices FOR EACH ROW EXECUTE FUNCTION slow()",
        );
    }

    /// It neither answers nor closes the connection. sqlx has no time limit of its own.
    #[test]
    fn a_server_that_falls_silent_is_given_up_by_sqlx_and_so_is_its_connection() {
        let owned = support::migrated::<support::SqlxPostgres>();
        let (proxied, fault) = support::proxy(owned.database.url());
        let store = support::SqlxPostgres::impatient(&proxied, 1);
        let alice = support::device("alice").user;
        assert_eq!(store.load(&alice).unwrap(), None);
        fault.set(support::Fault::Silence);
        let loaded = store.load(&alice);
        assert!(is_unavailable(&loaded), "{loaded:?}");
        assert_eq!(store.load(&alice).unwrap(), None, "on another connection");
    }
}

#[cfg(feature = "mysql")]
mod of_mysql {
    use super::*;

    support::on_mysql!(
        a_row_that_is_locked_is_waited_for_no_longer_than_the_setting_says,
        a_statement_that_runs_too_long_is_a_fault_and_the_connection_is_good_afterwards,
    );

    fn a_row_that_is_locked_is_waited_for_no_longer_than_the_setting_says<S: TestStore>() {
        assert_a_locked_row_is_waited_for_no_longer_than_the_setting_says::<S>(|swapped| {
            matches!(swapped, Ok(false))
        });
    }

    fn a_statement_that_runs_too_long_is_a_fault_and_the_connection_is_good_afterwards<
        S: TestStore,
    >() {
        assert_a_slow_statement_is_a_fault_and_the_connection_is_good_afterwards::<S>(
            "CREATE TRIGGER slow BEFORE UPDATE ON totp_devices FOR EACH ROW SET NEW.failures = SLEEP(3600)",
        );
    }
}
