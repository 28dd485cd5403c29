//! An application on SeaORM: the store takes the options of the pool that SeaORM opened.

use actix_totp::{KeyRing, SqlxStore, Totp};
use actix_web::{App, HttpServer, web};
use sea_orm::{ConnectionTrait, Database, DbBackend};

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let database = Database::connect(std::env::var("DATABASE_URL")?).await?;
    let keys = KeyRing::from_env("TOTP_KEY")?;
    let totp = match database.get_database_backend() {
        DbBackend::Postgres => {
            let store = SqlxStore::from_pool(database.get_postgres_connection_pool())?;
            store.migrate()?;
            Totp::builder(store, keys).build()?
        }
        _ => {
            let store = SqlxStore::from_pool(database.get_sqlite_connection_pool())?;
            store.migrate()?;
            Totp::builder(store, keys).build()?
        }
    };
    totp.check().await?;
    let app =
        move || App::new().service(web::scope("/auth/otp").configure(|cfg| totp.configure(cfg)));
    HttpServer::new(app).bind(("127.0.0.1", 0))?.run().await?;
    Ok(())
}
