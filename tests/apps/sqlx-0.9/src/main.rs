//! An application on sqlx 0.9: its pools are of the sqlx that the plugin takes. Both stores of SQLite share one SQLite, and the
//! database.

use actix_totp::{DeviceStore, DieselStore, SqlxStore, UserId, diesel::SqliteConnection};
use sqlx::{MySqlPool, PgPool, SqlitePool};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args()
        .nth(1)
        .ok_or("the path of a database that is made")?;
    let pool = SqlitePool::connect(&format!("sqlite:{path}?mode=rwc")).await?;
    let store = SqlxStore::from_pool(&pool)?;
    store.migrate()?;
    assert!(
        DieselStore::<SqliteConnection>::open(&path)?
            .load(&UserId::new("alice")?)?
            .is_none()
    );
    store.revert_migrations()?;

    let postgres = |pool: &PgPool| SqlxStore::from_pool(pool);
    let mysql = |pool: &MySqlPool| SqlxStore::from_pool(pool);
    let _ = (postgres, mysql);
    Ok(())
}
