//! Databases that live as long as a test, on every kind of server.
#![allow(
    dead_code,
    unused_imports,
    unused_macros,
    reason = "each file of tests uses a part of it, and each feature another"
)]

use std::{env, fmt::Write as _, marker::PhantomData, path::PathBuf, sync::Arc};

use actix_totp_core::{
    BatchStore, Device, DeviceStore, Epoch, RecentFailures, StoreError, UserId, Version,
};
use actix_totp_diesel::{
    Backend, DieselStore,
    diesel::{
        self, Connection, QueryableByName, RunQueryDsl,
        connection::SimpleConnection,
        r2d2::{ConnectionManager, Pool},
        sql_types,
    },
};

pub(crate) const NOON: u64 = 1_700_000_000;

/// A kind of database that is tested.
pub(crate) trait TestBackend: Backend {
    /// A new and empty database.
    fn database() -> Box<dyn TestDatabase>;

    /// Everything in the table, as bytes, and as the database shows it.
    const CELLS: &'static [&'static str];
    fn cells(&mut self, sql: &str) -> Vec<Vec<u8>>;
    /// The one column of a query, named `number`.
    fn numbers(&mut self, sql: &str) -> Vec<i64>;
}

/// A database of a test's own: a URL, and what drops it.
pub(crate) trait TestDatabase: Send + Sync + 'static {
    fn url(&self) -> &str;
    /// What of it can be read on the disk.
    fn files(&self) -> Vec<PathBuf> {
        Vec::new()
    }
}

macro_rules! test_backend {
    ($connection:ty, $database:expr, cells: $cells:expr) => {
        impl TestBackend for $connection {
            fn database() -> Box<dyn TestDatabase> {
                Box::new($database)
            }

            const CELLS: &'static [&'static str] = $cells;

            fn cells(&mut self, sql: &str) -> Vec<Vec<u8>> {
                let rows: Vec<Cell> = diesel::sql_query(sql).load(self).unwrap();
                rows.into_iter().map(|row| row.cell).collect()
            }

            fn numbers(&mut self, sql: &str) -> Vec<i64> {
                let rows: Vec<Number> = diesel::sql_query(sql).load(self).unwrap();
                rows.into_iter().map(|row| row.number).collect()
            }
        }
    };
}

#[derive(QueryableByName)]
struct Cell {
    #[diesel(sql_type = sql_types::Binary)]
    cell: Vec<u8>,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = sql_types::BigInt)]
    number: i64,
}

#[cfg(feature = "sqlite")]
test_backend!(
    diesel::SqliteConnection,
    File::new(),
    cells: &[
        "CAST(user_id AS BLOB)",
        "sealed",
        "recent_failures",
        "CAST(version AS BLOB)",
        "CAST(epoch AS BLOB)",
        "CAST(last_step AS BLOB)",
    ]
);

#[cfg(feature = "postgres")]
test_backend!(
    diesel::PgConnection,
    ServerDatabase::<Self>::new(
        "TOTP_TEST_POSTGRES_URL",
        "postgres://postgres@127.0.0.1:5432/postgres",
        "TEMPLATE template0 ENCODING 'UTF8'",
        "WITH (FORCE)",
    ),
    cells: &[
        "user_id::bytea",
        "sealed",
        "recent_failures",
        "convert_to(totp_devices::text, 'UTF8')",
    ]
);

#[cfg(feature = "mysql")]
test_backend!(
    diesel::MysqlConnection,
    ServerDatabase::<Self>::new(
        "TOTP_TEST_MYSQL_URL",
        "mysql://root@127.0.0.1:3306/mysql",
        "CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci", // the collation that folds the most
        "",
    ),
    cells: &[
        "user_id",
        "sealed",
        "recent_failures",
        "CAST(version AS BINARY)",
        "CAST(epoch AS BINARY)",
        "CAST(last_step AS BINARY)",
    ]
);

/// Runs tests, which are functions of the kind of connection, on every kind of database.
macro_rules! on_every_database {
    ($($test:ident),* $(,)?) => {
        #[cfg(feature = "sqlite")]
        mod sqlite {
            $(
                #[test]
                fn $test() {
                    super::$test::<actix_totp_diesel::diesel::SqliteConnection>();
                }
            )*
        }

        #[cfg(feature = "postgres")]
        mod postgres {
            $(
                #[test]
                fn $test() {
                    super::$test::<actix_totp_diesel::diesel::PgConnection>();
                }
            )*
        }

        #[cfg(feature = "mysql")]
        mod mysql {
            $(
                #[test]
                fn $test() {
                    super::$test::<actix_totp_diesel::diesel::MysqlConnection>();
                }
            )*
        }
    };
}
pub(crate) use on_every_database;

/// SQLite's.
struct File {
    url: String,
    folder: tempfile::TempDir,
}

impl File {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("totp_test.db");
        Self {
            url: path.to_str().unwrap().to_owned(),
            folder,
        }
    }
}

impl TestDatabase for File {
    fn url(&self) -> &str {
        &self.url
    }

    fn files(&self) -> Vec<PathBuf> {
        vec![self.url.clone().into(), format!("{}-wal", self.url).into()]
    }
}

/// A database on a server.
struct ServerDatabase<C: Connection> {
    url: String,
    server: String,
    drop: String,
    connection: PhantomData<fn() -> C>,
}

impl<C: Connection> ServerDatabase<C> {
    /// At the server that `variable` names, or else `default`. `create` and `drop` are what this kind of server wants
    /// behind the name.
    fn new(variable: &str, default: &str, create: &str, drop: &str) -> Self {
        let server = env::var(variable).unwrap_or_else(|_| default.into());
        let name = random_name();
        let made = C::establish(&server)
            .unwrap_or_else(|error| {
                panic!("this is tested against a server, set {variable}: {error}")
            })
            .batch_execute(&format!("CREATE DATABASE {name} {create}"));
        made.unwrap();
        let (base, _) = server.rsplit_once('/').unwrap();
        Self {
            url: format!("{base}/{name}"),
            drop: format!("DROP DATABASE IF EXISTS {name} {drop}"),
            server,
            connection: PhantomData,
        }
    }
}

impl<C: Connection> Drop for ServerDatabase<C> {
    fn drop(&mut self) {
        let dropped = C::establish(&self.server)
            .unwrap()
            .batch_execute(&self.drop);
        dropped.unwrap();
    }
}

impl<C: Connection + 'static> TestDatabase for ServerDatabase<C> {
    fn url(&self) -> &str {
        &self.url
    }
}

fn random_name() -> String {
    let mut random = [0; 8];
    getrandom::fill(&mut random).unwrap();
    let start = "totp_test_".to_owned();
    random.iter().fold(start, |mut name, byte| {
        write!(name, "{byte:02x}").unwrap();
        name
    })
}

/// A store with the database that it is in; both end together.
pub(crate) struct Owned<C: Backend> {
    pub(crate) store: DieselStore<C>,
    pub(crate) database: Box<dyn TestDatabase>,
}

/// A store in a new database with its table.
pub(crate) fn migrated<C: TestBackend>() -> Arc<Owned<C>> {
    let database = C::database();
    let store = DieselStore::open(database.url()).unwrap();
    store.migrate().unwrap();
    Arc::new(Owned { store, database })
}

impl<C: Backend> Owned<C> {
    pub(crate) fn connect(&self) -> C {
        C::establish(self.database.url()).unwrap()
    }
}

impl<C: Backend> DeviceStore for Owned<C> {
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

/// An application's pool, whose connections are not tested when they are handed out.
pub(crate) fn pool<C: Backend>(url: &str, connections: u32) -> Pool<ConnectionManager<C>> {
    Pool::builder()
        .max_size(connections)
        .test_on_check_out(false)
        .build(ConnectionManager::new(url))
        .unwrap()
}

pub(crate) fn user(id: &str) -> UserId {
    UserId::new(id).unwrap()
}

pub(crate) fn device(id: &str) -> Device {
    Device {
        user: user(id),
        version: Version::from_i64(NOON.cast_signed()),
        epoch: Epoch::from_i64(1),
        sealed: vec![1, 2, 3],
        confirmed_at: None,
        pending_at: Some(NOON),
        last_step: None,
        failures: 0,
        recent_failures: RecentFailures::default(),
        backup_failures: 0,
        pending_failures: 0,
        proof_failures: RecentFailures::default(),
        backup_codes_remaining: 0,
        last_used_at: None,
        setup_required_by: None,
        setup_reminders: 0,
        created_at: NOON,
        updated_at: NOON,
    }
}

/// The same device at another version.
pub(crate) fn at(version: i64, device: &Device) -> Device {
    Device {
        version: Version::from_i64(version),
        ..device.clone()
    }
}

pub(crate) fn insert(store: &impl DeviceStore, device: &Device) {
    assert!(store.swap(&device.user, None, Some(device)).unwrap());
}

pub(crate) fn is_unavailable<T: std::fmt::Debug>(answer: &Result<T, StoreError>) -> bool {
    matches!(answer, Err(StoreError::Unavailable(_)))
}
