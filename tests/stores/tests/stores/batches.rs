//! Batches on PostgreSQL: the swaps of a kind are one statement, and a fault of one is not everybody's.
#![cfg(feature = "postgres")]

use std::sync::Arc;

use actix_totp_core::{Device, Swap, Version};
use actix_totp_diesel::diesel::connection::SimpleConnection;

use crate::support::{self, Owned, TestConnection, TestStore, at, device, insert};

support::on_postgres!(
    inserts_and_deletes_do_not_part_the_updates_of_a_batch,
    a_batch_has_one_statement_for_each_kind,
    one_user_who_comes_twice_does_not_part_the_updates_of_the_others,
    an_update_that_the_database_refuses_leaves_the_others_alone,
    an_insert_or_a_delete_that_the_database_refuses_leaves_the_others_alone,
    where_two_of_a_kind_failed_the_other_kinds_are_not_begun,
    the_rows_of_a_batch_are_locked_in_the_order_of_the_users,
    the_rows_of_a_batch_are_deleted_in_the_order_of_the_users,
    the_rows_of_a_batch_are_inserted_in_the_order_of_the_users,
    batches_in_opposite_orders_meet_in_no_deadlock_and_lose_no_update,
);

fn swap(device: &Device, expected: Option<i64>, version: Option<i64>) -> Swap {
    Swap {
        user: device.user.clone(),
        expected: expected.map(Version::from_i64),
        next: version.map(|version| at(version, device)),
    }
}

/// A store with alice, bob, carol and dave at version 1, in a database that counts its statements.
fn four_users<S: TestStore>() -> (Arc<Owned<S>>, [Device; 4]) {
    let owned = support::migrated::<S>();
    let devices = ["alice", "bob", "carol", "dave"].map(|id| at(1, &device(id)));
    for device in &devices {
        insert(&owned.store, device);
    }
    owned.connect().batch_execute(COUNT).unwrap();
    (owned, devices)
}

/// The statements are the digits of a sequence, which no failure rolls back, to the base of four.
const COUNT: &str = "CREATE SEQUENCE told MINVALUE 0 START 0; \
    CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
    PERFORM setval('told', (SELECT last_value FROM told) * 4 + position(left(TG_OP, 1) IN 'UDI')); \
    RETURN NULL; END $$; \
    CREATE TRIGGER tell BEFORE INSERT OR UPDATE OR DELETE ON totp_devices FOR EACH STATEMENT EXECUTE FUNCTION tell()";

/// The statements since the last call: `UPDATE`, `DELETE` and `INSERT` by their first letters.
fn told<S: TestStore>(owned: &Owned<S>) -> String {
    let mut connection = owned.connect();
    let mut digits = connection.numbers("SELECT last_value AS number FROM told")[0];
    connection
        .batch_execute("SELECT setval('told', 0)")
        .unwrap();
    let mut told = Vec::new();
    while digits > 0 {
        told.insert(0, [' ', 'U', 'D', 'I'][(digits % 4) as usize]);
        digits /= 4;
    }
    told.into_iter().collect()
}

fn inserts_and_deletes_do_not_part_the_updates_of_a_batch<S: TestStore>() {
    let (owned, [alice, bob, carol, dave]) = four_users::<S>();
    let store = &owned.store;
    let erin = device("erin");
    let answers = store.batch().unwrap().swap_batch(vec![
        swap(&dave, Some(1), None),
        swap(&bob, Some(1), Some(2)),
        swap(&erin, None, Some(2)),
        swap(&carol, Some(9), Some(2)),
        swap(&alice, Some(1), Some(2)),
    ]);
    let answers: Vec<bool> = answers.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers, [true, true, true, false, true]);
    assert_eq!(told(&owned), "UDI");
    let rows = [at(2, &alice), at(2, &bob), carol, at(2, &erin)];
    assert_eq!(store.page(None, 9).unwrap(), rows);
}

fn a_batch_has_one_statement_for_each_kind<S: TestStore>() {
    let (owned, [alice, bob, carol, dave]) = four_users::<S>();
    let store = &owned.store;
    let [erin, frank] = ["erin", "frank"].map(|id| at(1, &device(id)));
    let swap_all = |swaps: Vec<Swap>| {
        let answers = store.batch().unwrap().swap_batch(swaps);
        answers.into_iter().map(Result::unwrap).collect::<Vec<_>>()
    };
    let answers = swap_all(vec![
        swap(&erin, None, Some(1)),
        swap(&dave, Some(1), None),
        swap(&alice, Some(1), Some(2)),
        swap(&carol, None, Some(7)), // is there
        swap(&bob, Some(9), None),   // stale
        swap(&frank, None, Some(1)),
    ]);
    assert_eq!(answers, [true, true, true, false, false, true]);
    let rows = [
        at(2, &alice),
        bob.clone(),
        carol.clone(),
        erin.clone(),
        frank.clone(),
    ];
    assert_eq!(owned.store.page(None, 9).unwrap(), rows);
    let answers = swap_all(vec![
        swap(&frank, Some(1), None),
        swap(&carol, Some(1), Some(2)),
        swap(&erin, Some(1), None),
        swap(&bob, Some(1), Some(2)),
        swap(&alice, Some(2), None),
    ]);
    assert_eq!(answers, [true; 5]);
    assert_eq!(
        owned.store.page(None, 9).unwrap(),
        [at(2, &bob), at(2, &carol)]
    );
    assert_eq!(told(&owned), "DIUUD");
}

fn one_user_who_comes_twice_does_not_part_the_updates_of_the_others<S: TestStore>() {
    let (owned, [alice, bob, carol, _]) = four_users::<S>();
    let store = &owned.store;
    let answers = store.batch().unwrap().swap_batch(vec![
        swap(&alice, Some(1), Some(2)),
        swap(&bob, Some(1), Some(2)),
        swap(&alice, Some(2), Some(3)),
        swap(&alice, Some(1), Some(4)),
        swap(&carol, Some(1), Some(2)),
    ]);
    let answers: Vec<bool> = answers.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers, [true, true, true, false, true]);
    assert_eq!(told(&owned), "UUUU", "one for two users, and hers");
    assert_eq!(store.load(&alice.user).unwrap(), Some(at(3, &alice)));
}

/// A trigger of the application refuses some rows, with an error that is no conflict.
fn an_update_that_the_database_refuses_leaves_the_others_alone<S: TestStore>() {
    let (owned, [alice, bob, carol, dave]) = four_users::<S>();
    let store = &owned.store;
    owned.connect().batch_execute(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         IF OLD.user_id = 'bob' OR NEW.version = 3 THEN RAISE EXCEPTION 'this test fails on purpose'; END IF; \
         RETURN NEW; END $$; \
         CREATE TRIGGER refuse BEFORE UPDATE ON totp_devices FOR EACH ROW EXECUTE FUNCTION refuse()",
    ).unwrap();
    let all_to = |version| {
        let all = [&alice, &bob, &carol, &dave].into_iter();
        let swaps = all.map(|device| swap(device, Some(1), Some(version)));
        let answers = store.batch().unwrap().swap_batch(swaps.collect());
        answers.into_iter().map(Result::ok).collect::<Vec<_>>()
    };
    assert_eq!(all_to(2), [Some(true), None, Some(true), Some(true)]);
    for device in [&alice, &carol, &dave] {
        let swapped = owned
            .store
            .swap(&device.user, Some(Version::from_i64(2)), Some(device));
        assert!(swapped.unwrap());
    }
    told(&owned);
    assert_eq!(all_to(3), [None; 4]);
    assert_eq!(told(&owned), "UUU", "a second failure ends it");
}

fn an_insert_or_a_delete_that_the_database_refuses_leaves_the_others_alone<S: TestStore>() {
    let (owned, [alice, bob, carol, _]) = four_users::<S>();
    let store = &owned.store;
    owned.connect().batch_execute(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         IF coalesce(NEW.user_id, OLD.user_id) IN ('bob', 'erin') THEN RAISE EXCEPTION 'this test fails on purpose'; END IF; \
         RETURN coalesce(NEW, OLD); END $$; \
         CREATE TRIGGER refuse BEFORE INSERT OR DELETE ON totp_devices FOR EACH ROW EXECUTE FUNCTION refuse()",
    ).unwrap();
    let [erin, frank, grace] = ["erin", "frank", "grace"].map(|id| at(1, &device(id)));
    let swap_all = |swaps: [Swap; 3]| {
        let answers = store.batch().unwrap().swap_batch(swaps.into());
        answers.into_iter().map(Result::ok).collect::<Vec<_>>()
    };
    let (yes, deleted) = (Some(true), [&alice, &bob, &carol]);
    let answers = swap_all(deleted.map(|device| swap(device, Some(1), None)));
    assert_eq!(answers, [yes, None, yes]);
    let answers = swap_all([&erin, &frank, &grace].map(|device| swap(device, None, Some(1))));
    assert_eq!(answers, [None, yes, yes]);
}

/// Each kind may wait for a lock, and each alone after it; nobody waits for all of that.
fn where_two_of_a_kind_failed_the_other_kinds_are_not_begun<S: TestStore>() {
    let (owned, [alice, bob, carol, dave]) = four_users::<S>();
    let store = &owned.store;
    owned.connect().batch_execute(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'this test fails on purpose'; END $$; \
         CREATE TRIGGER refuse BEFORE UPDATE ON totp_devices FOR EACH ROW EXECUTE FUNCTION refuse()",
    ).unwrap();
    let answers = store.batch().unwrap().swap_batch(vec![
        swap(&carol, Some(1), None),
        swap(&alice, Some(1), Some(2)),
        swap(&dave, Some(1), None),
        swap(&bob, Some(1), Some(2)),
    ]);
    assert!(answers.iter().all(support::is_unavailable), "{answers:?}");
    assert_eq!(told(&owned), "UUU");
    let rows = [alice, bob, carol, dave];
    assert_eq!(owned.store.page(None, 9).unwrap(), rows);
}

/// So that two processes meet in no deadlock: a batch that waits for what `hold` locks has what `touch` wants.
fn assert_locked_in_the_order_of_the_users<S: TestStore>(
    hold: &str,
    touch: &str,
    last_to_first: [Swap; 2],
) {
    let (owned, _) = four_users::<S>();
    // As with many rows: each is looked up in the order of the batch, and not in that of the table.
    for kind_of_plan in ["hashjoin", "mergejoin", "seqscan", "bitmapscan"] {
        owned.set(&format!("enable_{kind_of_plan} = off"));
    }
    let store = S::from_pool(owned.database.url(), 1);
    let mut other = owned.connect();
    other.batch_execute(&format!("BEGIN; {hold}")).unwrap();
    let batch = std::thread::spawn(move || store.batch().unwrap().swap_batch(last_to_first.into()));
    let blocked = "SELECT pid::bigint AS number FROM pg_stat_activity \
                   WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while owned.connect().numbers(blocked).is_empty() {
        assert!(!batch.is_finished(), "the batch did not wait");
    }
    let touched = (owned.connect()).batch_execute(&format!("SET lock_timeout = '1ms'; {touch}"));
    assert!(touched.is_err(), "it has the first");
    other.batch_execute("ROLLBACK").unwrap();
    let answers = batch.join().unwrap();
    assert!(matches!(answers[..], [Ok(true), Ok(true)]), "{answers:?}");
}

const LOCK_DAVE: &str = "UPDATE totp_devices SET failures = 1 WHERE user_id = 'dave'";
const LOCK_ALICE: &str = "UPDATE totp_devices SET failures = 1 WHERE user_id = 'alice'";

fn the_rows_of_a_batch_are_locked_in_the_order_of_the_users<S: TestStore>() {
    let swaps = ["dave", "alice"].map(|id| swap(&device(id), Some(1), Some(2)));
    assert_locked_in_the_order_of_the_users::<S>(LOCK_DAVE, LOCK_ALICE, swaps);
}

fn the_rows_of_a_batch_are_deleted_in_the_order_of_the_users<S: TestStore>() {
    let swaps = ["dave", "alice"].map(|id| swap(&device(id), Some(1), None));
    assert_locked_in_the_order_of_the_users::<S>(LOCK_DAVE, LOCK_ALICE, swaps);
}

fn the_rows_of_a_batch_are_inserted_in_the_order_of_the_users<S: TestStore>() {
    let [zoe, amy] = ["zoe", "amy"].map(|id| {
        let copy = format!("CREATE TEMP TABLE one AS SELECT * FROM totp_devices LIMIT 1; UPDATE one SET user_id = '{id}'");
        format!("{copy}; INSERT INTO totp_devices SELECT * FROM one")
    });
    let swaps = ["zoe", "amy"].map(|id| swap(&device(id), None, Some(1)));
    assert_locked_in_the_order_of_the_users::<S>(&zoe, &amy, swaps);
}

/// Two processes that swap for the same users, in opposite orders, again and again.
fn batches_in_opposite_orders_meet_in_no_deadlock_and_lose_no_update<S: TestStore>() {
    const USERS: usize = 40;
    const ROUNDS: usize = 30;
    let owned = support::migrated::<S>();
    // A plan that changes in between, by new statistics, may visit the rows in another order than the one before it.
    let same_plan = "ALTER TABLE totp_devices SET (autovacuum_enabled = false)";
    owned.connect().batch_execute(same_plan).unwrap();
    let url = owned.database.url();
    let stores = [(); 2].map(|()| S::open(url));
    let users: Vec<_> = (0..USERS)
        .map(|n| support::user(&format!("user {n}")))
        .collect();
    for user in &users {
        insert(&stores[0], &device(user.as_str()));
    }
    let won: Vec<usize> = std::thread::scope(|scope| {
        let process = |nth: usize, store: &S| {
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
    let deadlocks =
        "SELECT deadlocks AS number FROM pg_stat_database WHERE datname = current_database()";
    assert_eq!(owned.connect().numbers(deadlocks), [0]);
}
