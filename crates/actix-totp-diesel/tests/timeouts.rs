//! What waits for a lock, runs too long or finds no room comes back, and says so. Where a limit did not work, the test would
//! not end.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test panics on purpose"
)]

mod support;

use std::time::Duration;

use actix_totp_diesel::{Backend, DieselStore};

/// As short as can be, so that the tests are.
#[allow(dead_code, reason = "without a database there is nothing to open")]
fn impatient<C: Backend>(url: &str, statement_secs: u64) -> DieselStore<C> {
    let store = DieselStore::<C>::builder(url)
        .connections(1)
        .checkout_timeout(Duration::from_millis(500))
        .lock_timeout(Duration::from_secs(1))
        .statement_timeout(Duration::from_secs(statement_secs))
        .open()
        .unwrap();
    store.migrate().unwrap();
    store
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use actix_totp_core::{Device, DeviceStore};
    use actix_totp_diesel::{
        DieselStore, DieselStoreBuilder,
        diesel::{
            Connection, SqliteConnection,
            connection::SimpleConnection,
            r2d2::{ConnectionManager, Pool},
        },
    };

    use super::*;

    #[test]
    fn another_writer_is_waited_for_and_then_the_swap_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let url = folder.path().join("test.db");
        let url = url.to_str().unwrap();
        let store = impatient::<SqliteConnection>(url, 1);
        let alice = support::device("alice");
        let mut other = SqliteConnection::establish(url).unwrap();
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
        let manager = ConnectionManager::<SqliteConnection>::new(url.to_str().unwrap());
        let pool = Pool::builder().max_size(1).build(manager).unwrap();
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
        assert!(support::is_unavailable(&refused), "{refused:?}");
        let grown = Device {
            sealed: vec![7; 100_000],
            ..alice.clone()
        };
        let refused = store.swap(&alice.user, Some(alice.version), Some(&grown));
        assert!(support::is_unavailable(&refused), "{refused:?}");
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

/// Both servers, whose triggers can sleep.
#[allow(unused_macros, reason = "each feature alone")]
macro_rules! server_tests {
    ($connection:ty, slow: $slow:expr, when_locked: $when_locked:pat) => {
        use actix_totp_core::DeviceStore;
        use actix_totp_diesel::diesel::{Connection, connection::SimpleConnection};

        use super::{support::TestBackend, *};

        #[test]
        fn a_row_that_is_locked_is_waited_for_no_longer_than_the_setting_says() {
            let database = <$connection>::database();
            let store = impatient::<$connection>(database.url(), 60);
            let alice = support::device("alice");
            assert!(store.swap(&alice.user, None, Some(&alice)).unwrap());
            let mut other = <$connection>::establish(database.url()).unwrap();
            other
                .batch_execute("BEGIN; UPDATE totp_devices SET failures = 1")
                .unwrap();
            let swapped = store.swap(&alice.user, Some(alice.version), None);
            assert!(matches!(swapped, $when_locked), "{swapped:?}");
            assert!(store.load(&alice.user).unwrap().is_some(), "reads go on");
            other.batch_execute("ROLLBACK").unwrap();
            assert!(store.swap(&alice.user, Some(alice.version), None).unwrap());
        }

        #[test]
        fn a_statement_that_runs_too_long_is_a_fault_and_the_connection_is_good_afterwards() {
            let database = <$connection>::database();
            let store = impatient::<$connection>(database.url(), 1);
            let alice = support::device("alice");
            assert!(store.swap(&alice.user, None, Some(&alice)).unwrap());
            let mut other = <$connection>::establish(database.url()).unwrap();
            other.batch_execute($slow).unwrap();
            let swapped = store.swap(&alice.user, Some(alice.version), Some(&alice));
            assert!(support::is_unavailable(&swapped), "{swapped:?}");
            assert_eq!(store.load(&alice.user).unwrap(), Some(alice));
        }
    };
}

#[cfg(feature = "postgres")]
mod postgres {
    use actix_totp_diesel::diesel::PgConnection;

    server_tests!(
        PgConnection,
        slow: "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql \
               AS 'BEGIN PERFORM pg_sleep(3600); RETURN NEW; END'; \
               CREATE TRIGGER slow BEFORE UPDATE ON totp_devices FOR EACH ROW EXECUTE FUNCTION slow()",
        when_locked: Err(actix_totp_core::StoreError::Unavailable(_))
    );
}

#[cfg(feature = "mysql")]
mod mysql {
    use actix_totp_diesel::diesel::MysqlConnection;

    server_tests!(
        MysqlConnection,
        slow: "CREATE TRIGGER slow BEFORE UPDATE ON totp_devices FOR EACH ROW SET NEW.failures = SLEEP(3600)",
        when_locked: Ok(false)
    );
}
