//! Notes: an application with its own pool, its own migrations and actix-identity. What the second factor added is in the
//! README.

mod accounts;
mod notes;

use std::net::TcpListener;

use actix_identity::IdentityMiddleware;
use actix_session::{SessionMiddleware, storage::CookieSessionStore};
use actix_totp::{Clock, CurrentUser, DieselStore, KeyRing, Totp};
use actix_web::{App, HttpServer, cookie::Key, dev::Server, web};
use diesel::{
    SqliteConnection,
    connection::SimpleConnection,
    r2d2::{ConnectionManager, CustomizeConnection, Pool},
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

/// The application's own migrations.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!();

/// The application's own pool.
pub type DbPool = Pool<ConnectionManager<SqliteConnection>>;

/// Opens the application's database and brings it up to date.
///
/// # Errors
///
/// If the database cannot be opened or migrated.
pub fn open(path: &str) -> anyhow::Result<DbPool> {
    let pool = Pool::builder()
        .connection_customizer(Box::new(Pragmas))
        .build(ConnectionManager::new(path))?;
    let migrated = pool.get()?.run_pending_migrations(MIGRATIONS).map(drop);
    migrated.map_err(anyhow::Error::from_boxed)?;
    Ok(pool)
}

/// Serves the application on `listener` until it is stopped.
///
/// # Errors
///
/// If a setting is refused or the database cannot be migrated.
pub fn app(
    pool: DbPool,
    cookie_key: Key,
    totp_keys: KeyRing,
    clock: impl Clock,
    listener: TcpListener,
) -> anyhow::Result<Server> {
    let store = DieselStore::from_pool(pool.clone());
    store.migrate()?;
    let totp = Totp::builder(store, totp_keys)
        .issuer("Notes")
        .current_user(CurrentUser::identity())
        .clock(clock)
        .build()?;
    totp.service().check()?;
    let server = HttpServer::new(move || {
        App::new()
            .app_data(web::ThinData(pool.clone()))
            .app_data(web::Data::new(totp.clone()))
            .service(web::scope("/account").configure(accounts::routes))
            .service(web::scope("/auth/otp").configure(|cfg| totp.configure(cfg)))
            .service(
                web::scope("/notes")
                    .wrap(totp.require().if_enrolled())
                    .configure(notes::routes),
            )
            .wrap(IdentityMiddleware::default())
            .wrap(session(cookie_key.clone()))
    });
    Ok(server.workers(2).listen(listener)?.run())
}

fn session(key: Key) -> SessionMiddleware<CookieSessionStore> {
    SessionMiddleware::builder(CookieSessionStore::default(), key)
        .cookie_secure(false) // only because this serves http://127.0.0.1; true behind TLS
        .build()
}

#[derive(Debug)]
struct Pragmas;

impl CustomizeConnection<SqliteConnection, diesel::r2d2::Error> for Pragmas {
    fn on_acquire(&self, connection: &mut SqliteConnection) -> Result<(), diesel::r2d2::Error> {
        connection
            .batch_execute(
                "PRAGMA busy_timeout = 2000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;",
            )
            .map_err(diesel::r2d2::Error::QueryError)
    }
}

/// Runs a query of the application on a blocking thread.
pub(crate) async fn run<T: Send + 'static>(
    pool: &DbPool,
    query: impl FnOnce(&mut SqliteConnection) -> diesel::QueryResult<T> + Send + 'static,
) -> actix_web::Result<T> {
    let pool = pool.clone();
    let result = web::block(move || anyhow::Ok(query(&mut *pool.get()?)?)).await?;
    result.map_err(|_| actix_web::error::ErrorServiceUnavailable("The database does not answer."))
}
