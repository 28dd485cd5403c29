//! The kinds of stores that are tested.

use std::{fmt::Debug, sync::Arc, time::Duration};

use actix_totp_core::{BatchStore, Device, DeviceStore, StoreError, UserId, Version};
use actix_totp_diesel::{
    DieselStore, Inspection,
    diesel::{
        self, Connection,
        connection::SimpleConnection,
        r2d2::{ConnectionManager, Pool},
    },
};
use actix_totp_sqlx::{SqlxStore, sqlx};

use super::databases::{TestConnection, TestDatabase};

pub(crate) type DieselSqlite = DieselStore<diesel::SqliteConnection>;
pub(crate) type SqlxSqlite = SqlxStore<sqlx::Sqlite>;
#[cfg(feature = "postgres")]
pub(crate) type DieselPostgres = DieselStore<diesel::PgConnection>;
#[cfg(feature = "postgres")]
pub(crate) type SqlxPostgres = SqlxStore<sqlx::Postgres>;
#[cfg(feature = "mysql")]
pub(crate) type DieselMysql = DieselStore<diesel::MysqlConnection>;
#[cfg(feature = "mysql")]
pub(crate) type SqlxMysql = SqlxStore<sqlx::MySql>;

/// A kind of store that is tested.
pub(crate) trait TestStore: DeviceStore + Clone + Debug {
    /// What a test itself asks the database with.
    type Connection: TestConnection;

    fn open(url: &str) -> Self;
    /// Over an application's pool of so many connections, which waits for locks and statements for as long as a test takes.
    fn from_pool(url: &str, connections: u32) -> Self;
    /// With limits as short as can be, so that the tests are.
    fn impatient(url: &str, statement_secs: u64) -> Self;
    fn migrate(&self);
    fn inspect(&self) -> Inspection;
    fn revert_migrations(&self);
}

macro_rules! impatient {
    ($builder:expr, $statement_secs:ident) => {
        $builder
            .connections(1)
            .checkout_timeout(Duration::from_millis(500))
            .lock_timeout(Duration::from_secs(1))
            .statement_timeout(Duration::from_secs($statement_secs))
            .open()
            .unwrap()
    };
}

impl<C: TestConnection> TestStore for DieselStore<C> {
    type Connection = C;

    fn open(url: &str) -> Self {
        Self::open(url).unwrap()
    }

    fn from_pool(url: &str, connections: u32) -> Self {
        Self::from_pool(pool(url, connections))
    }

    fn impatient(url: &str, statement_secs: u64) -> Self {
        impatient!(Self::builder(url), statement_secs)
    }

    fn migrate(&self) {
        self.migrate().unwrap();
    }

    fn inspect(&self) -> Inspection {
        self.inspect().unwrap()
    }

    fn revert_migrations(&self) {
        self.revert_migrations().unwrap();
    }
}

/// An application's pool, whose connections are not tested when they are handed out.
pub(crate) fn pool<C: TestConnection>(url: &str, connections: u32) -> Pool<ConnectionManager<C>> {
    Pool::builder()
        .max_size(connections)
        .test_on_check_out(false)
        .build(ConnectionManager::new(url))
        .unwrap()
}

macro_rules! sqlx_store {
    ($database:ident, $connection:ident) => {
        impl TestStore for SqlxStore<sqlx::$database> {
            type Connection = diesel::$connection;

            fn open(url: &str) -> Self {
                Self::open(url).unwrap()
            }

            /// The pool is of a runtime that is never driven again.
            fn from_pool(url: &str, connections: u32) -> Self {
                let application = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .unwrap();
                let _inside = application.enter();
                Self::open(url).unwrap(); // makes the file of SQLite
                let options = sqlx::pool::PoolOptions::<sqlx::$database>::new();
                let pool = options.max_connections(connections).connect_lazy(url);
                let minute = Duration::from_secs(60);
                Self::builder_from_pool(&pool.unwrap())
                    .lock_timeout(minute)
                    .statement_timeout(minute)
                    .open()
                    .unwrap()
            }

            fn impatient(url: &str, statement_secs: u64) -> Self {
                impatient!(Self::builder(url), statement_secs)
            }

            fn migrate(&self) {
                self.migrate().unwrap();
            }

            fn inspect(&self) -> Inspection {
                self.inspect().unwrap()
            }

            fn revert_migrations(&self) {
                self.revert_migrations().unwrap();
            }
        }
    };
}
sqlx_store!(Sqlite, SqliteConnection);
#[cfg(feature = "postgres")]
sqlx_store!(Postgres, PgConnection);
#[cfg(feature = "mysql")]
sqlx_store!(MySql, MysqlConnection);

/// A store with the database that it is in; both end together.
pub(crate) struct Owned<S: TestStore> {
    pub(crate) store: S,
    pub(crate) database: Box<dyn TestDatabase>,
}

/// A store in a new database with its table.
pub(crate) fn migrated<S: TestStore>() -> Arc<Owned<S>> {
    let database = S::Connection::database();
    let store = S::open(database.url());
    store.migrate();
    Arc::new(Owned { store, database })
}

impl<S: TestStore> Owned<S> {
    pub(crate) fn connect(&self) -> S::Connection {
        S::Connection::establish(self.database.url()).unwrap()
    }

    /// Sets a setting of PostgreSQL for whoever connects from now on.
    pub(crate) fn set(&self, setting: &str) {
        let (_, name) = self.database.url().rsplit_once('/').unwrap();
        let set = format!("ALTER DATABASE {name} SET {setting}");
        self.connect().batch_execute(&set).unwrap();
    }
}

impl<S: TestStore> DeviceStore for Owned<S> {
    fn load(&self, user: &UserId) -> Result<Option<Device>, StoreError> {
        self.store.load(user)
    }

    fn swap(
        &self,
        user: &UserId,
        expected: Option<Version>,
        next: Option<&Device>,
    ) -> Result<bool, StoreError> {
        self.store.swap(user, expected, next)
    }

    fn page(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<Device>, StoreError> {
        self.store.page(after, limit)
    }

    fn batch(&self) -> Option<&dyn BatchStore> {
        self.store.batch()
    }
}
