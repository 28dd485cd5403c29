//! A connection that dies is not noticed, or its swap is recognised, or it is unknown.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test panics on purpose"
)]
#![cfg(any(feature = "postgres", feature = "mysql"))]

mod support;

use actix_totp_core::DeviceStore;
use support::{Owned, TestBackend, at, device, insert};

/// Kills every connection of the store's pool before each operation: no operation fails for it.
fn assert_survives_dead_connections<C: TestBackend>(owned: &Owned<C>, end: impl Fn(&mut C)) {
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
#[test]
fn a_restart_of_mysql_is_not_noticed() {
    use actix_totp_diesel::diesel::{MysqlConnection, connection::SimpleConnection};
    let owned = support::migrated::<MysqlConnection>();
    assert_survives_dead_connections(&owned, |connection| {
        let ids = "SELECT CAST(id AS SIGNED) AS number FROM information_schema.processlist \
                   WHERE db = DATABASE() AND id <> CONNECTION_ID()";
        for id in connection.numbers(ids) {
            let _ = connection.batch_execute(&format!("KILL {id}")); // one may be gone by itself
        }
    });
}

#[cfg(feature = "postgres")]
mod of_postgres {
    use std::{
        net::{Shutdown, TcpListener, TcpStream},
        sync::{
            Arc,
            atomic::{AtomicU8, Ordering::SeqCst},
        },
    };

    use actix_totp_core::{Device, Swap, Version};
    use actix_totp_diesel::{
        DieselStore,
        diesel::{PgConnection, connection::SimpleConnection},
    };

    use super::*;

    #[test]
    fn a_restart_of_postgresql_is_not_noticed() {
        let owned = support::migrated::<PgConnection>();
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

    #[test]
    fn a_swap_that_was_written_before_its_connection_died_is_recognised() {
        let owned = support::migrated::<PgConnection>();
        let [alice] = &insert_at_1(&owned.store, &["alice"])[..] else {
            unreachable!()
        };
        let (proxied, fault) = proxy(owned.database.url());
        // One connection, and its statements are prepared before the cut.
        let store = DieselStore::from_pool(support::pool::<PgConnection>(&proxied, 1));
        let swap = |expected, version| {
            let swap = update(alice, expected, version);
            store.swap(&swap.user, swap.expected, swap.next.as_ref())
        };
        assert!(swap(1, 2).unwrap());
        fault.store(CUT, SeqCst);
        assert!(swap(2, 3).unwrap());
        assert_eq!(
            fault.load(SeqCst),
            NONE,
            "the answer of the last swap was lost"
        );
        assert_eq!(store.load(&alice.user).unwrap(), Some(at(3, alice)));

        // One that expects what is no longer there is not taken for written.
        fault.store(CUT, SeqCst);
        let stale = swap(2, 9);
        assert!(support::is_unavailable(&stale), "{stale:?}");
        // And nobody knows who deleted a row.
        let nobody = device("nobody").user;
        let prepared = store.swap(&nobody, Some(Version::from_i64(3)), None);
        assert!(!prepared.unwrap());
        fault.store(CUT, SeqCst);
        let deleted = store.swap(&alice.user, Some(Version::from_i64(3)), None);
        assert!(support::is_unavailable(&deleted), "{deleted:?}");
        assert_eq!(store.load(&alice.user).unwrap(), None);
    }

    /// Of a batch whose one answer is lost by a fault, what was written is recognised, and what was not is unknown.
    fn assert_recognised_after(lost_by: u8) {
        let owned = support::migrated::<PgConnection>();
        let [alice, bob, carol] = &insert_at_1(&owned.store, &["alice", "bob", "carol"])[..] else {
            unreachable!()
        };
        let (proxied, fault) = proxy(owned.database.url());
        let store = DieselStore::from_pool(support::pool::<PgConnection>(&proxied, 1));
        let batch = store.batch().unwrap();
        let first = batch.swap_batch(vec![update(carol, 1, 4), update(bob, 1, 4)]);
        assert!(matches!(first[..], [Ok(true), Ok(true)]), "{first:?}");
        fault.store(lost_by, SeqCst);
        let lost = batch.swap_batch(vec![
            update(carol, 4, 5),
            update(alice, 2, 5), // stale, or written and then overwritten
            update(bob, 4, 5),
        ]);
        assert!(matches!(lost[..], [Ok(true), Err(_), Ok(true)]), "{lost:?}");
        assert_eq!(fault.load(SeqCst), NONE, "the answer for all was lost");
        assert_eq!(store.load(&bob.user).unwrap(), Some(at(5, bob)));
        assert_eq!(store.load(&alice.user).unwrap().as_ref(), Some(alice));
    }

    #[test]
    fn those_of_a_batch_that_were_written_before_its_connection_died_are_recognised() {
        assert_recognised_after(CUT);
    }

    /// An error on a connection that still answers is not always the word of the server that ran the statement.
    #[test]
    fn those_of_a_batch_that_were_written_before_a_pooler_lost_its_server_are_recognised() {
        assert_recognised_after(ERROR);
    }

    #[test]
    fn inserts_before_a_pooler_lost_its_server_are_recognised_and_deletes_are_unknown() {
        let owned = support::migrated::<PgConnection>();
        let devices = ["alice", "bob"].map(|id| at(1, &device(id)));
        let (proxied, fault) = proxy(owned.database.url());
        let store = DieselStore::from_pool(support::pool::<PgConnection>(&proxied, 1));
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
        fault.store(ERROR, SeqCst);
        assert_eq!(swap_all(false), [Some(true); 2]);
        fault.store(ERROR, SeqCst);
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

    #[test]
    fn a_swap_that_cannot_be_looked_for_is_unknown() {
        let owned = support::migrated::<PgConnection>();
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

    #[test]
    fn after_a_second_failure_the_others_of_a_batch_are_not_looked_for() {
        let owned = support::migrated::<PgConnection>();
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

    /// What the proxy does with the server's next answer.
    const NONE: u8 = 0;
    /// It closes the connection instead.
    const CUT: u8 = 1;
    /// It reports an error instead, as a pooler that lost its server and keeps its client.
    const ERROR: u8 = 2;

    /// SQLSTATE 08P01, and then ReadyForQuery.
    const SERVER_LOST: &[u8] =
        b"E\0\0\0\x3aSERROR\0VERROR\0C08P01\0Mserver conn crashed on purpose\0\0Z\0\0\0\x05I";

    /// Hands on what is sent to the server and what it answers. With a fault it waits for the answer and keeps it.
    fn proxy(url: &str) -> (String, Arc<AtomicU8>) {
        use std::io::{Read, Write};
        let (user, rest) = url.split_once('@').unwrap();
        let (server, name) = rest.split_once('/').unwrap();
        let (server, fault) = (server.to_owned(), Arc::new(AtomicU8::new(NONE)));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let proxied = format!("{user}@{address}/{name}?sslmode=disable"); // it speaks for the server
        let next = Arc::clone(&fault);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let mut client = client.unwrap();
                let mut server = TcpStream::connect(&server).unwrap();
                let mut requests = client.try_clone().unwrap();
                let mut forward = server.try_clone().unwrap();
                std::thread::spawn(move || std::io::copy(&mut requests, &mut forward));
                let next = Arc::clone(&next);
                std::thread::spawn(move || {
                    let mut chunk = [0; 16_384];
                    while let Ok(read @ 1..) = server.read(&mut chunk) {
                        let answer = match next.swap(NONE, SeqCst) {
                            CUT => break,
                            ERROR => SERVER_LOST,
                            _ => &chunk[..read],
                        };
                        let _ = client.write_all(answer);
                    }
                    let _ = client.shutdown(Shutdown::Both);
                });
            }
        });
        (proxied, fault)
    }
}
