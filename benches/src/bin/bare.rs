//! The reference: an actix-web application with the same session and, per route, only the database statements that the
//! work cannot do without. No plugin.
//!
//! Reads and writes the same table as the plugin. On SQLite one connection writes, because two starve each other on the
//! busy handler, and each write has a commit of its own.

use std::{env, future::Future};

use actix_session::{Session, SessionMiddleware, storage::CookieSessionStore};
use actix_web::{
    App, HttpResponse, HttpServer,
    cookie::{Key, SameSite},
    error::{ErrorBadRequest, ErrorInternalServerError, ErrorUnauthorized},
    web::{self, Json, ThinData},
};
use anyhow::Context;
use base64::{Engine, engine::general_purpose::STANDARD};
use benches::schema::totp_devices;
use diesel::{
    prelude::*,
    r2d2::{ConnectionManager, CustomizeConnection, Pool, R2D2Connection},
};
use serde_json::{Value, json};

/// What `status` answers from.
type Status = (i64, i64, Option<i64>, i64, i64);

trait Statements: R2D2Connection + Sized + 'static {
    const SETTINGS: &'static str;
    const CONNECTIONS: u32 = 10;
    /// Whether one connection writes for all.
    const ONE_WRITER: bool;

    fn epoch(&mut self, user: &str) -> QueryResult<i64>;
    fn status(&mut self, user: &str) -> QueryResult<Status>;
    fn device(&mut self, user: &str) -> QueryResult<(i64, Vec<u8>, Vec<u8>)>;
    fn accept(&mut self, user: &str, version: i64, states: &[u8], step: i64) -> QueryResult<usize>;
}

macro_rules! statements {
    ($connection:ty, $settings:expr, one_writer: $one:expr) => {
        impl Statements for $connection {
            const SETTINGS: &'static str = $settings;
            const ONE_WRITER: bool = $one;

            fn epoch(&mut self, user: &str) -> QueryResult<i64> {
                totp_devices::table
                    .find(user)
                    .select(totp_devices::epoch)
                    .get_result(self)
            }

            fn status(&mut self, user: &str) -> QueryResult<Status> {
                use totp_devices::{
                    backup_codes_remaining, created_at, failures, last_used_at, updated_at,
                };
                totp_devices::table
                    .find(user)
                    .select((
                        failures,
                        backup_codes_remaining,
                        last_used_at,
                        created_at,
                        updated_at,
                    ))
                    .get_result(self)
            }

            fn device(&mut self, user: &str) -> QueryResult<(i64, Vec<u8>, Vec<u8>)> {
                use totp_devices::{authenticators, sealed, version};
                totp_devices::table
                    .find(user)
                    .select((version, sealed, authenticators))
                    .get_result(self)
            }

            fn accept(
                &mut self,
                user: &str,
                version: i64,
                states: &[u8],
                step: i64,
            ) -> QueryResult<usize> {
                let row = totp_devices::table.find(user);
                diesel::update(row.filter(totp_devices::version.eq(version)))
                    .set((
                        totp_devices::version.eq(version.wrapping_add(1)),
                        totp_devices::authenticators.eq(states),
                        totp_devices::failures.eq(0),
                        totp_devices::last_used_at.eq(Some(step * 30)),
                        totp_devices::updated_at.eq(step * 30),
                    ))
                    .execute(self)
            }
        }
    };
}

statements!(
    SqliteConnection,
    "PRAGMA busy_timeout = 2000; PRAGMA synchronous = FULL; PRAGMA journal_mode = WAL;",
    one_writer: true
);
#[cfg(feature = "postgres")]
statements!(PgConnection, "SET lock_timeout = '2s'; SET statement_timeout = '2s'", one_writer: false);

struct Database<C: Statements> {
    readers: Pool<ConnectionManager<C>>,
    writers: Pool<ConnectionManager<C>>,
}

impl<C: Statements> Clone for Database<C> {
    fn clone(&self) -> Self {
        Self {
            readers: self.readers.clone(),
            writers: self.writers.clone(),
        }
    }
}

#[derive(Debug)]
struct Settings(&'static str);

impl<C: Statements> CustomizeConnection<C, diesel::r2d2::Error> for Settings {
    fn on_acquire(&self, connection: &mut C) -> Result<(), diesel::r2d2::Error> {
        connection
            .batch_execute(self.0)
            .map_err(diesel::r2d2::Error::QueryError)
    }
}

impl<C: Statements> Database<C> {
    fn open(url: &str) -> anyhow::Result<Self> {
        let pool = |size| {
            Pool::builder()
                .max_size(size)
                .min_idle(Some(1))
                .test_on_check_out(false)
                .connection_customizer(Box::new(Settings(C::SETTINGS)))
                .build(ConnectionManager::new(url))
        };
        let readers = pool(C::CONNECTIONS)?;
        let writers = if C::ONE_WRITER {
            pool(1)?
        } else {
            readers.clone()
        };
        Ok(Self { readers, writers })
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> anyhow::Result<T> + Send + 'static,
    ) -> actix_web::Result<T> {
        let database = self.clone();
        web::block(move || work(&database))
            .await?
            .map_err(ErrorInternalServerError)
    }
}

fn user(session: &Session) -> actix_web::Result<String> {
    session
        .get("user_id")?
        .ok_or_else(|| ErrorUnauthorized("Sign in first."))
}

async fn hello() -> HttpResponse {
    HttpResponse::Ok().body("hello")
}

async fn session_only(session: Session) -> actix_web::Result<HttpResponse> {
    Ok(HttpResponse::Ok().json(json!({ "user": user(&session)? })))
}

async fn guarded<C: Statements>(
    session: Session,
    database: ThinData<Database<C>>,
) -> actix_web::Result<HttpResponse> {
    let user = user(&session)?;
    let proof: Value = session.get("actix_totp.proof")?.unwrap_or_default();
    let epoch = database
        .run(move |database| Ok(database.readers.get()?.epoch(&user)?))
        .await?;
    if proof["epoch"].as_u64() != Some(epoch.cast_unsigned()) {
        return Ok(HttpResponse::Forbidden().finish());
    }
    Ok(HttpResponse::Ok().json(json!({ "secret": "the cake is in the cellar" })))
}

async fn status<C: Statements>(
    session: Session,
    database: ThinData<Database<C>>,
) -> actix_web::Result<HttpResponse> {
    let user = user(&session)?;
    let status = database
        .run(move |database| Ok(database.readers.get()?.status(&user)?))
        .await?;
    Ok(HttpResponse::Ok().json(status))
}

async fn validate<C: Statements>(
    session: Session,
    database: ThinData<Database<C>>,
    body: Json<Value>,
) -> actix_web::Result<HttpResponse> {
    let user = user(&session)?;
    if !body["token"].is_string() {
        return Err(ErrorBadRequest("token"));
    }
    let written = database
        .run(move |database| {
            let (version, _, states) = database.readers.get()?.device(&user)?;
            let mut writer = database.writers.get()?;
            Ok(writer.accept(&user, version, &states, version & 0x7fff_ffff)?)
        })
        .await?;
    session.renew();
    session.insert("proof", written)?;
    Ok(HttpResponse::Ok().json(json!({ "detail": "Token is valid" })))
}

async fn serve<C: Statements>(url: &str, bind: &str, key: Key) -> anyhow::Result<()> {
    let database = Database::<C>::open(url)?;
    let server = HttpServer::new(move || {
        let session = SessionMiddleware::builder(CookieSessionStore::default(), key.clone())
            .cookie_same_site(SameSite::Lax)
            .cookie_secure(false)
            .build();
        App::new()
            .app_data(ThinData(database.clone()))
            .route("/static", web::get().to(hello))
            .route("/session", web::get().to(session_only))
            .route("/guarded", web::get().to(guarded::<C>))
            .route("/status", web::get().to(status::<C>))
            .route("/validate", web::post().to(validate::<C>))
            .wrap(session)
    });
    Ok(server.workers(1).bind(bind)?.run().await?)
}

/// An application that does nothing, for the time to start.
async fn empty(bind: &str) -> anyhow::Result<()> {
    let server = HttpServer::new(|| App::new().route("/static", web::get().to(hello)));
    Ok(server.workers(1).bind(bind)?.run().await?)
}

fn from_env(name: &str) -> anyhow::Result<String> {
    env::var(name).context(name.to_owned())
}

fn run(served: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    actix_web::rt::System::new().block_on(served)
}

fn main() -> anyhow::Result<()> {
    let bind = from_env("BIND")?;
    let Ok(url) = env::var("DATABASE_URL") else {
        return run(empty(&bind));
    };
    let key = Key::from(&STANDARD.decode(from_env("SESSION_KEY")?)?);
    #[cfg(feature = "postgres")]
    if url.starts_with("postgres") {
        return run(serve::<PgConnection>(&url, &bind, key));
    }
    run(serve::<SqliteConnection>(&url, &bind, key))
}
