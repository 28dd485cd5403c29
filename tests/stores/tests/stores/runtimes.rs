//! The store of sqlx works under every runtime, and hangs in none. It is asked on the runtime's own thread, which nobody
//! drives meanwhile: worse than the plugin, which has threads of its own.

use std::{sync::mpsc, thread, time::Duration};

use actix_totp_sqlx::{SqlxStore, sqlx};

use crate::support::{self, SqlxSqlite, TestConnection, TestStore, at, device, insert, user};

support::on_every_sqlx_store!(
    under_actix_main,
    under_tokio_main_with_one_thread,
    under_tokio_main_with_many_threads,
    in_a_task_that_has_used_its_budget,
    in_blocking_threads,
    while_the_pool_is_exhausted_and_closed,
);

/// A test that hangs fails, instead of holding up the others for ever.
fn within_a_minute(run: impl FnOnce() + Send + 'static) {
    let (done, is_done) = mpsc::channel();
    let running = thread::spawn(move || {
        run();
        let _ = done.send(());
    });
    let ended = is_done.recv_timeout(Duration::from_secs(60));
    if ended == Err(mpsc::RecvTimeoutError::Timeout) {
        panic!("it hangs");
    }
    running.join().unwrap();
}

/// Opens a store with the application's pool, after that was used here, and uses the store.
async fn assert_works<S: SqlxTestStore>(url: &str) {
    let pool = S::pool(url).await;
    let store = S::of(&pool);
    store.migrate();
    assert_is_asked(&store);
    S::use_pool(&pool).await;
    store.revert_migrations();
}

fn assert_is_asked(store: &impl TestStore) {
    let alice = device("alice");
    insert(store, &alice);
    for version in 1..300 {
        let loaded = store.load(&alice.user).unwrap().unwrap();
        let next = at(version, &alice);
        assert!(
            store
                .swap(&alice.user, Some(loaded.version), Some(&next))
                .unwrap()
        );
    }
    let users: Vec<_> = (0..100).map(|n| user(&format!("user {n}"))).collect();
    if let Some(batch) = store.batch() {
        let loaded = batch.load_batch(&users.iter().collect::<Vec<_>>());
        assert!(loaded.into_iter().all(|it| matches!(it, Ok(None))));
    }
}

/// What an application does with its pool.
pub(crate) trait SqlxTestStore: TestStore {
    type Pool: Clone + Send + Sync + 'static;

    fn pool(url: &str) -> impl Future<Output = Self::Pool>;
    fn use_pool(pool: &Self::Pool) -> impl Future<Output = ()>;
    /// Takes every connection, and then closes the pool.
    fn exhaust_and_close(pool: &Self::Pool) -> impl Future<Output = ()>;
    fn of(pool: &Self::Pool) -> Self;
}

macro_rules! sqlx_test_store {
    ($database:ident) => {
        impl SqlxTestStore for SqlxStore<sqlx::$database> {
            type Pool = sqlx::Pool<sqlx::$database>;

            async fn pool(url: &str) -> Self::Pool {
                let options = sqlx::pool::PoolOptions::new().max_connections(2);
                let pool = options.connect(url).await.unwrap();
                Self::use_pool(&pool).await;
                pool
            }

            async fn use_pool(pool: &Self::Pool) {
                sqlx::query("SELECT 1").execute(pool).await.unwrap();
            }

            async fn exhaust_and_close(pool: &Self::Pool) {
                let _all = (pool.acquire().await.unwrap(), pool.acquire().await.unwrap());
                assert!(pool.try_acquire().is_none());
                drop(pool.close());
            }

            fn of(pool: &Self::Pool) -> Self {
                Self::from_pool(pool).unwrap()
            }
        }
    };
}
sqlx_test_store!(Sqlite);
#[cfg(feature = "postgres")]
sqlx_test_store!(Postgres);
#[cfg(feature = "mysql")]
sqlx_test_store!(MySql);

fn database<S: TestStore>() -> Box<dyn support::TestDatabase> {
    let database = S::Connection::database();
    S::open(database.url()); // makes the file of SQLite
    database
}

fn under_actix_main<S: SqlxTestStore>() {
    within_a_minute(|| {
        let database = database::<S>();
        actix_web::rt::System::new().block_on(assert_works::<S>(database.url()));
    });
}

fn under_tokio_main_with_one_thread<S: SqlxTestStore>() {
    within_a_minute(|| {
        let database = database::<S>();
        one_thread().block_on(assert_works::<S>(database.url()));
    });
}

fn one_thread() -> tokio::runtime::Runtime {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().unwrap()
}

fn under_tokio_main_with_many_threads<S: SqlxTestStore>() {
    within_a_minute(|| {
        let database = database::<S>();
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(assert_works::<S>(database.url()));
        // And on its workers, both of them.
        let store = S::open(database.url());
        store.migrate();
        insert(&store, &device("alice"));
        runtime.block_on(async {
            let ask = |store: S| tokio::spawn(async move { store.load(&user("alice")).unwrap() });
            for asked in [(); 8].map(|()| ask(store.clone())) {
                assert_eq!(asked.await.unwrap(), Some(device("alice")));
            }
        });
    });
}

/// tokio makes whatever a task awaits wait when the task has done much without a pause.
fn in_a_task_that_has_used_its_budget<S: SqlxTestStore>() {
    within_a_minute(|| {
        let database = database::<S>();
        one_thread().block_on(async {
            let store = S::open(database.url());
            store.migrate();
            tokio::task::LocalSet::new()
                .run_until(async move {
                    while tokio::task::coop::has_budget_remaining() {
                        tokio::task::coop::consume_budget().await;
                    }
                })
                .await;
            let store = S::open(database.url());
            assert_is_asked(&store);
        });
    });
}

fn in_blocking_threads<S: SqlxTestStore>() {
    within_a_minute(|| {
        let database = database::<S>();
        actix_web::rt::System::new().block_on(async {
            let pool = S::pool(database.url()).await;
            let store = S::of(&pool);
            store.migrate();
            let ask = move || assert_is_asked(&store);
            actix_web::web::block(ask).await.unwrap();
        });
    });
}

fn while_the_pool_is_exhausted_and_closed<S: SqlxTestStore>() {
    within_a_minute(|| {
        let database = database::<S>();
        one_thread().block_on(async {
            let pool = S::pool(database.url()).await;
            let store = S::of(&pool);
            store.migrate();
            S::exhaust_and_close(&pool).await;
            assert_is_asked(&store);
        });
    });
}

/// The store outlives the runtime that it was opened in.
#[test]
fn after_the_runtime_has_ended() {
    within_a_minute(|| {
        let database = database::<SqlxSqlite>();
        let store = one_thread().block_on(async { SqlxSqlite::open(database.url()).unwrap() });
        store.migrate().unwrap();
        assert_is_asked(&store);
    });
}

#[actix_web::test]
async fn in_a_test_of_actix() {
    let database = database::<SqlxSqlite>();
    assert_works::<SqlxSqlite>(database.url()).await;
}

#[tokio::test]
async fn in_a_test_of_tokio() {
    let database = database::<SqlxSqlite>();
    assert_works::<SqlxSqlite>(database.url()).await;
}
