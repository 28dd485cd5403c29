//! Databases that live as long as a test, and connections to look into them.

use std::{env, fmt::Write as _, marker::PhantomData, path::PathBuf};

use actix_totp_diesel::{
    Backend,
    diesel::{
        self, Connection, QueryableByName, RunQueryDsl, connection::SimpleConnection, sql_types,
    },
};

/// A kind of database that is tested.
pub(crate) trait TestConnection: Backend {
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

macro_rules! test_connection {
    ($connection:ty, $database:expr, cells: $cells:expr) => {
        impl TestConnection for $connection {
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

test_connection!(
    diesel::SqliteConnection,
    File::new(),
    cells: &[
        "CAST(user_id AS BLOB)",
        "sealed",
        "recent_failures",
        "CAST(version AS BLOB)",
        "CAST(epoch AS BLOB)",
        "authenticators",
    ]
);

#[cfg(feature = "postgres")]
test_connection!(
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
test_connection!(
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
        "authenticators",
    ]
);

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
