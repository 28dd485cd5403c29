//! The store of the devices: in the same database as everything else, with one of two drivers.

use std::{path::Path, sync::Arc};

use actix_totp::{DeviceStore, DieselStore};
#[cfg(any(
    feature = "sqlx-sqlite",
    feature = "sqlx-postgres",
    feature = "sqlx-mysql"
))]
use actix_totp::{SqlxStore, sqlx};
use anyhow::{Context, bail};

use crate::{Config, config::owner_only};

/// What the store of the devices speaks to the database with; everything else here is written with diesel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Driver {
    /// `DieselStore`.
    Diesel,
    /// `SqlxStore`.
    Sqlx,
}

macro_rules! migrated {
    ($store:ty, $url:expr) => {{
        let store = <$store>::open($url).context("DATABASE_URL")?;
        store.migrate().context("DATABASE_URL")?;
        return Ok(Arc::new(store));
    }};
}

impl Config {
    /// The store of the devices, its table made.
    ///
    /// # Errors
    ///
    /// If the database does not answer, or its kind or the driver needs a feature that is off.
    pub fn open_store(&self) -> anyhow::Result<Arc<dyn DeviceStore>> {
        let url = &self.database_url;
        let kind = match url {
            url if url.starts_with("postgres") => "postgres",
            url if url.starts_with("mysql") => "mysql",
            path => {
                make_private(Path::new(path)).with_context(|| format!("DATABASE_URL: {path:?}"))?;
                "sqlite"
            }
        };
        match (self.store, kind) {
            (Driver::Diesel, "sqlite") => migrated!(DieselStore<diesel::SqliteConnection>, url),
            #[cfg(feature = "postgres")]
            (Driver::Diesel, "postgres") => migrated!(DieselStore<diesel::PgConnection>, url),
            #[cfg(feature = "mysql")]
            (Driver::Diesel, "mysql") => migrated!(DieselStore<diesel::MysqlConnection>, url),
            #[cfg(feature = "sqlx-sqlite")]
            (Driver::Sqlx, "sqlite") => {
                migrated!(SqlxStore<sqlx::Sqlite>, &format!("sqlite:{url}"))
            }
            #[cfg(feature = "sqlx-postgres")]
            (Driver::Sqlx, "postgres") => migrated!(SqlxStore<sqlx::Postgres>, url),
            #[cfg(feature = "sqlx-mysql")]
            (Driver::Sqlx, "mysql") => migrated!(SqlxStore<sqlx::MySql>, url),
            (Driver::Diesel, kind) => bail!("DATABASE_URL: run with --features {kind}"),
            (Driver::Sqlx, kind) => bail!("STORE is sqlx: run with --features sqlx-{kind}"),
        }
    }
}

/// Makes a database file that only its owner may read, as the key file: it holds password hashes and sessions. SQLite gives the
/// files beside it (`-wal`, `-shm`) the same permissions. A file that exists keeps its own.
fn make_private(path: &Path) -> std::io::Result<()> {
    if path.to_string_lossy().contains(':') {
        return Ok(()); // in memory, or a URI
    }
    owner_only().append(true).create(true).open(path).map(drop)
}
