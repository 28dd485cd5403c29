//! PostgreSQL, at `TOTP_TEST_POSTGRES_URL`, in a database of each test's own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test panics on purpose"
)]
#![cfg(feature = "postgres")]

mod support;

use std::{
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
};

use actix_totp_core::{Device, DeviceStore, StoreError, Swap, Version};
use actix_totp_diesel::{
    DieselStore,
    diesel::{self, PgConnection, connection::SimpleConnection, prelude::*, sql_types},
};
use support::{ServerDatabase, TestDatabase};

fn database() -> ServerDatabase<PgConnection> {
    let default = "postgres://postgres@127.0.0.1:5432/postgres";
    let create = "TEMPLATE template0 ENCODING 'UTF8'";
    ServerDatabase::new("TOTP_TEST_POSTGRES_URL", default, create, "WITH (FORCE)")
}

support::backend_tests!(PgConnection, database());

#[test]
fn the_table_holds_the_secret_in_no_form() {
    #[derive(QueryableByName)]
    struct Cell {
        #[diesel(sql_type = sql_types::Binary)]
        cell: Vec<u8>,
    }
    let database = database();
    let url = database.url().to_owned();
    let store = support::migrated::<PgConnection, _>(database);
    support::assert_dump_holds_no_secret(store, || {
        let columns = [
            "user_id::bytea",
            "sealed",
            "recent_failures",
            "totp_devices::text::bytea",
        ];
        let mut cells = Vec::new();
        for column in columns {
            let column = column.replace(
                "totp_devices::text::bytea",
                "convert_to(totp_devices::text, 'UTF8')",
            );
            let sql = format!("SELECT {column} AS cell FROM totp_devices");
            let rows: Vec<Cell> = diesel::sql_query(sql).load(&mut connect(&url)).unwrap();
            cells.extend(rows.into_iter().map(|row| row.cell));
        }
        cells
    });
}

#[test]
fn a_serialization_failure_is_a_lost_swap() {
    let database = database();
    set(&database, "default_transaction_isolation = 'serializable'");
    let store = DieselStore::<PgConnection>::open(database.url()).unwrap();
    store.migrate().unwrap();
    let device = support::device("alice");
    assert!(store.swap(&device.user, None, Some(&device)).unwrap());

    // Another transaction has written the row and commits while the swap waits for it.
    let mut other = connect(database.url());
    other
        .batch_execute("BEGIN; UPDATE totp_devices SET failures = 1")
        .unwrap();
    let swap = std::thread::spawn(move || store.swap(&device.user, Some(device.version), None));
    wait_for_a_blocked_backend(database.url());
    other.batch_execute("COMMIT").unwrap();
    assert!(!swap.join().unwrap().unwrap());
}

#[test]
fn a_deadlock_is_a_lost_swap() {
    let database = database();
    let setup = |connection: &mut PgConnection| {
        connection
            .batch_execute("SET deadlock_timeout = '100ms'")
            .unwrap();
    };
    let store = DieselStore::<PgConnection>::open(database.url()).unwrap();
    store.migrate().unwrap();
    for id in ["alice", "bob"] {
        assert!(
            store
                .swap(&support::user(id), None, Some(&support::device(id)))
                .unwrap()
        );
    }
    // A trigger of the application makes the swap of alice's row touch bob's: that is how one statement deadlocks.
    connect(database.url())
        .batch_execute(
            "CREATE FUNCTION touch() RETURNS trigger AS $$ BEGIN \
             IF OLD.user_id = 'alice' THEN UPDATE totp_devices SET failures = 9 WHERE user_id = 'bob'; END IF; \
             RETURN NEW; END $$ LANGUAGE plpgsql; \
             CREATE TRIGGER touch AFTER UPDATE ON totp_devices FOR EACH ROW EXECUTE FUNCTION touch()",
        )
        .unwrap();
    let pool = diesel::r2d2::Pool::builder()
        .max_size(1)
        .build(diesel::r2d2::ConnectionManager::<PgConnection>::new(
            database.url(),
        ))
        .unwrap();
    setup(&mut pool.get().unwrap());
    let store = DieselStore::from_pool(pool);
    let mut other = connect(database.url());
    other.batch_execute("SET deadlock_timeout = '1h'; BEGIN; UPDATE totp_devices SET failures = 1 WHERE user_id = 'bob'").unwrap();
    let alice = support::device("alice");
    let swap =
        std::thread::spawn(move || store.swap(&alice.user, Some(alice.version), Some(&alice)));
    wait_for_a_blocked_backend(database.url());
    other
        .batch_execute("UPDATE totp_devices SET failures = 1 WHERE user_id = 'alice'; COMMIT")
        .unwrap();
    assert!(!swap.join().unwrap().unwrap());
}

/// A setting of every connection to the database from now on.
fn set(database: &impl TestDatabase, setting: &str) {
    let (_, name) = database.url().rsplit_once('/').unwrap();
    let alter = format!("ALTER DATABASE {name} SET {setting}");
    connect(database.url()).batch_execute(&alter).unwrap();
}

/// Waits, as long as it takes, until somebody in this database waits for a lock.
fn wait_for_a_blocked_backend(url: &str) {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = sql_types::BigInt)]
        count: i64,
    }
    let sql = "SELECT count(*) AS count FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
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
    let store = DieselStore::<PgConnection>::open(database.url()).unwrap();
    store.migrate().unwrap();
    set(&database, "default_transaction_read_only = on");
    let store = DieselStore::<PgConnection>::open(database.url()).unwrap();
    let device = support::device("alice");
    let refused = store.swap(&device.user, None, Some(&device));
    assert!(
        matches!(refused, Err(StoreError::Unavailable(_))),
        "{refused:?}"
    );
}

/// As at a restart of the server: every connection in the pool is dead.
fn end_all_connections(url: &str) {
    let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    connect(url).batch_execute(sql).unwrap();
}

#[test]
fn a_restart_of_the_server_is_not_noticed() {
    let database = database();
    let store = DieselStore::<PgConnection>::open(database.url()).unwrap();
    support::assert_survives_dead_connections(&store, || end_all_connections(database.url()));
}

#[test]
fn a_swap_that_was_written_before_its_connection_died_is_recognised() {
    let database = database();
    let (proxied, cut) = proxy(database.url());
    // One connection, and its statements are prepared before the cut.
    let pool = diesel::r2d2::Pool::builder()
        .max_size(1)
        .test_on_check_out(false)
        .build(diesel::r2d2::ConnectionManager::<PgConnection>::new(
            proxied,
        ))
        .unwrap();
    let store = DieselStore::from_pool(pool);
    store.migrate().unwrap();
    let mut alice = support::device("alice");
    assert!(store.swap(&alice.user, None, Some(&alice)).unwrap());
    for version in [2, 3] {
        cut.store(version == 3, SeqCst);
        let expected = alice.version;
        alice.version = Version::from_i64(version);
        assert!(
            store
                .swap(&alice.user, Some(expected), Some(&alice))
                .unwrap()
        );
    }
    assert!(!cut.load(SeqCst), "the answer of the last swap was lost");
    assert_eq!(store.load(&alice.user).unwrap(), Some(alice.clone()));

    // BatchStore with others, one of them stale.
    let (bob, carol) = (support::device("bob"), support::device("carol"));
    for device in [&bob, &carol] {
        assert!(store.swap(&device.user, None, Some(device)).unwrap());
    }
    let swap = |device: &Device, expected: i64, version: i64| Swap {
        user: device.user.clone(),
        expected: Some(Version::from_i64(expected)),
        next: Some(Device {
            version: Version::from_i64(version),
            ..device.clone()
        }),
    };
    let now = support::NOON.cast_signed();
    let together = store.batch().unwrap();
    let swapped = |swaps: Vec<Swap>| together.swap_batch(swaps);
    let first = swapped(vec![swap(&carol, now, 4), swap(&bob, now, 4)]);
    assert!(matches!(first[..], [Ok(true), Ok(true)]), "{first:?}");
    cut.store(true, SeqCst);
    let cut_off = swapped(vec![
        swap(&carol, 4, 5),
        swap(&alice, 2, 5),
        swap(&bob, 4, 5),
    ]);
    assert!(
        matches!(cut_off[..], [Ok(true), Err(_), Ok(true)]),
        "{cut_off:?}"
    );
    assert!(!cut.load(SeqCst), "the answer for all of them was lost");
    assert_eq!(store.load(&alice.user).unwrap(), Some(alice.clone()));

    // One that expects what is no longer there is not taken for written, and nobody knows whether a delete was.
    cut.store(true, SeqCst);
    let mut other = alice.clone();
    other.version = Version::from_i64(9);
    let stale = store.swap(&alice.user, Some(Version::from_i64(2)), Some(&other));
    assert!(!matches!(stale, Ok(true)), "{stale:?}");
    assert_eq!(store.load(&alice.user).unwrap(), Some(alice));
}

/// Hands on what is sent to the server and what it answers. Once `cut`, it waits for the answer, keeps it, and closes the
/// connection.
fn proxy(url: &str) -> (String, Arc<AtomicBool>) {
    use std::io::{Read, Write};
    let (user, rest) = url.split_once('@').unwrap();
    let (server, name) = rest.split_once('/').unwrap();
    let (server, cut) = (server.to_owned(), Arc::new(AtomicBool::new(false)));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxied = format!("{user}@{}/{name}", listener.local_addr().unwrap());
    let told = Arc::clone(&cut);
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let mut client = client.unwrap();
            let mut server = TcpStream::connect(&server).unwrap();
            let mut requests = client.try_clone().unwrap();
            let mut forward = server.try_clone().unwrap();
            std::thread::spawn(move || std::io::copy(&mut requests, &mut forward));
            let told = Arc::clone(&told);
            std::thread::spawn(move || {
                let mut chunk = [0; 16_384];
                while let Ok(read @ 1..) = server.read(&mut chunk) {
                    if told.swap(false, SeqCst) {
                        break;
                    }
                    let _ = client.write_all(&chunk[..read]);
                }
                let _ = client.shutdown(Shutdown::Both);
            });
        }
    });
    (proxied, cut)
}

/// Two processes that swap for the same users, in opposite orders, again and again.
#[test]
fn groups_in_opposite_orders_meet_in_no_deadlock_and_lose_no_update() {
    const USERS: usize = 40;
    const ROUNDS: usize = 30;
    let database = database();
    let stores = [(); 2].map(|()| DieselStore::<PgConnection>::open(database.url()).unwrap());
    stores[0].migrate().unwrap();
    let users: Vec<_> = (0..USERS)
        .map(|n| support::user(&format!("user {n}")))
        .collect();
    for user in &users {
        let device = support::device(user.as_str());
        assert!(stores[0].swap(user, None, Some(&device)).unwrap());
    }
    let won: Vec<usize> = std::thread::scope(|scope| {
        let process = |nth: usize, store: &DieselStore<PgConnection>| {
            let together = store.batch().unwrap();
            let mut order: Vec<_> = users.iter().collect();
            if nth == 1 {
                order.reverse();
            }
            let mut won = 0;
            for round in 0..ROUNDS {
                let loaded = together.load_batch(&order);
                let swaps = loaded.into_iter().enumerate().map(|(at, device)| {
                    let device = device.unwrap().unwrap();
                    let version = ((nth * ROUNDS + round) * USERS + at + 1) as i64;
                    Swap {
                        user: device.user.clone(),
                        expected: Some(device.version),
                        next: Some(Device {
                            version: Version::from_i64(version),
                            failures: device.failures + 1,
                            ..device
                        }),
                    }
                });
                let swapped = together.swap_batch(swaps.collect());
                won += swapped
                    .into_iter()
                    .filter(|it| *it.as_ref().unwrap())
                    .count();
            }
            won
        };
        let running: Vec<_> = stores
            .iter()
            .enumerate()
            .map(|(nth, store)| scope.spawn(move || process(nth, store)))
            .collect();
        running.into_iter().map(|it| it.join().unwrap()).collect()
    });
    let counted: u32 = (stores[0].page(None, 100).unwrap().iter())
        .map(|it| it.failures)
        .sum();
    assert_eq!(counted as usize, won.iter().sum::<usize>());
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = sql_types::BigInt)]
        deadlocks: i64,
    }
    let sql = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
    let count = diesel::sql_query(sql).get_result::<Count>(&mut connect(database.url()));
    assert_eq!(count.unwrap().deadlocks, 0);
}
