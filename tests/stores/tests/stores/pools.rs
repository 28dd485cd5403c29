//! The store works with the pool that it is given, and with the one it opens.

use actix_totp_core::{DeviceStore, Version};
use actix_totp_diesel::{
    DieselStore,
    diesel::{self, connection::InstrumentationEvent},
};
use actix_totp_sqlx::{SqlxStore, sqlx};

use crate::support::{self, TestConnection, TestStore, at, device, insert};

support::on_every_database!(
    an_applications_own_pool_will_do,
    a_pool_of_one_connection_will_do_for_many_threads,
    debug_does_not_show_the_url,
);

fn an_applications_own_pool_will_do<S: TestStore>() {
    let database = S::Connection::database();
    let store = S::from_pool(database.url(), 2);
    store.migrate();
    let device = device("alice");
    insert(&store, &device);
    assert_eq!(store.clone().load(&device.user).unwrap(), Some(device));
}

fn a_pool_of_one_connection_will_do_for_many_threads<S: TestStore>() {
    let database = S::Connection::database();
    let store = S::from_pool(database.url(), 1);
    store.migrate();
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

#[test]
fn load_and_swap_are_prepared_once_per_connection_of_diesel() {
    assert_prepared_once::<diesel::SqliteConnection>();
    #[cfg(feature = "postgres")]
    assert_prepared_once::<diesel::PgConnection>();
    #[cfg(feature = "mysql")]
    assert_prepared_once::<diesel::MysqlConnection>();
}

fn assert_prepared_once<C: TestConnection>() {
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

fn debug_does_not_show_the_url<S: TestStore>() {
    let owned = support::migrated::<S>();
    let shown = format!("{:?}", owned.store);
    assert!(!shown.contains("totp_test"), "{shown}");
}

fn assert_is_one_database(store: impl TestStore) {
    store.migrate();
    let device = device("alice");
    insert(&store, &device);
    assert_eq!(store.load(&device.user).unwrap(), Some(device));
}

#[test]
fn a_database_in_memory_is_one_database() {
    assert_is_one_database(DieselStore::<diesel::SqliteConnection>::open(":memory:").unwrap());
    for url in ["sqlite::memory:", "sqlite:name?mode=memory"] {
        assert_is_one_database(SqlxStore::<sqlx::Sqlite>::open(url).unwrap());
    }
}

/// The store's own connections would not see it.
#[tokio::test]
async fn a_pool_of_sqlx_in_memory_is_refused() {
    for url in ["sqlite::memory:", "sqlite:name?mode=memory&cache=shared"] {
        let pool = sqlx::Pool::<sqlx::Sqlite>::connect_lazy(url).unwrap();
        let refused = SqlxStore::from_pool(&pool).unwrap_err().to_string();
        assert!(refused.contains("in memory"), "{refused}");
    }
    let unnamed = sqlx::sqlite::SqliteConnectOptions::new();
    let unnamed = sqlx::Pool::<sqlx::Sqlite>::connect_lazy_with(unnamed);
    assert!(SqlxStore::from_pool(&unnamed).is_err());
}

#[test]
fn a_file_is_made_unless_the_url_says_how_it_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.db");
    let url = format!("sqlite:{}", path.display());
    let opened = SqlxStore::<sqlx::Sqlite>::open(&format!("{url}?mode=rw"));
    assert!(opened.is_err() && !path.exists());
    SqlxStore::<sqlx::Sqlite>::open(&url).unwrap();
    assert!(path.exists());
}
