//! Swaps that share a commit of SQLite's writer: each is one for itself.

use std::sync::Arc;

use actix_totp_core::{Device, Swap, Version};
use actix_totp_diesel::diesel::connection::SimpleConnection;

use crate::support::{self, Owned, TestStore, at, device, insert};

support::on_sqlite!(
    each_of_many_swaps_gets_its_own_answer,
    many_rows_are_read_in_the_order_of_their_users,
    a_row_that_the_database_refuses_leaves_the_others_alone,
);

/// More than one statement takes.
const USERS: i64 = 150;

/// A store with so many users, each at its own version and with a box of its own.
fn many_users<S: TestStore>() -> (Arc<Owned<S>>, Vec<Device>) {
    let owned = support::migrated::<S>();
    let devices: Vec<Device> = (1..=USERS)
        .map(|n| Device {
            sealed: vec![7; n as usize],
            last_used_at: (n % 2 == 0).then_some(n.cast_unsigned()),
            ..at(n, &device(&format!("user {n}")))
        })
        .collect();
    for device in &devices {
        insert(&owned.store, device);
    }
    (owned, devices)
}

fn swap(device: &Device, expected: i64, version: i64) -> Swap {
    Swap {
        user: device.user.clone(),
        expected: Some(Version::from_i64(expected)),
        next: Some(at(version, device)),
    }
}

fn each_of_many_swaps_gets_its_own_answer<S: TestStore>() {
    let (owned, devices) = many_users::<S>();
    let store = &owned.store;
    // Every third is told a version that its row is not at.
    let is_lost = |n: i64| n % 3 == 0;
    let mut swaps: Vec<Swap> = devices
        .iter()
        .zip(1..)
        .map(|(device, n)| swap(device, if is_lost(n) { -n } else { n }, 1_000 + n))
        .collect();
    // One comes twice; one is there already; one is new; one goes.
    let (first, second, new) = (&devices[0], &devices[1], device("new"));
    swaps.push(swap(first, 1_001, 2_001));
    swaps.push(Swap {
        expected: None,
        ..swap(second, 0, 2_002)
    });
    swaps.push(Swap {
        expected: None,
        ..swap(&new, 0, 1)
    });
    swaps.push(Swap {
        next: None,
        ..swap(second, 1_002, 0)
    });
    let answers = store.batch().unwrap().swap_batch(swaps);
    let answers: Vec<bool> = answers.into_iter().map(Result::unwrap).collect();
    let expected = (1..=USERS).map(|n| !is_lost(n));
    let expected: Vec<bool> = expected.chain([true, false, true, true]).collect();
    assert_eq!(answers, expected);
    for (device, n) in devices.iter().zip(1..) {
        let row = match n {
            1 => Some(at(2_001, device)),
            2 => None,
            n if is_lost(n) => Some(device.clone()),
            n => Some(at(1_000 + n, device)),
        };
        assert_eq!(store.load(&device.user).unwrap(), row, "{n}");
    }
    assert_eq!(store.load(&new.user).unwrap(), Some(at(1, &new)));
}

fn many_rows_are_read_in_the_order_of_their_users<S: TestStore>() {
    let (owned, mut devices) = many_users::<S>();
    devices.reverse();
    devices.insert(7, device("nobody"));
    devices.insert(100, devices[3].clone());
    let users: Vec<_> = devices.iter().map(|it| &it.user).collect();
    for count in [1, 2, 3, 64, 65, users.len()] {
        let answers = owned.store.batch().unwrap().load_batch(&users[..count]);
        let found: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
        let is_there = |device: &Device| device.user.as_str() != "nobody";
        let expected = devices[..count].iter();
        let expected: Vec<_> = expected
            .map(|it| is_there(it).then(|| it.clone()))
            .collect();
        assert_eq!(found, expected, "{count}");
    }
}

/// By a trigger of the application.
fn a_row_that_the_database_refuses_leaves_the_others_alone<S: TestStore>() {
    let (owned, devices) = many_users::<S>();
    let refuse = "CREATE TRIGGER refuse BEFORE UPDATE ON totp_devices WHEN OLD.user_id = 'user 2' \
        BEGIN SELECT RAISE(ABORT, 'this test fails on purpose'); END";
    owned.connect().batch_execute(refuse).unwrap();
    let swaps = devices[..4].iter().zip(1..);
    let swaps = swaps.map(|(device, n)| swap(device, n, 1_000 + n));
    let answers = owned.store.batch().unwrap().swap_batch(swaps.collect());
    let answers: Vec<_> = answers.into_iter().map(Result::ok).collect();
    assert_eq!(answers, [Some(true), None, Some(true), Some(true)]);
}
