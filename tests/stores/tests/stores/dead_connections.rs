//! A connection that dies is not noticed, or its swap is recognised, or it is unknown.

use crate::support::{self, Owned, TestConnection, TestStore, at, device, insert};
use actix_totp_core::DeviceStore;

/// Kills every connection of the store's pool before each operation: no operation fails for it.
#[allow(dead_code, reason = "without a server there is nothing that dies")]
fn assert_survives_dead_connections<S: TestStore>(
    owned: &Owned<S>,
    end: impl Fn(&mut S::Connection),
) {
    let (store, alice) = (&owned.store, device("alice"));
    // Several connections, so that the second try may meet a dead one, too.
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| store.load(&alice.user).unwrap());
        }
    });
    let end_all_connections = || end(&mut owned.connect());
    end_all_connections();
    assert_eq!(store.load(&alice.user).unwrap(), None);
    end_all_connections();
    insert(store, &alice);
    end_all_connections();
    let next = at(2, &alice);
    let swapped = store.swap(&alice.user, Some(alice.version), Some(&next));
    assert!(swapped.unwrap());
    end_all_connections();
    let stale = store.swap(&alice.user, Some(alice.version), Some(&alice));
    assert!(
        !matches!(stale, Ok(true)),
        "somebody else's version is not taken for this swap's"
    );
    end_all_connections();
    assert_eq!(store.load(&alice.user).unwrap().as_ref(), Some(&next));
    end_all_connections();
    let deleted = store.swap(&alice.user, Some(next.version), None);
    assert!(deleted.unwrap(), "its row was still there");
}

#[cfg(feature = "mysql")]
mod of_mysql {
    use actix_totp_diesel::diesel::connection::SimpleConnection;

    use super::*;

    support::on_mysql!(a_restart_of_mysql_is_not_noticed);

    fn a_restart_of_mysql_is_not_noticed<S: TestStore>() {
        let owned = support::migrated::<S>();
        assert_survives_dead_connections(&owned, |connection| {
            // MySQL's other list converts the statements of others, which hold bytes; MariaDB keeps no such list unless told to.
            let is_mariadb = "SELECT CAST(VERSION() LIKE '%MariaDB%' AS SIGNED) AS number";
            let ids = if connection.numbers(is_mariadb) == [1] {
                "SELECT CAST(id AS SIGNED) AS number FROM information_schema.processlist \
                 WHERE db = DATABASE() AND id <> CONNECTION_ID()"
            } else {
                "SELECT CAST(processlist_id AS SIGNED) AS number FROM performance_schema.threads \
                 WHERE processlist_db = DATABASE() AND processlist_id <> CONNECTION_ID()"
            };
            for id in connection.numbers(ids) {
                let _ = connection.batch_execute(&format!("KILL {id}")); // one may be gone by itself
            }
        });
    }
}

#[cfg(feature = "postgres")]
mod of_postgres {
    use actix_totp_core::{Device, Swap, Version};
    use actix_totp_diesel::diesel::connection::SimpleConnection;

    use super::*;
    use crate::support::{Fault, proxy};

    support::on_postgres!(
        a_restart_of_postgresql_is_not_noticed,
        a_swap_that_was_written_before_its_connection_died_is_recognised,
        those_of_a_batch_that_were_written_before_its_connection_died_are_recognised,
        those_of_a_batch_that_were_written_before_a_pooler_lost_its_server_are_recognised,
        inserts_before_a_pooler_lost_its_server_are_recognised_and_deletes_are_unknown,
        a_swap_that_cannot_be_looked_for_is_unknown,
        after_a_second_failure_the_others_of_a_batch_are_not_looked_for,
    );

    fn a_restart_of_postgresql_is_not_noticed<S: TestStore>() {
        let owned = support::migrated::<S>();
        assert_survives_dead_connections(&owned, |connection| {
            let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                       WHERE datname = current_database() AND pid <> pg_backend_pid()";
            connection.batch_execute(end).unwrap();
        });
    }

    fn update(device: &Device, expected: i64, version: i64) -> Swap {
        Swap {
            user: device.user.clone(),
            expected: Some(Version::from_i64(expected)),
            next: Some(at(version, device)),
        }
    }

    fn insert_at_1(store: &impl DeviceStore, ids: &[&str]) -> Vec<Device> {
        let insert = |id: &&str| {
            let device = at(1, &device(id));
            insert(store, &device);
            device
        };
        ids.iter().map(insert).collect()
    }

    fn a_swap_that_was_written_before_its_connection_died_is_recognised<S: TestStore>() {
        let owned = support::migrated::<S>();
        let [alice] = &insert_at_1(&owned.store, &["alice"])[..] else {
            unreachable!()
        };
        let (proxied, fault) = proxy(owned.database.url());
        // One connection, and its statements are prepared before the cut.
        let store = S::from_pool(&proxied, 1);
        let swap = |expected, version| {
            let swap = update(alice, expected, version);
            store.swap(&swap.user, swap.expected, swap.next.as_ref())
        };
        assert!(swap(1, 2).unwrap());
        fault.set(Fault::Cut);
        assert!(swap(2, 3).unwrap());
        assert_eq!(
            fault.get(),
            Fault::None,
            "the answer of the last swap was lost"
        );
        assert_eq!(store.load(&alice.user).unwrap(), Some(at(3, alice)));

        // One that expects what is no longer there is not taken for written.
        fault.set(Fault::Cut);
        let stale = swap(2, 9);
        assert!(support::is_unavailable(&stale), "{stale:?}");
        // And nobody knows who deleted a row.
        let nobody = device("nobody").user;
        let prepared = store.swap(&nobody, Some(Version::from_i64(3)), None);
        assert!(!prepared.unwrap());
        fault.set(Fault::Cut);
        let deleted = store.swap(&alice.user, Some(Version::from_i64(3)), None);
        assert!(support::is_unavailable(&deleted), "{deleted:?}");
        assert_eq!(store.load(&alice.user).unwrap(), None);
    }

    /// Of a batch whose one answer is lost by a fault, what was written is recognised, and what was not is unknown.
    fn assert_recognised_after<S: TestStore>(lost_by: Fault) {
        let owned = support::migrated::<S>();
        let [alice, bob, carol] = &insert_at_1(&owned.store, &["alice", "bob", "carol"])[..] else {
            unreachable!()
        };
        let (proxied, fault) = proxy(owned.database.url());
        let store = S::from_pool(&proxied, 1);
        let batch = store.batch().unwrap();
        let first = batch.swap_batch(vec![update(carol, 1, 4), update(bob, 1, 4)]);
        assert!(matches!(first[..], [Ok(true), Ok(true)]), "{first:?}");
        fault.set(lost_by);
        let lost = batch.swap_batch(vec![
            update(carol, 4, 5),
            update(alice, 2, 5), // stale, or written and then overwritten
            update(bob, 4, 5),
        ]);
        assert!(matches!(lost[..], [Ok(true), Err(_), Ok(true)]), "{lost:?}");
        assert_eq!(fault.get(), Fault::None, "the answer for all was lost");
        assert_eq!(store.load(&bob.user).unwrap(), Some(at(5, bob)));
        assert_eq!(store.load(&alice.user).unwrap().as_ref(), Some(alice));
    }

    fn those_of_a_batch_that_were_written_before_its_connection_died_are_recognised<
        S: TestStore,
    >() {
        assert_recognised_after::<S>(Fault::Cut);
    }

    /// An error on a connection that still answers is not always the word of the server that ran the statement.
    fn those_of_a_batch_that_were_written_before_a_pooler_lost_its_server_are_recognised<
        S: TestStore,
    >() {
        assert_recognised_after::<S>(Fault::Error);
    }

    fn inserts_before_a_pooler_lost_its_server_are_recognised_and_deletes_are_unknown<
        S: TestStore,
    >() {
        let owned = support::migrated::<S>();
        let devices = ["alice", "bob"].map(|id| at(1, &device(id)));
        let (proxied, fault) = proxy(owned.database.url());
        let store = S::from_pool(&proxied, 1);
        let swap = |device: &Device, is_there: bool| Swap {
            user: device.user.clone(),
            expected: is_there.then_some(device.version),
            next: (!is_there).then(|| device.clone()),
        };
        let swap_all = |are_there| {
            let swaps = devices.iter().map(|device| swap(device, are_there));
            let answers = store.batch().unwrap().swap_batch(swaps.collect());
            answers.into_iter().map(Result::ok).collect::<Vec<_>>()
        };
        assert_eq!(swap_all(false), [Some(true); 2]);
        assert_eq!(swap_all(true), [Some(true); 2]);
        fault.set(Fault::Error);
        assert_eq!(swap_all(false), [Some(true); 2]);
        fault.set(Fault::Error);
        assert_eq!(swap_all(true), [None; 2], "anybody may have deleted it");
        assert_eq!(owned.store.page(None, 9).unwrap(), []);
    }

    /// The connection of the first swap dies in it, and each swap after it fails.
    const DIES_AND_THEN_FAILS: &str = "CREATE SEQUENCE swaps; \
        CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
        IF nextval('swaps') = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()); \
        ELSE RAISE EXCEPTION 'this test fails on purpose'; END IF; RETURN NEW; END $$; \
        CREATE TRIGGER die BEFORE UPDATE ON totp_devices FOR EACH ROW EXECUTE FUNCTION die()";
    const SWAPS: &str = "SELECT last_value AS number FROM swaps";

    fn a_swap_that_cannot_be_looked_for_is_unknown<S: TestStore>() {
        let owned = support::migrated::<S>();
        let alice = device("alice");
        insert(&owned.store, &alice);
        let mut other = owned.connect();
        other.batch_execute(DIES_AND_THEN_FAILS).unwrap();
        let next = at(2, &alice);
        let swapped = owned
            .store
            .swap(&alice.user, Some(alice.version), Some(&next));
        assert!(support::is_unavailable(&swapped), "{swapped:?}");
        assert_eq!(other.numbers(SWAPS), [2], "it was tried again");
    }

    fn after_a_second_failure_the_others_of_a_batch_are_not_looked_for<S: TestStore>() {
        let owned = support::migrated::<S>();
        let ids: Vec<String> = (0..12).map(|n| format!("user {n}")).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let devices = insert_at_1(&owned.store, &ids);
        let mut other = owned.connect();
        other.batch_execute(DIES_AND_THEN_FAILS).unwrap();
        let updates = devices.iter().map(|device| update(device, 1, 2));
        let answers = owned.store.batch().unwrap().swap_batch(updates.collect());
        assert!(answers.iter().all(support::is_unavailable), "{answers:?}");
        assert_eq!(answers.len(), 12);
        assert_eq!(other.numbers(SWAPS), [1 + 2]);
    }
}
