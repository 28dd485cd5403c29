//! An application on diesel 2.2: its pool is of the diesel that the plugin takes.

use actix_totp::{DeviceStore, DieselStore, UserId};
use diesel::{
    SqliteConnection,
    r2d2::{ConnectionManager, Pool},
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let pool = Pool::new(ConnectionManager::<SqliteConnection>::new("app.db"))?;
    let store = DieselStore::from_pool(pool);
    store.migrate()?;
    assert!(store.load(&UserId::new("alice")?)?.is_none());
    Ok(())
}
