//! The store works with the pool that it is given, and with the one it opens.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test panics on purpose"
)]
#![cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]

mod support;

use actix_totp_core::{DeviceStore, Version};
use actix_totp_diesel::{DieselStore, diesel::connection::InstrumentationEvent};
use support::{TestBackend, at, device, insert};

support::on_every_database!(
    an_applications_own_pool_will_do,
    a_pool_of_one_connection_will_do_for_many_threads,
    load_and_swap_are_prepared_once_per_connection,
    debug_does_not_show_the_url,
);

fn an_applications_own_pool_will_do<C: TestBackend>() {
    let database = C::database();
    let store = DieselStore::from_pool(support::pool::<C>(database.url(), 2));
    store.migrate().unwrap();
    let device = device("alice");
    insert(&store, &device);
    assert_eq!(store.clone().load(&device.user).unwrap(), Some(device));
}

fn a_pool_of_one_connection_will_do_for_many_threads<C: TestBackend>() {
    let database = C::database();
    let store = DieselStore::from_pool(support::pool::<C>(database.url(), 1));
    store.migrate().unwrap();
    std::thread::scope(|scope| {
        for n in 0..8 {
            let store = &store;
            scope.spawn(move || {
                let device = device(&format!("user {n}"));
                insert(store, &device);
                for version in 1..20 {
                    let loaded = store.load(&device.user).unwrap();
                    let (expected, next) = (loaded.unwrap().version, at(version, &device));
                    let swapped = store.swap(&device.user, Some(expected), Some(&next));
                    assert!(swapped.unwrap());
                }
            });
        }
    });
    assert_eq!(store.page(None, 99).unwrap().len(), 8);
}

fn load_and_swap_are_prepared_once_per_connection<C: TestBackend>() {
    let database = C::database();
    let pool = support::pool::<C>(database.url(), 1);
    let store = DieselStore::from_pool(pool.clone());
    store.migrate().unwrap();
    let mut device = device("alice");
    insert(&store, &device);

    let (tell, told) = std::sync::mpsc::channel();
    let watch = move |event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::CacheQuery { sql, .. } = event {
            tell.send(sql.to_owned()).unwrap();
        }
    };
    pool.get().unwrap().set_instrumentation(watch);
    for version in 2..5 {
        let expected = store.load(&device.user).unwrap().unwrap().version;
        device.version = Version::from_i64(version);
        let swapped = store.swap(&device.user, Some(expected), Some(&device));
        assert!(swapped.unwrap());
    }
    let prepared: Vec<String> = told.try_iter().collect();
    assert_eq!(prepared.len(), 2, "{prepared:?}");
    assert!(prepared[0].starts_with("SELECT") && prepared[1].starts_with("UPDATE"));
    // With a bound limit SQLite would parse a cached statement again at each call.
    assert!(!prepared[0].contains("LIMIT"), "{prepared:?}");
}

fn debug_does_not_show_the_url<C: TestBackend>() {
    let owned = support::migrated::<C>();
    let shown = format!("{:?}", owned.store);
    assert!(!shown.contains("totp_test"), "{shown}");
}

#[cfg(feature = "sqlite")]
#[test]
fn a_database_in_memory_is_one_database() {
    use actix_totp_diesel::diesel::SqliteConnection;
    let store = DieselStore::<SqliteConnection>::open(":memory:").unwrap();
    store.migrate().unwrap();
    let device = device("alice");
    insert(&store, &device);
    assert_eq!(store.load(&device.user).unwrap(), Some(device));
}
